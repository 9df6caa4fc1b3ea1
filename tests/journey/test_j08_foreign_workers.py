"""J8: HCP publishes foreign workers for the public and for science, each region shown whose counts allow it."""

from __future__ import annotations

import json
import re

import pandas as pd
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

REGISTERS = (
    "dgsn-permits", "cnss-employees", "cnss-pensioners", "anapec-certificates", "anapec-projects", "taechir-contracts",
)  # fmt: skip
USES = {"puf": ("public-use", 30), "suf": ("scientific-use", 15)}
NAMED = {"01": "Tanger-Tétouan-Al Hoceïma", "02": "L'Oriental", "09": "Souss-Massa"}
"""Regions that the first edition hid."""


@pytest.fixture(scope="module")
def workers(call, linked_registers, tmp_path_factory):
    linked = linked_registers(tmp_path_factory.mktemp("workers"), REGISTERS, persons=10000)
    out = linked.folder / "microdata.parquet"
    call(linked.home, "assemble", linked.spine, *linked.payloads, "--out", out)
    return linked, out


@pytest.fixture(scope="module", params=USES)
def release(request, call, workers):
    """One of the two files, protected and published."""
    (linked, microdata), (policy, below) = workers, USES[request.param]
    safe, out = linked.folder / f"safe-{policy}", linked.folder / f"release-{policy}"
    call(linked.home, "protect", microdata, "--policy", policy, "--out", safe, "--seed", "1")
    call(linked.home, "publish", safe, "--description", f"foreign-workers-{request.param}", "--out", out)
    return request.param, below, safe, out


def rows_of(out, use):
    return pd.read_csv(out / "data" / f"foreign-workers-{use}.csv", dtype=str)


def test_every_region_whose_counts_allow_it_is_shown_by_itself(workers, release):
    use, below, _, out = release
    before = pq.read_table(workers[1])["region"].to_pandas().value_counts()
    shown = rows_of(out, use)["region"].value_counts()
    enough = set(before[before >= below].index)
    assert set(NAMED) <= enough
    assert enough <= set(shown.index)
    groups = {label for label in shown.index if "+" in label}
    assert {area for label in groups for area in label.split("+")} == set(before.index) - enough
    assert shown.min() >= 10
    # Regions are never suppressed: what is not known of a person's region was not known before.
    assert shown.sum() >= 0.95 * before.sum()


def test_the_report_tells_in_three_languages_what_each_region_keeps(release):
    use, _, safe, out = release
    public = json.loads((out / "report" / "public-report.json").read_text(encoding="utf-8"))
    (areas,) = public["areas"]
    shown = rows_of(out, use)["region"].value_counts()
    assert {item["code"]: item["rows"] for item in areas["published"]} == shown.to_dict()
    names = {item["code"]: item for item in areas["areas"]}
    for code, name in NAMED.items():
        assert names[code]["label"] == name
        assert names[code]["shown_as"] == code
    assert names["09"]["label_ar"] == "سوس ماسة"
    for item in areas["published"]:
        assert 0.5 <= item["detail"]["sex"] <= 1.0
    page = (out / "report" / "public-report.html").read_text(encoding="utf-8")
    assert all(text in page for text in ("Souss-Massa", "سوس ماسة", "montrée comme", "تُعرض ضمن", "shown as"))
    internal = json.loads((safe / "internal-report.json").read_text(encoding="utf-8"))
    assert {item["area"] for item in internal["areas"]} == set(names)


def test_metadata_are_in_french_arabic_and_english(release):
    use, _, _, out = release
    pages = {
        "dictionary.html": "Foreign workers in Morocco",
        "dictionary.fr.html": "Travailleurs étrangers au Maroc",
        "dictionary.ar.html": "العمال الأجانب بالمغرب",
    }
    for page, title in pages.items():
        text = (out / "metadata" / page).read_text(encoding="utf-8")
        assert title in text
        assert "<code>region</code>" in text
    codebook = (out / "metadata" / "ddi-codebook.xml").read_text(encoding="utf-8")
    languages = set(re.findall(r'xml:lang="(\w+)"', codebook))
    assert languages >= {"fr", "ar", "en"}
    codes = pd.read_csv(out / "metadata" / "dictionary.csv", dtype=str)
    codes = codes[codes["code"].notna()]
    assert codes[["code_label", "code_label_fr", "code_label_ar"]].notna().all(axis=None)
    data = rows_of(out, use)
    for name in ("region", "nationality", "age_group", "icls_category"):
        assert set(data[name].dropna()) <= set(codes.loc[codes["variable"] == name, "code"])


def test_harmonized_variables_are_published(release):
    use, _, _, out = release
    data = rows_of(out, use)
    assert set(data["icls_category"].dropna()) >= {"migrant-worker-resident", "migrant-worker-non-resident"}
    assert set(data["resident_12"].dropna()) == {"0", "1"}
    if use == "suf":
        assert {"arrival_cohort", "education_level", "icls_rule", "resident_6"} <= set(data.columns)
    assert not {"person_id", "province", "birth_year"} & set(data.columns)


def test_the_package_verifies_and_the_log_tells_the_way(call, workers, release):
    *_, out = release
    assert json.loads(call(workers[0].home, "verify", out, "--json").stdout)["verified"] is True
    log = call(workers[0].home, "audit", "show", "--json").stdout
    for kind in ("RegisterEncoded", "LinkageCompleted", "MicrodataAssembled", "ProtectionApplied", "ReleasePublished"):
        assert kind in log
