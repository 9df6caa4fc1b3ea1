"""Compiled primitives that several rooms share: bit counts and SHA-256 of many short messages."""
