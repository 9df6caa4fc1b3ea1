"""However the rows of a pass are cut for the work, what is measured and released is the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.holder.encode import encode
from wasl.holder.encoding import bit_choices, filters
from wasl.holder.encoding.bit_choices import spreader_by_choice
from wasl.holder.encoding.diffusion import block_schedule, plane_orders, reorder_masks, spreaders, tap_permutations
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingPass, EncodingProfile
from wasl.lab.benchmarks.linkage_data import made_up_register
from wasl.registers.schema import RegisterSchema

KEY = LinkageKey(bytes(range(32)), "filters")
PAIRS, ROWS, WORDS, TAPS = 4000, 150, 32, 7


@pytest.fixture(scope="module")
def register():
    return pa.Table.from_pandas(made_up_register(600, 100, 3), preserve_index=False)


def encoded(register, threads=1):
    """Blocks of some size, some of which leak."""
    profile = EncodingProfile.load("guarded", "febrl")
    step = EncodingPass(name="state", block=("region", "birth_year"), groups=("names", "contact"))
    profile = profile.model_copy(update={"passes": (step,), "drop_limit": 1.0})
    schema = RegisterSchema.load("febrl")
    return encode(register, schema, KEY, profile, created="", rng=np.random.default_rng(0), threads=threads)


def figures(result):
    return [(step.rows, step.blocks, step.leak, step.dropped, step.fill) for step in result.delivery.header.passes]


@pytest.mark.parametrize("size", ["MEASURED_AT_A_TIME", "SPREAD_AT_A_TIME", "LARGE_BLOCK", "LARGE_AT_A_TIME"])
def test_rows_may_be_cut_anywhere(register, monkeypatch, size):
    whole = encoded(register)
    monkeypatch.setattr(filters, size, 3)
    cut = encoded(register)
    assert cut.delivery.rows.equals(whole.delivery.rows)
    assert figures(cut) == figures(whole)


def test_threads_change_nothing(register, monkeypatch):
    monkeypatch.setattr(filters, "MEASURED_AT_A_TIME", 50)
    monkeypatch.setattr(filters, "SPREAD_AT_A_TIME", 50)
    one, three = encoded(register), encoded(register, threads=3)
    assert three.delivery.rows.equals(one.delivery.rows)
    assert figures(three) == figures(one)


@pytest.mark.parametrize("released_words", [4, 5, 16])
def test_a_row_of_a_large_block_is_diffused_like_any_other(released_words):
    rng = np.random.default_rng(1)
    orders = plane_orders(tap_permutations(bytes(32), TAPS, WORDS * 64))
    offsets = np.arange(0, 3 * ROWS + 1, 3)
    pairs = rng.integers(0, PAIRS, 3 * ROWS).astype(np.int32)
    masks = rng.integers(0, 2**63, PAIRS * WORDS).astype(np.uint64)
    schedule = block_schedule(bytes(32), np.zeros((1, 12), np.uint8), TAPS, released_words).reshape(-1)
    rows = rng.permutation(ROWS)
    shared = (offsets, pairs, masks, orders)
    one, many = (np.zeros(ROWS * released_words, np.uint64) for _ in range(2))
    compiled = spreaders(WORDS, released_words)
    count = compiled.of_one(rows, rows, schedule, *shared, one)
    assert count == compiled.of_many(rows, rows, np.zeros(ROWS, np.int64), schedule, *shared, many)
    few = np.zeros_like(many)
    reordered = reorder_masks(masks.reshape(PAIRS, WORDS), orders)
    blocks = np.zeros(ROWS, np.int64)
    assert count == compiled.of_few(rows, rows, blocks, schedule, offsets, pairs, masks, reordered, few)
    assert (one == many).all()
    assert (few == many).all()
    choices = bit_choices.bit_choices(orders)
    if choices is not None:  # else the processor cannot choose bits, and the other way is the only one
        chosen, by_choice = np.zeros_like(many), spreader_by_choice(WORDS, released_words)
        tables = (choices.places, choices.tests, TAPS)
        assert count == by_choice(rows, rows, blocks, schedule, offsets, pairs, masks, *tables, chosen)
        assert (chosen == many).all()
    assert len(np.unique(one)) == len(one)


@pytest.mark.parametrize("per_pair", [0, 10**9])
def test_groups_of_few_pairs_are_diffused_like_any_other(register, monkeypatch, per_pair):
    whole = encoded(register)
    monkeypatch.setattr(filters, "RECORDS_PER_PAIR", per_pair)
    other = encoded(register)
    assert other.delivery.rows.equals(whole.delivery.rows)
    assert figures(other) == figures(whole)


@pytest.mark.parametrize("words", [1, 8, 16, 32, 64])
def test_choices_are_where_each_tap_sees_the_bits(words, monkeypatch):
    """However long the filters are, and on any processor: the bytes and tests give the order of bits of each tap."""
    monkeypatch.setattr(bit_choices, "CAN_CHOOSE", True)
    permutations = tap_permutations(bytes(32), TAPS, words * 64)
    choices = bit_choices.bit_choices(plane_orders(permutations))
    if words < 16:
        assert choices is None
        return
    parts = words // 16
    tests = choices.tests.reshape(TAPS, words, parts, 64)
    assert (np.bitwise_count(tests).sum(axis=2) == 1).all()
    bits = np.random.default_rng(words).integers(0, 2, words * 64).astype(np.uint8)
    filter_bytes = np.packbits(bits, bitorder="little").reshape(parts, 128)
    seen = filter_bytes[:, choices.places].reshape(parts, TAPS, words, 64).transpose(1, 2, 0, 3) & tests
    ordered = np.zeros((TAPS, words * 64), np.uint8)
    np.put_along_axis(ordered, permutations.astype(np.int64), bits[None, :], axis=1)
    assert (seen.any(axis=2).reshape(TAPS, -1) == ordered.astype(bool)).all()


def test_a_processor_that_cannot_choose_bits_delivers_the_same(register, monkeypatch):
    whole = encoded(register)
    monkeypatch.setattr(bit_choices, "CAN_CHOOSE", False)
    assert encoded(register).delivery.rows.equals(whole.delivery.rows)
