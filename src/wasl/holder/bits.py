"""Counting bits, by the processor's own instruction."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["popcount"]


def _popcount(typing_context: Any, word: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Number of set bits of a 64-bit word."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


popcount: Any = intrinsic(_popcount)
