"""J11: after a run each holder learns about its own records, and opens it at home; UNHCR gets nothing."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from wasl.population.generate import generate
from wasl.registers.documents import config_dir

pytestmark = pytest.mark.slow

REGISTERS = ("dgsn-permits", "anapec-certificates", "anapec-projects", "unhcr-refugees")


@pytest.fixture(scope="module")
def linked(call, tmp_path_factory):
    """Four registers of four offices, linked with the rule that DGSN is told of ANAPEC's certificates."""
    folder = tmp_path_factory.mktemp("return")
    home = folder / "home"
    made = generate(1500, seed=3, scope="all")
    truth = made.truth.to_pandas().astype(str)
    call(home, "key", "new", "--project", "return", "--out", folder / "key")
    for name in REGISTERS:
        made.registers[name].to_pandas().to_csv(folder / f"{name}.csv", index=False)
        call(
            home, "encode", folder / f"{name}.csv", "--register", name, "--key", folder / "key", "--round", "r1",
            "--out", folder / f"{name}.delivery", "--join", folder / f"{name}.join",
            "--payload", folder / f"{name}.payload", "--keep-map", folder / f"{name}.keep.csv",
        )  # fmt: skip
    plan = (config_dir() / "linkage" / "morocco.toml").read_text(encoding="utf-8").replace('"morocco"', '"told"', 1)
    rule = '\n[returns.told]\ndgsn-permits = ["anapec-certificates"]\n'
    (folder / "plan.toml").write_text(plan + rule, encoding="utf-8")
    words = [folder / f"{name}.delivery" for name in REGISTERS]
    for name in REGISTERS:
        words += ["--join", folder / f"{name}.join"]
    call(home, "link", folder / "plan.toml", *words, "--out", folder / "linked", "--accept")
    return folder, truth


def back(call, folder: Path, name: str, *, code: int = 0):
    words = [
        "return",
        folder / "linked",
        "--of",
        name,
        "--plan",
        folder / "plan.toml",
        "--join",
        folder / f"{name}.join",
    ]
    for other in REGISTERS:
        words += ["--payload", folder / f"{other}.payload"]
    return call(folder / "home", *words, "--out", folder / f"{name}.return", "--json", code=code)


def test_a_holder_opens_its_return_by_its_own_numbers(call, linked):
    folder, truth = linked
    report = json.loads(back(call, folder, "dgsn-permits").stdout)
    assert report["told"] == ["anapec-certificates"]
    call(
        folder / "home", "open", folder / "dgsn-permits.return", "--keep-map", folder / "dgsn-permits.keep.csv",
        "--out", folder / "result.xlsx", "--language", "fr",
    )  # fmt: skip
    book = openpyxl.load_workbook(folder / "result.xlsx")
    rows = list(book.worksheets[1].values)
    told = rows[0].index("Apparié à anapec-certificates")
    answer = pd.DataFrame({"record": [str(row[0]) for row in rows[1:]], "told": [row[told] for row in rows[1:]]})
    person = {name: part.set_index("record")["person"] for name, part in truth.groupby("register")}
    assert set(answer["record"]) == set(person["dgsn-permits"].index)
    there = set(person["anapec-certificates"])
    expected = answer["record"].map(person["dgsn-permits"]).isin(there)
    assert ((answer["told"] != "non") == expected).mean() >= 0.99
    log = call(folder / "home", "audit", "show", "--json").stdout
    assert "ReturnPrepared" in log
    assert "ReturnOpened" in log
    assert not [number for number in answer["record"] if number in log]


def test_the_offices_of_one_holder_and_of_others(call, linked):
    folder, _ = linked
    report = json.loads(back(call, folder, "anapec-certificates").stdout)
    assert report["told"] == ["anapec-projects"]
    assert report["registers_not_shown"] == 1
    assert "unhcr" not in (json.dumps(report)).lower()
    assert {one["variable"] for one in report["agreement"]} >= {"sex", "nationality", "birth_year", "names"}


def test_unhcr_gets_nothing_and_cannot_be_switched_on(call, linked, tmp_path):
    folder, _ = linked
    refused = back(call, folder, "unhcr-refugees", code=1)
    assert 'return = "none"' in refused.stderr
    assert not (folder / "unhcr-refugees.return").exists()
    text = (config_dir() / "registers" / "unhcr-refugees.toml").read_text(encoding="utf-8")
    schema = tmp_path / "unhcr.toml"
    schema.write_text(text.replace('return = "none"', 'return = "results"'), encoding="utf-8")
    words = ["return", folder / "linked", "--of", "unhcr-refugees", "--plan", folder / "plan.toml"]
    words += ["--schema", f"unhcr-refugees={schema}", "--out", tmp_path / "x"]
    assert "get nothing back" in call(folder / "home", *words, code=1).stderr
