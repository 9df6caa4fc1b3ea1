"""The data files of a release: CSV, Parquet, SPSS and Stata, the same values in each, the same bytes every time."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from wasl.publication.columns import Column
from wasl.publication.description import Code, VariableKind

__all__ = ["csv_bytes", "parquet_bytes", "safe_text", "spss_bytes", "stata_bytes"]

FORMULA = r"^[=+\-@\t\r]"
"""Beginnings of texts that a spreadsheet would take for a formula."""

NUMBER = r"^[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)$"

SAV_DATE = slice(92, 109)
"""Where an SPSS file says when it was written: ``dd mmm yy`` and ``hh:mm:ss``."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STATA_LABEL_BYTES = 80
SPSS_LABEL_BYTES = 120
SPSS_MISSING = 3


def safe_text(values: pa.Array) -> pa.Array:
    """Texts with an apostrophe before those a spreadsheet would run as a formula; numbers stay as they are.

    Source: OWASP, "CSV Injection".
    """
    formula = pc.and_(pc.match_substring_regex(values, FORMULA), pc.invert(pc.match_substring_regex(values, NUMBER)))
    return pc.if_else(pc.fill_null(formula, False), pc.binary_join_element_wise("'", values, ""), values)


def csv_bytes(columns: Sequence[Column]) -> bytes:
    """The table as CSV: UTF-8, commas, one header line, missing values empty, no formulas."""
    sink = pa.BufferOutputStream()
    texts = [
        safe_text(column.values) if pa.types.is_string(column.values.type) else column.values for column in columns
    ]
    pa_csv.write_csv(pa.table(texts, names=[column.variable.name for column in columns]), sink)
    return bytes(sink.getvalue())


def parquet_bytes(columns: Sequence[Column]) -> bytes:
    """The table as Parquet, each label in its column's metadata."""
    fields = [
        pa.field(column.variable.name, column.values.type, metadata={"label": column.variable.label})
        for column in columns
    ]
    table = pa.table([column.values for column in columns], schema=pa.schema(fields))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def spss_bytes(columns: Sequence[Column], *, title: str, created: dt.datetime) -> bytes:
    """The table as an SPSS .sav file with variable and value labels, user-missing codes, and measurement levels."""
    import pyreadstat

    frame = pd.DataFrame({column.variable.name: _spss_values(column) for column in columns})
    labels: Any = {
        column.variable.name: {
            _spss_code(column, code): _short(code.label, SPSS_LABEL_BYTES)
            for code in column.variable.codes
            if column.integer_codes or len(code.code.encode()) <= _text_bytes(column)
        }
        for column in columns
        if column.variable.codes
    }
    numeric = {VariableKind.INTEGER, VariableKind.DECIMAL, VariableKind.DATE}

    def write(path: Path) -> None:
        pyreadstat.write_sav(
            frame,
            path,
            file_label=_short(title, 64),
            column_labels={column.variable.name: column.variable.label for column in columns},
            variable_value_labels=labels,
            variable_measure={
                column.variable.name: "scale" if column.variable.kind in numeric else "nominal" for column in columns
            },
            missing_ranges=_spss_missing(columns),
            variable_format={c.variable.name: "F8.0" for c in columns if c.integer_codes},
            row_compress=True,
        )

    data = bytearray(_written(write))
    written = f"{created.day:02} {MONTHS[created.month - 1]} {created:%y%H:%M:%S}"
    data[SAV_DATE] = written.encode()
    return bytes(data)


def stata_bytes(columns: Sequence[Column], *, title: str, created: dt.datetime) -> bytes:
    """The table as a Stata .dta file with variable and value labels.

    Stata labels numbers only: codes that are not whole numbers become 1, 2, … in the order of their code list, and
    their label begins with the code.
    """
    import pyreadstat

    frame = pd.DataFrame({column.variable.name: _stata_values(column) for column in columns})
    labels: Any = {column.variable.name: dict(_stata_labels(column)) for column in columns if column.variable.codes}

    def write(path: Path) -> None:
        pyreadstat.write_dta(
            frame,
            path,
            file_label=_short(title, STATA_LABEL_BYTES),
            column_labels={
                column.variable.name: _short(column.variable.label, STATA_LABEL_BYTES) for column in columns
            },
            variable_value_labels=labels,
        )

    written = f"{created.day:02} {MONTHS[created.month - 1]} {created:%Y %H:%M}".encode()
    return re.sub(rb"(?s)<timestamp>\x11.{17}", b"<timestamp>\x11" + written, _written(write), count=1)


def _written(write: Callable[[Path], None]) -> bytes:
    """The bytes that a writer of files writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        write(path)
        return path.read_bytes()


def _spss_values(column: Column) -> Any:
    if column.integer_codes:
        return column.values.cast(pa.int64()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return _plain_values(column)


def _spss_code(column: Column, code: Code) -> int | str:
    return int(code.code) if column.integer_codes else code.code


def _text_bytes(column: Column) -> int:
    """Bytes of the longest text of a column; the .sav file stores no label of a longer code, which is in no row."""
    return int(pc.max(pc.binary_length(column.values.cast(pa.string()))).as_py() or 0)


def _spss_missing(columns: Sequence[Column]) -> Any:
    """The codes that mean "not known", as SPSS's user-missing values: at most three a variable, texts of 8 bytes."""
    missing = {
        column.variable.name: [_spss_code(column, code) for code in column.variable.codes if code.missing]
        for column in columns
    }
    return {
        name: codes
        for name, codes in missing.items()
        if 0 < len(codes) <= SPSS_MISSING and all(isinstance(code, int) or len(code.encode()) <= 8 for code in codes)
    }


def _stata_values(column: Column) -> Any:
    if column.variable.kind is not VariableKind.CODE:
        return _plain_values(column)
    if column.integer_codes:
        return column.values.cast(pa.int64()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    codes = pa.array([code.code for code in column.variable.codes], pa.string())
    place = pc.add(pc.index_in(column.values, value_set=codes), 1)
    return place.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _stata_labels(column: Column) -> list[tuple[int, str]]:
    if column.integer_codes:
        return [(int(code.code), code.label) for code in column.variable.codes]
    return [
        (number, code.label if code.label == code.code else f"{code.code} {code.label}")
        for number, code in enumerate(column.variable.codes, start=1)
    ]


def _plain_values(column: Column) -> Any:
    """Values as the statistical writers take them: numbers as floats (NaN: missing), dates, texts (empty: missing)."""
    if pa.types.is_integer(column.values.type) or pa.types.is_floating(column.values.type):
        return column.values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if pa.types.is_date(column.values.type):
        return column.values.to_pandas(date_as_object=True)
    return pc.fill_null(column.values, "").to_pandas()


def _short(text: str, limit: int) -> str:
    """A text that fits into so many bytes of UTF-8, cut at a character."""
    return text.encode()[:limit].decode(errors="ignore")
