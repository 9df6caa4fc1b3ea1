"""Large hierarchical tables in parts: protected as any others, and not far from the cheapest pattern."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import PolicyError
from wasl.lab.benchmarks.suppression import SHAPES, made_up_enterprises
from wasl.tables import protect
from wasl.tables.build import build_table
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec
from wasl.tables.suppression import modular, search
from wasl.tables.system import make_system, sub_tables


def specification(shape, search, **protection):
    return TablesSpec.model_validate(
        {
            "name": "parts",
            "input": {"value": "turnover"},
            "primary": {"minimum_contributors": 3, "dominance": [{"n": 1, "k": 85}]},
            "protection": {"lower": 0.1, "upper": 0.1, "search": search, "work_limit": 3.0} | protection,
            "tables": [{"name": f"t{i}", "dimensions": item} for i, item in enumerate(SHAPES[shape])],
        }
    )


ROWS = {"hierarchical": 400, "linked by totals": 150, "three dimensions": 100}


@pytest.mark.parametrize("shape", list(ROWS))
def test_parts_protect_the_whole_and_cost_little_more(shape, require_protected):
    data, hierarchies = made_up_enterprises(ROWS[shape], 4)
    found = {how: protect_tables(specification(shape, how), [data], hierarchies) for how in ("modular", "exact")}
    report, whole = found["modular"].report, found["exact"].report
    assert report["search"] == "modular"
    assert report["steps"]["sub_tables_solved"] > 1
    assert report["audit"]["passed"]
    assert require_protected(found["modular"].tables)
    assert whole["bound"] * (1 - 1e-6) <= report["cost"] <= whole["cost"] * 1.25  # of larger tables: up to 1.08
    assert report["bound"] <= whole["cost"] * (1 + 1e-6)


def test_auto_takes_parts_where_the_tables_are_too_large_for_one_problem(monkeypatch, require_protected):
    data, hierarchies = made_up_enterprises(150, 6)
    spec = specification("hierarchical", "auto")
    assert protect_tables(spec, [data], hierarchies).report["search"] == "exact"
    monkeypatch.setattr(protect, "WHOLE", 100)
    result = protect_tables(spec, [data], hierarchies)
    assert result.report["search"] == "modular"
    assert require_protected(result.tables)


@pytest.mark.parametrize("hierarchies", [True, False])
def test_a_table_too_large_for_programs_of_all_cells_is_protected_by_near_cells(
    hierarchies, monkeypatch, require_protected
):
    data, levels = made_up_enterprises(150, 9)
    spec = specification("three dimensions", "modular")
    dimensions = spec.tables[0].dimensions
    if not hierarchies:
        dimensions = tuple(item.model_copy(update={"hierarchy": ""}) for item in dimensions)
    spec = TablesSpec(name="t", tables=(spec.tables[0].model_copy(update={"dimensions": dimensions}),))
    monkeypatch.setattr(search, "HUGE", 0)
    monkeypatch.setattr(search, "SLOW", 0.0)
    monkeypatch.setattr(modular, "EFFORT", 0.0)  # sub-tables do not fit into the limit
    result = protect_tables(spec, [data], levels)
    steps = result.report["steps"]
    assert steps["sub_tables_solved"] == 0
    assert steps["first_answer"] == "heuristic"
    assert steps["work"] < 3.0 * 1.1
    assert 0 < result.report["bound"] <= result.report["cost"]
    table = result.tables[0].cells
    assert result.report["cost"] < 0.9 * table.value[result.tables[0].status != 1].sum()
    assert require_protected(result.tables)


def test_user_ends_the_sub_tables_with_a_protected_answer(require_protected):
    data, hierarchies = made_up_enterprises(150, 7)
    result = protect_tables(specification("hierarchical", "modular"), [data], hierarchies, stop=lambda: True)
    assert result.report["steps"]["sub_tables_solved"] == 0
    assert result.report["steps"]["ended_by"] == "user"
    assert require_protected(result.tables)


@pytest.mark.parametrize("shape", ["hierarchical", "linked by totals", "three dimensions"])
def test_every_sum_lies_within_a_sub_table(shape):
    data, hierarchies = made_up_enterprises(150, 8)
    spec = specification(shape, "modular")
    built = [build_table(data, table, hierarchies) for table in spec.tables]
    nothing = [protect.find_primary(b.table, t.primary, t.protection) for b, t in zip(built, spec.tables, strict=True)]
    system, _, _ = make_system(spec, built, nothing, ())
    parts = sub_tables([item.table for item in built], system.members)
    relations = system.relations
    for row in range(relations.rows):
        cells = relations.index[relations.start[row] : relations.start[row + 1]]
        assert any(np.isin(cells, part).all() for part in parts)
    assert len(parts[0]) < relations.cells


def test_a_demand_that_cannot_be_met_is_refused_with_its_cells_in_parts_too():
    data = pa.table({"region": ["N1"] * 2 + ["S1"] * 9, "sector": ["A"] * 11, "wages": [5.0] * 11})
    document = {
        "name": "t",
        "input": {"value": "wages"},
        "dimensions": [{"name": "region"}, {"name": "sector"}],
        "protection": {"attacker_bounds": [0.99, 1.01], "lower": 0.1, "upper": 0.1, "search": "modular"},
    }
    with pytest.raises(PolicyError, match=r"region=N1.* cannot be protected"):
        protect_tables(TablesSpec.model_validate(document), [data], {})
    tied = {"region": ["N1"] * 2, "sector": ["A"] * 2, "wages": [5.0] * 2}
    alone = protect_tables(
        TablesSpec.model_validate(document | {"protection": {"search": "modular"}}), [pa.table(tied)], {}
    )
    assert alone.report["audit"]["passed"]
