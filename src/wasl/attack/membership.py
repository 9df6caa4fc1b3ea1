"""Membership patterns: with the join map, who shares which block with whom in which pass.

Every pass by itself says little; together they make a graph of persons without any noise. Colour refinement names
whoever stands out by structure alone; the rest is matched by spectral embedding of the graph where it is small enough.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from wasl.attack.equality import match_colours
from wasl.attack.observation import PassView

__all__ = ["match_membership", "membership_graph"]

Ints = npt.NDArray[np.int64]


def membership_graph(view: PassView) -> sparse.csr_matrix:
    """Records × records: in how many passes and tokens two records agree."""
    n = len(view)
    graph = sparse.csr_matrix((n, n), dtype=np.float32)
    for codes in view.classes.values():
        has = np.flatnonzero(codes >= 0)
        if not len(has):
            continue
        incidence = sparse.csr_matrix(
            (np.ones(len(has), np.float32), (has, codes[has])), shape=(n, int(codes.max()) + 1)
        )
        sizes = np.asarray(incidence.sum(axis=0)).ravel()
        shared = incidence[:, (sizes > 1) & (sizes < n)]
        graph = graph + shared @ shared.T
    graph.setdiag(0)
    graph.eliminate_zeros()
    return graph.tocsr()


def match_membership(view: PassView, known: PassView, rng: np.random.Generator, largest: int) -> tuple[Ints, Ints]:
    """Records of the delivery and of the population that the joined structure takes for the same person."""
    best = match_colours(view, known, rounds=6)
    for rounds in (2, 1):
        rows, records = match_colours(view, known, rounds=rounds)
        new = ~np.isin(rows, best[0]) & ~np.isin(records, best[1])
        best = np.concatenate([best[0], rows[new]]), np.concatenate([best[1], records[new]])
    rest = np.setdiff1d(np.arange(len(view)), best[0]), np.setdiff1d(np.arange(len(known)), best[1])
    rows, records = _by_component(membership_graph(view), membership_graph(known), rest, rng, largest)
    return np.concatenate([best[0], rows]), np.concatenate([best[1], records])


def _by_component(
    left: sparse.csr_matrix, right: sparse.csr_matrix, rest: tuple[Ints, Ints], rng: np.random.Generator, largest: int
) -> tuple[Ints, Ints]:
    """Match what is left by how it hangs together: records of like shape are taken in any order."""
    rows = rng.permutation(rest[0])[:largest]
    records = rng.permutation(rest[1])[:largest]
    shapes = [_shape(graph, chosen) for graph, chosen in ((left, rows), (right, records))]
    order = [np.lexsort(shape.T) for shape in shapes]
    # The best connected of both sides, in the order of their shapes; who shares nothing with anybody stays unnamed.
    chosen = [rows[order[0]][::-1], records[order[1]][::-1]]
    linked = [np.count_nonzero((shape > 0).any(axis=1)) for shape in shapes]
    count = min(linked)
    return chosen[0][:count], chosen[1][:count]


def _shape(graph: sparse.csr_matrix, chosen: Ints) -> npt.NDArray[np.float64]:
    """Degree, weight, and the weight of neighbours of some records."""
    weight = np.asarray(graph.sum(axis=1)).ravel()
    degree = np.diff(graph.indptr)
    around = np.asarray(graph @ weight).ravel()
    return np.stack([around, weight, degree], axis=1)[chosen].astype(np.float64)
