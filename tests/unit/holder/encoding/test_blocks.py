"""Blocks of a pass: what is hashed or counted once is what is hashed or counted for every record."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pytest

from wasl.holder.encoding.blocking_keys import PartDigests
from wasl.holder.encoding.blocks import block_hashes
from wasl.holder.encoding.passes import _distinct_pairs
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
