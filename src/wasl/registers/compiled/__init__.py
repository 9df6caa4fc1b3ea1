"""Compiled primitives that several rooms share: bit counts and SHA-256 of many short messages.

Every kernel takes ``njit`` from here, so that machine code of an earlier version is never used (``cache``).
"""

from wasl.registers.compiled.cache import njit

__all__ = ["njit"]
