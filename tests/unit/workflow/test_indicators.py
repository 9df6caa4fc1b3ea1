"""Indicators of a period: derived columns, notes from published figures, profiles of regions."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re

import numpy as np
import pyarrow as pa
import pytest
from lxml import html

from wasl.errors import InputError
from wasl.registers.codes.classification import CodeList
from wasl.registers.documents import config_dir
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.indicators import for_period, indicators, with_derived_columns


def hierarchies():
    result = {}
    for name in ("region-province.csv", "region.csv"):
        with (config_dir() / "tables" / "hierarchies" / name).open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        result[name] = pa.table({key: [row[key] for row in rows] for key in rows[0]})
    return result


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    n = 1500
    provinces = list(CodeList.load("province").entries)
    weights = rng.dirichlet(np.full(len(provinces), 0.3))
    places = [None if rng.random() < 0.08 else place for place in rng.choice(provinces, n, p=weights)]
    return pa.table(
        {
            "sex": rng.choice(["M", "F"], n),
            "birth_year": rng.integers(1955, 2007, n),
            "province": pa.array(places),
            "activity_section": rng.choice(["A", "F", "G", "I"], n),
            "in_dgsn_permits": rng.random(n) < 0.8,
            "in_cnss_employees": rng.random(n) < 0.6,
        }
    )


@pytest.fixture(scope="module")
def made(data):
    options = RunOptions(seed=1, today=dt.date(2026, 3, 1))
    return indicators(TablesSpec.load("foreign-workers"), data, hierarchies(), options, period="2024")


def test_ages_regions_and_flags_are_derived(data):
    derived = with_derived_columns(data, "2024-Q3")
    assert derived.column("age").to_pylist() == [2024 - year for year in data.column("birth_year").to_pylist()]
    regions = derived.column("region").to_pylist()
    provinces = data.column("province").to_pylist()
    assert regions == [None if province is None else province[:2] for province in provinces]
    assert set(derived.column("in_dgsn_permits").to_pylist()) == {"0", "1"}
    abroad = pa.table({"return_date": pa.array([None, dt.date(2024, 1, 1)]), "birth_year": ["1980", "unknown"]})
    derived = with_derived_columns(abroad, "2020-01-01/P5Y")
    assert derived.column("has_returned").to_pylist() == ["0", "1"]
    assert derived.column("age").to_pylist() == [40, None]


def test_tables_without_their_columns_are_named_and_none_at_all_is_refused(made):
    assert "sex-by-nationality" in made.report["left_out"]
    assert {table.spec.name for table in made.result.tables} >= {"sex-by-age", "region-by-age", "coverage"}
    with pytest.raises(InputError, match="columns of none"):
        for_period(TablesSpec.load("placed-abroad"), ["wage"], "2024")


def test_regions_have_one_figure_in_all_tables(made):
    """Tables of one set share their totals: what one withholds no other tells."""
    shown = {}
    for table in made.result.tables:
        for cell in range(table.cells.size):
            places = table.cells.places[cell]
            key = frozenset(
                (d.name, d.codes[p]) for d, p in zip(table.cells.dimensions, places.tolist(), strict=True) if p
            )
            value = table.published[cell]
            known = shown.setdefault(key, value)
            assert known == value or (np.isnan(known) and np.isnan(value)), key
    assert made.report["audit"]["passed"]


def test_the_index_states_concept_source_period_residence_and_quality(made):
    index = json.loads(made.artifacts["indicators.json"])
    assert index["period"] == "2024"
    for entry in index["tables"]:
        assert entry["concept"]
        assert entry["source"]
        assert entry["residence"]
        for language, word in (("en", "Quality"), ("fr", "Qualité"), ("ar", "الجودة")):
            assert word in entry["notes"][language]
    ilo = {entry["name"]: entry["ilo"] for entry in index["tables"]}
    assert ilo["sex-by-age"] == "MST_TEMP_SEX_AGE_CCT_NB"


def test_notes_use_published_figures_only(made):
    for table in made.result.tables:
        if "_U" not in table.cells.dimensions[0].codes:
            continue
        entry = next(e for e in json.loads(made.artifacts["indicators.json"])["tables"] if e["name"] == table.spec.name)
        place = table.cells.dimensions[0].codes.index("_U")
        rest = table.cells.places[:, 1:].any(axis=1)
        unknown = table.published[(table.cells.places[:, 0] == place) & ~rest]
        assert ("Without" in entry["notes"]["en"]) == bool(np.isfinite(unknown[0]))


def test_every_region_has_a_profile_in_three_languages(made):
    pages = {name for name in made.artifacts if name.startswith("profile-")}
    assert pages == {f"profile-{code:02}.{language}.html" for code in range(1, 13) for language in ("fr", "ar", "en")}


@pytest.mark.parametrize("region", ["01", "02", "09"])
def test_a_profile_shows_published_figures_beside_its_charts_and_nothing_else(made, region):
    table = next(t for t in made.result.tables if t.spec.name == "sex-by-province")
    published = {int(v) for t in made.result.tables for v in t.published[np.isfinite(t.published)]}
    areas = table.cells.dimensions[0]
    for language in ("fr", "ar", "en"):
        page = html.fromstring(made.artifacts[f"profile-{region}.{language}.html"])
        assert page.get("dir") == ("rtl" if language == "ar" else "ltr")
        for row in page.iter("tr"):
            text = row.xpath("td[@class='n']")[0].text_content()
            digits = re.sub(r"[\s,.\u202f\u00a0]", "", text)
            assert not digits.isdigit() or int(digits) in published
        hidden = sum(
            bool(np.isnan(table.published[i]))
            for i in range(table.cells.size)
            if table.cells.places[i, 1] == 0 and areas.parents[table.cells.places[i, 0]] == areas.codes.index(region)
        )
        section = page.xpath("//section")[1]
        assert len(section.xpath(".//span[@class='c']")) == hidden
        drawn = section.xpath(".//*[local-name()='rect']")
        assert len(drawn) == len(section.xpath(".//tr")) - hidden


def test_a_chart_in_arabic_runs_from_right_to_left(made):
    def ends(language):
        page = html.fromstring(made.artifacts[f"profile-09.{language}.html"])
        return [(float(r.get("x")), float(r.get("x")) + float(r.get("width"))) for r in page.iter("rect")]

    assert all(left == 0 for left, _ in ends("fr"))
    assert all(right == pytest.approx(320) for _, right in ends("ar"))


def test_ilostat_files_have_its_classes_and_the_published_figures_alone(made):
    index = json.loads(made.artifacts["indicators.json"])
    files = {entry["name"]: entry["ilostat_file"] for entry in index["tables"]}
    assert {name for name, file in files.items() if file} == {"sex-by-age", "sex-by-activity"}
    rows = list(csv.DictReader(made.artifacts["sex-by-activity.ilostat.csv"].decode().splitlines()))
    table = next(one for one in made.result.tables if one.spec.name == "sex-by-activity")
    shown = {}
    for places, value in zip(table.cells.places.tolist(), table.published.tolist(), strict=True):
        activity, sex = (d.codes[p] for d, p in zip(table.cells.dimensions, places, strict=True))
        key = (
            "SEX_T" if sex == "Total" else f"SEX_{sex}",
            "ECO_ISIC4_" + ("TOTAL" if activity == "Total" else activity),
        )
        shown[key] = "" if np.isnan(value) else f"{value:.15g}"
    assert {(row["sex"], row["classif1"]): row["obs_value"] for row in rows} == shown
    assert {row["indicator"] for row in rows} == {"MST_TEMP_SEX_ECO_CBR_NB"}
    assert {row["obs_status"] for row in rows if not row["obs_value"]} <= {"Q"}
