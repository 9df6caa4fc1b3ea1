"""Registers that are unusual in one way, simulated with their truth: what a linkage must be right on, or say so.

The kinds of ``kinds.py`` are judged by how good a linkage is. These are judged by whether it can be relied on.
Precision is what the plan asks for and nearly all matches are found. Otherwise the report says so: by a failed
self-check (exit code 3), an interval that holds the truth, or recall that cannot be estimated.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from wasl.lab.quality.habits import HABITS
from wasl.lab.quality.kinds import NATIONALITIES, Draw, Kind, Sample
from wasl.lab.quality.people import change_date, corrupt, draw_names, draw_persons, swap_names, typo
from wasl.lab.quality.slips import SLIPS

__all__ = ["UNUSUAL"]

Rng = np.random.Generator
Change = Callable[[pd.DataFrame, Rng], pd.DataFrame]
USUAL = ("given", "surname", "sex", "birth", "nationality")


def _people(persons: int, rng: Rng, skew: float = 0.9) -> pd.DataFrame:
    people = draw_persons(persons, rng, (1945, 2005))
    people["nationality"] = draw_names(np.array(NATIONALITIES, object), persons, rng, skew)
    return people


def _damaged(part: pd.DataFrame, damage: float, rng: Rng) -> pd.DataFrame:
    """A copy with typing errors in names and dates, and names exchanged in one row of a hundred."""
    rows = part.copy()
    for column, rate, how in (("given", 0.06, typo), ("surname", 0.06, typo), ("birth", 0.04, change_date)):
        corrupt(rows, column, rate * damage, how, rng)
    swap_names(rows, 0.01 * damage, rng)
    return rows


def _numbered(frame: pd.DataFrame, prefix: str, rng: Rng) -> pd.DataFrame:
    shuffled = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    shuffled.insert(0, "record", [f"{prefix}{k}" for k in range(len(shuffled))])
    return shuffled


def _two(
    left: int,
    right: int,
    both: int,
    *,
    columns: tuple[str, ...] = USUAL,
    change: Change | None = None,
    of_second: Change | None = None,
    skew: float = 0.9,
) -> Draw:
    """A kind of two registers that hold nobody twice.

    Args:
        left: Persons in thousandths of the size, in the first register only.
        right: In the second only.
        both: In both.
        columns: What both registers record.
        change: What is done to the persons before they are registered.
        of_second: What is done to the rows of the second register.
        skew: How uneven nationalities are.
    """

    def draw(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
        count = [-(-persons * part // 1000) for part in (both, left, right)]
        people = _people(sum(count), rng, skew)
        if change is not None:
            people = change(people, rng)
        kept = ["person", *columns]
        first = people.iloc[: count[0] + count[1]]
        second = pd.concat([people.iloc[: count[0]], people.iloc[count[0] + count[1] :]])
        parts = [_damaged(part, damage, rng)[kept] for part in (first, second)]
        if of_second is not None:
            parts[1] = of_second(parts[1], rng)
        return Sample({name: _numbered(part, name, rng) for name, part in zip("ab", parts, strict=True)}, True)

    return draw


def _new_year(people: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Two persons in five are born on 1 January, as far as anybody wrote down."""
    day = np.array([f"{birth[:4]}-01-01" for birth in people["birth"].tolist()], object)
    return people.assign(birth=np.where(rng.random(len(people)) < 0.4, day, people["birth"].to_numpy(object)))


