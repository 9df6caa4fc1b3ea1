"""Text files with a line longer than rows are, refused before anything is read as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wasl.errors import InputError

__all__ = ["LONGEST_LINE", "require_lines"]

LONGEST_LINE = 1 << 24
"""Bytes of one line: 10,000 columns of 1,600 bytes each."""

BLOCK_BYTES = 1 << 20
NEW_LINE, CARRIAGE_RETURN = 10, 13


def require_lines(path: Path) -> None:
    """Refuse a text file with a line longer than rows are; one block of it is in memory.

    Raises:
        InputError: A line is longer than `LONGEST_LINE`.
    """
    begun = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            signs = np.frombuffer(block, np.uint8)
            ends = np.flatnonzero((signs == NEW_LINE) | (signs == CARRIAGE_RETURN))
            if begun + (int(ends[0]) if len(ends) else len(block)) > LONGEST_LINE:
                raise InputError(
                    f"{path}: a line has more than {LONGEST_LINE:,} bytes, as no row has.",
                    remedy="Check that it is a text file with one row a line.",
                )
            begun = len(block) - 1 - int(ends[-1]) if len(ends) else begun + len(block)
