"""Scenarios side by side: risk, utility and groups of policies and of protected files."""

import html
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.disclosure.report.compare_page import comparison_page
from wasl.errors import InputError
from wasl.locale import messages
from wasl.registers.documents import validate_document
from wasl.workflow.act import RunOptions
from wasl.workflow.compare import compare


def policy_of(name, k, level, weight=True):
    hierarchy = {"levels": [{"width": 10}, {"width": 40}, {"to_all": True}]}
    document = {
        "name": name,
        "variables": [
            {"name": "region", "role": "key", "importance": 1},
            {"name": "age", "role": "key", "hierarchy": hierarchy},
            {"name": "wage", "role": "sensitive", "type": "number"},
            *([{"name": "w", "role": "weight"}] if weight else []),
        ],
        "thresholds": {"k": k},
        "unlisted": "drop",
        "methods": [{"kind": "recode", "variable": "age", "level": level}, {"kind": "local_suppression"}],
    }
    return validate_document(DisclosurePolicy, document, "test")


@pytest.fixture
def census():
    rng = np.random.default_rng(5)
    n = 600
    return pd.DataFrame(
        {
            "region": rng.choice(["Oriental", "Souss", "Dakhla"], n, p=[0.6, 0.37, 0.03]),
            "age": rng.integers(15, 90, n),
            "wage": rng.lognormal(8, 0.5, n),
            "w": 10.0,
        }
    )


OPTIONS = RunOptions(seed=3)


def test_coarser_is_safer_and_less_useful(census):
    found = compare(census, [("fine", policy_of("a", 2, 1)), ("coarse", policy_of("b", 5, 2))], OPTIONS)
    fine, coarse = found.scenarios
    assert fine.passed
    assert coarse.passed
    assert found.original.risk > fine.risk > coarse.risk
    assert found.original.utility == pytest.approx(1.0)
    assert 1.0 > fine.utility > coarse.utility
    assert found.dominated() == ()
    assert coarse.kept.weight_kept == pytest.approx(1.0)
    assert coarse.kept.means_moved == pytest.approx(0.0)


def test_without_the_assumption_that_the_target_is_in_the_file(census):
    scenario = compare(census, [("fine", policy_of("a", 2, 1))], OPTIONS).scenarios[0]
    assert scenario.linkage.sampling_fraction == pytest.approx(0.1)
    assert scenario.linkage.in_population == pytest.approx(0.1 * scenario.linkage.in_file[0])
    whole = compare(census, [("fine", policy_of("a", 2, 1, weight=False))], OPTIONS).scenarios[0]
    assert whole.linkage.in_population == whole.linkage.in_file[0] > 0


def test_what_each_region_keeps(census):
    census.loc[census["region"] == "Dakhla", "age"] = 15 + 5 * np.arange((census["region"] == "Dakhla").sum())
    found = compare(census, [("fine", policy_of("a", 4, 1))], OPTIONS, groups=["region"])
    kept = {group.group: group for group in found.scenarios[0].groups["region"]}
    assert kept.keys() == {"Oriental", "Souss", "Dakhla"}
    counts = census["region"].value_counts()
    assert all(kept[name].rows_before == counts[name] == kept[name].rows_after for name in kept)
    assert kept["Dakhla"].suppressed > kept["Oriental"].suppressed
    assert kept["Oriental"].named > 0.95


def test_protected_files_and_refusals(census):
    policy = policy_of("a", 2, 1)
    table = protect(census, policy, seed=1).table
    strict = policy_of("never", 400, 1)
    strict = strict.model_copy(update={"methods": strict.methods[:1]})
    found = compare(census, [("file", table), ("never", strict)], OPTIONS, roles=policy, groups=["region"])
    file, never = found.scenarios
    assert file.k >= 2
    assert file.linkage.basis == "keys"
    assert {group.group for group in file.groups["region"]} <= {"Oriental", "Souss", "Dakhla"}
    assert "thresholds.k" in never.refusal
    assert never.risk is None
    with pytest.raises(InputError, match="do not say what their variables are"):
        compare(census, [("file", table)], OPTIONS)
    with pytest.raises(InputError, match="no variable town"):
        compare(census, [("a", policy)], OPTIONS, groups=["town"])


def test_every_measure_has_a_meaning(census):
    value = compare(census, [("fine", policy_of("a", 2, 1))], OPTIONS).to_json()
    assert value["meanings"].keys() == value["scenarios"][0]["kept"].keys()
    assert all(meaning.endswith(".") for meaning in value["meanings"].values())


