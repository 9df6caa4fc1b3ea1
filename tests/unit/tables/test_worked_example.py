"""The worked example of docs/tables.md: its specification on the synthetic register gives the figures printed there."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tomllib
from pathlib import Path

import pyarrow as pa
import pytest

from wasl.population.generate import generate
from wasl.registers.documents import config_dir
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.tabulate import tabulate

PAGE = Path(__file__).parents[3] / "docs" / "tables.md"
SHOWN = {"primary": "c", "secondary": "d"}


@pytest.fixture(scope="module")
def section():
    return PAGE.read_text(encoding="utf-8").split("## Worked example")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def act(section):
    document = tomllib.loads(re.search(r"```toml\n(.*?)```", section, re.DOTALL)[1])
    permits = generate(6000, 2024).registers["dgsn-permits"]
    with (config_dir() / "tables" / "hierarchies" / "region-province.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    levels = {"region-province.csv": pa.table({name: [row[name] for row in rows] for name in rows[0]})}
    options = RunOptions(seed=1, today=dt.date(2026, 1, 15))
    return tabulate(TablesSpec.model_validate(document), [permits], levels, options)


def printed(act):
    """The regions of the published file as the rows of a page."""
    rows = list(csv.DictReader(io.StringIO(act.artifacts["table.csv"].decode())))
    figures = {(row["province"], row["motif"]): SHOWN.get(row["status"], row["value"]) for row in rows}
    motifs = list(dict.fromkeys(row["motif"] for row in rows))
    regions = list(dict.fromkeys(row["province"] for row in rows if "." not in row["province"]))
    lines = ["| Region | " + " | ".join(motifs) + " |", "|---|" + "---:|" * len(motifs)]
    lines += [f"| {region} | " + " | ".join(figures[region, motif] for motif in motifs) + " |" for region in regions]
    return "\n".join(lines)


def test_figures_of_the_page_are_those_of_the_published_file(act, section):
    assert printed(act) in section


def test_counts_of_the_page_are_those_of_the_report(act, section):
    report = act.report
    assert report["audit"]["passed"]
    told = (
        f"{report['primary']} unsafe cells and {report['secondary']} further ones of {report['tables'][0]['cells']:,}"
    )
    assert told in " ".join(section.split())
    assert ("proven" in section) is bool(report["proven"])


def test_exchange_files_of_the_page_are_made(act, section):
    named = set(re.findall(r"`(table\.[a-z0-9.-]+)`", section))
    assert {"table.px", "table.data.sdmx-3.0.xml"} <= named <= set(act.artifacts)
