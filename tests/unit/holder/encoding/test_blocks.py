"""Blocks of a pass: what is hashed or counted once is what is hashed or counted for every record."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pytest

from wasl.holder.encoding.blocking_keys import PartDigests
from wasl.holder.encoding.blocks import Blocks, block_hashes
from wasl.holder.encoding.passes import _distinct_pairs, _figures, _Turn
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingPass


@pytest.mark.parametrize("turn", [0, 3])
@pytest.mark.parametrize("values", [1, 4, 50, 200])
@pytest.mark.parametrize("names", [("passport",), ("passport", "birth_year")])
def test_a_block_is_the_keyed_hash_of_the_parts_of_its_record(names, values, turn):
    rng = np.random.default_rng(values)
    parts = {
        name: PartDigests(
            rng.integers(0, 256, (values, 16), dtype=np.uint8),
            rng.integers(0, values, 60).astype(np.int32),
            np.ones(60, bool),
        )
        for name in names
    }
    key = LinkageKey(bytes(range(32)), "project").for_round("", "sha256:0")
    rows = rng.permutation(60)[:50].astype(np.int32)
    step = EncodingPass(name="p", block=names, groups=("names",))
    found = block_hashes(step, key, parts, rows, turn)
    secret = key.derive("block", pass_="p")
    mark = bytes([turn]) if turn else b""
    for row, hashed in zip(rows, found, strict=True):
        message = mark + b"".join(parts[name].distinct[parts[name].places[row]].tobytes() for name in names)
        assert hashed.tobytes() == hmac.new(secret, message, hashlib.sha256).digest()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 500])
def test_pairs_of_numbers_are_counted_as_numpy_counts_them(count):
    rng = np.random.default_rng(count)
    first, second = rng.integers(3, 7, count).astype(float), rng.integers(0, 4, count) / 3
    pairs, counts = _distinct_pairs(first, second)
    expected, times = np.unique(np.stack([first, second]), axis=1, return_counts=True)
    assert np.array_equal(pairs, expected)
    assert np.array_equal(counts, times)


@pytest.mark.parametrize("lost", [set(), {0}, {1}, {0, 2}, {0, 1, 2}])
def test_the_largest_leak_is_that_of_the_blocks_of_which_rows_are_released(lost):
    """A block above the limit that was measured on a sample is not released; its rows are split in the next turn."""
    sizes, leaks = np.array([600, 5, 520]), np.array([11.67, 0.4, 3.2])
    starts = np.concatenate(([0], np.cumsum(sizes)))
    blocks = Blocks(np.arange(1125, dtype=np.int32), starts, np.zeros((3, 16), np.uint8), np.zeros((3, 12), np.uint8))
    keep = np.repeat([block not in lost for block in range(3)], sizes)
    step = EncodingPass(name="p", block=("birth_date",), groups=("names",))
    summary, figures = _figures(step, [_Turn(blocks, keep, leaks)], int(keep.sum()), {})
    released = [leak for block, leak in enumerate(leaks) if block not in lost]
    assert summary.leak == max(released, default=0.0) == figures.leaks.max(initial=0.0)
