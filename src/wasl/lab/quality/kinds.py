"""Kinds of data the model must be right on, simulated with their truth.

Each kind stands for public files that nobody tunes for. The kinds are a register with names and birth dates only, a
register without any duplicate, and a census and its control survey. Others are a historical register, registers of
foreigners whose names are damaged, and small registers. Every kind is a function of a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from wasl.lab.quality.people import (
    Texts,
    change_date,
    corrupt,
    draw_names,
    draw_persons,
    respell,
    swap_names,
    typo,
)

__all__ = ["KINDS", "Kind", "Sample"]

Rng = np.random.Generator


class Draw(Protocol):
    """A kind's function from persons, a random generator and the frequency of errors to a sample."""

    def __call__(self, persons: int, rng: Rng, damage: float = 1.0) -> Sample:
        """A sample whose errors are `damage` times as frequent as usual."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One draw of a kind.

    Attributes:
        registers: Name to rows: ``record, person`` and columns among ``given, surname, sex, birth, nationality, street,
            street_number, locality, postcode``; empty text where a cell is missing.
        duplicate_free: Whether each register has every person at most once.
    """

    registers: dict[str, pd.DataFrame] = field(repr=False)
    duplicate_free: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data.

    Attributes:
        name: Short name, used on the command line.
        title: What it is.
        family: Family of the encoding profiles.
        draw: (persons, random generator, damage) to a sample; errors are `damage` times as frequent as usual.
        persons: Persons in a full-size draw.
    """

    name: str
    title: str
    family: str
    draw: Draw
    persons: int


def _numbered(frame: pd.DataFrame, prefix: str, rng: Rng) -> pd.DataFrame:
    """Rows in a random order with record numbers."""
    shuffled = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    shuffled.insert(0, "record", [f"{prefix}{k}" for k in range(len(shuffled))])
    return shuffled


def _small_errors(frame: pd.DataFrame, share: float, rng: Rng) -> None:
    """Typing errors: a share of the rows has one in a name or in the date, a fifth of those has two."""
    for column, rate, how in (
        ("given", 0.35 * share, typo),
        ("surname", 0.4 * share, typo),
        ("birth", 0.4 * share, change_date),
    ):
        corrupt(frame, column, rate, how, rng)


def names_and_birth(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """A register with given name, surname and birth date only; one person in ten is in it twice, with errors."""
    people = draw_persons(persons, rng).drop(columns="sex")
    copies = people.iloc[rng.permutation(persons)[: persons // 9]].copy()
    _small_errors(copies, 0.9 * damage, rng)
    return Sample({"register": _numbered(pd.concat([people, copies]), "r", rng)}, False)


def distinct(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """The same columns, and every row is another person; no errors, so nothing to damage."""
    del damage
    return Sample({"register": _numbered(draw_persons(persons, rng).drop(columns="sex"), "r", rng)}, False)


def _households(persons: int, rng: Rng) -> pd.DataFrame:
    """Persons in households: one surname for most members, one address, ages as in families."""
    people = draw_persons(persons, rng, (1930, 2010))
    size = rng.choice([1, 2, 3, 4, 5, 6], persons, p=[0.25, 0.3, 0.18, 0.15, 0.08, 0.04])
    household = np.repeat(np.arange(persons), size)[:persons]
    heads = np.concatenate([[True], household[1:] != household[:-1]])
    first = np.flatnonzero(heads)[household]
    people["surname"] = np.where(rng.random(persons) < 0.85, people["surname"].to_numpy()[first], people["surname"])
    second = np.arange(persons) == first + 1
    for column, share in (("birth", 0.02), ("given", 0.03)):  # twins; a son who bears his father's name
        shared = second & (rng.random(persons) < share)
        people[column] = np.where(shared, people[column].to_numpy()[first], people[column])
    streets = np.array([f"{name} Street" for name in draw_persons(900, rng)["surname"] + " " + LETTERED], object)
    towns = draw_persons(60, rng)["surname"].to_numpy(object) + "ton"
    town = rng.integers(0, len(towns), persons)[first]
    people["street"] = draw_names(streets, persons, rng, 0.3)[first]
    people["street_number"] = rng.integers(1, 150, persons)[first].astype(str).astype(object)
    people["locality"] = towns[town]
    people["postcode"] = (10_000 + 7 * town + rng.integers(0, 5, persons)[first]).astype(str).astype(object)
    return people


LETTERED = pd.Series([f"{chr(97 + k % 26)}{'aeiou'[k // 26 % 5]}lle" for k in range(900)])
"""Endings that make street names differ."""


def census_and_survey(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """A census and its control survey of the same households; a part of the persons is in one of them only."""
    people = _households(persons, rng)
    parts = {}
    for name, share in (("census", 0.96), ("survey", 0.94)):
        part = people[rng.random(persons) < share].copy()
        corrupt(part, "given", 0.06 * damage, typo, rng)
        corrupt(part, "surname", 0.05 * damage, typo, rng)
        corrupt(part, "birth", 0.03 * damage, change_date, rng)
        corrupt(part, "street", 0.04 * damage, typo, rng)
        corrupt(
            part, "street_number", 0.02 * damage, lambda values, r: r.integers(1, 150, len(values)).astype(str), rng
        )
        corrupt(part, "birth", 0.02 * damage, _nothing, rng)
        corrupt(part, "given", 0.01 * damage, _nothing, rng)
        corrupt(part, "given", 0.02 * damage, lambda v, r: r.choice(people["given"].to_numpy(object), len(v)), rng)
        swap_names(part, 0.01 * damage, rng)
        if name == "survey":
            _move(part, people, 0.04 * damage, rng)
        parts[name] = _numbered(part, name[0], rng)
    return Sample(parts, True)


def _move(part: pd.DataFrame, people: pd.DataFrame, share: float, rng: Rng) -> None:
    """Give a share of the persons the address of another household, in place."""
    hit = np.flatnonzero(rng.random(len(part)) < share)
    other = people.iloc[rng.integers(0, len(people), len(hit))]
    for column in ("street", "street_number", "locality", "postcode"):
        values = part[column].to_numpy(object, copy=True)
        values[hit] = other[column].to_numpy()
        part[column] = values


def _nothing(values: Texts, rng: Rng) -> Texts:
    del rng
    return np.full(len(values), "", object)


def historical(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """A register of persons born in the 19th century, each entered one to five times, with respelled names."""
    people = draw_persons(persons, rng, (1800, 1899))
    people["locality"] = draw_names(
        np.array([f"{n}stad" for n in draw_persons(250, rng)["surname"]], object), persons, rng, 0.6
    )
    times = rng.choice([1, 2, 3, 4, 5], persons, p=[0.35, 0.25, 0.2, 0.12, 0.08])
    rows = people.iloc[np.repeat(np.arange(persons), times)].drop(columns="sex").copy()
    for column, rate, how in (
        ("given", 0.2, respell),
        ("surname", 0.22, respell),
        ("surname", 0.06, typo),
        ("locality", 0.12, respell),
        ("birth", 0.12, change_date),
        ("birth", 0.05, _nothing),
        ("locality", 0.12, _nothing),
        ("given", 0.03, _initial),
    ):
        corrupt(rows, column, min(rate * damage, 1.0), how, rng)
    return Sample({"parish": _numbered(rows, "p", rng)}, False)


def _initial(values: Texts, rng: Rng) -> Texts:
    del rng
    return np.array([value[:1] for value in values.tolist()], object)


NATIONALITIES = ("SEN", "CIV", "FRA", "CMR", "GIN", "MLI", "COD", "ESP", "SYR", "NGA", "TUN", "DZA")


def foreigners(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """Two registers of foreigners: 7 % of true pairs share the surname as written, 13 % the given name.

    Of the names that differ, most are transliterated or mutilated, the others are another name of the person. Births
    fall in seven years, so that as many strangers share a birth date as among 110,000 persons born in sixty years.
    """
    people = draw_persons(persons, rng, (1970, 1976))
    people["nationality"] = draw_names(np.array(NATIONALITIES, object), persons, rng, 0.9)
    parts = {}
    for name in ("permits", "insured"):
        part = people[rng.random(persons) < SHARE_IN_REGISTER].copy()
        for column, equal in (("surname", 0.07), ("given", 0.13)):
            # Both registers change the name independently, so a pair keeps it with the product of both chances.
            hit = rng.random(len(part)) < min((1.0 - np.sqrt(equal)) * damage, 1.0)
            another = hit & (rng.random(len(part)) < OTHER_NAME)
            values, pool = part[column].to_numpy(object, copy=True), rng.permutation(people[column].to_numpy(object))
            values[hit] = _transliterated(values[hit], rng)
            values[another] = rng.choice(pool, int(another.sum()))
            part[column] = values
        corrupt(part, "birth", 0.06 * damage, change_date, rng)
        corrupt(
            part, "birth", 0.02 * damage, lambda v, _: np.array([f"{d[:4]}-01-01" for d in v.tolist()], object), rng
        )
        swap_names(part, 0.05 * damage, rng)
        parts[name] = _numbered(part, name[0], rng)
    return Sample(parts, True)


SHARE_IN_REGISTER = 0.65
"""Share of the foreigners that is in each register: 42 % are in both."""
OTHER_NAME = 0.3
"""Share of the changed names that are another name altogether."""


def _transliterated(values: Texts, rng: Rng) -> Texts:
    """Two to four respellings and a typing error."""
    spelled = respell(respell(values, rng), rng)
    for share, how in ((0.7, respell), (0.5, typo), (0.3, respell)):
        again = rng.random(len(values)) < share
        spelled[again] = how(spelled[again], rng)
    return spelled


def bare_foreigners(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """The same registers with names and birth dates only."""
    sample = foreigners(persons, rng, damage)
    return Sample({k: f.drop(columns=["sex", "nationality"]) for k, f in sample.registers.items()}, True)


def small(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """Two registers of some dozens of persons with addresses, half of them in both."""
    people = _households(max(persons, 20), rng)
    half = len(people) // 3
    parts = {}
    for name, part in (("a", people.iloc[: 2 * half]), ("b", people.iloc[half:])):
        rows = part.copy()
        _small_errors(rows, 0.3 * damage, rng)
        parts[name] = _numbered(rows, name, rng)
    return Sample(parts, True)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("names-birth", "names and birth date, a tenth twice", "febrl", names_and_birth, 9_000),
        Kind("distinct", "names and birth date, nobody twice", "febrl", distinct, 10_000),
        Kind("census", "census and survey with households", "febrl", census_and_survey, 10_000),
        Kind("historical", "19th-century births, respelled", "febrl", historical, 4_000),
        Kind("foreigners", "foreigners with damaged names", "morocco", foreigners, 12_000),
        Kind("bare-foreigners", "the same, names and birth only", "febrl", bare_foreigners, 12_000),
        Kind("small", "some dozens of persons", "febrl", small, 120),
    )
}
"""Every kind by name."""
