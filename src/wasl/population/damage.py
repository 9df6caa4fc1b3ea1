"""Error rates of registers, and the errors themselves as operations on columns of text."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from wasl.population.draws import Draws

__all__ = ["HARD", "STANDARD", "Rates", "blank", "mistype", "mojibake", "strip_zeros"]

Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of each kind of error in a record.

    Attributes:
        variant: Another spelling of surname, given name or both.
        in_surname, in_given: Share of those that touch the surname, the given name (both, where they add to over 1).
        rare_spellings: Whether all spellings of a name may occur, or only the six most frequent.
        swapped: Surname and given name exchanged (or in the wrong order, where one field holds both).
        unsplit: Both names in the surname field, where there are two fields.
        surname_missing, given_missing: Name not recorded.
        vague_birth: Birth date written 01/01 of its year, beyond those whose papers give only the year.
        day_month, year: Day and month exchanged; year one off.
        wrong_date: Another day, month or year.
        typo: A letter lost, doubled, exchanged or replaced in a name; `typo_in_surname` of them in the surname.
        married: Share of women under their husband's surname (alone or after their own).
        truncated: Compound surname cut to its first part.
        other_passport: Passport since replaced.
        mojibake: UTF-8 read as Windows-1252.
        stripped_zeros: Leading zeros of numbers lost to a spreadsheet.
        hijri: Date in the Hijri calendar.
        confused: Demonyms that differ by a letter taken for one another (nigérien, nigérian).
        identifier_missing: Share without identifier, by register.
    """

    variant: float
    in_surname: float
    in_given: float
    rare_spellings: bool
    swapped: float
    unsplit: float
    surname_missing: float
    given_missing: float
    vague_birth: float
    day_month: float
    year: float
    wrong_date: float
    typo: float
    typo_in_surname: float
    married: float
    truncated: float
    other_passport: float
    mojibake: float
    stripped_zeros: float
    hijri: float
    confused: float
    identifier_missing: dict[str, float]


STANDARD = Rates(
    variant=0.25,
    in_surname=0.6,
    in_given=0.6,
    rare_spellings=False,
    swapped=0.05,
    unsplit=0.03,
    surname_missing=0.0,
    given_missing=0.0,
    vague_birth=0.01,
    day_month=0.02,
    year=0.02,
    wrong_date=0.0,
    typo=0.04,
    typo_in_surname=0.5,
    married=0.15,
    truncated=0.05,
    other_passport=0.20,
    mojibake=0.01,
    stripped_zeros=0.02,
    hijri=0.003,
    confused=0.05,
    identifier_missing={
        "dgsn-permits": 0.15,
        "cnss-employees": 0.40,
        "cnss-pensioners": 0.20,
        "anapec-certificates": 0.15,
        "anapec-projects": 0.30,
        "taechir-contracts": 0.15,
    },
)
"""What registers are expected to contain."""

HARD = replace(
    STANDARD,
    variant=0.95,
    in_surname=0.96,
    in_given=0.66,
    rare_spellings=True,
    swapped=0.25,
    unsplit=0.05,
    surname_missing=0.10,
    given_missing=0.02,
    vague_birth=0.05,
    day_month=0.06,
    year=0.06,
    wrong_date=0.10,
    typo=0.6,
    typo_in_surname=0.85,
    truncated=0.40,
    other_passport=0.40,
    identifier_missing=dict.fromkeys(STANDARD.identifier_missing, 0.6),
)
"""Registers in which hardly any true pair is spelled alike."""

ALPHABET = np.array([ord(letter) for letter in "aeiounrtslmdk"], np.uint32)


def mistype(texts: Texts, rows: Bools, draws: Draws) -> Texts:
    """Texts with one letter after the first lost, doubled, exchanged with its neighbour or replaced in ``rows``."""
    chosen = np.flatnonzero(rows & (np.array([len(text) for text in texts]) > 2))
    if not len(chosen):
        return texts
    fixed = np.asarray(texts[chosen], dtype=np.str_)
    width = fixed.dtype.itemsize // 4
    letters = np.zeros((len(fixed), width + 2), np.uint32)
    letters[:, :width] = fixed.view(np.uint32).reshape(len(fixed), width)
    length = np.count_nonzero(letters, axis=1)
    place = draws.integers(1, length - 1, len(fixed))[:, None]
    kind = draws.integers(0, 3, len(fixed))[:, None]
    column = np.arange(width + 1)[None, :]
    lost = column + (column >= place)
    doubled = column - (column > place)
    exchanged = np.where(column == place, place - 1, np.where(column == place - 1, place, column))
    source = np.where(kind == 0, lost, np.where(kind == 1, doubled, np.where(kind == 2, exchanged, column)))
    edited = np.ascontiguousarray(np.take_along_axis(letters, source, axis=1))
    replaced = np.flatnonzero(kind[:, 0] == 3)
    at = place[replaced, 0]
    capital = (edited[replaced, at] >= ord("A")) & (edited[replaced, at] <= ord("Z"))
    letter = ALPHABET[draws.integers(0, len(ALPHABET) - 1, len(replaced))]
    edited[replaced, at] = letter - np.where(capital, 32, 0).astype(np.uint32)
    damaged = texts.copy()
    damaged[chosen] = edited.view(f"<U{width + 1}")[:, 0].astype(object)
    return damaged


def mojibake(texts: Texts, rows: Bools) -> Texts:
    """Texts of ``rows`` as they look when their UTF-8 bytes are read as Windows-1252."""
    damaged = texts.copy()
    for row in np.flatnonzero(rows):
        damaged[row] = texts[row].encode().decode("cp1252", errors="ignore")
    return damaged


def strip_zeros(texts: Texts, rows: Bools) -> Texts:
    """Texts of ``rows`` without leading zeros."""
    damaged = texts.copy()
    for row in np.flatnonzero(rows):
        damaged[row] = texts[row].lstrip("0")
    return damaged


def blank(texts: Texts, rows: Bools) -> Texts:
    """Texts with nothing in ``rows``."""
    return np.where(rows, "", texts).astype(object)
