"""Blocks paired by what is visible of them, and the rows inside paired blocks.

A block's label is keyed. Its size, the number of missing filters and the mean similarity inside it are visible. The
adversary pairs observed and own blocks by these figures. It then pairs their rows: in large blocks by graph matching,
in small ones by the order under which the similarities agree best. Unlike ``block_likelihood``, this needs no block of
exactly the same composition, so it works at any overlap.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from wasl.attack.equality import same_sources
from wasl.attack.graph_matching import match_graphs
from wasl.attack.knowledge import KnownPass
from wasl.attack.observation import PassView
from wasl.attack.similarity import expected_similarity, observed_similarity
from wasl.registers.compiled import njit

__all__ = ["match_inside", "match_pass", "pair_blocks"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Claims = tuple[Ints, Ints]

LARGE = 40
"""From this size on, graph matching is used inside a block: fewer nodes have too few eigenvectors above the noise."""

MOST_BLOCKS = 3000
"""Only so many of the largest blocks are paired: the assignment takes time with the cube of their number."""


def match_pass(
    view: PassView, known: KnownPass, taps: int, rng: np.random.Generator, starts: int, largest_graph: int
) -> Claims:
    """Rows of a pass and own rows taken for the same person."""
    groups = sorted(set(view.filters) & set(known.view.filters))
    rows: list[Ints] = []
    records: list[Ints] = []
    members, own_members = _members(view.block), _members(known.view.block)
    for left, right in pair_blocks(view, known, members, own_members, groups, taps):
        if not groups:
            if len(left) == len(right) == 1:
                rows.append(left)
                records.append(right)
            continue
        found = match_inside(
            view,
            known,
            _sample(left, largest_graph, rng),
            _sample(right, largest_graph, rng),
            groups,
            taps,
            rng,
            starts,
        )
        rows.append(found[0])
        records.append(found[1])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.concatenate(records)


def match_inside(
    view: PassView,
    known: KnownPass,
    left: Ints,
    right: Ints,
    groups: list[str],
    taps: int,
    rng: np.random.Generator,
    starts: int,
) -> Claims:
    """Pairs between some rows of one block and some own rows."""
    observed = observed_similarity(view.take(left), groups)
    expected = expected_similarity(known, right, groups, taps)
    if min(len(left), len(right)) >= LARGE:
        bits = 8 * sum(view.filters[group].shape[1] for group in groups)
        found = match_graphs(observed, expected, 1 / np.sqrt(bits), rng, starts)
        return left[found.observed], right[found.expected]
    size = max(len(left), len(right))
    a, b = np.zeros((size, size), np.float64), np.zeros((size, size), np.float64)
    a[: len(left), : len(left)] = observed - observed.mean()
    b[: len(right), : len(right)] = expected - expected.mean()
    order = _best_order(a, b, np.array([rng.permutation(size) for _ in range(12)]))
    row = np.flatnonzero(order[: len(left)] < len(right))
    return left[row], right[order[row]]


def pair_blocks(
    view: PassView, known: KnownPass, members: list[Ints], own_members: list[Ints], groups: list[str], taps: int
) -> list[tuple[Ints, Ints]]:
    """Observed and own blocks, paired; at most the ``MOST_BLOCKS`` largest."""
    if len(members) == 1 and len(own_members) == 1:
        return [(members[0], own_members[0])]
    tokens = sorted(name for name in set(view.classes) & set(known.view.classes) if not name.startswith("="))
    sources = np.unique(view.source).tolist() if same_sources(view, known.view) else []
    left = sorted(members, key=len, reverse=True)[:MOST_BLOCKS]
    right = sorted(own_members, key=len, reverse=True)[:MOST_BLOCKS]
    a = np.array([_fingerprint(view, block, groups, tokens, sources, None, taps) for block in left])
    b = np.array([_fingerprint(known.view, block, groups, tokens, sources, known, taps) for block in right])
    bits = 8 * max((view.filters[group].shape[1] for group in groups), default=1)
    sizes = a[:, 0]
    spread = np.full_like(a, 0.5)  # gaps are counted exactly
    spread[:, 0] = 0.5 + 0.1 * sizes
    pairs = np.maximum(sizes * (sizes - 1) / 2, 0.5)
    for place in range(len(groups)):
        spread[:, place - len(groups)] = 1 / np.sqrt(bits * pairs) + 0.004
    cost = np.zeros((len(left), len(right)), np.float32)
    for column in range(a.shape[1]):
        cost += ((a[:, column, None] - b[None, :, column]) / spread[:, column, None]) ** 2
    row, column = linear_sum_assignment(cost)
    return [(left[i], right[j]) for i, j in zip(row, column, strict=True)]


def _fingerprint(
    view: PassView,
    rows: Ints,
    groups: list[str],
    tokens: list[str],
    sources: list[int],
    known: KnownPass | None,
    taps: int,
) -> list[float]:
    """Size, gaps per group and token, rows per source, and mean similarity per group of a block."""
    gaps = [float(np.count_nonzero(~view.present[group][rows])) for group in groups]
    gaps += [float(np.count_nonzero(view.classes[token][rows] < 0)) for token in tokens]
    gaps += [float(np.count_nonzero(view.source[rows] == source)) for source in sources]
    means = []
    for group in groups:
        if len(rows) < 2:
            means.append(0.0)
            continue
        sample = rows[:200]
        matrix = (
            observed_similarity(view.take(sample), [group])
            if known is None
            else expected_similarity(known, sample, [group], taps)
        )
        means.append(float((matrix.sum() - np.trace(matrix)) / (len(sample) * (len(sample) - 1))))
    return [float(len(rows)), *gaps, *means]


def _members(block: Ints) -> list[Ints]:
    order = np.argsort(block, kind="stable")
    borders = np.flatnonzero(np.diff(block[order])) + 1
    return np.split(order, borders)


def _sample(rows: Ints, at_most: int, rng: np.random.Generator) -> Ints:
    return rows if len(rows) <= at_most else np.sort(rng.permutation(rows)[:at_most])


@njit(cache=True, nogil=True)
def _best_order(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], starts: Ints) -> Ints:
    """The order of the nodes of ``b`` that makes it agree best with ``a``: exchanges of two from several starts."""
    n = len(a)
    best = starts[0].copy()
    best_value = -np.inf
    for start in range(len(starts)):
        order = starts[start].copy()
        better = True
        while better:
            better = False
            for i in range(n):
                for j in range(i):
                    gain = 0.0
                    for k in range(n):
                        if k not in (i, j):
                            gain += (a[i, k] - a[j, k]) * (b[order[j], order[k]] - b[order[i], order[k]])
                    if gain > 1e-12:
                        order[i], order[j] = order[j], order[i]
                        better = True
        value = 0.0
        for i in range(n):
            for j in range(i):
                value += a[i, j] * b[order[i], order[j]]
        if value > best_value:
            best_value = value
            best = order
    return np.asarray(best, np.int64)
