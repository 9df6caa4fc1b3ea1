"""Laws of assignment, clustering and evaluation, whatever the pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.linkage.persons.assignment import assign_one_to_one
from wasl.linkage.persons.clustering import cluster_records
from wasl.linkage.quality.evaluate import evaluate

RECORDS = 12
PARTITIONS = st.lists(st.integers(0, 4), min_size=RECORDS, max_size=RECORDS)


@st.composite
def scored_pairs(draw):
    """Distinct pairs of twelve records with distinct probabilities."""
    every = [(a, b) for a in range(RECORDS) for b in range(a + 1, RECORDS)]
    chosen = sorted(draw(st.lists(st.sampled_from(every), unique=True, min_size=1, max_size=25)))
    odds = draw(st.lists(st.integers(501, 999), unique=True, min_size=len(chosen), max_size=len(chosen)))
    left, right = (np.array(side, np.int64) for side in zip(*chosen, strict=True))
    return left, right, np.array(odds) / 1000


def clusters(left, right, probability, source, unique):
    everything = np.ones(len(left), bool)
    return cluster_records(RECORDS, left, right, probability, everything, source, unique, -0.5)[0]


@settings(max_examples=40, deadline=None)
@given(scored_pairs(), st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(pairs, random):
    source = np.arange(RECORDS, dtype=np.int32) % 3
    unique = np.array([True, True, False])
    order = list(range(len(pairs[0])))
    random.shuffle(order)
    assert np.array_equal(clusters(*pairs, source, unique), clusters(*(side[order] for side in pairs), source, unique))


@settings(max_examples=40, deadline=None)
@given(scored_pairs())
def test_a_duplicate_free_register_has_nobody_twice(pairs):
    source = np.arange(RECORDS, dtype=np.int32) % 3
    found = clusters(*pairs, source, np.array([True, True, True]))
    assert not pd.DataFrame({"cluster": found, "source": source}).duplicated().any()


@settings(max_examples=40, deadline=None)
@given(scored_pairs())
def test_assignment_is_one_to_one_and_blind_to_sides(pairs):
    left, right, probability = pairs
    right = right + 100
    gain = probability - 0.4
    one_way = assign_one_to_one(left, right, gain)
    other_way = assign_one_to_one(right, left, gain)
    assert len(set(left[one_way])) == len(set(right[one_way])) == one_way.sum()
    assert np.isclose(gain[one_way].sum(), gain[other_way].sum())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=RECORDS, max_size=RECORDS),
    st.lists(st.integers(0, 4), min_size=RECORDS, max_size=RECORDS),
)
def test_evaluation_is_symmetric_in_truth_and_finding(found, true):
    ids = [bytes([n]) * 16 for n in range(RECORDS)]

    def judged(persons, truth):
        spine = pa.table({"person_id": [f"p{p}" for p in persons], "register": ["a"] * RECORDS, "record_id": ids})
        frame = pd.DataFrame({"register": "a", "record": [i.hex() for i in ids], "person": [str(t) for t in truth]})
        return evaluate(spine, frame).pairwise

    there, back = judged(found, true), judged(true, found)
    assert (there.found, there.true, there.right) == (back.true, back.found, back.right)
    assert judged(true, true).f1 == 1.0
