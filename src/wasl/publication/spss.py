"""The SPSS file of a release: variable and value labels, user-missing codes, measurement levels.

Source: IBM SPSS Statistics 29, "Variable labels", "Value labels", "Missing values". A variable label has 256 bytes, a
value label 120 bytes, the file's label 64 bytes, a text 32,767 bytes. User-missing are three values, or a range and one
value more; texts have no range, and at most 8 bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wasl.publication.columns import Column
from wasl.publication.description import VariableKind
from wasl.publication.statistical_packages import (
    StatisticalFile,
    cut_bytes,
    date_formats,
    plain_values,
    shortened,
    whole_number_formats,
    written,
)

__all__ = ["kept_texts", "spss_file", "user_missing"]

SAV_DATE = slice(92, 109)
"""Where an SPSS file says when it was written: ``dd mmm yy`` and ``hh:mm:ss``."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FILE_LABEL_BYTES, VARIABLE_LABEL_BYTES, VALUE_LABEL_BYTES = 64, 256, 120
MISSING_DISCRETE, MISSING_TEXT_BYTES = 3, 8
TEXT_BYTES = 32_767


def spss_file(columns: Sequence[Column], *, title: str, created: dt.datetime) -> StatisticalFile:
    """The table as a .sav file; notices name variables with undeclared missing codes or cut labels."""
    import pyreadstat

    labels: Any = {column.variable.name: _value_labels(column) for column in columns if column.variable.codes}
    numeric = {VariableKind.INTEGER, VariableKind.DECIMAL, VariableKind.DATE}
    missing: dict[str, Any] = {}
    notices = shortened("SPSS", columns, lambda text: cut_bytes(text, VARIABLE_LABEL_BYTES),
                        lambda text: cut_bytes(text, VALUE_LABEL_BYTES))  # fmt: skip
    for column in columns:
        declared, notice = user_missing(column)
        if declared:
            missing[column.variable.name] = declared
        if notice:
            notices.append(notice)
        if cut := _long_texts(column):
            notices.append(
                f"SPSS, variable {column.variable.name!r}: {cut} texts were cut to the format's limit; the other data "
                "files have them whole."
            )

    def write(path: Path, columns: Sequence[Column]) -> None:
        pyreadstat.write_sav(
            pd.DataFrame({column.variable.name: _values(column) for column in columns}),
            path,
            file_label=cut_bytes(title, FILE_LABEL_BYTES),
            column_labels={
                column.variable.name: cut_bytes(column.variable.label, VARIABLE_LABEL_BYTES) for column in columns
            },
            variable_value_labels=_only(labels, columns),
            variable_measure={
                column.variable.name: "scale" if column.variable.kind in numeric else "nominal" for column in columns
            },
            missing_ranges=_only(missing, columns),
            variable_format=whole_number_formats(columns, "F{}.0") | date_formats(columns, "DATE11"),
            row_compress=True,
        )

    data = bytearray(written("SPSS", columns, write))
    data[SAV_DATE] = f"{created.day:02} {MONTHS[created.month - 1]} {created:%y%H:%M:%S}".encode()
    return StatisticalFile(bytes(data), tuple(notices))


def user_missing(column: Column) -> tuple[list[Any], str]:
    """SPSS's user-missing values of a variable, and a sentence where not all missing codes can be declared.

    Numbers: up to three values, or a range that contains no other code and one value more. Texts: up to three of at
    most 8 bytes. Where all do not fit, none is declared: half a declaration misleads more than none.
    """
    codes = [code for code in column.variable.codes if code.missing]
    name = column.variable.name
    if not codes:
        return [], ""
    if not column.integer_codes:
        long = [code for code in codes if len(code.code.encode()) > MISSING_TEXT_BYTES]
        if len(codes) <= MISSING_DISCRETE and not long:
            return [code.code for code in codes], ""
        reason = (
            f"{len(long)} of its missing codes are longer than {MISSING_TEXT_BYTES} bytes"
            if long
            else f"it has {len(codes)} missing codes that are texts, and the format takes {MISSING_DISCRETE}"
        )
        return [], f"SPSS, variable {name!r}: no code is declared as user-missing, because {reason}."
    numbers = sorted(int(code.code) for code in codes)
    if len(numbers) <= MISSING_DISCRETE:
        return numbers, ""
    valid = [int(code.code) for code in column.variable.codes if not code.missing]
    for low, high, alone in ((0, -1, None), (1, -1, 0), (0, -2, -1)):
        inside = [value for value in valid if numbers[low] <= value <= numbers[high]]
        if not inside:
            declared: list[Any] = [{"lo": numbers[low], "hi": numbers[high]}]
            return declared if alone is None else [*declared, numbers[alone]], ""
    return [], (
        f"SPSS, variable {name!r}: no code is declared as user-missing, because it has {len(numbers)} missing codes, "
        f"which the format takes only in a range without other codes."
    )


def _only(entries: Mapping[str, Any], columns: Sequence[Column]) -> Any:
    return {
        column.variable.name: entries[column.variable.name] for column in columns if column.variable.name in entries
    }


def _values(column: Column) -> Any:
    if column.integer_codes:
        return column.values.cast(pa.int64()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return plain_values(Column(column.variable, kept_texts(column)))


def kept_texts(column: Column) -> pa.Array:
    """The values of a column, texts cut to what SPSS and PSPP read; ReadStat would write longer ones."""
    if not _long_texts(column):
        return column.values
    return pa.array([None if one is None else cut_bytes(one, TEXT_BYTES) for one in column.values.to_pylist()])


def _long_texts(column: Column) -> int:
    """How many texts of a column are longer than the format takes."""
    if column.variable.kind is not VariableKind.TEXT:
        return 0
    return pc.sum(pc.greater(pc.binary_length(column.values), TEXT_BYTES)).as_py() or 0


def _value_labels(column: Column) -> dict[int | str, str]:
    """The label of each code; the .sav file stores none of a text that is longer than every value of the column."""
    if column.integer_codes:
        return {int(code.code): cut_bytes(code.label, VALUE_LABEL_BYTES) for code in column.variable.codes}
    longest = _text_bytes(column)
    return {
        code.code: cut_bytes(code.label, VALUE_LABEL_BYTES)
        for code in column.variable.codes
        if len(code.code.encode()) <= longest
    }


def _text_bytes(column: Column) -> int:
    """Bytes of the longest text of a column."""
    return int(pc.max(pc.binary_length(column.values.cast(pa.string()))).as_py() or 0)
