"""Compiled SHA-256 is the standard library's, at every length around the edges of blocks."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from wasl.registers.compiled.sha256 import hash_rows


@pytest.mark.parametrize("length", [0, 1, 16, 55, 56, 63, 64, 65, 119, 120, 200])
def test_rows_are_hashed_as_the_standard_library_does(length):
    messages = np.random.default_rng(length).integers(0, 256, (3, length)).astype(np.uint8)
    assert [row.tobytes() for row in hash_rows(messages)] == [
        hashlib.sha256(row.tobytes()).digest() for row in messages
    ]
