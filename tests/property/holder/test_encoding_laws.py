"""Laws of encoding: same key, same encoding; other key, nothing in common; near stays near."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.holder.eigenvalues import largest_eigenvalue
from wasl.holder.encoding.bloom import LEVELS, levels_for
from wasl.holder.encoding.grams import date_grams, day_month_grams, digit_grams, text_grams
from wasl.holder.encoding.pseudonym import hash_messages, hash_words, permute_labels, prf_stream
from wasl.holder.keys import LinkageKey, Purpose
from wasl.holder.leak_meter import measure_blocks
from wasl.holder.names.normalizer import normalize, skeleton

LAWS = settings(max_examples=40, deadline=None)
KEYS = st.binary(min_size=32, max_size=32)
DATES = st.dates(dt.date(1900, 1, 2), dt.date(2020, 12, 31))


def shared(left, right):
    return len(set(left) & set(right)) / len(set(left) | set(right))


@LAWS
@given(KEYS, st.lists(st.text(max_size=70), max_size=8))
def test_bulk_hashing_is_hmac(key, words):
    import hmac

    words = [word.encode("utf-8", "ignore").decode() for word in words]
    expected = [hmac.digest(key, word.encode(), "sha256") for word in words]
    assert [bytes(row) for row in hash_words(key, words)] == expected


@LAWS
@given(KEYS, st.integers(0, 130), st.integers(1, 4))
def test_messages_of_any_length_hash_alike(key, length, count):
    import hmac

    rng = np.random.default_rng(length)
    messages = rng.integers(0, 256, (count, length), dtype=np.uint8)
    assert [bytes(row) for row in hash_messages(key, messages)] == [
        hmac.digest(key, bytes(row), "sha256") for row in messages
    ]


@LAWS
@given(KEYS, st.integers(1, 50))
def test_renaming_labels_loses_none(key, count):
    labels = np.arange(count * 16, dtype=np.uint64).astype(np.uint8).reshape(-1, 16).copy()
    labels[:, 0] = np.arange(count)
    renamed = permute_labels(key, labels)
    assert len({bytes(row) for row in renamed}) == count


@LAWS
@given(KEYS, st.binary(min_size=12, max_size=12))
def test_a_seeds_bytes_do_not_depend_on_its_neighbours(key, seed):
    alone = prf_stream(key, np.frombuffer(seed, np.uint8)[None, :], 3)[0]
    among = prf_stream(key, np.stack([np.zeros(12, np.uint8), np.frombuffer(seed, np.uint8)]), 3)[1]
    assert bytes(alone) == bytes(among)


@LAWS
@given(KEYS, KEYS)
def test_keys_are_independent(left, right):
    a, b = LinkageKey(left, "p"), LinkageKey(right, "p")
    assert (a.derive("record-id") == b.derive("record-id")) == (left == right)
    assert a.derive("record-id") != a.derive("key-id")


@LAWS
@given(KEYS, st.text(max_size=8), st.text(max_size=8), st.sampled_from(get_args(Purpose)), st.text(max_size=8))
def test_rounds_and_profiles_share_no_derivation(secret, one, other, purpose, pass_name):
    key = LinkageKey(secret, "p")
    first = key.for_round(one, other).derive(purpose, pass_=pass_name)
    assert (first == key.for_round(other, one).derive(purpose, pass_=pass_name)) == (one == other)


@LAWS
@given(DATES)
def test_near_dates_are_near(date):
    later = date.replace(year=date.year + 1) if (date.month, date.day) != (2, 29) else date
    # All grams of month and day are shared, and two of seven of the year. Where its last digit changes from 9 to 0 that
    # is all, else it is more. On 11 November some grams of month and day are the same ones.
    near = shared(date_grams(date), date_grams(later))
    same = len({*day_month_grams("m", date.month), *day_month_grams("d", date.day)})
    least = (same + 2) / (same + 12)
    assert near >= least
    assert near > least or date.year % 10 == 9
    if date.day <= 12:
        assert shared(date_grams(date), date_grams(date.replace(day=date.month, month=date.day))) > 0.35
    assert len(date_grams(date)) == 17


@LAWS
@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=6, max_size=14), st.integers(0, 5))
def test_one_typo_leaves_most_grams(word, place):
    other = word[:place] + word[place + 1 :]
    assert shared(text_grams(word), text_grams(other)) > 0.3
    assert len(text_grams(word)) == len(word) + 1


@LAWS
@given(st.text("0123456789", min_size=4, max_size=9))
def test_digits_are_read_from_both_ends(number):
    assert shared(digit_grams(number), digit_grams(number[1:])) > 0.2


@LAWS
@given(st.integers(1, 400))
def test_fill_is_steady_for_any_length(grams):
    level = LEVELS[levels_for(np.array([grams]), 2048, 0.185)[0]]
    fill = 1 - (1 - 1 / 2048) ** (grams * level)
    if 4 <= grams <= 75:
        assert 0.15 < fill < 0.22


@LAWS
@given(st.text(max_size=40))
def test_any_text_can_be_a_name(text):
    name = normalize(text)
    assert len(name.words) == len(name.skeletons)
    assert all(word.isascii() and word.isupper() for word in name.words)
    assert skeleton(text) == "".join(name.skeletons)


@LAWS
@given(st.integers(3, 64), st.integers(0, 2**31), st.sampled_from([0.0, 0.3, 1.0]))
def test_the_largest_eigenvalue_is_that_of_lapack(size, seed, share):
    matrix = np.random.default_rng(seed).random((size, size))
    matrix = np.triu(np.where(matrix < share, 1.0, matrix), 1)
    matrix += matrix.T
    centred = matrix - matrix.mean(0) - matrix.mean(1)[:, None] + matrix.mean()
    norm = np.sqrt((centred**2).sum())
    assert largest_eigenvalue(centred, norm) == pytest.approx(np.linalg.eigvalsh(centred)[-1], abs=1e-10 * norm)


@LAWS
@given(st.integers(3, 30), st.integers(0, 2**31))
def test_the_meter_never_lets_a_block_above_the_limit_out(size, seed):
    rng = np.random.default_rng(seed)
    raw = (rng.random((1, size, 32)) < 0.5).astype(np.uint64) * np.uint64(0x0101010101010101)
    raw[:, : size // 2] = raw[:, :1]
    valid = np.ones((1, size), dtype=bool)
    options = {"taps": 7, "released_bits": 1024, "limit": 1.0}
    starts = np.array([0, size])
    tokens = np.zeros((0, size), np.int64)
    found = measure_blocks(raw, valid, tokens, starts, np.diff(starts), drop=True, **options)
    kept = found.keep
    left = np.array([0, kept.sum()])
    again = measure_blocks(raw[:, kept], valid[:, kept], tokens[:, kept], left, np.diff(left), drop=False, **options)
    assert again.leak.max(initial=0) <= 1.0


@LAWS
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=12),
    st.integers(0, 2**31),
    st.integers(1, 3),
    st.floats(0.0, 0.5),
)
def test_rows_of_one_person_stay_together_when_a_block_is_cut(sizes, seed, groups, family):
    """Persons of several nearly equal rows; some share a part of their bits, as families do, so that T is high."""
    rng = np.random.default_rng(seed)
    person = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    common = rng.random((groups, 1, 2048)) < 0.185
    own = rng.random((groups, len(sizes), 2048)) < 0.185
    shared = rng.random((groups, len(sizes), 2048)) < family
    bits = np.where(shared, common, own)[:, person]
    bits ^= rng.random(bits.shape) < 0.002  # a typing error changes few bits
    raw = np.ascontiguousarray(np.packbits(bits, axis=2, bitorder="little")).view(np.uint64)
    valid = rng.random(raw.shape[:2]) < 0.9
    valid[0] = True
    starts = np.array([0, len(person)])
    options = {"taps": 7, "released_bits": 256, "limit": 1.0, "collapse": True}
    tokens = np.zeros((0, len(person)), np.int64)
    found = measure_blocks(raw, valid, tokens, starts, np.diff(starts), drop=True, **options)
    kept = found.keep
    assert all(len(set(kept[person == one])) == 1 for one in range(len(sizes)))
    left = np.array([0, kept.sum()])
    again = measure_blocks(raw[:, kept], valid[:, kept], tokens[:, kept], left, np.diff(left), drop=False, **options)
    assert again.leak.max(initial=0) <= 1.0


def test_unequal_rows_are_measured_the_same_whether_equal_ones_are_collapsed_or_not():
    rng = np.random.default_rng(3)
    bits = rng.random((2, 40, 2048)) < 0.185
    bits[:, :15] |= rng.random((2, 1, 2048)) < 0.1
    raw = np.packbits(bits, axis=2, bitorder="little").view(np.uint64)
    starts, tokens, valid = np.array([0, 40]), np.zeros((0, 40), np.int64), np.ones((2, 40), bool)
    options = {"taps": 7, "released_bits": 256, "limit": 1.0, "drop": False}
    found = [
        measure_blocks(raw, valid, tokens, starts, np.diff(starts), collapse=collapse, **options).leak[0]
        for collapse in (False, True)
    ]
    assert found[0] == found[1] > 0.1
