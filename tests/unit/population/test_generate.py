"""The population follows the figures it is drawn from, and its registers hold the errors they should."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest
from stdnum.ma import ice

from wasl.errors import InputError
from wasl.population.figures import load_figures
from wasl.population.generate import Population, generate
from wasl.population.lexicon import load_lexicon
from wasl.population.membership import REGISTERS, Membership, enrol
from wasl.population.people import People, populate
from wasl.population.spelling import without_accents

PERSONS = 20_000
SPLIT_NAMES = ("dgsn-permits", "cnss-pensioners", "anapec-projects", "taechir-contracts")


@pytest.fixture(scope="module")
def people() -> People:
    return populate(PERSONS, 5, load_figures(), load_lexicon())


@pytest.fixture(scope="module")
def membership(people: People) -> Membership:
    return enrol(people, 5, load_figures())


@pytest.fixture(scope="module")
def standard() -> Population:
    return generate(PERSONS, 5)


def held(people: People, iso3: str) -> np.ndarray:
    index = [nat.iso3 for nat in load_figures().nationalities].index(iso3)
    return people.nationality == index


def test_persons_follow_the_census(people: People) -> None:
    for iso3, percent in {"SEN": 18.4, "CIV": 17.3, "FRA": 13.8, "GIN": 4.8, "SYR": 3.0}.items():
        assert abs(100 * held(people, iso3).mean() - percent) < 1.5
    regions = np.array([int(city.province[:2]) for city in load_figures().cities])[people.city]
    for region, percent in {6: 43.3, 4: 19.2, 9: 9.4, 7: 9.2, 12: 4.2, 2: 1.9}.items():
        assert abs(100 * (regions == region).mean() - percent) < 1.5
    assert abs((people.age < 15).mean() - 0.178) < 0.03
    assert 0.52 < people.man.mean() < 0.60


def test_household_members_share_address_and_children_the_surname(people: People) -> None:
    frame = pd.DataFrame({name: getattr(people, name) for name in ("household", "street_name", "house", "city")})
    assert (frame.groupby("household").nunique() == 1).all().all()
    child = people.age < 12
    same = pd.Series(people.surname).groupby(people.household).transform("nunique") < pd.Series(
        people.household
    ).groupby(people.household).transform("size")
    assert same[child].mean() > 0.99


def test_registers_scale_and_overlap_as_described(people: People, membership: Membership) -> None:
    assert len(membership.permits) == pytest.approx(PERSONS * 133 / 150, rel=0.01)
    assert len(membership.employees) == PERSONS // 5
    assert len(membership.contracts) == PERSONS // 5
    employees = membership.employees
    assert np.isin(employees, membership.permits).mean() == pytest.approx(0.85, abs=0.005)
    contracted = np.isin(employees, membership.contracts)
    assert 0.20 <= contracted.mean() <= 0.25
    exempt = (held(people, "SEN") | held(people, "DZA") | held(people, "TUN"))[employees]
    assert contracted[exempt].mean() < 0.01
    for once in ("permits", "employees", "pensioners", "projects"):
        assert len(np.unique(getattr(membership, once))) == len(getattr(membership, once))
    assert len(np.unique(membership.contracts)) < len(membership.contracts)


def test_record_numbers_are_unique_and_known_to_the_truth(standard: Population) -> None:
    assert tuple(standard.registers) == REGISTERS
    truth = standard.truth.to_pandas()
    for register, table in standard.registers.items():
        numbers = table.column(0).to_pylist()
        assert len(set(numbers)) == len(numbers)
        assert truth[truth.register == register].record.tolist() == numbers


def test_each_office_writes_dates_and_nationalities_its_own_way(standard: Population) -> None:
    shapes = {
        "dgsn-permits": (r"\d\d/\d\d/\d{4}", "SENEGAL"),
        "cnss-employees": (r"\d{8}", "SEN"),
        "anapec-certificates": (r"\d\d/\d\d/\d{4}", "française"),
        "anapec-projects": (r"\d\d/\d\d/\d{4}", "SÉNÉGALAISE"),
        "taechir-contracts": (r"\d{4}-\d\d-\d\d", "Sénégal"),
    }
    for register, (shape, nationality) in shapes.items():
        table = standard.registers[register]
        assert all(re.fullmatch(shape, date) for date in table["date_naissance"].to_pylist())
        assert nationality in table["nationalite"].to_pylist()
    names = standard.registers["cnss-employees"]["nom_prenom"].to_pylist()
    assert all(name == name.upper() and len(name) <= 60 for name in names if name.isascii())
    arabic = "".join(standard.registers["dgsn-permits"]["nom_arabe"].to_pylist()).replace(" ", "")
    assert all("\u0600" <= letter <= "\u06ff" for letter in set(arabic))


def test_errors_come_at_their_rates(standard: Population) -> None:
    permits = standard.registers["dgsn-permits"].to_pandas()
    assert (permits.num_passeport == "").mean() == pytest.approx(0.15, abs=0.02)
    vague = permits.date_naissance.str.startswith("01/01")
    assert vague[permits.nationalite == "GUINEE"].mean() == pytest.approx(0.28, abs=0.06)
    assert vague[permits.nationalite == "FRANCE"].mean() < 0.06
    hijri = permits.date_naissance.str[-4:].astype(int) < 1900
    assert 0.001 < hijri.mean() < 0.006
    contracts = standard.registers["taechir-contracts"].to_pandas()
    assert (contracts.nom + contracts.prenom).str.contains("Ã", regex=False).any()
    employers = [number for number in contracts.ice if len(number) == 15]
    assert employers
    assert all(ice.is_valid(number) for number in employers)


def test_births_are_dates_of_persons_alive(standard: Population) -> None:
    dates = standard.registers["taechir-contracts"]["date_naissance"].to_pylist()
    years = np.array([dt.date.fromisoformat(date).year for date in dates if date[:2] in ("19", "20")])
    assert years.min() > 1930
    assert years.max() < 2010


def shared_spellings(population: Population) -> tuple[float, float]:
    """Shares of true pairs between registers with separate name columns that agree in surname, in given name."""
    truth = population.truth.to_pandas()
    frames = []
    for register in SPLIT_NAMES:
        frame = population.registers[register].to_pandas()[["nom", "prenom"]]
        frame = frame.map(lambda text: without_accents(text).upper())
        frame["person"] = truth[truth.register == register].person.to_numpy()
        frame["register"] = register
        frames.append(frame)
    records = pd.concat(frames)
    pairs = records.merge(records, on="person")
    pairs = pairs[pairs.register_x < pairs.register_y]
    return tuple(((pairs[f"{c}_x"] == pairs[f"{c}_y"]) & (pairs[f"{c}_x"] != "")).mean() for c in ("nom", "prenom"))


def test_hard_registers_share_hardly_any_spelling(standard: Population) -> None:
    surname, given = shared_spellings(generate(PERSONS, 5, "hard"))
    assert surname == pytest.approx(0.07, abs=0.02)
    assert given == pytest.approx(0.13, abs=0.025)
    assert min(shared_spellings(standard)) > 0.4


def test_the_same_seed_gives_the_same_tables_and_another_does_not() -> None:
    one, same, other = generate(300, 1), generate(300, 1), generate(300, 2)
    assert all(one.registers[name].equals(same.registers[name]) for name in REGISTERS)
    assert one.truth.equals(same.truth)
    assert not one.registers["dgsn-permits"].equals(other.registers["dgsn-permits"])


@pytest.mark.parametrize(
    ("persons", "seed", "difficulty"), [(99, 1, "standard"), (100, -1, "standard"), (100, 1, "impossible")]
)
def test_what_cannot_be_generated_is_refused(persons: int, seed: int, difficulty: str) -> None:
    with pytest.raises(InputError):
        generate(persons, seed, difficulty)  # type: ignore[arg-type]


def test_the_smallest_population_fills_every_register() -> None:
    assert all(len(table) for table in generate(100, 3).registers.values())


@pytest.mark.parametrize(
    ("register", "column", "form", "years"),
    [
        ("taechir-contracts", "date_depot", "%Y-%m-%d", range(2021, 2026)),
        ("anapec-certificates", "date_attestation", "%d/%m/%Y", range(2023, 2026)),
    ],
)
def test_first_records_spread_over_the_years_and_a_persons_records_follow_year_by_year(
    standard: Population, register: str, column: str, form: str, years: range
) -> None:
    table = standard.registers[register].to_pandas()
    table["record"] = table.iloc[:, 0]
    table["year"] = pd.to_datetime(table[column], format=form).dt.year
    known = table.merge(standard.truth.to_pandas().query("register == @register"), on="record").sort_values("year")
    first = known.groupby("person")["year"].agg(["min", "max", "size", "nunique"])
    shares = first["min"].value_counts(normalize=True)
    assert set(shares.index) == set(years)
    assert shares.max() < 0.5
    assert shares.min() > 0.05
    assert (first["nunique"] == first["size"]).all()
    assert (first["max"] - first["min"] == first["size"] - 1).all()
    if register == "taechir-contracts":
        renewed = known["type_demande"] == "renouvellement"
        assert (renewed == known.duplicated("person")).all()
        entered = pd.to_datetime(known["date_entree"]).dt.year
        alone = known["person"].map(first["size"]) == 1
        assert (known["year"] >= entered - 1)[alone & entered.notna()].all()
