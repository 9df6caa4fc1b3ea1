"""The Stata file of a release: variable and value labels, missing codes as ``.a`` to ``.z``.

Stata labels numbers only: codes that are not whole numbers become 1, 2, … in the order of their code list, and their
label begins with the code. Missing codes become extended missing values, and their label begins with the code, too.

Source: StataCorp, "dta file format 118": labels of variables and of the file have 80 characters (not bytes), value
labels 32,000 bytes; extended missing values ``.a`` to ``.z``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wasl.publication.columns import Column
from wasl.publication.description import VariableKind
from wasl.publication.statistical_packages import (
    StatisticalFile,
    cut_bytes,
    cut_characters,
    date_formats,
    plain_values,
    shortened,
    whole_number_formats,
    written,
)

__all__ = ["stata_codes", "stata_file", "stata_labels"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LABEL_CHARACTERS, VALUE_LABEL_BYTES = 80, 32_000
FILE_LABEL_BYTES = 256
"""ReadStat 1.1 keeps no longer label of a file."""


def stata_file(columns: Sequence[Column], *, title: str, created: dt.datetime) -> StatisticalFile:
    """The table as a .dta file (format 118); notices name variables with more than 26 missing codes, or cut labels."""
    import pyreadstat

    labels: Any = {}
    marks: dict[str, list[str]] = {}
    notices = shortened("Stata", columns, lambda text: cut_characters(text, LABEL_CHARACTERS),
                        lambda text: cut_bytes(text, VALUE_LABEL_BYTES))  # fmt: skip
    for column in columns:
        if not column.variable.codes:
            continue
        name = column.variable.name
        stored = stata_codes(column)
        labels[name] = stata_labels(column)
        used = [mark for mark in stored.values() if isinstance(mark, str)]
        if used:
            marks[name] = used
        left = sum(code.missing for code in column.variable.codes) - len(used)
        if left:
            notices.append(
                f"Stata, variable {name!r}: {left} missing codes stay ordinary values, because the format has 26 marks "
                "for missing values."
            )

    def write(path: Path, columns: Sequence[Column]) -> None:
        names = {column.variable.name for column in columns}
        pyreadstat.write_dta(
            pd.DataFrame({column.variable.name: _values(column) for column in columns}),
            path,
            file_label=cut_bytes(cut_characters(title, LABEL_CHARACTERS), FILE_LABEL_BYTES),
            column_labels={
                column.variable.name: cut_characters(column.variable.label, LABEL_CHARACTERS) for column in columns
            },
            variable_value_labels={name: labels[name] for name in names & labels.keys()},
            missing_user_values={name: marks[name] for name in names & marks.keys()},
            variable_format=whole_number_formats(columns, "%{}.0f") | date_formats(columns, "%td"),
        )

    stamp = f"{created.day:02} {MONTHS[created.month - 1]} {created:%Y %H:%M}".encode()
    data = re.sub(
        rb"(?s)<timestamp>\x11.{17}", lambda _: b"<timestamp>\x11" + stamp, written("Stata", columns, write), count=1
    )
    return StatisticalFile(data, tuple(notices))


def stata_codes(column: Column) -> dict[str, int | str]:
    """What stands in the file for each code: a number, or the letter of an extended missing value."""
    letters, whole = iter(ascii_lowercase), column.integer_codes
    stored: dict[str, int | str] = {}
    for number, code in enumerate(column.variable.codes, start=1):
        mark = next(letters, None) if code.missing else None
        stored[code.code] = mark or (int(code.code) if whole else number)
    return stored


def stata_labels(column: Column) -> dict[int | str, str]:
    """The label of what stands in the file for each code.

    It begins with the code where the file stores something else, and where two codes have one label. Readers that make
    categories of labels refuse a file in which two codes have the same one.
    """
    whole, seen = (
        column.integer_codes,
        Counter(cut_bytes(code.label, VALUE_LABEL_BYTES) for code in column.variable.codes),
    )
    labels: dict[int | str, str] = {}
    for code, stored in zip(column.variable.codes, stata_codes(column).values(), strict=True):
        cut = cut_bytes(code.label, VALUE_LABEL_BYTES)
        alone = whole and not isinstance(stored, str) and (seen[cut] == 1 or not cut)
        label = code.label if alone or code.label == code.code else f"{code.code} {code.label}"
        labels[stored] = cut_bytes(label, VALUE_LABEL_BYTES)
    return labels


def _values(column: Column) -> Any:
    if column.variable.kind is not VariableKind.CODE:
        return plain_values(column)
    stored = stata_codes(column)
    place = pc.index_in(column.values, value_set=pa.array(list(stored), pa.string()))
    if any(isinstance(value, str) for value in stored.values()):
        values = [*stored.values(), float("nan")]
        table = pd.Series([value if isinstance(value, str) else float(value) for value in values], dtype=object)
        return table.take(pc.fill_null(place, len(stored)).to_numpy(zero_copy_only=False)).reset_index(drop=True)
    numbers = pa.array(list(stored.values()), pa.float64())
    return numbers.take(place).to_numpy(zero_copy_only=False)
