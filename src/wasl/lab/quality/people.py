"""Simulated persons for the laboratory: names with realistic frequencies, birth dates, households, and errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Texts", "change_date", "corrupt", "draw_names", "draw_persons", "respell", "swap_names", "typo"]

Texts = NDArray[np.object_]
GIVEN_SKEW, SURNAME_SKEW = 0.75, 0.7
"""Exponents of the rank-frequency law of names. With 400 names the most frequent one is borne by about 2 % of persons,
as `Müller` in Germany (9.5 per thousand) to `Mohamed` in Morocco (about 4 %)."""
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
SPELLINGS = (
    ("ph", "f"), ("ck", "k"), ("tt", "t"), ("ll", "l"), ("nn", "n"), ("ss", "s"), ("ie", "y"), ("ei", "ey"),
    ("th", "t"), ("c", "k"), ("e", ""), ("i", "y"), ("s", "ss"), ("n", "nn"), ("a", "e"), ("d", "t"), ("w", "v"),
)  # fmt: skip
"""Replacements by which clerks of the 19th century spelled one name in several ways."""


def draw_names(vocabulary: Texts, count: int, rng: np.random.Generator, skew: float) -> Texts:
    """`count` names drawn with probability proportional to 1 / rank^skew."""
    weight = 1.0 / np.power(np.arange(1, len(vocabulary) + 1), skew)
    drawn: Texts = vocabulary[rng.choice(len(vocabulary), count, p=weight / weight.sum())]
    return drawn


def _vocabularies(rng: np.random.Generator) -> dict[str, Texts]:
    """German and British names as Faker lists them; the ranks are drawn."""
    from faker.providers.person.de_DE import Provider as German
    from faker.providers.person.en_GB import Provider as British

    lists = {
        "man": [*German.first_names_male[:250], *British.first_names_male],
        "woman": [*German.first_names_female[:250], *British.first_names_female],
        "surname": [*German.last_names, *British.last_names],
    }
    return {kind: rng.permutation(np.array(sorted(set(names)), object)) for kind, names in lists.items()}


def draw_persons(count: int, rng: np.random.Generator, years: tuple[int, int] = (1920, 2008)) -> pd.DataFrame:
    """Distinct persons, each unrelated to the others.

    Args:
        count: How many.
        rng: Of every draw.
        years: First and last year of birth.

    Returns:
        ``person, given, surname, sex, birth`` (ISO date as text).
    """
    names = _vocabularies(rng)
    man = rng.random(count) < 0.5
    first, last = (np.datetime64(f"{year}-01-01") for year in (years[0], years[1] + 1))
    born = first + rng.integers(0, int((last - first).astype(int)), count).astype("timedelta64[D]")
    given = np.where(
        man,
        draw_names(names["man"], count, rng, GIVEN_SKEW),
        draw_names(names["woman"], count, rng, GIVEN_SKEW),
    )
    return pd.DataFrame(
        {
            "person": np.arange(count),
            "given": given,
            "surname": draw_names(names["surname"], count, rng, SURNAME_SKEW),
            "sex": np.where(man, "M", "F"),
            "birth": born.astype(str).astype(object),
        }
    )


def typo(values: Texts, rng: np.random.Generator) -> Texts:
    """One letter of each value dropped, replaced or doubled, or exchanged with the next."""
    place, kind = rng.random(len(values)), rng.integers(0, 4, len(values))
    letter = LETTERS[rng.integers(0, 26, len(values))]
    changed = []
    for value, where, what, new in zip(values.tolist(), place.tolist(), kind.tolist(), letter.tolist(), strict=True):
        at = int(where * len(value))
        here, rest = value[at : at + 1], value[at + 1 :]
        changed.append(value[:at] + ("" + rest, new + rest, here * 2 + rest, rest[:1] + here + rest[1:])[what])
    return np.array(changed, object)


def respell(values: Texts, rng: np.random.Generator) -> Texts:
    """One replacement of `SPELLINGS` where one applies, else a typing error."""
    order = [rng.permutation(len(SPELLINGS)).tolist() for _ in range(8)]
    which = rng.integers(0, len(order), len(values)).tolist()
    spelled, plain = [], typo(values, rng).tolist()
    for value, row, fallback in zip(values.tolist(), which, plain, strict=True):
        for rule in order[row]:
            old, new = SPELLINGS[rule]
            at = value.lower().find(old, 1)
            if at > 0:
                spelled.append(value[:at] + new + value[at + len(old) :])
                break
        else:
            spelled.append(fallback)
    return np.array(spelled, object)


def change_date(values: Texts, rng: np.random.Generator) -> Texts:
    """One part of each ISO date wrong: day, month, year, or day and month exchanged where that gives a date."""
    kind, step = rng.integers(0, 4, len(values)), rng.integers(1, 28, len(values))
    changed = []
    for value, what, by in zip(values.tolist(), kind.tolist(), step.tolist(), strict=True):
        year, month, day = (int(part) for part in value.split("-"))
        if what == 0:
            day = (day + by - 1) % 28 + 1
        elif what == 1:
            month, day = (month + by % 11) % 12 + 1, min(day, 28)
        elif what == 2 or day > 12 or day == month:
            year, day = year + (by % 3 + 1) * (1 if by % 2 else -1), min(day, 28)
        else:
            day, month = month, day
        changed.append(f"{year:04}-{month:02}-{day:02}")
    return np.array(changed, object)


def corrupt(
    frame: pd.DataFrame, column: str, rate: float, how: Callable[[Texts, np.random.Generator], Texts],
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Apply an error to a share `rate` of the filled cells of a column, in place."""
    values = frame[column].to_numpy(object, copy=True)
    hit = np.flatnonzero((rng.random(len(values)) < rate) & (values != ""))
    if len(hit):
        values[hit] = how(values[hit], rng)
        frame[column] = values


def swap_names(frame: pd.DataFrame, rate: float, rng: np.random.Generator) -> None:
    """Exchange given name and surname in a share `rate` of the rows, in place."""
    hit = rng.random(len(frame)) < rate
    frame.loc[hit, ["given", "surname"]] = frame.loc[hit, ["surname", "given"]].to_numpy()
