"""The verbs link, resolve and evaluate on files."""

from __future__ import annotations

import itertools
import json
import re

import pandas as pd
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from wasl.cli import evaluation, linkage
from wasl.errors import InputError, WaslError


@pytest.fixture
def folder(three_registers, tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    for part in three_registers:
        name = part.delivery.header.register
        part.delivery.write(tmp_path / f"{name}.parquet")
        part.join.write(tmp_path / f"{name}.join")
        part.keep.to_csv(tmp_path / f"keep-map-{name}.csv", index=False)
    pd.concat([part.truth for part in three_registers]).to_csv(tmp_path / "truth.csv", index=False)
    (tmp_path / "plan.toml").write_text('name = "test"\n')
    return tmp_path


def run(*arguments):
    app = typer.Typer()
    linkage.register(app)
    evaluation.register(app)
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=True)
    if isinstance(result.exception, WaslError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_from_deliveries_to_an_evaluated_spine(folder):
    names = ("alpha", "beta", "gamma")
    deliveries = [folder / f"{name}.parquet" for name in names]
    joins = [option for name in names for option in ("--join", folder / f"{name}.join")]
    whole = run("link", folder / "plan.toml", *deliveries, *joins, "--out", folder / "linked", "--json")
    assert whole["records"] == 900
    assert (folder / "linked" / "report.html").is_file()
    truth = run("evaluate", folder / "linked", "--truth", folder / "truth.csv", "--json")
    assert truth["f1"] == truth["pairwise"]["f1"] > 0.97
    assert json.loads((folder / "linked" / "report.json").read_text())["evaluation"]["f1"] == truth["f1"]

    run("link", folder / "plan.toml", *deliveries, "--out", folder / "pairs", "--json")
    assert not (folder / "pairs" / "spine.parquet").exists()
    halves = run(
        "resolve", folder / "plan.toml", folder / "pairs" / "pairs.parquet", *joins, "--out", folder / "half", "--json"
    )
    assert halves["persons"] == whole["persons"]
    again = run(
        "link", folder / "plan.toml", *deliveries, *joins, "--out", folder / "again",
        "--onto", folder / "linked" / "spine.parquet", "--json",
    )  # fmt: skip
    assert again["changes"] == {}
    assert pq.read_table(folder / "again" / "spine.parquet").equals(pq.read_table(folder / "linked" / "spine.parquet"))
    assert not list(folder.rglob("*.partial"))
    curve = truth["by_threshold"]
    assert [row["threshold"] for row in curve] == sorted(row["threshold"] for row in curve)
    assert all(later["recall"] <= row["recall"] for row, later in itertools.pairwise(curve))
    assert curve[4]["precision"] > 0.97
    assert curve[4]["recall"] > 0.95
    assert "precision, true" in (folder / "linked" / "report.html").read_text()


def test_reviewers_decisions_become_an_estimate(folder):
    names = ("alpha", "beta", "gamma")
    deliveries = [folder / f"{name}.parquet" for name in names]
    joins = [option for name in names for option in ("--join", folder / f"{name}.join")]
    out = folder / "linked"
    run("link", folder / "plan.toml", *deliveries, *joins, "--out", out, "--json")
    keep = pd.concat([pd.read_csv(folder / f"keep-map-{name}.csv", dtype=str) for name in names])
    owner = keep.merge(pd.read_csv(folder / "truth.csv", dtype=str), on=["register", "record"])
    owner = owner.set_index("record_id")["person"]
    sheet = pd.read_csv(out / "review.csv", dtype=str)
    assert list(sheet) == [
        "pair", "left_register", "left_record_id", "right_register", "right_record_id", "decision",
    ]  # fmt: skip
    assert 150 <= len(sheet) <= 230
    same = owner.reindex(sheet["left_record_id"]).to_numpy() == owner.reindex(sheet["right_record_id"]).to_numpy()
    sheet.assign(decision=["match" if s else "non-match" for s in same]).to_csv(out / "done.csv", index=False)
    page = (out / "review.html").read_text()
    assert page.count("<svg") == len(sheet)
    assert not any(record in page for record in sheet["left_record_id"])

    found = run("evaluate", out, "--reviewed", out / "done.csv", "--truth", folder / "truth.csv", "--json")
    review = found["review"]
    assert review["decided"] == len(sheet)
    assert review["precision"]["low"] <= found["precision"] <= review["precision"]["high"]
    assert review["recall"]["low"] <= found["recall"] <= review["recall"]["high"] + 0.01
    assert "Pairs drawn for review: " in (out / "report.html").read_text()
    with pytest.raises(InputError, match="nothing to evaluate with"):
        run("evaluate", out)


def test_building_onto_a_spine_needs_join_maps(folder):
    with pytest.raises(InputError, match="needs join maps"):
        run(
            "link",
            folder / "plan.toml",
            folder / "alpha.parquet",
            "--out",
            folder / "x",
            "--onto",
            folder / "s.parquet",
        )


def test_a_missing_truth_is_named(folder):
    names = ("alpha", "beta")
    joins = [option for name in names for option in ("--join", folder / f"{name}.join")]
    deliveries = [folder / f"{name}.parquet" for name in names]
    run("link", folder / "plan.toml", *deliveries, *joins, "--out", folder / "linked", "--json")
    with pytest.raises(InputError, match=r"nowhere\.csv: no such file"):
        run("evaluate", folder / "linked", "--truth", folder / "nowhere.csv")


def decided(folder, linked, names, turned=False):
    """A review.csv of a linkage, decided by the truth."""
    keep = pd.concat([pd.read_csv(folder / f"keep-map-{name}.csv", dtype=str) for name in names])
    owner = keep.merge(pd.read_csv(folder / "truth.csv", dtype=str), on=["register", "record"])
    person = dict(zip(zip(owner["register"], owner["record_id"], strict=True), owner["person"], strict=True))
    sheet = pd.read_csv(linked / "review.csv", dtype=str)
    same = [
        (person[a, b] == person[c, d]) != turned
        for a, b, c, d in sheet[["left_register", "left_record_id", "right_register", "right_record_id"]].to_numpy()
    ]
    sheet["decision"] = ["match" if right else "non-match" for right in same]
    sheet.to_csv(linked / "review.csv", index=False)
    return len(sheet)


@pytest.mark.parametrize("turned", [False, True])
def test_decisions_train_the_model_of_the_next_linkage(folder, turned):
    names = ("alpha", "beta")
    deliveries = [folder / f"{name}.parquet" for name in names]
    joins = [option for name in names for option in ("--join", folder / f"{name}.join")]
    run("link", folder / "plan.toml", *deliveries, *joins, "--out", folder / "first", "--json")
    count = decided(folder, folder / "first", names, turned)
    found = run(
        "link", folder / "plan.toml", *deliveries, *joins, "--out", folder / "second",
        "--labels", folder / "first" / "review.csv", "--json",
    )  # fmt: skip
    assert found["labels"]["decided"] == count
    passes = found["labels"]["passes"].values()
    assert sum(row["matches"] + row["non_matches"] for row in passes) + found["labels"]["elsewhere"] == count
    if turned:
        assert not any(row["used"] for row in passes)
    trail = "".join(file.read_text() for file in sorted((folder / "home").rglob("*.jsonl")))
    assert re.search(rf'"labels": ?{count}\b', trail)
    quality = run("evaluate", folder / "second", "--truth", folder / "truth.csv", "--json")
    assert quality["f1"] > 0.97


def test_all_compared_pairs_are_kept_on_request(folder):
    names = ("alpha", "beta")
    deliveries = [folder / f"{name}.parquet" for name in names]
    joins = [option for name in names for option in ("--join", folder / f"{name}.join")]
    (folder / "all.toml").write_text('name = "test"\n[resolution]\nkeep_all = true\n')
    run("link", folder / "plan.toml", *deliveries, *joins, "--out", folder / "few", "--json")
    whole = run("link", folder / "all.toml", *deliveries, *joins, "--out", folder / "whole", "--json")
    compared = {row["pass"]: row["pairs_compared"] for row in whole["passes"]}
    scored = pq.read_table(folder / "whole" / "pairs.parquet")
    kept = pd.Series(scored.column("pass").to_pylist()).value_counts().to_dict()
    assert kept == {name: pairs for name, pairs in compared.items() if pairs}
    links = pq.read_table(folder / "whole" / "links.parquet").to_pandas()
    few = pq.read_table(folder / "few" / "links.parquet").to_pandas()
    ends = ["left_register", "left_record_id", "right_register", "right_record_id"]
    assert len(links) > 5 * len(few)
    low = links[links["probability"] < 0.1]
    assert len(low) > 100
    assert (low["grade"] == "non-link").mean() > 0.99
    assert set(map(tuple, few[ends].to_numpy())) <= set(map(tuple, links[ends].to_numpy()))
    linked = links[links["grade"] != "non-link"]
    assert len(linked) >= 0.98 * (few["grade"] != "non-link").sum()