def test_the_command(census, tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    census.to_parquet(tmp_path / "micro.parquet")
    policy = policy_of("a", 2, 1)
    pq.write_table(protect(census, policy, seed=1).table, tmp_path / "safe.parquet")
    text = """
name = "cli"
unlisted = "drop"
thresholds = { k = 3 }
variables = [
  { name = "region", role = "key" },
  { name = "age", role = "key", hierarchy = { levels = [{ breaks = [30, 60] }] } },
  { name = "w", role = "weight" },
]
methods = [{ kind = "recode", variable = "age", level = 1 }, { kind = "local_suppression" }]
"""
    (tmp_path / "p.toml").write_text(text)
    words = ["compare", tmp_path / "p.toml", tmp_path / "safe.parquet", "--data", tmp_path / "micro.parquet"]
    words += ["--by", "region", "--out", tmp_path / "out", "--seed", "1", "--json"]
    result = CliRunner().invoke(build_app(["wasl.cli.compare"]), [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["scenarios"]) == 2
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "Confidential" in page
    assert "<svg" in page
    assert "RiskAssessed" in (tmp_path / "home" / "log.jsonl").read_text()


def with_ids(census, policy, seed=1):
    """The census with numbers, and its protected file with the number of each row."""
    numbered = census.assign(number=[f"R{row:04d}" for row in range(len(census))])
    made = protect(census, policy, seed=seed)
    ids = np.array(numbered["number"])[made.origin]
    return numbered, made.table.append_column("number", [list(ids)])


def test_row_numbers_make_the_attack_measured(census):
    policy = policy_of("a", 3, 1)
    numbered, file = with_ids(census, policy)
    found = compare(numbered, [("file", file)], OPTIONS, roles=policy, groups=["region"], row_id="number")
    matched = found.scenarios[0]
    made = compare(census, [("policy", policy)], OPTIONS, groups=["region"]).scenarios[0]
    assert matched.linkage.basis == made.linkage.basis == "rows"
    assert matched.linkage.in_file[0] == pytest.approx(made.linkage.in_file[0], abs=0.03)
    assert matched.linkage.numbers == made.linkage.numbers == 1.0
    assert sum(group.rows_after for group in matched.groups["region"]) == 600
    assert "number" not in matched.to_json()["kept"]


def test_wrong_row_numbers_are_refused(census):
    policy = policy_of("a", 3, 1)
    numbered, file = with_ids(census, policy)
    with pytest.raises(InputError, match="the data has no column 'nr'"):
        compare(numbered, [("file", file)], OPTIONS, roles=policy, row_id="nr")
    with pytest.raises(InputError, match="file has no column 'number'"):
        compare(numbered, [("file", file.drop_columns(["number"]))], OPTIONS, roles=policy, row_id="number")
    numbered.loc[0, "number"] = "R0001"
    with pytest.raises(InputError, match="missing or doubled"):
        compare(numbered, [("file", file)], OPTIONS, roles=policy, row_id="number")
    numbered.loc[[0, 1], "number"] = ["x", "y"]
    with pytest.raises(InputError, match="2 of 600 row numbers"):
        compare(numbered, [("file", file)], OPTIONS, roles=policy, row_id="number")


@pytest.mark.parametrize("rare", [False, True])
def test_without_row_numbers_the_success_is_what_drawing_gives(census, rare):
    """The expectation is the mean of many draws among the records that fit, whose owners the test knows."""
    policy = policy_of("a", 3, 1)
    if rare:
        census.loc[census.index[:60], "region"] = "Guelmim"
        census.loc[census.index[60:120], "region"] = "Dakhla"
        grouped = {"kind": "group_rare", "variable": "region", "below": 100, "into": "elsewhere"}
        document = policy.model_dump(mode="json")
        document["methods"] = [grouped, *document["methods"]]
        policy = validate_document(DisclosurePolicy, document, "test")
    made = protect(census, policy, seed=1)
    found = compare(census, [("file", made.table)], OPTIONS, roles=policy).scenarios[0].linkage
    shown = made.table.to_pandas()
    own = census.iloc[made.origin].reset_index(drop=True)
    right = 0.0
    for row in range(len(own)):
        person = own.iloc[row]
        tens = f"{person['age'] // 10}0-{person['age'] // 10}9"
        region = person["region"] if person["region"] in set(shown["region"]) else "elsewhere"
        fits = shown["age"].isna() | (shown["age"] == tens)
        fits &= shown["region"].isna() | (shown["region"] == region)
        assert fits[row]
        right += 1 / fits.sum()
    assert found.basis == "keys"
    assert found.without_row == 0.0
    assert found.in_file[0] == pytest.approx(right / len(own))
    assert found.in_file[1] <= found.in_file[0] <= found.in_file[2]


def test_a_file_of_numbers_alone_is_linked_by_numbers(census):
    document = {
        "name": "numbers",
        "variables": [{"name": "wage", "role": "sensitive", "type": "number"}],
        "unlisted": "drop",
        "thresholds": {"linkage_risk": 0.4},
        "methods": [{"kind": "microaggregate", "variables": ["wage"], "size": 4}],
    }
    policy = validate_document(DisclosurePolicy, document, "test")
    scenario = compare(census, [("means", policy)], OPTIONS).scenarios[0]
    file = compare(census, [("file", protect(census, policy, seed=1).table)], OPTIONS, roles=policy).scenarios[0]
    assert scenario.linkage.in_file is None
    assert file.linkage.in_population is None
    assert scenario.linkage.numbers == pytest.approx(0.25, abs=0.02)
    assert file.linkage.numbers == pytest.approx(scenario.linkage.numbers, abs=0.02)


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_page_says_what_is_measured_and_what_is_expected(census, language):
    policy = policy_of("a", 3, 1)
    table = protect(census, policy, seed=1).table
    value = compare(census, [("p", policy), ("file", table)], OPTIONS).to_json()
    page = comparison_page(value, language)
    assert page.count("<svg") == 2
    words = messages(language)
    for text in ("measured", "expected", "linked by numbers"):
        assert words.text(text) in html.unescape(page)
