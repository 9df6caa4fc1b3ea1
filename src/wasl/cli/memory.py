"""The allocator of long work on large files."""

from __future__ import annotations

import os

__all__ = ["let_go_of_memory"]


def let_go_of_memory() -> None:
    """Use the allocator that gives most memory back to the system, where Arrow has it and nobody chose another.

    Three million rows read in codes left 440 MB in use with Arrow's default (mimalloc) and 340 MB with jemalloc, of
    which 140 MB were held (2026-11-27).
    """
    import pyarrow as pa

    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ and "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())
