"""A table as a PX file (PC-Axis), which most statistical offices' databases read.

The file is UTF-8 (``CODEPAGE``). French is the main language; titles, labels and units also stand in Arabic and English
under ``[ar]`` and ``[en]``. Labels that repeat are told apart by a number; ``CODES`` has the codes.

*Source:* PX-file format specification, axis version 2013 (Statistics Sweden), "LANGUAGES", "CODEPAGE", "CODES", "NOTE".
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.publication.table_formats.cube import Cube

__all__ = ["MOST_DECIMALS", "PxFile", "decimals_of", "px_bytes", "read_px"]

EMPTY = "(-)"
"""Stands for an empty text: readers skip empty ones."""
LONGEST = 240
"""Characters of one quoted text; the format allows 256 in a line."""
MOST_DECIMALS = 15
"""Decimals of a figure that the format allows (keyword DECIMALS)."""
MOST_SHOWN = 6
"""Decimals that a reader shows at most (keyword SHOWDECIMALS)."""
IN_FULL = 5e-10
"""Share of a figure that may be missing: averages never end, and sums of 1e6 amounts are exact to some 1e-10."""
LANGUAGES = ("fr", "ar", "en")

WORDS: Mapping[str, Mapping[str, str]] = {
    "fr": {"subject": "Migration", "units": "nombre", "hidden": "confidentiel", "outside": "sans objet"},
    "ar": {"subject": "الهجرة", "units": "عدد", "hidden": "سري", "outside": "غير معني"},
    "en": {"subject": "Migration", "units": "number", "hidden": "confidential", "outside": "not applicable"},
}
CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
"""Characters that end a line, or that no reader shows."""


def px_bytes(cube: Cube, *, created: dt.datetime, languages: tuple[str, ...] = LANGUAGES) -> bytes:
    """The file; cells that are not published are ``".."``, cells outside the table ``"."``.

    Args:
        cube: The table.
        created: When it is published.
        languages: Of titles and labels, the main one first.
    """
    main = languages[0]
    names = {language: distinct([d.label(language) for d in cube.dimensions]) for language in languages}
    decimals = decimals_of(cube)
    lines = [
        ("CHARSET", '"ANSI"'),
        ("AXIS-VERSION", '"2013"'),
        ("CODEPAGE", '"utf-8"'),
        ("LANGUAGE", _text(main)),
        ("LANGUAGES", _list(list(languages))),
        ("CREATION-DATE", _text(created.strftime("%Y%m%d %H:%M"))),
        ("DECIMALS", str(decimals)),
        ("SHOWDECIMALS", str(min(decimals, MOST_SHOWN))),
        ("MATRIX", _text(re.sub(r"[^A-Za-z0-9_-]", "_", cube.name)[:20])),
        ("SUBJECT-CODE", '"MIG"'),
    ]
    for language in languages:
        mark = "" if language == main else f"[{language}]"
        words = WORDS.get(language, WORDS["en"])
        own = names[language]
        title = _text(cube.title(language))
        lines += [
            (f"SUBJECT-AREA{mark}", _text(words["subject"])),
            (f"TITLE{mark}", title),
            (f"CONTENTS{mark}", title),
            (f"UNITS{mark}", _text(cube.unit or words["units"])),
            *([(f"STUB{mark}", _list(own[:-1]))] if len(own) > 1 else []),
            (f"HEADING{mark}", _list(own[-1:])),
        ]
        for name, dimension in zip(own, cube.dimensions, strict=True):
            values = distinct([dimension.meaning(code, language) for code in dimension.codes])
            lines.append((f"VALUES{mark}({_text(name)})", _list(values)))
        codes = [distinct(list(dimension.codes)) for dimension in cube.dimensions]
        lines += [(f"CODES{mark}({_text(name)})", _list(own)) for name, own in zip(own, codes, strict=True)]
        if cube.period:
            lines.append((f"REFPERIOD{mark}", _text(cube.period)))
        lines.append((f"SOURCE{mark}", _text(cube.agency)))
        note = cube.note(language)
        if note:
            lines.append((f"NOTE{mark}", _text(note)))
        lines += [(f"DATASYMBOL1{mark}", _text(words["outside"])), (f"DATASYMBOL2{mark}", _text(words["hidden"]))]
    head = "\n".join(f"{key}={value};" for key, value in lines)
    return f"{head}\nDATA=\n{_figures(cube, decimals)};\n".encode()


def decimals_of(cube: Cube) -> int:
    """Decimals with which every figure of a table is written in full: none for whole numbers, at least two for others.

    A share of .0375 needs four. Sums of floating-point numbers end in noise, which is no decimal.
    """
    if cube.whole:
        return 0
    values = cube.values[np.isfinite(cube.values)]
    for decimals in range(2, MOST_DECIMALS):
        if (np.abs(values - np.round(values, decimals)) <= IN_FULL * np.abs(values)).all():
            return decimals
    return MOST_DECIMALS


def _figures(cube: Cube, decimals: int) -> str:
    full = np.full(int(np.prod(cube.shape)), '"."', dtype=object)
    form = f"{{:.{decimals}f}}"
    full[cube.positions()] = ['".."' if np.isnan(value) else form.format(value) for value in cube.values.tolist()]
    return "\n".join(" ".join(row) for row in full.reshape(-1, cube.shape[-1]).tolist())


def _plain(value: str) -> str:
    """A text as the format can quote it: one line, no quotation mark, no semicolon."""
    return " ".join(CONTROL.sub(" ", value.replace('"', "'").replace(";", ",")).split()) or EMPTY


def _text(value: str) -> str:
    plain = _plain(value)
    return "\n".join(f'"{plain[i : i + LONGEST]}"' for i in range(0, len(plain), LONGEST))


def _list(values: list[str]) -> str:
    texts = [_text(value) for value in values]
    long = len(values) > 6 or sum(map(len, texts)) > LONGEST
    return (",\n" if long else ",").join(texts)


def distinct(values: list[str]) -> list[str]:
    """The texts as the format writes them, those that repeat told apart by a number."""
    taken: set[str] = set()
    result = []
    for value in values:
        stem = _plain(value)[: LONGEST - 8]
        text, number = stem, 1
        while text in taken:
            number += 1
            text = f"{stem} ({number})"
        taken.add(text)
        result.append(text)
    return result


@dataclass(frozen=True, slots=True)
class PxFile:
    """A PX file as read back.

    Attributes:
        keywords: Texts by keyword, such as ``VALUES[ar]("الجنس")``.
        values: The figures in the order of the file; NaN where there is none.
    """

    keywords: Mapping[str, tuple[str, ...]]
    values: NDArray[np.float64] = field(repr=False)


KEYWORD = re.compile(r'\s*([A-Z0-9-]+(?:\[\w+\])?(?:\("[^"]*"\))?)=((?:"[^"]*"|[^";])*);', re.DOTALL)


def read_px(data: bytes) -> PxFile:
    """The file as a reader of the format takes it.

    Raises:
        ValueError: The file is not UTF-8, or not keywords followed by figures.
    """
    text = data.decode("utf-8")
    head, mark, tail = text.rpartition("\nDATA=\n")
    if not mark or not tail.endswith(";\n"):
        raise ValueError("no data")
    keywords: dict[str, tuple[str, ...]] = {}
    place = 0
    head = head.rstrip()
    while place < len(head):
        match = KEYWORD.match(head, place)
        if match is None:
            raise ValueError("text between keywords")
        place = match.end()
        parts = re.split(r'(?<=")\s*,\s*(?=")', match[2].strip())
        keywords[match[1]] = tuple("".join(re.findall(r'"([^"]*)"', part)) if '"' in part else part for part in parts)
    cells = tail[:-2].split()
    values = np.array([np.nan if cell.startswith('"') else float(cell) for cell in cells], dtype=np.float64)
    return PxFile(keywords, values)
