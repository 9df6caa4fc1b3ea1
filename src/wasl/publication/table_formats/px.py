"""A table as a PX file (PC-Axis), which most statistical offices' databases read.

*Source:* PX-file format specification, axis version 2013 (Statistics Sweden).
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from wasl.publication.table_formats.cube import Cube

__all__ = ["px_bytes"]

EMPTY = "(-)"
"""Stands for an empty code: readers skip empty texts."""
LONGEST = 240
"""Characters of one quoted text; the format allows 256 in a line."""


def px_bytes(cube: Cube, *, created: dt.datetime, language: str = "fr") -> bytes:
    """The file, UTF-8; cells that are not published are ``".."``, cells outside the table ``"."``.

    Args:
        cube: The table.
        created: When it is published.
        language: Of titles and labels.
    """
    names = _distinct([dimension.label(language) for dimension in cube.dimensions])
    heading, stub = names[-1:], names[:-1]
    title = cube.title(language)
    lines = [
        ("CHARSET", '"ANSI"'),
        ("AXIS-VERSION", '"2013"'),
        ("CODEPAGE", '"utf-8"'),
        ("LANGUAGE", _text(language)),
        ("CREATION-DATE", _text(created.strftime("%Y%m%d %H:%M"))),
        ("DECIMALS", "0" if cube.whole else "2"),
        ("SHOWDECIMALS", "0" if cube.whole else "2"),
        ("MATRIX", _text(cube.name[:20])),
        ("SUBJECT-CODE", '"MIG"'),
        ("SUBJECT-AREA", _text({"fr": "Migration", "ar": "الهجرة"}.get(language, "Migration"))),
        ("TITLE", _text(title)),
        ("CONTENTS", _text(title)),
        ("UNITS", _text(cube.unit or {"fr": "nombre", "ar": "عدد"}.get(language, "number"))),
        *([("STUB", _list(stub))] if stub else []),
        ("HEADING", _list(heading)),
    ]
    for name, dimension in zip(names, cube.dimensions, strict=True):
        values = _distinct([dimension.meaning(code, language) for code in dimension.codes])
        lines.append((f"VALUES({_text(name)})", _list(values)))
    for name, dimension in zip(names, cube.dimensions, strict=True):
        lines.append((f"CODES({_text(name)})", _list(list(dimension.codes))))
    if cube.period:
        lines.append(("REFPERIOD", _text(cube.period)))
    lines.append(("SOURCE", _text(cube.agency)))
    lines.append(("DATASYMBOL2", _text({"fr": "confidentiel", "ar": "سري"}.get(language, "confidential"))))
    head = "\n".join(f"{key}={value};" for key, value in lines)
    return f"{head}\nDATA=\n{_figures(cube)};\n".encode()


def _figures(cube: Cube) -> str:
    full = np.full(int(np.prod(cube.shape)), '"."', dtype=object)
    form = "{:.0f}" if cube.whole else "{:.2f}"
    full[cube.positions()] = ['".."' if np.isnan(value) else form.format(value) for value in cube.values.tolist()]
    return "\n".join(" ".join(row) for row in full.reshape(-1, cube.shape[-1]).tolist())


def _text(value: str) -> str:
    plain = " ".join(value.replace('"', "'").replace(";", ",").split()) or EMPTY
    parts = [plain[i : i + LONGEST] for i in range(0, len(plain), LONGEST)] or [""]
    return "\n".join(f'"{part}"' for part in parts)


def _list(values: list[str]) -> str:
    return ",\n".join(_text(value) for value in values) if len(values) > 6 else ",".join(_text(v) for v in values)


def _distinct(values: list[str]) -> list[str]:
    """The texts, those that repeat told apart by a number: readers find a variable by its text."""
    seen: dict[str, int] = {}
    result = []
    for value in values:
        seen[value] = seen.get(value, 0) + 1
        result.append(value if seen[value] == 1 else f"{value} ({seen[value]})")
    return result
