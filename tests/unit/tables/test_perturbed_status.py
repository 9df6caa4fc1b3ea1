"""The status of a figure with noise, or rounded, tells nothing beyond the figure."""

from __future__ import annotations

import datetime as dt
import io

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from wasl.tables.earlier import read_earlier
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.tabulate import tabulate

METHODS = {
    "cell keys": {"method": "cell-key", "cell_key": {"maximum": 4, "variance": 3.0, "small": 2}},
    "additive": {"method": "cell-key", "cell_key": {"maximum": 4, "variance": 3.0, "additive": True}},
    "controlled": {"method": "rounding", "rounding": {"base": 5}},
    "random": {"method": "rounding", "rounding": {"base": 5, "kind": "random"}},
    "conventional": {"method": "rounding", "rounding": {"base": 5, "kind": "conventional"}},
}


def made_up(seed, rows=150):
    rng = np.random.default_rng([seed, 311])
    return pa.table(
        {
            "place": [f"p{p}" for p in rng.choice(12, rows, p=np.arange(1, 13) / 78)],
            "kind": [f"k{k}" for k in np.minimum(rng.geometric(0.5, rows) - 1, 4)],
            "id": [f"id{i}" for i in range(rows)],
        }
    )


def specified(protection):
    dimensions = [{"name": "place"}, {"name": "kind"}]
    document = {"name": "t", "input": {"record": "id"}, "dimensions": dimensions, "protection": protection}
    return TablesSpec.model_validate(document)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method", METHODS)
def test_a_true_zero_looks_like_a_count_that_became_zero(method, seed):
    spec, data = specified(METHODS[method]), made_up(seed)
    table = protect_tables(spec, [data], {}, secret=b"k" * 16, seed=seed).tables[0]
    shown = table.public().to_pylist()
    assert {row["status"] for row in shown if row["value"] == 0} == {"zero"}
    assert {row["status"] for row in shown if row["value"] != 0} == {"perturbed"}
    became = (table.published == 0) & (table.cells.value > 0)
    assert became.any()
    assert ((table.published == 0) & (table.cells.value == 0)).any()


@pytest.mark.parametrize("method", METHODS)
def test_no_public_file_tells_them_apart(method):
    data = made_up(1)
    made = tabulate(
        specified(METHODS[method]), [data], {}, RunOptions(seed=1, today=dt.date(2026, 1, 1)), secret=b"k" * 16
    )
    table = made.result.tables[0]
    rows = pacsv.read_csv(io.BytesIO(made.artifacts["table.csv"])).to_pylist()
    became = np.flatnonzero((table.published == 0) & (table.cells.value > 0))
    assert len(became)
    assert all(rows[cell]["status"] == "zero" for cell in became)


def test_a_rounded_table_of_zeros_alone_is_still_known_as_rounded():
    spec, data = specified({"method": "rounding", "rounding": {"base": 1000, "kind": "conventional"}}), made_up(1)
    made = protect_tables(spec, [data], {})
    assert (made.tables[0].published == 0).all()
    assert read_earlier("first", made.report["tables"][0], made.tables[0].internal()).perturbed
