"""Clusters of records that are one person, under constraints: no register says a person twice, no weak chains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.components import components, root_of
from wasl.linkage.persons.merging import log_odds
from wasl.linkage.persons.sums import counts_by, parts_of
from wasl.registers.compiled import njit

__all__ = ["LARGEST_CHAIN", "chance_of_meeting", "cluster_records"]

STRONGEST = 7.0
"""No pair speaks louder than these log-odds, for or against."""
LARGEST_CHAIN = 12
"""Larger components are hardly one person, and say nothing of how persons' records meet."""


@njit(cache=True, nogil=True)
def _merge(
    left: np.ndarray,
    right: np.ndarray,
    start: np.ndarray,
    edge: np.ndarray,
    end_sum: np.ndarray,
    likeness: np.ndarray,
    source: np.ndarray,
    unique: np.ndarray,
    unseen: float,
    parent: np.ndarray,
    refused: np.ndarray,
) -> None:
    """Merge clusters along pairs in the order given; `refused` says why not: 1 register twice, 2 weak chain."""
    following = np.arange(parent.shape[0], dtype=np.int32)  # members of a cluster form a ring
    size = np.ones(parent.shape[0], np.int32)
    for e in range(left.shape[0]):
        a, b = root_of(parent, left[e]), root_of(parent, right[e])
        if a == b:
            continue
        if size[a] > size[b] or (size[a] == size[b] and a < b):
            a, b = b, a
        total = 0.0
        seen = 0
        clash = False
        member = a
        while True:
            for k in range(start[member], start[member + 1]):
                if root_of(parent, end_sum[edge[k]] - member) == b:
                    total += likeness[edge[k]]
                    seen += 1
            if unique[source[member]]:
                other = b
                while True:
                    clash = clash or source[other] == source[member]
                    other = following[other]
                    if other == b:
                        break
            member = following[member]
            if member == a:
                break
        if clash:
            refused[e] = 1
        elif total + unseen * (size[a] * size[b] - seen) <= 0:
            refused[e] = 2
        else:
            parent[a] = b
            size[b] += size[a]
            following[a], following[b] = following[b], following[a]


@njit(cache=True, nogil=True)
def _by_record(ends: np.ndarray, at: np.ndarray, edge: np.ndarray) -> None:
    """List the pairs of each record, in their order; `at` is where the next one of each record goes, updated."""
    for e in range(ends.shape[0]):
        edge[at[ends[e]]] = e
        at[ends[e]] += 1


@njit(cache=True, nogil=True)
def _smallest(parent: np.ndarray) -> np.ndarray:
    """The smallest record of the cluster of each."""
    smallest = np.full(parent.shape[0], parent.shape[0], np.int32)
    for record in range(parent.shape[0]):
        root = root_of(parent, record)
        smallest[root] = min(smallest[root], record)
    for record in range(parent.shape[0]):
        if parent[record] != record:
            smallest[record] = smallest[root_of(parent, record)]
    return smallest


def chance_of_meeting(
    records: int, left: NDArray[np.integer], right: NDArray[np.integer], sure: NDArray[np.bool_]
) -> float:
    """Share of pairs of records of one person that met as candidates, judged from chains of sure pairs.

    Where A–B and B–C are sure, A–C should be among the candidates. The share of such pairs that are candidates gives
    the evidence of an absent pair.

    Args:
        records: How many.
        left: (pairs) records of all candidate pairs.
        right: (pairs) the other records.
        sure: (pairs) which of them are beyond doubt.
    """
    component = components(records, [(left[sure], right[sure])])
    size = counts_by(component, records)
    open_ends = (size > 2) & (size <= LARGEST_CHAIN)
    size = size[open_ends]
    possible = float((size * (size - 1) // 2).sum())
    same = 0
    for part in parts_of(len(left)):
        mine = component[left[part]]
        same += int(((mine == component[right[part]]) & open_ends[mine]).sum())
    # A tree of sure pairs is what made the component; only the pairs beyond it were free to be missing.
    needed = float((size - 1).sum())
    return (float(same) - needed + 1.0) / (possible - needed + 1.25)


def cluster_records(
    records: int,
    left: NDArray[np.integer],
    right: NDArray[np.integer],
    probability: NDArray[np.float64],
    accepted: NDArray[np.bool_],
    source: NDArray[np.int32],
    unique: NDArray[np.bool_],
    unseen: float,
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Merge records into persons, likeliest pairs first.

    Two clusters are merged when the log-odds of all pairs between them, the unseen ones included, add up to more than
    0. So one strong pair does not chain two clusters that otherwise do not fit.

    Args:
        records: How many.
        left: (pairs) records of all candidate pairs.
        right: (pairs) the other records.
        probability: (pairs) float64.
        accepted: (pairs) which of them may join clusters.
        source: (records) the delivery of each.
        unique: (sources) whether a person is in it at most once.
        unseen: Log-odds of a pair that never was a candidate, negative.

    Returns:
        (records) cluster number, the smallest record in it; (pairs) why an accepted pair was not followed: 0 it was,
        1 a register would have the person twice, 2 the rest of the two clusters does not fit.
    """
    start = np.zeros(records + 1, np.int64)
    np.cumsum(counts_by(left, records) + counts_by(right, records), out=start[1:])
    edge = np.empty(2 * len(left), np.int32)
    at = start[:-1].copy()
    for ends in (left, right):
        _by_record(ends, at, edge)
    odds = log_odds(probability)
    np.clip(odds, -STRONGEST, STRONGEST, out=odds)
    chosen = np.flatnonzero(accepted)
    order = chosen[np.lexsort((right[chosen], left[chosen], -probability[chosen]))]
    parent = np.arange(records, dtype=np.int32)
    reasons = np.zeros(len(order), np.int8)
    _merge(
        left[order], right[order], start, edge, left + right, odds, source, unique, unseen,
        parent, reasons,
    )  # fmt: skip
    refused = np.zeros(len(left), np.int8)
    refused[order] = reasons
    return _smallest(parent), refused
