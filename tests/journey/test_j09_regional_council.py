"""J9: a regional council gets the tables of its region and provinces, protected, and the same ones a year later."""

from __future__ import annotations

import csv
import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pyarrow.parquet as pq
import pytest

COUNCILS = {"09": "Souss-Massa", "02": "Oriental", "01": "Tanger-Tétouan-Al Hoceïma"}


def _foreign_workers(seed):
    spec = spec_from_file_location("tables_data", Path(__file__).with_name("tables_data.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.foreign_workers(seed)


@pytest.fixture(scope="module")
def years(call, tmp_path_factory):
    """Two years of indicators, made by the office."""
    folder = tmp_path_factory.mktemp("council")
    for year in (2023, 2024):
        pq.write_table(_foreign_workers(year), folder / f"microdata-{year}.parquet")
        words = ["indicators", folder / f"microdata-{year}.parquet", "--period", str(year), "--out", folder / str(year)]
        call(folder / "home", *words)
    return folder


def rows_of(folder, table):
    with (folder / f"{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("region", COUNCILS)
def test_the_council_finds_its_region_and_provinces_in_both_years(years, region):
    kept = {}
    for year in ("2023", "2024"):
        rows = [row for row in rows_of(years / year, "sex-by-province") if row["province"].startswith(region)]
        kept[year] = {(row["province"], row["sex"]) for row in rows}
        assert (region, "Total") in kept[year]
        assert any(row["value"] for row in rows)
    assert kept["2023"] == kept["2024"], "the same cells in both years: figures can be compared"


@pytest.mark.parametrize("year", ["2023", "2024"])
def test_a_withheld_figure_does_not_follow_from_the_others(years, year):
    rows = rows_of(years / year, "sex-by-province")
    hidden = {(row["province"], row["sex"]) for row in rows if row["status"] in ("primary", "secondary")}
    assert hidden
    for province, sex in hidden:
        siblings = [(province, other) for other in ("M", "F")] if sex != "Total" else []
        if siblings and (province, "Total") not in hidden:
            assert len(hidden & set(siblings)) != 1, province
        level = 2 if "." not in province else 6
        names = {row["province"] for row in rows if len(row["province"]) == level}
        below = {name for name in names if name[:2] == province[:2]}
        if "." in province and (province[:2], sex) not in hidden:
            assert len(hidden & {(one, sex) for one in below}) != 1, province


@pytest.mark.parametrize(("region", "name"), COUNCILS.items())
def test_the_council_opens_its_profile_in_french_and_in_arabic(years, region, name):
    french = (years / "2024" / f"profile-{region}.fr.html").read_text(encoding="utf-8")
    arabic = (years / "2024" / f"profile-{region}.ar.html").read_text(encoding="utf-8")
    assert name in french
    assert "Par province" in french
    assert "<svg" in french
    assert 'dir="rtl"' in arabic
    assert "حسب الإقليم" in arabic


def test_the_council_reads_what_is_counted(years):
    index = json.loads((years / "2024" / "indicators.json").read_text(encoding="utf-8"))
    entry = next(one for one in index["tables"] if one["name"] == "sex-by-province")
    assert "CIST" in entry["notes"]["fr"]
    assert "2024" in entry["notes"]["fr"]
    assert entry["residence"]
