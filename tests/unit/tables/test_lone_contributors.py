"""Lone contributors from whom a cell cannot be kept by its full level."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import PolicyError
from wasl.tables.attacker import attack_tables
from wasl.tables.cells import Relations
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec
from wasl.tables.suppression.infeasible import InfeasibleDemandError
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.search import suppress


def problem(small, *, uneven, lower=10.0, upper=10.0):
    """Total = own + other + small, and total = first + second + none; the lone contributor knows its own cell."""
    value = np.array([150.0, 20, 130 - small, small, 70, 80, 0])
    up = value.copy()
    up[6] = 5.0 if uneven else 0.0
    unsafe = np.array([False, True, True, False, False, False, False])
    demand = np.where([False, False, True, False, False, False, False], 1.0, 0.0)
    sums = Relations(
        7,
        np.array([0, 4, 8]),
        np.array([0, 1, 2, 3, 0, 4, 5, 6]),
        np.array([-1.0, 1, 1, 1, -1.0, 1, 1, 1]),
    )
    fixed = np.array([True, False, False, False, False, False, not uneven])
    return Problem(sums, value, up, unsafe, lower * demand, upper * demand, value, fixed, (np.array([1]),))


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("small", [1.0, 4.0, 9.0])
@pytest.mark.parametrize(("lower", "upper"), [(10.0, 10.0), (10.0, 12.0), (3.0, 10.0)])
def test_half_of_what_is_possible_does_in_both_directions(small, uneven, lower, upper):
    found = suppress(problem(small, uneven=uneven, lower=lower, upper=upper))
    assert found.suppressed[3]
    assert found.proven
    assert found.steps["lone_levels_lowered"] in ({1} if not uneven or small >= lower else {2})


@pytest.mark.parametrize("uneven", [False, True])
def test_what_a_lone_contributor_computes_is_refused(uneven):
    with pytest.raises(InfeasibleDemandError):
        suppress(problem(0.0, uneven=uneven))


def firms(seed, *, rows=70, waived=0.0, holdings=False):
    """Invented records of firms in three dimensions; most cells have one or two contributors."""
    rng = np.random.default_rng(seed)
    firm = rng.integers(0, rows * 3 // 4, rows)
    consents = rng.random(rows) < waived
    table = {
        "a": rng.choice(list("ABCDEF"), rows),
        "b": rng.choice(list("vwxyz"), rows),
        "c": rng.choice(list("1234"), rows),
        "wages": np.round(rng.lognormal(2, 1, rows), 1),
        "firm": [f"f{number}" for number in firm],
        "consents": consents[firm],
    }
    if holdings:
        table["group"] = [f"g{number % 5}" if number % 3 == 0 else None for number in firm]
    return pa.table(table)


def linked(columns, **names):
    tables = [{"name": "".join(pair), "dimensions": [{"name": one} for one in pair]} for pair in columns]
    alone = {"value": "wages", **names}
    return TablesSpec.model_validate({"name": "linked", "input": alone, "tables": tables})


def asked(spec):
    """The same, lone contributors considered: stated in the last table alone, it holds for all."""
    *others, last = spec.tables
    guarded = last.model_copy(update={"protection": last.protection.model_copy(update={"singletons": True})})
    return spec.model_copy(update={"tables": (*others, guarded)})


def own_cells(tables, data, who):
    """The cells of all tables by the contributor who is alone in them."""
    rows = data.to_pylist()
    found = {}
    for table in tables:
        names = [d.name for d in table.cells.dimensions]
        for size in range(len(names) + 1):
            for chosen in itertools.combinations(names, size):
                members = {}
                for number, row in enumerate(rows):
                    members.setdefault(frozenset((n, row[n]) for n in chosen), set()).add(who(row, number))
                for cell, ones in members.items():
                    if len(ones) == 1:
                        found.setdefault(next(iter(ones)), set()).add(cell)
    return found


KINDS = {
    "two tables": (("ab", "ac"), {"contributor": "firm"}, {}, lambda row, number: row["firm"]),
    "three tables": (("ab", "ac", "bc"), {"contributor": "firm"}, {}, lambda row, number: row["firm"]),
    "waivers": (
        ("ab",),
        {"contributor": "firm", "waiver": "consents"},
        {"waived": 0.5},
        lambda row, number: row["firm"],
    ),
    "holdings": (
        ("ab", "ac"),
        {"contributor": "firm", "holding": "group"},
        {"holdings": True},
        lambda row, number: row["group"] or row["firm"],
    ),
    "records": (("ab", "bc"), {}, {}, lambda row, number: number),
}


@pytest.mark.parametrize("kind", KINDS)
def test_lone_contributors_use_all_cells_in_which_they_are_alone(kind, published, cell_of):
    columns, names, made, who = KINDS[kind]
    attacked = 0
    for seed in (4, 5) if kind == "waivers" else (0,):
        data = firms(seed, **made)
        try:
            result = protect_tables(asked(linked(columns, **names)), [data], {})
        except PolicyError:
            continue  # a demand that nobody can meet is refused, and refuses silence
        value, unsafe = {}, set()
        for table in result.tables:
            for number in range(table.cells.size):
                value[cell_of(table, number)] = float(table.cells.value[number])
                if table.status[number] == 1:
                    unsafe.add(cell_of(table, number))
        shown = [published(table) for table in result.tables]
        for cells in own_cells(result.tables, data, who).values():
            known = {cell: value[cell] for cell in cells if cell in value}
            aims = [cell for cell in unsafe if cell not in known]
            prior = {cell: (0.0, 2 * amount) for cell, amount in value.items()}
            for cell, (low, high) in attack_tables(shown, prior=prior, known=known, only=aims).items():
                assert high - low > 1e-6 * value[cell], (kind, seed)
                attacked += 1
    assert attacked > 20


@pytest.mark.parametrize(
    ("name", "values"), [("search", ("fast", "exact")), ("gap", (0.1, 0.0)), ("method", ("none", "rounding"))]
)
def test_linked_tables_share_what_the_common_search_takes(name, values):
    tables = [
        {"name": f"t{number}", "dimensions": [{"name": "a"}], "protection": {name: value}}
        for number, value in enumerate(values)
    ]
    with pytest.raises(ValueError, match="linked tables are"):
        TablesSpec.model_validate({"name": "linked", "tables": tables})
