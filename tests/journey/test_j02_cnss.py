"""J2: a clerk of CNSS counts a year of declarations, and merges employees with pensioners, overlaps dated."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from wasl.registers.reading.cnss_monthly import LAYOUT

pytestmark = pytest.mark.slow

EMPLOYEES, PENSIONERS = "cnss-employees", "cnss-pensioners"
YEAR = "2025"


@pytest.fixture(scope="module")
def office(call, tmp_path_factory):
    """A year of monthly declarations and the pensioners, and the truth that the office does not have."""
    folder = tmp_path_factory.mktemp("cnss")
    words = ["population", "generate", "--persons", "9000", "--seed", "8", "--scope", "work", "--periods", YEAR]
    call(folder / "home", *words, "--out", folder / "morocco")
    truth = pd.read_csv(folder / "morocco" / "truth.csv", dtype=str)
    careers = pd.read_csv(folder / "morocco" / "careers.csv", dtype=str)
    careers["to"] = careers["to"].fillna("9999-12")
    return folder, truth, careers


def declarations(folder: Path) -> Path:
    return folder / "morocco" / YEAR / f"{EMPLOYEES}-monthly"


def declared(careers: pd.DataFrame, month: str) -> set[str]:
    jobs = careers[(careers["kind"] == "employment") & (careers["from"] <= month) & (month <= careers["to"])]
    return set(jobs["person"])


def test_a_year_is_counted_month_by_month(call, office, tmp_path):
    folder, truth, careers = office
    result = json.loads(call(folder / "home", "months", declarations(folder), "--out", tmp_path, "--json").stdout)
    months = [f"{YEAR}-{month:02d}" for month in range(1, 13)]
    true = {month: declared(careers, month) for month in months}
    assert [row["month"] for row in result["months"]] == months
    assert [row["employees"] for row in result["months"]] == [len(true[month]) for month in months]
    assert result["stock"]["any"] == len(set().union(*true.values()))
    assert result["stock"]["average"] == pytest.approx(sum(map(len, true.values())) / 12, abs=0.01)
    assert result["stock"]["december"] == len(true[months[-1]])
    # Wages are of one month: the mean over the year stays in the range of the months.
    means = [row["salaire_reel"] / row["employees"] for row in result["months"]]
    rows = pd.read_csv(tmp_path / "spells.csv", dtype={"num_immatriculation": str})
    assert (
        min(means) * 0.8 < (rows["mean_wage_centimes"] * rows["months"]).sum() / rows["months"].sum() < max(means) * 1.2
    )
    assert (rows["mean_capped_wage_centimes"] <= 600_000).all()
    # Spells are those of the careers within the year; jobs that follow each other without a gap are one spell.
    number = truth[truth["register"] == EMPLOYEES].set_index("record")["person"]
    covered = {
        (number[row["num_immatriculation"]], month)
        for row in rows.to_dict("records")
        for month in months
        if row["from"] <= month <= row["to"]
    }
    assert covered == {(person, month) for month in months for person in true[month]}


def test_months_without_a_rule_are_refused(call, office):
    folder, _, _ = office
    refused = call(folder / "home", "check", declarations(folder), "--register", EMPLOYEES, code=1)
    assert "--months any, average or december" in refused.stderr


@pytest.mark.parametrize("rule", ["any", "average", "december"])
def test_a_stock_is_encoded(call, office, tmp_path, rule):
    import pyarrow.parquet as pq

    folder, _, careers = office
    home = folder / "home"
    call(home, "key", "new", "--project", "cnss", "--out", tmp_path / "key")
    words = ["encode", declarations(folder), "--register", EMPLOYEES, "--months", rule, "--key", tmp_path / "key"]
    words += ["--round", YEAR, "--out", tmp_path / "delivery", "--payload", tmp_path / "payload", "--json"]
    report = json.loads(call(home, *words).stdout)
    december = declared(careers, f"{YEAR}-12")
    everyone = set().union(*(declared(careers, f"{YEAR}-{month:02d}") for month in range(1, 13)))
    assert report["records"] == len(december if rule == "december" else everyone)
    left = {item["check"]: item["count"] for item in report["warnings"]}
    assert left.get("outside-stock", 0) == (len(everyone - december) if rule == "december" else 0)
    payload = pq.read_table(tmp_path / "payload").to_pandas()
    assert {"wage", "capped_wage", "months_declared", "first_month", "stock_weight"} <= set(payload.columns)
    assert payload["capped_wage"].max() <= 6000
    assert payload["wage"].mean() < 40_000


def test_employees_and_pensioners_are_merged_and_dated(call, office, tmp_path):
    folder, truth, careers = office
    pensioners = folder / "morocco" / YEAR / f"{PENSIONERS}.csv"
    words = ["merge", declarations(folder), pensioners, "--register", EMPLOYEES, "--register", PENSIONERS]
    result = json.loads(call(folder / "home", *words, "--months", "any", "--out", tmp_path, "--json").stdout)
    person = {name: part.set_index("record")["person"] for name, part in truth.groupby("register")}
    pairs = pd.read_csv(tmp_path / "merged.csv", dtype=str)
    pairs = pairs[(pairs["register_a"] == EMPLOYEES) & (pairs["register_b"] == PENSIONERS)]
    a = person[EMPLOYEES].reindex(pairs["record_a"]).to_numpy()
    b = person[PENSIONERS].reindex(pairs["record_b"]).to_numpy()
    both = set().union(*(declared(careers, f"{YEAR}-{m:02d}") for m in range(1, 13)))
    both &= set(person[PENSIONERS].reindex(pd.read_csv(pensioners, dtype=str)["num_pension"]))
    assert len(both) >= 6
    assert (a != b).sum() <= 1  # of a dozen pairs; rates are measured on more persons
    assert len(set(a[a == b])) >= 0.97 * len(both)
    right = set(pairs["record_a"][a == b])
    # When: a pension that began after the last declared month, or months declared under the pension.
    dated = pd.read_csv(tmp_path / "overlaps.csv", dtype=str, keep_default_na=False)
    start = careers[careers["kind"] == "pension"].set_index("person")["from"]
    for row in dated[dated["record_a"].isin(right)].to_dict("records"):
        who = person[EMPLOYEES][row["record_a"]]
        worked = [f"{YEAR}-{m:02d}" for m in range(1, 13) if who in declared(careers, f"{YEAR}-{m:02d}")]
        if row["relation"] == "both":
            assert row["from"] in worked
            assert row["from"] >= start[who]
        else:
            assert row["relation"] == "first_before"
            assert (row["from"], row["until"]) == (worked[-1], start[who])
    assert set(dated["record_a"]) == set(pairs["record_a"])
    assert result["merge"]["relations"] == dated["relation"].value_counts().sort_index().to_dict()


def line(kind: str, **cells: str | int) -> str:
    """One line of the fixed layout."""
    text = ""
    for name, width in LAYOUT[kind]:
        value = cells.get(name, kind if name == "type" else "")
        text += str(value).rjust(width, "0") if isinstance(value, int) else str(value).ljust(width)
    return text


def test_files_of_the_fixed_layout_with_their_totals(call, office, tmp_path):
    folder, _, _ = office
    place = tmp_path / "e-bds"
    place.mkdir()
    known: dict[str, dict[str, str]] = {}
    for month in ("10", "11", "12"):
        rows = pd.read_csv(declarations(folder) / f"{YEAR}-{month}.csv", dtype=str, keep_default_na=False)
        known |= {row["num_immatriculation"]: row for row in rows.to_dict("records")}
        head = {"num_affilie": "1111111", "periode": f"{YEAR}{month}"}
        amounts = ("jours_declares", "salaire_reel", "salaire_plafonne")
        lines = [line("B00", transfert=1, categorie="B0")]
        for row in rows.to_dict("records"):
            cells = {name: int(row[name]) for name in ("num_immatriculation", *amounts)}
            lines.append(
                line("B02", **head, **cells, nom_prenom=row["nom_prenom"][:60].encode("ascii", "replace").decode())
            )
        total = {name: int(rows[name].astype(int).sum()) for name in ("num_immatriculation", *amounts)}
        total["salaries"] = len(rows)
        wrong = {"salaire_reel": total["salaire_reel"] + 1} if month == "11" else {}
        lines.append(line("B03", **head, **{**total, **wrong}))
        lines.append(line("B06", **head, **total))
        (place / f"DS{YEAR}{month}.txt").write_text("\r\n".join(lines) + "\r\n", encoding="latin-1", newline="")
    result = json.loads(call(folder / "home", "months", place, "--out", tmp_path / "out", "--json").stdout)
    assert [(column, "DS202511.txt" in reason) for _, column, reason in result["mismatches"]] == [
        ("salaire_reel", True)
    ]
    registration = tmp_path / "registration.csv"
    pd.DataFrame(known.values()).to_csv(registration, index=False)
    words = ["check", place, "--register", EMPLOYEES, "--registration", registration, "--months", "any", "--json"]
    report = json.loads(call(folder / "home", *words).stdout)
    assert report["records"] == result["stock"]["any"] == len(known)
