"""Registers that write the same persons in habits of their own.

Women are under their husband's name, given names are initials, or names are cut to ten letters. Columns of names are
exchanged in some rows. The parts of these draws are those of ``unusual.py``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np
import pandas as pd

from wasl.lab.quality.people import draw_names, draw_persons, swap_names, typo

__all__ = ["HABITS", "brothers"]

Rng = np.random.Generator
Change = Callable[[pd.DataFrame, Rng], pd.DataFrame]
MARRIED, EXCHANGED, CUT = 0.35, 0.4, 10
"""Share of women under another surname, share of rows with given name and surname exchanged, and letters kept."""


def _married(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """A third of the women are under another surname."""
    changed = ((rows["sex"] == "F") & (rng.random(len(rows)) < MARRIED)).to_numpy()
    own = rows["surname"].to_numpy(object)
    return rows.assign(surname=np.where(changed, own[rng.integers(0, len(rows), len(rows))], own))


def _some_exchanged(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    exchanged = rows.copy().reset_index(drop=True)
    swap_names(exchanged, EXCHANGED, rng)
    return exchanged


def _initials(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Every given name is an initial with a full stop."""
    del rng
    return rows.assign(given=(rows["given"].str[:1] + ".").to_numpy(object))


def _cut(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Names are in capitals without accents, of ten letters at most."""
    del rng
    texts = {
        column: np.array(
            [
                unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()[:CUT]
                for text in rows[column].tolist()
            ],
            object,
        )
        for column in ("given", "surname")
    }
    return rows.assign(**texts)


def _two_names_each(people: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Everybody has two given names and two surnames."""
    second = draw_persons(len(people), rng)
    return people.assign(
        given=(people["given"] + " " + second["given"]).to_numpy(object),
        surname=(people["surname"] + " " + second["surname"]).to_numpy(object),
    )


def brothers(people: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Most persons have siblings with the same surname, a given name a letter apart, and a birth a year later."""
    count = len(people)
    first = np.arange(count) // 3 * 3
    sibling = (rng.random(count) < 0.7) & (first != np.arange(count))
    given, surname = people["given"].to_numpy(object), people["surname"].to_numpy(object)
    near = np.where(rng.random(count) < 0.5, typo(given[first], rng), given)
    days = np.timedelta64(1, "D") * ((np.arange(count) - first) * rng.integers(320, 700, count))
    born = people["birth"].to_numpy(object).astype("datetime64[D]")[first] + days
    return people.assign(
        given=np.where(sibling, near, given),
        surname=np.where(sibling, surname[first], surname),
        birth=np.where(sibling, born.astype(str).astype(object), people["birth"].to_numpy(object)),
    ).iloc[rng.permutation(count)]


def _nations_of_first(people: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Two nationalities for everybody."""
    return people.assign(nationality=draw_names(np.array(["SEN", "CIV"], object), len(people), rng, 0.5))


HABITS: dict[str, tuple[str, Change | None, Change | None]] = {
    "married": ("women under their husband's name", None, _married),
    "some-exchanged": ("names exchanged in 40 % of rows", None, _some_exchanged),
    "initials": ("initials for given names", None, _initials),
    "cut": ("names cut to ten letters", _two_names_each, _cut),
    "brothers": ("siblings a letter and a year apart", brothers, None),
    "two-nations": ("two nationalities", _nations_of_first, None),
}
"""By name: title, what is done to the persons, and what is done to the rows of the second register."""
