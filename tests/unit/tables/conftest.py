from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from wasl.tables.attacker import PublishedTable, attack_tables
from wasl.tables.specification import TablesSpec

VECTORS = Path(__file__).parents[2] / "vectors" / "tables"


@pytest.fixture
def turnover():
    """The reference table: specification, data, hierarchies."""
    spec = {
        "name": "turnover",
        "input": {"kind": "aggregate", "value": "TOT", "contributors": "N_OBS", "largest": ["MAX"]},
        "dimensions": [{"name": "ACTIVITY", "hierarchy": "activity.csv"}, {"name": "SIZE"}],
        "primary": {"minimum_contributors": 3, "dominance": [{"n": 1, "k": 85}]},
        "protection": {"lower": 0.1, "upper": 0.1, "attacker_bounds": [0.0, 2.0], "cost": "value"},
    }
    texts = pacsv.ConvertOptions(column_types={"ACTIVITY": pa.string(), "SIZE": pa.string()})
    data = pacsv.read_csv(VECTORS / "turnover_act_size.csv", convert_options=texts)
    with (VECTORS / "activity_corr_table.csv").open() as file:
        hierarchy = pa.Table.from_pylist(list(csv.DictReader(file)))
    return spec, data, {"activity.csv": hierarchy}


@pytest.fixture
def enterprises():
    """Invented microdata: region below country part, sector, wages, holdings, weights."""

    def make(rows: int = 400, seed: int = 1) -> tuple[pa.Table, dict[str, pa.Table]]:
        rng = np.random.default_rng(seed)
        region = rng.choice(["N1", "N2", "S1", "S2", "S3"], rows, p=[0.4, 0.2, 0.2, 0.15, 0.05])
        data = pa.table(
            {
                "region": region,
                "sector": rng.choice(["A", "C", "F", "G"], rows, p=[0.1, 0.3, 0.2, 0.4]),
                "wages": np.round(rng.lognormal(3, 1.3, rows), 1),
                "firm": [f"f{i % 170}" for i in range(rows)],
                "group": [f"g{i % 170}" if i % 170 < 30 else None for i in range(rows)],
                "weight": rng.integers(1, 4, rows),
                "id": [f"id{i:05d}" for i in range(rows)],
            }
        )
        parts = pa.table({"part": ["N", "N", "S", "S", "S"], "region": ["N1", "N2", "S1", "S2", "S3"]})
        return data, {"parts.csv": parts}

    return make


@pytest.fixture
def specify():
    def make(**changes: object) -> TablesSpec:
        document: dict[str, object] = {
            "name": "wages",
            "input": {"value": "wages"},
            "dimensions": [{"name": "region", "hierarchy": "parts.csv"}, {"name": "sector"}],
            "primary": {"minimum_contributors": 3, "dominance": [{"n": 1, "k": 80}]},
        }
        return TablesSpec.model_validate(document | changes)

    return make


def _published(table):
    parents, totals = {}, {}
    for dimension in table.cells.dimensions:
        totals[dimension.name] = dimension.total
        parents[dimension.name] = {
            code: dimension.codes[dimension.parents[i]] for i, code in enumerate(dimension.codes) if i
        }
    return PublishedTable(table.public(), parents, totals)


def _cell(table, number):
    return frozenset(
        (d.name, d.codes[place])
        for d, place in zip(table.cells.dimensions, table.cells.places[number], strict=True)
        if place
    )


def _require_protected(tables, *, known=None, share=1.0, bounds=(0.0, 2.0), seen=None):
    """Attack all tables together with what is published alone; every unsafe cell must keep its levels."""
    prior, own = {}, {}
    for table in tables:
        for number in np.flatnonzero(np.isnan(table.published)):
            value, size = table.cells.value[number], table.cells.magnitude[number]
            prior[_cell(table, number)] = (value - size * (1 - bounds[0]), value + size * (bounds[1] - 1))
            own[_cell(table, number)] = (table, number)
    intervals = attack_tables(seen or [_published(table) for table in tables], prior=prior, known=known)
    checked = 0
    for place, (low, high) in intervals.items():
        table, number = own[place]
        if table.status[number] != 1 or table.cells.value[number] == 0:
            continue
        value, slack = table.cells.value[number], 1e-6 * abs(table.cells.value[number]) + 1e-6
        assert low <= value - share * table.lower[number] + slack
        assert high >= value + share * table.upper[number] - slack
        checked += 1
    return checked


@pytest.fixture
def require_protected():
    return _require_protected


@pytest.fixture
def cell_of():
    return _cell


@pytest.fixture
def published():
    return _published


@pytest.fixture
def attack_published():
    def attack(tables, seen):
        return _require_protected(tables, seen=seen)

    return attack
