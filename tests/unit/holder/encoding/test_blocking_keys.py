"""Words drawn for blocks: order, missing and other words do not matter as long as the drawn one is common."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.holder.encoding.blocking_keys import digest_parts
from wasl.holder.keys import LinkageKey
from wasl.holder.name_columns import WordColumn
from wasl.holder.normalize import Persons

KEY = LinkageKey.new("parts", bytes(range(32))).for_round("", "sha256:0")


def persons(records):
    """Records given as lists of skeletons."""
    vocabulary = sorted({word for words in records for word in words})
    words = np.array([vocabulary.index(word) for record in records for word in record], np.int32)
    offsets = np.cumsum([0, *map(len, records)]).astype(np.int64)
    column = WordColumn(tuple(vocabulary), tuple(vocabulary), words, offsets)
    return Persons(len(records), {"names": column}, {}, None)


def drawn(records, part, key=KEY):
    found = digest_parts(persons(records), [part], key)[part]
    return [bytes(d) if p else None for d, p in zip(found.digests, found.present, strict=True)]


@pytest.mark.parametrize("part", ["word_1", "word_3", "word_prefix_1", "word_prefix_2"])
def test_order_and_repetition_do_not_matter_and_no_word_is_missing(part):
    a, b, c, none = drawn([["BRK", "MHMD"], ["MHMD", "BRK"], ["MHMD", "BRK", "BRK"], []], part)
    assert a == b == c
    assert none is None


def test_of_a_prefix_only_the_first_letters_count():
    letters = {part: drawn([["BRKT"], ["BRNN"], ["BLL"]], part) for part in ("word_prefix_1", "word_1")}
    assert letters["word_prefix_1"][0] == letters["word_prefix_1"][1] != letters["word_prefix_1"][2]
    assert len(set(letters["word_1"])) == 3


def test_two_records_draw_the_same_as_often_as_their_words_are_common():
    rng = np.random.default_rng(1)
    letters = np.array(list("BCDFGHJKLMNPQRSTVWXZ"))
    pairs = []
    for _ in range(2000):
        shared, mine, theirs = ("".join(rng.choice(letters, 2)) for _ in range(3))
        pairs += [[shared, mine], [theirs, shared]]
    found = drawn(pairs, "word_prefix_1")
    same = np.mean([found[k] == found[k + 1] for k in range(0, len(found), 2)])
    assert same == pytest.approx(1 / 3, abs=0.05)


def test_each_part_and_each_key_draws_for_itself():
    records = [[a + "A", b + "B"] for a in "BCDFG" for b in "HJKLM"]
    first, second = (drawn(records, part) for part in ("word_prefix_1", "word_prefix_2"))
    assert not set(first) & set(second)
    assert not set(first) & set(
        drawn(records, "word_prefix_1", LinkageKey.new("parts", bytes(32)).for_round("", "sha256:0"))
    )
