"""Makes a suppression problem smaller before the search, without changing its answers.

A cell that can neither move nor be suppressed is left out. A cell alone in a sum cannot move either. Two cells that
make up a sum between them, such as a total and its only part, move together and are suppressed together: they become
one. In hierarchical tables of three dimensions these steps leave half of the cells and of the sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from wasl.tables.cells import Floats, Ints, Relations
from wasl.tables.suppression.problem import Problem

__all__ = ["Reduced", "join_equal", "movable_cells", "reduce_problem"]


@dataclass(frozen=True, slots=True)
class Reduced:
    """A smaller problem with the same answers.

    Attributes:
        problem: The smaller problem.
        place: For each cell of the larger problem its cell in the smaller one; -1 where it is left out.
        first: For each cell of the smaller problem one of the larger.
        base: Cost of the safe cells that every pattern suppresses, because they equal unsafe ones.
    """

    problem: Problem
    place: Ints = field(repr=False)
    first: Ints = field(repr=False)
    base: float

    def spread(self, pattern: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A pattern of the smaller problem as one of the larger."""
        wide = np.zeros(len(self.place), dtype=np.bool_)
        there = self.place >= 0
        wide[there] = pattern[self.place[there]]
        return wide

    def shrunk(self, pattern: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The pattern of the smaller problem that suppresses at least the given cells."""
        small = np.zeros(self.problem.cells, dtype=np.bool_)
        small[self.place[(self.place >= 0) & pattern]] = True
        return small


def movable_cells(problem: Problem) -> tuple[Problem, Ints]:
    """The problem without cells that can neither move nor be suppressed, and the numbers of the kept cells."""
    movable = ((problem.down > 0) | (problem.up > 0)) & (~problem.fixed | problem.unsafe)
    place = np.where(movable, np.cumsum(movable) - 1, -1)
    keep = np.flatnonzero(movable)
    relations = problem.relations
    there = movable[relations.index]
    _, row = np.unique(relations.row_of_entry()[there], return_inverse=True)
    start = np.concatenate([[0], np.cumsum(np.bincount(row))]).astype(np.int64)
    kept = Relations(len(keep), start, place[relations.index[there]], relations.sign[there])
    return _gathered(problem, place, kept, len(keep)), keep


def reduce_problem(problem: Problem) -> Reduced:
    """The problem with equal cells as one, and without cells that cannot move."""
    movable = ((problem.down > 0) | (problem.up > 0)) & (~problem.fixed | problem.unsafe)
    place, first, sums = join_equal(problem.relations, movable)
    small = _gathered(problem, place, sums, len(first))
    reduced = Reduced(small, place, first, 0.0)
    return replace(reduced, base=float(problem.cost[reduced.spread(small.unsafe) & ~problem.unsafe].sum()))


def join_equal(relations: Relations, movable: NDArray[np.bool_]) -> tuple[Ints, Ints, Relations]:
    """Join cells that move together, and leave out those that cannot move.

    Args:
        relations: The sums.
        movable: Cells that could move if there were no sums.

    Returns:
        For each cell its group, -1 where it cannot move; the first cell of each group; the sums over the groups.
    """
    group = np.where(movable, np.arange(relations.cells), -1)
    row = relations.row_of_entry()
    while True:
        column = group[relations.index]
        there = column >= 0
        matrix = _distinct(row[there], column[there], relations.sign[there], relations.rows, relations.cells)
        length = np.diff(matrix.indptr)
        alone = matrix.indices[matrix.indptr[:-1][length == 1]]
        if len(alone):
            group[np.isin(group, alone)] = -1
            continue
        head = matrix.indptr[:-1][length == 2]
        head = head[matrix.data[head] == -matrix.data[head + 1]]
        if not len(head):
            break
        one, two = matrix.indices[head], matrix.indices[head + 1]
        graph = coo_matrix((np.ones(len(one)), (one, two)), shape=(relations.cells,) * 2)
        _, label = connected_components(graph, directed=False)
        _, head = np.unique(label, return_index=True)  # a group bears the number of its first cell
        group = np.where(group >= 0, head[label[np.maximum(group, 0)]], -1)
    names, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    if len(names) and names[0] < 0:
        names, first, inverse = names[1:], first[1:], inverse - 1
    sums = Relations(
        len(names),
        matrix.indptr.astype(np.int64),
        np.searchsorted(names, matrix.indices).astype(np.int64),
        np.asarray(matrix.data, dtype=np.float64),
    )
    return np.asarray(inverse, dtype=np.int64).reshape(-1), first.astype(np.int64), sums


def _distinct(row: Ints, column: Ints, sign: Floats, rows: int, columns: int) -> Any:
    """The sums as a sparse matrix, without empty ones and repetitions."""
    matrix = csr_matrix((sign, (row, column)), shape=(rows, columns))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    seen: set[tuple[bytes, bytes]] = set()
    kept = []
    for number, (start, end) in enumerate(zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)):
        if start == end:
            continue
        data = matrix.data[start:end]
        key = (matrix.indices[start:end].tobytes(), (data * data[0]).tobytes())
        if key not in seen:
            seen.add(key)
            kept.append(number)
    return matrix[kept]


def _gathered(problem: Problem, place: Ints, relations: Relations, cells: int) -> Problem:
    """The problem over the given cells: a group moves as far as all of its cells can, and needs all of their levels."""
    there = np.flatnonzero(place >= 0)
    at = place[there]
    down, up = np.full(cells, np.inf), np.full(cells, np.inf)
    lower, upper = np.zeros(cells), np.zeros(cells)
    unsafe, published = np.zeros(cells, np.bool_), np.zeros(cells, np.bool_)
    np.minimum.at(down, at, problem.down[there])
    np.minimum.at(up, at, problem.up[there])
    np.maximum.at(lower, at, problem.lower[there])
    np.maximum.at(upper, at, problem.upper[there])
    # A cell withheld before, without a level, does not bind the cell that equals it: that one may be published.
    bound = np.bincount(at, weights=~problem.unsafe[there], minlength=cells) == 0
    bound[at[problem.demanded[there]]] = True
    unsafe[bound] = True
    published[at[problem.fixed[there]]] = True
    own_cost = np.where(problem.unsafe & ~problem.demanded, 0.0, problem.cost)
    own = [np.unique(place[group[place[group] >= 0]]) for group in problem.singletons]
    return Problem(
        relations,
        down,
        up,
        unsafe,
        lower,
        upper,
        np.asarray(np.bincount(at, weights=own_cost[there], minlength=cells), dtype=np.float64),
        published,
        tuple(group for group in own if len(group)),
    )
