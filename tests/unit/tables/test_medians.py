"""Median bands: the class of the median, what is withheld of it, and the files that show it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import InputError
from wasl.tables.medians import halves
from wasl.tables.pages import method_page
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.tabulate import tabulate

BANDS = {"value": "pay", "measure": "median_band", "bands": [0, 1000, 2000, 4000]}


def specified(**changes):
    document = {"name": "pay", "input": BANDS, "dimensions": [{"name": "town"}], "primary": {"minimum_contributors": 3}}
    return TablesSpec.model_validate(document | changes)


def paid(**towns: list) -> pa.Table:
    rows = [(town, pay) for town, amounts in towns.items() for pay in amounts]
    return pa.table({"town": [t for t, _ in rows], "pay": pa.array([p for _, p in rows], pa.float64())})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([1, 0, 0], 0), ([1, 1, 0], 0), ([1, 2, 0], 1), ([2, 0, 2], 0), ([0, 0, 0], -1), ([1, 1, 3], 2)],
)
def test_median_lies_in_the_first_class_up_to_which_half_of_the_records_lie(counts, expected):
    assert halves(np.array([counts], dtype=float)).tolist() == [expected]


def test_median_band_is_its_lower_limit_and_records_without_amount_are_counted():
    data = paid(a=[500, 1500, 1600, 1700, 1800, None], b=[2500] * 5, c=[100, 200])
    table = protect_tables(specified(), [data], {}).tables[0]
    shown = dict(
        zip(table.public().column("town").to_pylist(), table.public().column("value").to_pylist(), strict=True)
    )
    assert shown["a"] == 1000
    assert shown["b"] == 2000
    assert shown["c"] is None
    assert table.status[table.cells.dimensions[0].codes.index("c")] == 1
    assert table.valueless == 1


def test_median_that_withheld_counts_could_move_is_withheld():
    # Three records in each of two neighbouring classes, one elsewhere: the one is unsafe and its companion is large.
    data = paid(a=[500, 1500, 1500, 1500], b=[500] * 4 + [1500] * 4, c=[500] * 6 + [1500] * 9)
    result = protect_tables(specified(), [data], {})
    table = result.tables[0]
    below = table.parts[0]
    hidden = np.isnan(table.published)
    withheld = np.isin(below.status, (1, 2)).reshape(table.cells.size, -1).any(axis=1)
    assert (withheld | ~hidden).all()
    assert hidden.any()


def test_amounts_below_the_lowest_class_are_refused_and_counted():
    with pytest.raises(InputError, match="2 records have less than the lowest limit"):
        protect_tables(specified(), [paid(a=[-5, -1, 3, 4])], {})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"input": BANDS | {"bands": []}}, "input.bands gives the classes"),
        ({"input": BANDS | {"bands": [5]}}, "at least two limits"),
        ({"input": BANDS | {"bands": [5, 5]}}, "at least two limits"),
        ({"input": {"value": "pay", "bands": [0, 5]}}, "input.bands gives the classes"),
        ({"input": BANDS | {"value": "count"}}, "needs the column of a value"),
        ({"input": BANDS | {"kind": "aggregate"}}, "computed from microdata"),
        ({"protection": {"method": "rounding"}}, "protected by suppression"),
        ({"dimensions": [{"name": "pay"}]}, "cannot have this column as a dimension"),
        ({"decimals": 2}, "decimals belong to means and ratios"),
    ],
)
def test_specification_that_makes_no_median_band_is_refused(changes, reason):
    with pytest.raises(ValueError, match=reason):
        specified(**changes)


def test_median_bands_beside_their_counts_share_one_pattern():
    rng = np.random.default_rng(4)
    data = pa.table({"town": rng.choice(list("abcde"), 200), "pay": np.round(rng.lognormal(7.3, 0.8, 200))})
    band = {"name": "pay", "bands": BANDS["bands"]}
    tables = [
        {"name": "median", "input": BANDS, "dimensions": [{"name": "town"}]},
        {"name": "counts", "input": {"value": "count"}, "dimensions": [{"name": "town"}, band]},
    ]
    spec = TablesSpec.model_validate({"name": "both", "primary": {"minimum_contributors": 3}, "tables": tables})
    median, counts = protect_tables(spec, [data], {}).tables
    assert (np.isnan(median.parts[0].published) == np.isnan(counts.published)).all()
    assert np.isfinite(median.published).any()


def test_files_show_the_limits_and_the_note_names_the_classes():
    data = paid(a=[500, 1500, 1600, 1700, 1800], b=[2500] * 5)
    spec = specified(period="2024", unit="MAD")
    act = tabulate(spec, [data], {}, RunOptions(today=dt.date(2026, 1, 5), seed=1))
    files = act.artifacts
    assert b'"a",1000,"published"' in files["table.csv"]
    assert b'"Total",,"secondary"' in files["table.csv"]  # one record below 1000: half of ten may lie there
    assert {"table.px", "table.data.sdmx.csv", "table.json-stat.json"} <= files.keys()
    note = method_page(act.result)
    assert "The classes begin at 0, 1000, 2000, 4000." in note
    assert "Les classes commencent à 0, 1000" in note
    internal = files["internal.csv"].decode()
    assert internal.splitlines()[0].endswith('"median_band"')


def test_ratio_is_rounded_to_its_decimals():
    data = paid(a=[500, 1500, 1600, 1700, 1800], b=[2500] * 5).append_column("days", pa.array([7.0] * 10))
    spec = specified(input={"value": "pay", "measure": "ratio", "denominator": "days"}, decimals=1)
    table = protect_tables(spec, [data], {}).tables[0]
    assert table.published.tolist() == [round(19600 / 70, 1), round(7100 / 35, 1), round(12500 / 35, 1)]
    assert table.internal().column("denominator").to_pylist() == [70, 35, 35]
