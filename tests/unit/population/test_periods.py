"""Registers over periods: records that persist, months in order, and careers from which every change follows."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.errors import InputError
from wasl.population.periods import PeriodRegisters, generate_periods

YEARS = ["2023", "2024", "2025"]


@pytest.fixture(scope="module")
def made() -> PeriodRegisters:
    return generate_periods(3000, 4, YEARS, scope="all")


@pytest.fixture(scope="module")
def careers(made: PeriodRegisters) -> pd.DataFrame:
    frame = made.careers.to_pandas()
    frame["until"] = frame["to"].fillna("9999-12")
    return frame


def holders(made: PeriodRegisters, register: str, table) -> set[int]:
    truth = made.truth.to_pandas()
    own = truth[truth["register"] == register].set_index("record")["person"]
    return set(own.reindex(table.column(0).to_pylist()))


def spells(careers: pd.DataFrame, kind: str, month: str) -> set[int]:
    here = (careers["kind"] == kind) & (careers["from"] <= month) & (month <= careers["until"])
    return set(careers.loc[here, "person"])


def test_every_register_is_in_every_period_and_every_record_in_the_truth(made):
    assert list(made.registers) == YEARS
    truth = made.truth.to_pandas()
    assert not truth.duplicated(["register", "record"]).any()
    known = set(zip(truth["register"], truth["record"], strict=True))
    for tables in made.registers.values():
        assert len(tables) == 16
        for name, table in tables.items():
            records = table.column(0).to_pylist()
            assert len(set(records)) == len(records)
            assert {(name, record) for record in records} <= known


def test_a_record_keeps_its_number_and_spelling(made):
    early, late = (made.registers[year]["dgsn-permits"].to_pandas().set_index("num_titre") for year in ("2023", "2025"))
    both = early.index.intersection(late.index)
    assert len(both) > 0.5 * len(early)
    for column in ("nom", "prenom", "date_naissance", "nationalite", "adresse"):
        assert (early.loc[both, column] == late.loc[both, column]).all()
    assert (early.loc[both, "date_expiration"] != late.loc[both, "date_expiration"]).any()


@pytest.mark.parametrize("year", YEARS)
def test_registers_are_what_the_careers_say(made, careers, year):
    month = f"{year}-12"
    tables = made.registers[year]
    assert holders(made, "dgsn-permits", tables["dgsn-permits"]) == spells(careers, "permit", month)
    assert holders(made, "cnss-employees", tables["cnss-employees"]) == spells(careers, "employment", month)
    assert holders(made, "cnss-pensioners", tables["cnss-pensioners"]) == spells(careers, "pension", month)
    assert holders(made, "training", tables["training"]) <= spells(careers, "residence", month)


@pytest.mark.parametrize("year", YEARS)
def test_contracts_are_filed_in_the_months_of_the_careers(made, careers, year):
    filed = made.registers[year]["taechir-contracts"].to_pandas()
    truth = made.truth.to_pandas()
    filed = filed.merge(truth[truth["register"] == "taechir-contracts"], left_on="num_demande", right_on="record")
    known = careers[(careers["kind"] == "contract") & (careers["from"] <= f"{year}-12")]
    known = set(zip(known["person"], known["from"], known["what"], strict=True))
    what = np.where(filed["type_demande"] == "renouvellement", "renewal", "first")
    assert len(filed) > 100
    assert set(zip(filed["person"], filed["date_depot"].str[:7], what, strict=True)) <= known


def test_every_month_is_declared(made, careers):
    assert list(made.declarations) == [f"{year}-{month:02d}" for year in YEARS for month in range(1, 13)]
    for month, table in made.declarations.items():
        assert set(table["periode"].to_pylist()) == {month.replace("-", "")}
        assert holders(made, "cnss-employees", table) == spells(careers, "employment", month)
        wages = np.array(table["salaire_reel"].to_pylist(), float)
        capped = np.array(table["salaire_plafonne"].to_pylist(), float)
        assert np.array_equal(capped, np.minimum(wages, 600_000))


def test_careers_have_the_changes_that_statistics_ask_for(made, careers):
    pension = careers[careers["kind"] == "pension"]
    assert (pension["what"] == "employee retired").mean() >= 0.05
    retired = pension[pension["what"] == "employee retired"].set_index("person")["from"]
    jobs = careers[careers["kind"] == "employment"]
    before = jobs[jobs["person"].isin(retired.index)]
    assert (before.groupby("person")["from"].min() < retired).all()
    permits = careers[careers["kind"] == "permit"]
    assert (permits.groupby("person")["what"].nunique() > 1).sum() > 20
    contracts = careers[careers["kind"] == "contract"]
    assert (contracts["what"] == "renewal").sum() > 50
    residence = careers[careers["kind"] == "residence"]
    for year in YEARS:
        assert residence["from"].str.startswith(year).sum() > 50
        assert residence["to"].fillna("").str.startswith(year).sum() > 20


def test_spells_of_a_kind_do_not_overlap_and_lie_within_residence(careers):
    for kind in ("permit", "employment"):
        rows = careers[careers["kind"] == kind].sort_values(["person", "from"])
        assert (rows["from"] <= rows["until"]).all()
        same = rows["person"].eq(rows["person"].shift())
        assert (rows["from"][same] > rows["until"].shift()[same]).all()
        stay = careers[careers["kind"] == "residence"].set_index("person")
        assert (rows["from"].to_numpy() >= stay["from"].reindex(rows["person"]).to_numpy()).all()
        assert (rows["until"].to_numpy() <= stay["until"].reindex(rows["person"]).to_numpy()).all()


def test_the_same_seed_gives_the_same_periods(made):
    again = generate_periods(3000, 4, YEARS, scope="all")
    assert again.careers.equals(made.careers)
    assert all(
        again.registers[year][name].equals(table) for year in YEARS for name, table in made.registers[year].items()
    )


@pytest.mark.parametrize("periods", [[], ["2025", "2024"], ["24"], ["2025-13"], ["2026"], ["2024", "2024-06"]])
def test_periods_that_cannot_be_drawn_are_refused(periods):
    with pytest.raises(InputError):
        generate_periods(200, 1, periods)


def test_the_command_writes_a_folder_for_each_period(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    words = ["population", "generate", "--persons", "200", "--periods", "2024-06,2025", "--out", str(tmp_path / "m")]
    done = CliRunner().invoke(build_app(["wasl.cli.population"]), [*words, "--json"])
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)["records"]) == {"2024-06", "2025"}
    assert {path.name for path in (tmp_path / "m").iterdir()} == {
        "2024-06",
        "2025",
        "truth.csv",
        "careers.csv",
        "README.md",
    }
    assert len(list((tmp_path / "m" / "2025" / "cnss-employees-monthly").iterdir())) == 12
    assert len(list((tmp_path / "m" / "2024-06" / "cnss-employees-monthly").iterdir())) == 1
