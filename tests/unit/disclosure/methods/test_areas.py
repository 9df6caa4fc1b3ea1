"""Areas by a rule on counts: those with enough rows are shown by themselves, the others with neighbours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.disclosure.attacks.evaluate import compare_releases
from wasl.disclosure.methods.areas import group_areas, read_neighbours
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.disclosure.report.pages import internal_page
from wasl.disclosure.report.public_page import public_page
from wasl.errors import InputError, PolicyError, SchemaError
from wasl.registers.codes.classification import CodeList
from wasl.registers.documents import config_dir, validate_document

FILE = "region-neighbours.csv"
TEXT = (config_dir() / "disclosure" / "hierarchies" / FILE).read_text(encoding="utf-8")
NEIGHBOURS = read_neighbours(FILE, TEXT)
REGIONS = sorted(NEIGHBOURS)
COUNTS = st.fixed_dictionaries({region: st.integers(0, 120) for region in REGIONS})


def test_the_shipped_neighbours_are_the_regions_of_the_code_list_and_hang_together():
    assert set(NEIGHBOURS) == set(CodeList.load("region").entries)
    assert all(region in NEIGHBOURS[other] for region in REGIONS for other in NEIGHBOURS[region])
    reached, waiting = {"01"}, ["01"]
    while waiting:
        for other in NEIGHBOURS[waiting.pop()]:
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    assert reached == set(REGIONS)


@given(counts=COUNTS, below=st.integers(2, 60))
def test_the_rule_holds_for_any_counts(counts, below):
    shown = group_areas(counts, NEIGHBOURS, below)
    assert set(shown) == set(counts)
    rows: dict[str, int] = {}
    for area, label in shown.items():
        if label is not None and counts[area]:
            rows[label] = rows.get(label, 0) + counts[area]
            assert area in label.split("+")
    total = sum(counts.values())
    if total < below:
        assert not rows
        return
    assert all(number >= below for number in rows.values())
    assert sum(rows.values()) == total  # no row loses its area
    enough = [area for area in counts if counts[area] >= below]
    hidden = [area for area in enough if shown[area] != area]
    assert len(hidden) <= 1
    if hidden:  # only where the small ones together are too few, and there is no other group
        others = [area for area in (shown[hidden[0]] or "").split("+") if area != hidden[0]]
        assert sum(counts[area] for area in others) < below
        assert [label for label in rows if "+" in label] == [shown[hidden[0]]]


SHIFT = 1 << 13
"""More than the sum of the bits of twelve areas."""


@given(counts=COUNTS, below=st.integers(2, 60), seed=st.integers(0, 5))
def test_the_rule_knows_no_names(counts, below, seed):
    """With other names for the same map and other counts for each, what is shown is the same but for the names."""
    names = dict(zip(REGIONS, np.random.default_rng(seed).permutation([f"n{r}" for r in REGIONS]), strict=True))
    # no ties: each area has a bit of its own, so that no two groups have the same sum
    distinct = {area: SHIFT * rows + (1 << place) for place, (area, rows) in enumerate(counts.items())}
    other_map = {names[a]: tuple(sorted(names[b] for b in others)) for a, others in NEIGHBOURS.items()}
    one = group_areas(distinct, NEIGHBOURS, SHIFT * below)
    two = group_areas({names[a]: rows for a, rows in distinct.items()}, other_map, SHIFT * below)
    translated = {names[a]: None if g is None else {names[x] for x in g.split("+")} for a, g in one.items()}
    assert {a: None if g is None else set(g.split("+")) for a, g in two.items()} == translated


@given(counts=COUNTS, below=st.integers(2, 60))
def test_a_file_already_grouped_stays_as_it_is(counts, below):
    shown = group_areas(counts, NEIGHBOURS, below)
    again: dict[str, int] = {}
    for area, label in shown.items():
        if label is not None and counts[area]:
            again[label] = again.get(label, 0) + counts[area]
    assert group_areas(again, NEIGHBOURS, below) == {label: label for label in again}


def test_small_areas_join_small_neighbours_not_large_ones():
    counts = {"06": 500, "09": 200, "10": 4, "11": 5, "12": 30, "08": 12, "02": 40}
    shown = group_areas(counts, NEIGHBOURS, 20)
    assert shown["10"] == shown["11"] == shown["08"] == "08+10+11"
    assert [shown[area] for area in ("02", "06", "09", "12")] == ["02", "06", "09", "12"]


def test_an_area_without_a_line_is_refused():
    with pytest.raises(InputError, match="1 of 2 areas"):
        group_areas({"06": 10, "99": 10}, NEIGHBOURS, 5)


@pytest.mark.parametrize("text", ["a;b\n", "a\n", "a;\na;\n", ";b\n"])
def test_files_of_neighbours_that_do_not_hold_together_are_refused(text):
    with pytest.raises(SchemaError):
        read_neighbours("file", text)


def policy(below=20, never=False, k=3, extra=(), **region):
    document = {
        "name": "areas",
        "variables": [
            {"name": "region", "role": "key", "never_suppress": never, **region},
            {"name": "sex", "role": "key"},
            {"name": "job", "role": "key", "importance": 9},
        ],
        "thresholds": {"k": k},
        "methods": [
            *extra,
            {"kind": "group_areas", "variable": "region", "below": below, "neighbours": FILE,
             "classification": "region"},
            {"kind": "local_suppression"},
        ],
    }  # fmt: skip
    made = validate_document(DisclosurePolicy, document, "test")
    return made.model_copy(update={"hierarchy_texts": {FILE: TEXT}})


def people(rng, counts):
    regions = np.repeat(list(counts), list(counts.values()))
    n = len(regions)
    return pd.DataFrame({"region": regions, "sex": rng.choice(["F", "M"], n), "job": rng.choice(list("abcdef"), n)})


COUNTED = {"06": 300, "09": 80, "02": 45, "10": 6, "11": 8, "12": 9, "08": 5}


def test_every_region_with_enough_rows_is_shown_and_the_report_tells_what_it_keeps(rng):
    done = protect(people(rng, COUNTED), policy(never=True), seed=1)
    assert set(done.table["region"].to_pylist()) == {"02", "06", "09", "08+10+11+12"}
    assert done.table["region"].null_count == 0
    (areas,) = done.public_report()["areas"]
    assert {item["code"]: item["shown_as"] for item in areas["areas"]}["11"] == "08+10+11+12"
    rows = {item["code"]: item["rows"] for item in areas["published"]}
    assert rows == {"02": 45, "06": 300, "08+10+11+12": 28, "09": 80}
    for item in areas["published"]:
        assert set(item["detail"]) == {"sex", "job"}
    names = {item["code"]: (item["label"], item["label_fr"]) for item in areas["published"]}
    assert names["09"] == ("Souss-Massa", "Souss-Massa")
    assert names["08+10+11+12"][0].startswith("Drâa-Tafilalet + Guelmim-Oued Noun")
    internal = {item["area"]: item for item in done.internal_report()["areas"]}
    assert internal["10"]["rows_before"] == 6
    assert internal["10"]["shown_as"] == "08+10+11+12"
    json.dumps(done.internal_report())
    assert "Souss-Massa" in internal_page(done)


@pytest.mark.parametrize(("language", "word"), [("fr", "Zones"), ("ar", "المناطق"), ("en", "Areas")])
def test_the_public_page_shows_areas_in_each_language(rng, language, word):
    page = public_page(protect(people(rng, COUNTED), policy(never=True), seed=1), language)
    assert word in page
    assert "08+10+11+12" in page


def test_what_stays_too_small_joins_a_group_or_the_smallest_nearby(rng):
    assert (
        group_areas({"06": 300, "09": 200, "10": 12, "11": 10, "02": 5, "03": 90}, NEIGHBOURS, 20)["02"] == "02+10+11"
    )
    few = {"06": 300, "09": 200, "10": 6, "03": 90}
    assert set(group_areas(few, NEIGHBOURS, 20).values()) == {"03", "06", "09+10"}
    assert set(protect(people(rng, few), policy(never=True), seed=1).table["region"].to_pylist()) == {
        "03",
        "06",
        "09+10",
    }
    nothing = protect(people(rng, {"10": 6}), policy(), seed=1)
    assert nothing.table["region"].null_count == 6
    # One area that is listed as not shown would tell where everybody without an area is.
    assert nothing.public_report()["areas"] == [{"variable": "region", "areas": [], "published": []}]
    assert [one["area"] for one in nothing.internal_report()["areas"]] == ["10"]
    with pytest.raises(PolicyError, match="all areas together"):
        protect(people(rng, {"10": 6}), policy(never=True), seed=1)


def test_regions_made_of_provinces(rng):
    frame = people(rng, {"06.141": 50, "09.001": 30, "09.581": 10, "10.261": 5})
    recode = {"kind": "recode", "variable": "region", "level": 1}
    made = policy(extra=[recode], hierarchy={"levels": [{"prefix": 2}, {"to_all": True}]})
    done = protect(frame, made, seed=1)
    assert set(done.table["region"].to_pylist()) == {"06", "09+10"}
    internal = {item["area"]: item["rows_before"] for item in done.internal_report()["areas"]}
    assert internal == {"06": 50, "09": 40, "10": 5}


def test_a_release_is_compared_with_an_earlier_one_whose_groups_were_others(rng):
    frame = people(rng, COUNTED)
    made = policy(never=True)
    first, second = protect(frame, made, seed=1), protect(frame, policy(below=9, never=True), seed=2)
    assert {"08+10+11+12"} <= set(first.table["region"].to_pylist())
    found = compare_releases(frame, second.table, [first.table], made)
    assert found.not_compared == 0


def test_the_file_of_neighbours_is_found_beside_the_policy(tmp_path):
    (tmp_path / "own.csv").write_text("a;b\nb;a\n", encoding="utf-8")
    Path(tmp_path / "p.toml").write_text(
        'name = "p"\n[thresholds]\nk = 2\n[[variables]]\nname = "z"\nrole = "key"\n'
        '[[methods]]\nkind = "group_areas"\nvariable = "z"\nbelow = 3\nneighbours = "own.csv"\n',
        encoding="utf-8",
    )
    loaded = DisclosurePolicy.load(tmp_path / "p.toml")
    done = protect(pd.DataFrame({"z": ["a"] * 4 + ["b"] * 2}), loaded, seed=1)
    assert set(done.table["z"].to_pylist()) == {"a+b"}
    (tmp_path / "own.csv").write_text("a;b\nb;a\nc;\n", encoding="utf-8")
    assert DisclosurePolicy.load(tmp_path / "p.toml").digest != loaded.digest
