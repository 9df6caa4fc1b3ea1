from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import InputError
from wasl.tables.build import build_table
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec


def specified(**changes):
    document = {
        "name": "t",
        "input": {"kind": "aggregate", "value": "v", "contributors": "n", "largest": ["one", "two"]},
        "dimensions": [{"name": "a"}, {"name": "b"}],
        "primary": {"minimum_contributors": 3, "p_percent": 10},
    }
    return TablesSpec.model_validate(document | changes)


def made_up(seed, rows=3, columns=4, total="Total"):
    """An aggregate with margins; every cell has two contributors at least."""
    rng = np.random.default_rng(seed)
    cells = {}
    for a, b in itertools.product(range(rows), range(columns)):
        parts = np.sort(np.round(rng.lognormal(2, 1, rng.integers(2, 6)), 1) + 0.1)[::-1]
        for key in itertools.product((f"a{a}", total), (f"b{b}", total)):
            cells.setdefault(key, []).append(parts)
    lists = {key: np.sort(np.concatenate(parts))[::-1] for key, parts in cells.items()}
    return {
        "a": [key[0] for key in lists],
        "b": [key[1] for key in lists],
        "v": [round(float(parts.sum()), 1) for parts in lists.values()],
        "n": [len(parts) for parts in lists.values()],
        "one": [float(parts[0]) for parts in lists.values()],
        "two": [float(parts[1]) for parts in lists.values()],
    }


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("n", None, "number of contributors"),
        ("n", 0, "number of contributors"),
        ("n", -1, "number of contributors"),
        ("one", None, "'one'"),
        ("two", None, "'two'"),
        ("two", 1e9, "larger than an earlier one"),
    ],
)
def test_a_cell_is_not_safe_because_the_aggregate_says_nothing_of_it(seed, column, value, said):
    cells = made_up(seed)
    cells[column][int(np.random.default_rng(seed).integers(len(cells["v"])))] = value
    with pytest.raises(InputError, match=said):
        protect_tables(specified(), [pa.table(cells)], {})


def test_what_a_cell_cannot_have_may_be_blank():
    cells = {"a": ["x", "y", "z", "Total"], "v": [5.0, 7.0, 0.0, 12.0], "n": [1, 2, 0, 3]}
    cells |= {"one": [5.0, 4.0, None, 5.0], "two": [None, 3.0, None, 4.0]}
    result = protect_tables(specified(dimensions=[{"name": "a"}]), [pa.table(cells)], {})
    status = dict(zip(result.tables[0].public()["a"].to_pylist(), result.tables[0].status, strict=True))
    assert status["x"] in (1, 2)
    assert status["z"] == 3


@pytest.mark.parametrize("seed", range(5))
def test_a_total_under_another_code_is_named(seed):
    with pytest.raises(InputError, match=r"dimensions\.total = 'T'"):
        build_table(pa.table(made_up(seed, total="T")), specified().tables[0], {})
    named = specified(dimensions=[{"name": "a", "total": "T"}, {"name": "b", "total": "T"}])
    assert build_table(pa.table(made_up(seed, total="T")), named.tables[0], {}).table.size == 20


def test_an_aggregate_without_totals_is_taken_as_it_is():
    cells = made_up(3)
    whole = pa.table(cells)
    inner = whole.filter(pa.array(["Total" not in places for places in zip(cells["a"], cells["b"], strict=True)]))
    assert build_table(inner, specified().tables[0], {}).table.size == 12
