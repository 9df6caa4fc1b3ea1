"""The interval audit where bounds of cells differ by many orders of magnitude, as beside rounded ratios."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from wasl.tables.cells import Relations
from wasl.tables.interval_audit import largest_movements


def system(seed: int) -> tuple[Relations, np.ndarray, np.ndarray]:
    """A table of 4 x 4 with margins, beside each cell an inequality whose rest hardly moves."""
    rng = np.random.default_rng(seed)
    side = 5
    cells = np.arange(side * side).reshape(side, side)
    rows = [(line[0], line[1:]) for line in cells] + [(line[0], line[1:]) for line in cells.T]
    start, index, sign = [0], [], []
    for total, parts in rows:
        index += [total, *parts]
        sign += [-1.0, *([1.0] * len(parts))]
        start.append(len(index))
    rests = cells[1:, 1:].ravel()[:8]
    for number, cell in enumerate(rests):
        index += [cell, side * side + number]
        sign += [1.0, -1.0]
        start.append(len(index))
    n = side * side + len(rests)
    down, up = rng.integers(0, 20, n).astype(float), rng.integers(1, 40, n).astype(float)
    tiny = side * side + np.arange(len(rests))
    down[tiny] = 10.0 ** rng.uniform(-16, -5, len(rests)) * (rng.random(len(rests)) < 0.7)
    return Relations(n, np.array(start), np.array(index), np.array(sign)), down, up


@pytest.mark.parametrize("seed", range(12))
def test_movements_are_those_of_a_general_solver(seed):
    sums, down, up = system(seed)
    matrix = csr_matrix((sums.sign, sums.index, sums.start), (sums.rows, sums.cells))
    found = largest_movements(sums, down, up)
    bounds = list(zip(-down, up, strict=True))
    for cell in range(sums.cells):
        for side, direction in enumerate((1.0, -1.0)):
            costs = np.zeros(sums.cells)
            costs[cell] = direction
            answer = linprog(costs, A_eq=matrix, b_eq=np.zeros(sums.rows), bounds=bounds, method="highs")
            assert found[side, cell] == pytest.approx(-answer.fun, abs=1e-6)
