"""Resolving works through pairs part by part: the parts change no result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from wasl.linkage.persons import merging, sums
from wasl.linkage.persons.components import components
from wasl.linkage.persons.merging import group_meetings, log_odds, merge_passes
from wasl.linkage.persons.opened_pairs import RecordPairs
from wasl.linkage.persons.records import Records, Roster

LAWS = settings(max_examples=40, deadline=None)
PASSES = ("birth", "names", "number", "words")


def drawn(seed: int, count: int, meetings: int, sources: int) -> tuple[Records, RecordPairs]:
    """Records of some registers, and pairs that meet in some passes, some of them twice in one."""
    rng = np.random.default_rng(seed)
    source = np.sort(rng.integers(0, sources, count)).astype(np.int32)
    ids = np.array([k.to_bytes(16, "big") for k in range(count)], "V16")
    labels = tuple(f"r{k}" for k in range(sources))
    roster = Roster(labels, source, ids, np.arange(count, dtype=np.int32))
    held = rng.random((count, len(PASSES))) < rng.choice([0.6, 0.9, 1.0], len(PASSES))
    records = Records(labels, labels, source, source, ids, PASSES, held, roster)
    ends = np.sort(rng.integers(0, count, (2, meetings)), axis=0)
    ends = ends[:, ends[0] != ends[1]]
    many = ends.shape[1]
    probability = rng.choice([0.01, 0.3, 0.5, 0.9, 0.999], many)
    step = rng.integers(0, len(PASSES), many)
    return records, RecordPairs(
        ends[0].astype(np.int32), ends[1].astype(np.int32), step.astype(np.int16), log_odds(probability) / np.log(2),
        probability, rng.integers(0, 3, many).astype(np.int32), ("a", "b", "c"),
    )  # fmt: skip


@LAWS
@given(st.integers(0, 2**32), st.integers(2, 60), st.integers(1, 300), st.integers(1, 9))
def test_meetings_are_grouped_as_if_they_were_sorted_at_once(seed, count, meetings, part):
    _, pairs = drawn(seed, count, meetings, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "PART", part)
        found = group_meetings(pairs, count)
    order = np.lexsort((pairs.in_pass, -pairs.probability, pairs.right, pairs.left))
    assert_array_equal(found.probability, pairs.probability[order])
    assert_array_equal(found.in_pass, pairs.in_pass[order])
    ends = np.stack([pairs.left, pairs.right])[:, order]
    first = np.append(True, (ends[:, 1:] != ends[:, :-1]).any(axis=0))[: ends.shape[1]]
    assert_array_equal(np.stack([found.left, found.right]), ends[:, first])
    assert_array_equal(found.group, np.cumsum(first) - 1)
    assert_array_equal(found.top, pairs.in_pass[order][first])
    assert_array_equal(found.pattern, pairs.pattern[order][first])
    means = np.bincount(found.group, weights=log_odds(found.probability)) / np.bincount(found.group)
    assert_array_equal(found.odds, means)


@LAWS
@given(
    st.integers(0, 2**32), st.integers(2, 60), st.integers(1, 300), st.integers(1, 3), st.integers(1, 50), st.booleans()
)
def test_merged_scores_do_not_depend_on_the_parts(seed, count, meetings, sources, part, free):
    records, pairs = drawn(seed, count, meetings, sources)
    once = np.full(sources, free)
    whole = merge_passes(pairs, records, once, ("number",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "PART", part)
        patch.setattr(merging, "PART", part)
        parts = merge_passes(pairs, records, once, ("number",))
    for name in ("left", "right", "met", "pattern", "in_pass"):
        assert_array_equal(getattr(whole, name), getattr(parts, name))
    np.testing.assert_allclose(parts.probability, whole.probability, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(parts.weight, whole.weight, rtol=1e-9, atol=1e-9)


@LAWS
@given(st.integers(0, 2**32), st.integers(1, 50), st.integers(0, 80))
def test_components_are_those_of_the_graph(seed, count, edges):
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, count, (2, edges))
    found = components(count, [(left[: edges // 2], right[: edges // 2]), (left[edges // 2 :], right[edges // 2 :])])
    graph = coo_array((np.ones(edges), (left, right)), shape=(count, count))
    expected = connected_components(graph, directed=False)[1]
    assert_array_equal(found, np.array([np.flatnonzero(expected == k)[0] for k in expected]))


@LAWS
@given(st.integers(0, 2**32), st.integers(0, 300), st.integers(1, 40), st.integers(1, 70))
def test_sums_and_codes_are_those_of_numpy(seed, count, classes, part):
    rng = np.random.default_rng(seed)
    code, value = rng.integers(0, classes, count).astype(np.int16), rng.normal(size=count)
    assert_array_equal(sums.sums_by(code, value, classes), np.bincount(code, weights=value, minlength=classes))
    assert_array_equal(sums.counts_by(code, classes), np.bincount(code, minlength=classes))
    numbers, place = np.unique(code, return_inverse=True)
    held, found = sums.codes_of(code, classes)
    assert_array_equal(held, numbers)
    assert_array_equal(found, place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "PART", part)
        assert_array_equal(sums.logistic(value), 1.0 / (1.0 + np.exp(-value)))
        assert sums.settled(value, value + 1e-9, 1e-6)
        assert not count or not sums.settled(value, np.append(value[:-1], 9.0), 1e-6)
