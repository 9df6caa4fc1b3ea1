"""Made-up tables of several kinds, attacked in every form in which they are published, by those who read the files."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import warnings

import numpy as np
import pyarrow as pa
import pytest
from openpyxl import load_workbook

from wasl.tables.attacker import PublishedTable
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.tabulate import tabulate

KINDS = {
    "hierarchy": {},
    "pair": {
        "tables": [
            {"name": "by-size", "dimensions": [{"name": "activity", "hierarchy": "a.csv"}, {"name": "size"}]},
            {"name": "by-region", "dimensions": [{"name": "activity", "hierarchy": "a.csv"}, {"name": "region"}]},
        ]
    },
    "p-percent-weighted": {
        "input": {"value": "turnover", "weight": "weight"},
        "primary": {"minimum_contributors": 0, "p_percent": 20},
        "protection": {"lower": None, "upper": None},
    },
    "holdings": {"input": {"value": "turnover", "contributor": "firm", "holding": "group"}},
    "negative": {"input": {"value": "result"}},
    "singletons": {"input": {"value": "turnover", "contributor": "firm"}, "protection": {"singletons": True}},
    "counts": {"input": {"value": "count"}, "primary": {"minimum_contributors": 4}},
}


def made_up(seed, rows=260):
    rng = np.random.default_rng([seed, 273])
    activity = rng.choice(24, rows, p=np.arange(1, 25)[::-1] / 300)
    turnover = np.round(rng.lognormal(3, 1.5, rows), 2)
    data = pa.table(
        {
            "activity": [f"c{a:02d}" for a in activity],
            "size": [f"t{s}" for s in np.minimum(rng.geometric(0.5, rows) - 1, 3)],
            "region": [f"r{r}" for r in rng.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])],
            "turnover": np.where(rng.random(rows) < 0.05, 0.0, turnover),
            "result": np.round(turnover * rng.normal(0.2, 0.6, rows), 2),
            "weight": np.round(rng.uniform(1, 6, rows), 1),
            "firm": [f"f{i}" for i in rng.integers(0, rows, rows)],
            "group": [f"g{i}" if i < 25 else None for i in rng.integers(0, rows, rows)],
        }
    )
    levels = pa.table({"section": [f"s{i // 6}" for i in range(24)], "class": [f"c{i:02d}" for i in range(24)]})
    return data, {"a.csv": levels}


def specification(changes):
    document = {
        "name": "t",
        "period": "2024",
        "input": {"value": "turnover"},
        "dimensions": [{"name": "activity", "hierarchy": "a.csv"}, {"name": "size"}],
        "primary": {"minimum_contributors": 3, "dominance": [{"n": 1, "k": 85}]},
        "protection": {"lower": 0.1, "upper": 0.1, "gap": 0.02},
    }
    for key, value in changes.items():
        if isinstance(value, dict):
            merged = {**document.get(key, {}), **value} if key == "protection" else value
            document[key] = {name: item for name, item in merged.items() if item is not None}
        else:
            document[key] = value
    if "tables" in document:
        del document["dimensions"]
    return TablesSpec.model_validate(document)


def from_csv(files, stem):
    rows = list(csv.DictReader(io.StringIO(files[f"{stem}.csv"].decode())))
    names = [name for name in rows[0] if name not in ("value", "status")]
    return {tuple(row[name] for name in names): row["value"] for row in rows}


def from_workbook(files, stem):
    sheet = load_workbook(io.BytesIO(files[f"{stem}.xlsx"])).active
    heads = [sheet.cell(4, column).value for column in range(2, sheet.max_column + 1)]
    return {
        (sheet.cell(row, 1).value, head): sheet.cell(row, column).value
        for row in range(5, sheet.max_row + 1)
        for column, head in enumerate(heads, 2)
    }


def from_px(files, stem, tmp_path):
    from pyaxis import pyaxis

    (tmp_path / "t.px").write_bytes(files[f"{stem}.px"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyaxis itself uses what pandas gives up
        frame = pyaxis.parse(str(tmp_path / "t.px"), encoding="utf-8", lang="en")["DATA"]
    names = [name for name in frame.columns if name != "DATA"]
    return {tuple(str(row[name]) for name in names): str(row["DATA"]) for row in frame.to_dict("records")}


def from_sdmx(files, stem):
    rows = list(csv.DictReader(io.StringIO(files[f"{stem}.data.sdmx.csv"].decode())))
    keys = list(rows[0])
    first = keys.index("FREQ") + 1
    names = [name for name in keys[first:] if name in ("ACTIVITY", "SIZE", "REGION")]
    total = {"_T": "Total"}
    return {tuple(total.get(row[n], row[n]) for n in names): row["OBS_VALUE"] for row in rows}


def published(table, figures):
    """The table as a reader of the file has it; what is no figure is missing."""
    names = [d.name for d in table.cells.dimensions]
    rows = {name: [] for name in (*names, "value")}
    for codes, text in figures.items():
        for name, code in zip(names, codes, strict=True):
            rows[name].append(code)
        rows["value"].append(None if text in ("", ":", ".", "..", "nan", "NaN", "None", None) else float(text))
    parents = {
        d.name: {code: d.codes[d.parents[i]] for i, code in enumerate(d.codes) if i} for d in table.cells.dimensions
    }
    totals = {d.name: d.total for d in table.cells.dimensions}
    return PublishedTable(pa.table({**rows, "value": pa.array(rows["value"], pa.float64())}), parents, totals)


@pytest.mark.parametrize("kind", KINDS)
def test_no_reader_of_any_file_comes_nearer_than_the_levels(kind, attack_published, tmp_path):
    data, hierarchies = made_up(sorted(KINDS).index(kind))
    spec = specification(KINDS[kind])
    act = tabulate(spec, [data], hierarchies, RunOptions(seed=1, today=dt.date(2026, 1, 1)))
    files, tables = act.artifacts, act.result.tables
    stems = [table.spec.name for table in tables] if len(tables) > 1 else ["table"]
    forms = {
        "csv": from_csv,
        "xlsx": from_workbook,
        "px": lambda files, stem: from_px(files, stem, tmp_path),
        "sdmx": from_sdmx,
    }
    seen = {}
    for form, read in forms.items():
        seen[form] = [published(table, read(files, stem)) for table, stem in zip(tables, stems, strict=True)]
        for table, one in zip(tables, seen[form], strict=True):
            assert one.rows.num_rows == table.cells.size
            assert one.rows.column("value").null_count == int(np.isnan(table.published).sum())
    assert attack_published(tables, seen["csv"]) > 0
    for form, other in itertools.product(("xlsx", "px", "sdmx"), range(len(tables))):
        ours, theirs = (
            {tuple(row[n] for n in seen["csv"][other].totals): row["value"] for row in seen[f][other].rows.to_pylist()}
            for f in ("csv", form)
        )
        assert ours.keys() == theirs.keys()
        for place, figure in ours.items():
            assert (figure is None) == (theirs[place] is None)
            assert figure is None or theirs[place] == pytest.approx(figure, abs=0.0051)
