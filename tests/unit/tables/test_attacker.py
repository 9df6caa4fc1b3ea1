"""The attacker's intervals are those of a solver that is asked anew for each end of each cell."""

from __future__ import annotations

import highspy
import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import linprog

from wasl.errors import InputError, WaslError
from wasl.tables.attacker import PublishedTable, attack_tables

DRAWS = range(30)


def draw(seed, rounded=1.0):
    """A table of two dimensions with totals, some cells not published."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 5, 2))
    whole = np.zeros((shape[0] + 1, shape[1] + 1))
    whole[1:, 1:] = rng.integers(0, 40, shape)
    whole[0, 1:], whole[1:, 0], whole[0, 0] = whole[1:, 1:].sum(0), whole[1:, 1:].sum(1), whole[1:, 1:].sum()
    return np.round(whole / rounded) * rounded, rng.random(whole.shape) < 0.45


def published(whole, hidden):
    r, c = np.indices(whole.shape)
    codes = {"r": [f"r{i}" if i else "T" for i in r.ravel()], "c": [f"c{i}" if i else "T" for i in c.ravel()]}
    values = [None if out else float(v) for v, out in zip(whole.ravel(), hidden.ravel(), strict=True)]
    parents = {name: {code: "T" for code in column if code != "T"} for name, column in codes.items()}
    return PublishedTable(pa.table({**codes, "value": pa.array(values, pa.float64())}), parents, {"r": "T", "c": "T"})


def place(i, j):
    return frozenset([("r", f"r{i}")] * int(i > 0) + [("c", f"c{j}")] * int(j > 0))


def asked_anew(whole, hidden, room, prior):
    """The ends of every hidden cell by scipy, one program each."""
    rows = [[((i, j), 1.0) for i in range(1, len(whole))] + [((0, j), -1.0)] for j in range(whole.shape[1])]
    rows += [[((i, j), 1.0) for j in range(1, whole.shape[1])] + [((i, 0), -1.0)] for i in range(len(whole))]
    matrix, right = np.zeros((len(rows), whole.size)), np.zeros(len(rows))
    for k, row in enumerate(rows):
        for (i, j), sign in row:
            matrix[k, i * whole.shape[1] + j] = sign
    limits = [
        prior.get(place(*np.unravel_index(n, whole.shape)), (0.0, None)) if out else (value, value)
        for n, (value, out) in enumerate(zip(whole.ravel(), hidden.ravel(), strict=True))
    ]
    ends = {}
    for n in np.flatnonzero(hidden.ravel()):
        found = []
        for sign in (1.0, -1.0):
            cost = sign * (np.arange(whole.size) == n)
            both, sides = np.vstack([matrix, -matrix]), np.concatenate([right + room, room - right])
            answer = linprog(cost, A_ub=both, b_ub=sides, bounds=limits, method="highs")
            found.append(sign * answer.fun if answer.status == 0 else -sign * np.inf)
        ends[place(*np.unravel_index(n, whole.shape))] = tuple(found)
    return ends


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for cell, ends in wanted.items():
        np.testing.assert_allclose(found[cell], ends, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("seed", DRAWS)
def test_exact_figures(seed):
    whole, hidden = draw(seed)
    same(attack_tables([published(whole, hidden)]), asked_anew(whole, hidden, np.zeros(sum(whole.shape)), {}))


@pytest.mark.parametrize("seed", DRAWS)
def test_a_cell_that_may_be_anything_is_without_ends(seed):
    whole, hidden = draw(seed)
    hidden[1, 1] = True
    prior = {place(1, 1): (-np.inf, np.inf)}
    same(
        attack_tables([published(whole, hidden)], prior=prior),
        asked_anew(whole, hidden, np.zeros(sum(whole.shape)), {place(1, 1): (None, None)}),
    )


def test_sums_of_rounded_figures_need_not_fit():
    whole, hidden = np.array([[12.0, 6.0, 6.0], [6.0, 3.0, 6.0], [6.0, 3.0, 3.0]]), np.zeros((3, 3), bool)
    hidden[1, 1] = True
    [(low, high)] = attack_tables([published(whole, hidden)], slack=0.5).values()
    assert low < high
    with pytest.raises(InputError, match="contradict"):
        attack_tables([published(whole, hidden)])


def test_a_program_without_an_answer_is_no_contradiction(monkeypatch):
    monkeypatch.setattr("wasl.tables.attacker.settle", lambda _model: highspy.HighsModelStatus.kUnknown)
    whole, hidden = draw(1)
    with pytest.raises(WaslError, match="kUnknown") as found:
        attack_tables([published(whole, hidden)])
    assert not isinstance(found.value, InputError)
