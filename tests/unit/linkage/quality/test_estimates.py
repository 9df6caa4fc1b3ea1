"""Quality without truth: what clusters join besides is found, and larger persons tell of smaller ones."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records, Roster
from wasl.linkage.quality.estimates import _widened, estimate_quality
from wasl.linkage.quality.unmet import unmet_by_source

PASSES = 3


def simulated(sizes, chance, seed=1):
    """Persons of so many records, one a source, whose pairs are met in each of three passes by some chance."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(len(sizes)), sizes)
    source = np.concatenate([np.arange(n) for n in sizes]).astype(np.int32)
    n = len(person)
    ids = np.array([k.to_bytes(16, "big") for k in range(n)], "V16")
    labels = tuple(f"s{k}" for k in range(max(sizes)))
    records = Records(
        labels, labels, source, source, ids, tuple("abc"), np.ones((n, PASSES), bool),
        Roster(labels, source, ids, np.arange(n)),
    )  # fmt: skip
    left, right = (side for side in np.nonzero(np.triu(person[:, None] == person[None, :], 1)))
    met = rng.binomial(PASSES, chance, len(left)).astype(np.int32)
    seen = met > 0
    p = np.full(int(seen.sum()), 0.999)
    pairs = MergedPairs(left[seen], right[seen], p * 10, p, met[seen], met[seen], met[seen])
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs)), (pairs.left, pairs.right)), shape=(n, n))
    cluster = connected_components(graph, directed=False)[1].astype(np.int64)
    missed = int((cluster[left] != cluster[right]).sum())
    return pairs, records, cluster, len(left), missed


@pytest.mark.parametrize("sizes", [[2] * 600, [3] * 300, [2] * 300 + [4] * 150])
@pytest.mark.parametrize("chance", [0.25, 0.45])
def test_recall_counts_what_is_together_by_way_of_others(sizes, chance):
    pairs, records, cluster, total, missed = simulated(sizes, chance)
    together = np.ones(len(pairs), bool)
    free = np.ones(len(records.sources), bool)
    found = estimate_quality(pairs, together, records, 0.0, free, cluster)
    recall = 1 - missed / total
    assert found["recall"]["low"] <= recall <= found["recall"]["high"]
    assert found["recall"]["value"] == pytest.approx(recall, abs=0.08)


def test_records_alone_have_a_chance_of_a_match_they_never_met():
    pairs, records, cluster, _, missed = simulated([2] * 600, 0.3)
    together = np.ones(len(pairs), bool)
    found = estimate_quality(pairs, together, records, 0.0, np.ones(2, bool), cluster)
    single = np.ones(len(records), bool)
    single[pairs.left] = single[pairs.right] = False
    unmet = unmet_by_source(pairs, together, records, single, found["by_registers"])
    # Every record that stands alone does have a match here.
    assert set(unmet) == {"s0", "s1"}
    assert min(unmet.values()) > 0.6
    assert missed == single.sum() / 2


@pytest.mark.parametrize("low", [0.4, 0.9, 0.99, 1.0])
def test_within_registers_the_lower_end_of_precision_is_twice_as_far_from_one(low: float) -> None:
    found = _widened({"precision": {"value": 1.0, "low": low, "high": 1.0}, "f1": {"value": 1.0, "low": 0.3}})
    assert found["precision"]["low"] == pytest.approx(max(2 * low - 1, 0.0))
    assert found["f1"]["low"] <= 0.3
