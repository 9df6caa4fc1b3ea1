# ruff: noqa: E501 (tables of words)
"""Lines between the heading and the records that describe the columns: units, formats, types, or another language."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.registers.reading.headers import known_features
from wasl.registers.reading.marks import without_marks

__all__ = ["description_rows"]

FIRST_ROWS = 3
"""Such lines stand directly below the heading; so many rows are looked at, up to the first record."""
DESCRIBED = 0.5
"""More than this share of the filled cells of such a line describes a column."""
LEAST_CELLS = 2
"""A line with fewer filled cells says too little."""
SHORTEST = 2
"""Letters that are too few for a heading among cells: *ad*, the Turkish given name, is a name elsewhere."""
LONGEST = 60
"""Characters of the longest description that is looked at."""
DAY, MONTH, YEAR, GAP = r"(?:jj?|dd?)", r"m{1,4}", r"(?:a{1,4}|y{1,4})", r"\s?[\s/.\-]\s?"
ARABIC_PART = r"(?:اليوم|الشهر|السنة|يوم|ي{1,2}|شهر|ش{1,2}|سنة|س{2,4})"
DATE_MASK = re.compile(
    rf"{DAY}{GAP}{MONTH}{GAP}{YEAR}|{MONTH}{GAP}{DAY}{GAP}{YEAR}|{YEAR}{GAP}{MONTH}{GAP}{DAY}|{MONTH}{GAP}(?:a{{4}}|y{{4}})"
    rf"|(?:a{{4}}|y{{4}}){GAP}{MONTH}|(?:jj|dd)mm(?:aa|aaaa|yy|yyyy)|(?:aaaa|yyyy)mm(?:jj|dd)?|mmdd(?:yy|yyyy)|mm(?:aaaa|yyyy)|a{{4}}|y{{4}}"
    rf"|{ARABIC_PART}(?:{GAP}{ARABIC_PART}){{1,2}}|hh?\s?[:h]\s?m{{1,2}}(?:\s?:\s?ss)?"
)
"""A date or a time as a form shows it: jj/mm/aaaa, YYYY-MM-DD, AAAAMMJJ, hh:mm, يوم/شهر/سنة."""
TYPE = (
    r"(?:texte?s?(?: libre| court| long)?|nombres?(?: entiers?| décimal| decimal)?|num(?:eric|ber|érique|erique)?s?|alpha(?:[- ]?num(?:eric|érique|erique))?"
    r"|alpha(?:bétique|betique|betic)|chaînes?(?: de caractères)?|chaine(?: de caracteres)?|caract[èe]res?|strings?|n?(?:var)?char2?|int(?:eger|\d*)?|bigint|smallint"
    r"|entiers?|réel|reel|real|float\d*|double|d[ée]cimal|dates?(?:time)?|timestamp|bool(?:ean|éen|een)?|codes?|listes?(?: d[ée]roulante)?|object|category"
    r"|نص|نصي|رقم|رقمي|عدد|عددي|تاريخ|رمز|حروف|قائمة)"
)
SIZE = r"(?:\s*[\[(]\s*(?:max\.?\s*)?\d{1,4}(?:\s*[,.]\s*\d{1,2})?(?:\s*(?:car(?:act[èe]res?)?|chars?|digits?|chiffres?|positions?)\.?)?\s*[\])])"
TYPED = re.compile(
    rf"(?:{TYPE}|[acnx9dz]{{1,2}}){SIZE}|(?:max\.?\s*)?\d{{1,4}}\s*(?:car(?:act[èe]res?)?|chars?|characters?|chiffres?|digits?|lettres?|positions?|حرفا|حروف|أرقام)\.?"
)
"""A type with its length: C(30), varchar(20), texte (50 car.), 8 chiffres."""
BARE_TYPE = re.compile(TYPE)
DEMAND = re.compile(
    r"(?:champ )?(?:obligatoire|facultati(?:f|ve)|optionn?el(?:le)?|requis|non vide|non nul|not null|required|optional|mandatory"
    r"|إجباري|إلزامي|اختياري|ضروري|غير إلزامي)s?"
)
"""Whether a cell must be filled."""
UNIT = re.compile(
    r"[\[(]?\s*(?:en\s+|in\s+)?(?:dh|dhs|mad|dirhams?|euros?|eur|€|usd|\$|centimes?|ann[ée]es?|ans?|years?|mois|months?|jours?|days?|heures?|hours?|%|pour ?cent|percent"
    r"|kg|cm|km|m²|m2|درهم|دراهم|سنة|سنوات|شهر|أشهر|يوم|أيام|ساعة|بالدرهم)\s*[\])]?"
)
CHOICE = re.compile(
    r"(?:\w{1,14}\s*+[=:]\s*+[^\s=:,;/|](?:[^=:,;/|]{0,18}[^\s=:,;/|])?(?:\s*+[,;/|]\s*+|\s++|$)){2,}|[^\W\d_]{1,3}\s*(?:[/|,]|ou|or|أو)\s*[^\W\d_]{1,3}|\d\s*(?:/|ou|or|أو)\s*\d"
    r"|(?:oui|yes|نعم|vrai|true)\s*[/|]\s*(?:non|no|لا|faux|false)|iso[\s-]?(?:3166|2|3|alpha)?(?:[\s-]?\d)?"
)
"""Codes to choose from: M/F, 1 = M, 2 = F, oui/non, ISO 3166."""
CERTAIN = (DATE_MASK, TYPED, DEMAND)
"""No cell of a person looks like one of these."""
OTHERS = (BARE_TYPE, UNIT, CHOICE)
"""A cell can look like one of these by chance: somebody is called *Liste*, and a code is *M/F*."""


def description_rows(columns: Mapping[str, pa.ChunkedArray]) -> NDArray[np.bool_]:
    """Find the lines below the heading that describe its columns.

    They are the first rows of the table, up to the first one that is a record. More than half of the filled cells
    describe a column. One does so beyond doubt, or, where another row follows, two are headings in use.

    Args:
        columns: (rows) each column as text.

    Returns:
        (rows) True for a line that describes the columns.
    """
    count = len(next(iter(columns.values()))) if columns else 0
    found = np.zeros(count, dtype=bool)
    for row in range(min(FIRST_ROWS, count)):
        said = [without_marks(str(column[row].as_py())) for column in columns.values() if column[row].is_valid]
        found[row] = _describes([text for text in said if text], last=row + 1 == count)
        if not found[row]:
            break
    return found


def _describes(cells: list[str], *, last: bool) -> bool:
    """Whether these cells of one row describe columns; headings alone do not where it is the last row."""
    if len(cells) < LEAST_CELLS or any(len(text) > LONGEST for text in cells):
        return False
    if _are_letters(cells):
        return not last
    certain = sum(_is_one(text, CERTAIN) for text in cells)
    perhaps = sum(_is_one(text, OTHERS) for text in cells)
    headings = sum(
        not _is_one(text, (*CERTAIN, *OTHERS)) and sum(map(str.isalpha, text)) > SHORTEST and bool(known_features(text))
        for text in cells
    )
    all_described = certain + perhaps + headings
    told = certain > 0 or (headings > 1 and not last) or (perhaps > LEAST_CELLS and all_described == len(cells))
    return told and all_described > DESCRIBED * len(cells)


def _are_letters(cells: list[str]) -> bool:
    """Whether the cells name columns as a spreadsheet does: A, B, C."""
    letters = {text.casefold() for text in cells}
    return len(cells) > LEAST_CELLS and len(letters) == len(cells) and all(len(t) == 1 and t.isalpha() for t in letters)


def _is_one(text: str, kinds: tuple[re.Pattern[str], ...]) -> bool:
    """Whether the whole text is of one of these kinds."""
    plain = " ".join(text.casefold().split())
    return any(kind.fullmatch(plain) for kind in kinds)
