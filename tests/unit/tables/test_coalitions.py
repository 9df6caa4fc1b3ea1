"""Contributors who pool what they know: an attacker with their cells learns no other unsafe cell."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from wasl.tables.attacker import attack_tables
from wasl.tables.build import build_table
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec

GROUPS = ["A", "B", "C", "D"]


def records(seed, rows=90):
    """Firms of four regions and four branches; many cells have one or two firms."""
    rng = np.random.default_rng([seed, 252])
    region, branch = (
        rng.choice(GROUPS, rows, p=[0.5, 0.3, 0.1, 0.1]),
        rng.choice(GROUPS, rows, p=[0.4, 0.4, 0.15, 0.05]),
    )
    wages = np.round(rng.lognormal(3, 1, rows), 1)
    firm = [f"f{n}" for n in rng.integers(0, 60, rows)]
    return pa.table({"region": region, "branch": branch, "wages": wages, "firm": firm})


def specification(coalitions, **changes):
    return TablesSpec.model_validate(
        {
            "name": "t",
            "input": {"value": "wages", "contributor": "firm"},
            "dimensions": [{"name": "region"}, {"name": "branch"}],
            "primary": {"minimum_contributors": 3},
            "protection": {"lower": 0.1, "upper": 0.1, "coalitions": coalitions},
        }
        | changes
    )


def cells_of(data, members, table):
    """The cells to which the members contribute and nobody else; from the records alone."""
    own = {}
    for number in range(table.cells.size):
        codes = [table.cells.column(axis)[number] for axis in (0, 1)]
        rows = [
            row
            for row in data.to_pylist()
            if all(code in ("Total", row[name]) for name, code in zip(("region", "branch"), codes, strict=True))
        ]
        if rows and {row["firm"] for row in rows} <= set(members):
            own[number] = round(sum(row["wages"] for row in rows), 1)
    return own


def lone_firms(data):
    """Firms that are alone in some cell."""
    seen = {}
    for row in data.to_pylist():
        seen.setdefault((row["region"], row["branch"]), set()).add(row["firm"])
    return sorted({next(iter(firms)) for firms in seen.values() if len(firms) == 1})


def reached(table, data, members, cell_of, published):
    """For each unsafe cell that is not the members' own: the share of its levels that they cannot pass."""
    own = cells_of(data, members, table)
    known = {cell_of(table, number): value for number, value in own.items() if np.isnan(table.published[number])}
    prior = {
        cell_of(table, n): (0.0, 2 * float(table.cells.value[n])) for n in np.flatnonzero(np.isnan(table.published))
    }
    intervals = attack_tables([published(table)], known=known, prior=prior)
    result = []
    for number in np.flatnonzero(table.status == 1):
        place, value = cell_of(table, number), float(table.cells.value[number])
        if number in own or place not in intervals:
            continue
        low, high = intervals[place]
        result.append(min((value - low) / table.lower[number], (high - value) / table.upper[number]))
    return result


@pytest.mark.parametrize("seed", range(6))
def test_a_coalition_keeps_its_distance_from_all_other_unsafe_cells(seed, cell_of, published):
    data = records(seed)
    firms = lone_firms(data)
    coalitions = [list(pair) for pair in itertools.islice(itertools.combinations(firms, 2), 4)]
    coalitions.append(sorted({*firms[:4], "f0", "f1", "f2"}))
    result = protect_tables(specification(coalitions), [data], {})
    table, audit = result.tables[0], result.report["audit"]
    assert [item["members"] for item in audit["coalitions"]] == [len(item) for item in coalitions]
    for members, told in zip(coalitions, audit["coalitions"], strict=True):
        own = cells_of(data, members, table)
        assert told["withheld_cells_known"] == sum(bool(np.isnan(table.published[n])) for n in own)
        shares = reached(table, data, members, cell_of, published)
        assert told["exact"] == 0
        assert len(shares) == told["unsafe_cells_attacked"]
        short = [share for share in shares if share < 1 - 1e-6]
        assert len(short) == told["within_level"]
        assert all(share > 1e-3 for share in shares)  # nothing is computed where the full level is out of reach


def test_without_coalitions_two_lone_firms_can_compute_a_third(cell_of, published):
    # Three firms are alone in the three cells of a branch: the total hides all of them, two know the third.
    data = pa.table(
        {
            "region": ["A", "B", "C", *["A", "B", "C"] * 4],
            "branch": ["A"] * 3 + ["B"] * 12,
            "wages": [10.0, 20.0, 30.0, *np.arange(12.0) + 5],
            "firm": [f"f{n}" for n in range(15)],
        }
    )
    alone = protect_tables(specification([]), [data], {}).tables[0]
    pair = protect_tables(specification([["f0", "f1"]]), [data], {})
    assert min(reached(alone, data, ["f0", "f1"], cell_of, published)) < 0.01
    assert min(reached(pair.tables[0], data, ["f0", "f1"], cell_of, published)) >= 1 - 1e-6
    assert pair.report["secondary"] > 0


def test_all_of_a_holding_belong_to_the_coalition_of_one_and_weights_hide_others():
    data = pa.table(
        {
            "region": ["A"] * 6,
            "branch": ["A", "A", "B", "B", "C", "C"],
            "wages": [5.0, 6.0, 7.0, 8.0, 9.0, 4.0],
            "firm": ["f0", "f1", "f2", "f3", "f4", "f5"],
            "group": ["g", "g", None, None, None, None],
            "weight": [1.0, 1.0, 1.0, 1.0, 2.0, 1.0],
        }
    )
    source = {"value": "wages", "contributor": "firm", "holding": "group", "weight": "weight"}
    spec = specification([["f0", "f2", "f3", "nobody"], ["f4", "f5"]], input=source)
    built = build_table(data, spec.tables[0], {})
    branch = built.table.column(1)
    first, second = built.table.shared
    assert {branch[n] for n in np.flatnonzero(first)} == {"A", "B"}
    assert not second.any()  # a record of weight 2 stands for another firm, too
    assert built.absent == (1, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"input": {"value": "wages"}},
        {"protection": {"method": "rounding", "coalitions": [["a", "b"]]}},
        {"protection": {"coalitions": [["a"]]}},
    ],
)
def test_coalitions_that_mean_nothing_are_refused(change):
    document = {
        "name": "t",
        "input": {"value": "wages", "contributor": "firm"},
        "dimensions": [{"name": "region"}],
        "protection": {"coalitions": [["a", "b"]]},
    } | change
    with pytest.raises(ValueError, match=r"coalition"):
        TablesSpec.model_validate(document)