def _one_nation(people: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    del rng
    return people.assign(nationality="SEN")


def _few_names(people: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Forty surnames and sixty given names for everybody."""
    for column, count in (("surname", 40), ("given", 60)):
        some = np.array(sorted(set(people[column]))[:count], object)
        people = people.assign(**{column: draw_names(some, len(people), rng, 0.7)})
    return people


def _one_family_in_three(people: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Two of three persons are twins: one surname and one birth date, two given names."""
    first = np.arange(len(people)) // 2 * 2
    twin = np.repeat(rng.random(-(-len(people) // 2)) < 2 / 3, 2)[: len(people)]
    changed = people.copy()
    for column in ("surname", "birth"):
        changed[column] = np.where(twin, people[column].to_numpy(object)[first], people[column].to_numpy(object))
    return changed


def _without_sex(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    del rng
    return rows.assign(sex="")


def _half_without_sex(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return rows.assign(sex=np.where(rng.random(len(rows)) < 0.5, "", rows["sex"].to_numpy(object)))


def _other_sex(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """The code of sex means the opposite."""
    del rng
    return rows.assign(sex=rows["sex"].map({"M": "F", "F": "M"}))


def _names_exchanged(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """The two columns of names are exchanged in every row."""
    del rng
    return rows.rename(columns={"given": "surname", "surname": "given"})[list(rows.columns)]


def _days_and_months(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Day and month are exchanged wherever that gives a date."""
    del rng
    turned = [
        f"{date[:4]}-{date[8:]}-{date[5:7]}" if date and int(date[8:]) <= 12 else date
        for date in rows["birth"].tolist()
    ]
    return rows.assign(birth=np.array(turned, object))


def _years_only(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Of every birth the first of January of its year was written down."""
    del rng
    return rows.assign(birth=np.array([f"{date[:4]}-01-01" if date else "" for date in rows["birth"].tolist()], object))


def _a_year_later(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Every year of birth is one too high."""
    del rng
    later = [f"{int(date[:4]) + 1}{date[4:]}" if date else "" for date in rows["birth"].tolist()]
    return rows.assign(birth=np.array([x.replace("-02-29", "-02-28") for x in later], object))


def _many_times(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """One register in which a person stands five to twenty times."""
    people = _people(-(-persons // 12), rng)[["person", "given", "surname", "sex", "birth"]]
    times = rng.integers(5, 21, len(people))
    rows = _damaged(people.iloc[np.repeat(np.arange(len(people)), times)], damage, rng)
    return Sample({"a": _numbered(rows, "a", rng)}, False)


def _twice_where_once_is_said(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
    """Two registers said to hold nobody twice; in both three persons in ten are there twice."""
    sample = _two(300, 300, 400)(persons, rng, damage)
    parts = {}
    for name, frame in sample.registers.items():
        again = frame[rng.random(len(frame)) < 0.3].drop(columns="record")
        rows = pd.concat([frame.drop(columns="record"), _damaged(again, damage, rng)])
        parts[name] = _numbered(rows, name, rng)
    return Sample(parts, True)


def _twice_in_one(share: float, columns: tuple[str, ...] = USUAL) -> Draw:
    """Two registers said to hold nobody twice; the second holds a share of its persons twice."""

    def draw(persons: int, rng: Rng, damage: float = 1.0) -> Sample:
        sample = _two(300, 300, 400, columns=columns)(persons, rng, damage)
        second = sample.registers["b"].drop(columns="record")
        again = _damaged(second[rng.random(len(second)) < share], 2.0 * damage, rng)
        return Sample({"a": sample.registers["a"], "b": _numbered(pd.concat([second, again]), "b", rng)}, True)

    return draw


def _kind(name: str, title: str, draw: Draw, persons: int, family: str = "febrl") -> Kind:
    return Kind(name, title, family, draw, persons)


BARE = ("given", "surname", "birth")
UNUSUAL = {
    kind.name: kind
    for kind in (
        _kind("three-columns", "given name, surname, birth date", _two(300, 300, 400, columns=BARE), 3_000),
        _kind("no-birth", "given name, surname, sex", _two(300, 300, 400, columns=("given", "surname", "sex")), 3_000),
        _kind("surname-birth", "surname and birth date", _two(300, 300, 400, columns=("surname", "birth")), 3_000),
        _kind("two-hundred", "some 200 rows, half in common", _two(333, 333, 334), 300),
        _kind("two-hundred-bare", "the same, names and birth", _two(333, 333, 334, columns=BARE), 300),
        _kind("two-hundred-morocco", "the same with nationality", _two(333, 333, 334), 300, "morocco"),
        _kind("without-sex", "no sex in the second", _two(300, 300, 400, of_second=_without_sex), 3_000, "morocco"),
        _kind("half-sex", "half without sex", _two(300, 300, 400, of_second=_half_without_sex), 3_000, "morocco"),
        _kind("other-sex", "codes of sex turned", _two(300, 300, 400, of_second=_other_sex), 3_000, "morocco"),
        _kind("many-times", "every person 5 to 20 times", _many_times, 3_000),
        _kind("twice", "a third twice, and the plan says once", _twice_where_once_is_said, 2_000, "morocco"),
        _kind("twice-in-one", "a quarter twice in one", _twice_in_one(0.25), 2_000, "morocco"),
        _kind("a-few-twice", "a tenth twice in one", _twice_in_one(0.1), 2_000, "morocco"),
        _kind("twice-in-one-bare", "the same, names and birth", _twice_in_one(0.25, BARE), 2_000),
        _kind("three-twice-bare", "3 % twice in one", _twice_in_one(0.03, BARE), 2_000),
        *(
            _kind(name, title, _two(300, 300, 400, change=change, of_second=of_second), 3_000, "morocco")
            for name, (title, change, of_second) in HABITS.items()
        ),
        _kind(
            "cut-bare",
            "names cut, no sex or nationality",
            _two(300, 300, 400, columns=BARE, change=HABITS["cut"][1], of_second=HABITS["cut"][2]),
            3_000,
            "morocco",
        ),
        *(
            _kind(name, title, _two(300, 300, 400, of_second=of_second), 3_000, "morocco")
            for name, (title, of_second) in SLIPS.items()
        ),
        *(
            _kind(f"{name}-bare", title, _two(300, 300, 400, columns=BARE, of_second=of_second), 3_000)
            for name, (title, of_second) in SLIPS.items()
            if name != "slipped-sex"
        ),
        _kind("few-matches", "20 of 4,000 in common", _two(498, 497, 5, columns=BARE), 8_000),
        _kind("few-matches-morocco", "20 of 4,000, nationality", _two(498, 497, 5), 8_000, "morocco"),
        _kind("none", "nobody in common", _two(500, 500, 0, columns=BARE), 6_000),
        _kind("none-morocco", "nobody in common, nationality", _two(500, 500, 0), 6_000, "morocco"),
        _kind("all", "everybody in both", _two(0, 0, 1000, columns=BARE), 1_500),
        _kind("all-morocco", "everybody in both", _two(0, 0, 1000), 1_500, "morocco"),
        _kind("within", "a list of 60 within 3,000", _two(970, 0, 20, columns=BARE), 3_000),
        _kind("within-morocco", "a list of 60 within 3,000", _two(970, 0, 20), 3_000, "morocco"),
        _kind("exchanged", "names exchanged", _two(300, 300, 400, columns=BARE, of_second=_names_exchanged), 3_000),
        _kind(
            "exchanged-morocco", "names exchanged", _two(300, 300, 400, of_second=_names_exchanged), 3_000, "morocco"
        ),
        _kind("new-year", "40 % born on 1 January", _two(300, 300, 400, columns=BARE, change=_new_year), 3_000),
        _kind("new-year-morocco", "40 % on 1 January", _two(300, 300, 400, change=_new_year), 3_000, "morocco"),
        _kind("one-nation", "one nationality", _two(300, 300, 400, change=_one_nation), 3_000, "morocco"),
        _kind("few-names", "40 surnames", _two(300, 300, 400, columns=BARE, change=_few_names), 3_000),
        _kind("few-names-morocco", "40 surnames", _two(300, 300, 400, change=_few_names), 3_000, "morocco"),
        _kind("twins", "two thirds are twins", _two(300, 300, 400, columns=BARE, change=_one_family_in_three), 3_000),
        _kind("twins-morocco", "two thirds twins", _two(300, 300, 400, change=_one_family_in_three), 3_000, "morocco"),
        _kind(
            "days-months", "day and month turned", _two(300, 300, 400, columns=BARE, of_second=_days_and_months), 3_000
        ),
        _kind("years-only", "1 January for all", _two(300, 300, 400, columns=BARE, of_second=_years_only), 3_000),
        _kind("years-only-morocco", "1 January for all", _two(300, 300, 400, of_second=_years_only), 3_000, "morocco"),
        _kind(
            "year-later",
            "year of birth one too high",
            _two(300, 300, 400, columns=BARE, of_second=_a_year_later),
            3_000,
        ),
    )
}
"""Every unusual kind by name."""
