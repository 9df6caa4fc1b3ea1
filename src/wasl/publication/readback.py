"""Reads every file of a release back before it is signed.

A file that its reader refuses, or reads otherwise than the table, is not signed. The readers are those a user has:
Arrow for CSV and Parquet, pyreadstat for SPSS and Stata, an XML and a JSON parser for the metadata. SDMX messages are
checked where they are made (`wasl.publication.sdmx`).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from wasl.errors import VerificationError
from wasl.publication.columns import Column
from wasl.publication.description import VariableKind
from wasl.publication.formats import csv_columns
from wasl.publication.spss import VALUE_LABEL_BYTES, VARIABLE_LABEL_BYTES, kept_texts, user_missing
from wasl.publication.stata import LABEL_CHARACTERS, stata_codes, stata_labels
from wasl.publication.statistical_packages import cut_bytes, cut_characters

__all__ = ["require_readable_files"]

SPSS_EPOCH, STATA_EPOCH = dt.date(1582, 10, 14), dt.date(1960, 1, 1)
"""Day 0 of SPSS (which counts seconds) and of Stata (which counts days)."""
SECONDS_A_DAY = 86_400


def require_readable_files(files: Mapping[str, bytes], columns: Sequence[Column]) -> None:
    """Read back each file of a release and compare it with the table.

    Args:
        files: Path to bytes; SDMX messages and files of the log are left to their own checks.
        columns: The table.

    Raises:
        VerificationError: A reader refuses a file, or reads other values; names file and column, never a value.
    """
    for path, data in files.items():
        suffix = path.rpartition(".")[2]
        check: Callable[[str, bytes, Sequence[Column]], None] | None = _CHECKS.get(suffix)
        if path.startswith(("data/", "metadata/")):
            if check is None or "/sdmx/" in path:
                continue
            try:
                check(path, data, columns)
            except VerificationError:
                raise
            except Exception as error:  # whatever a reader raises, the file is not published
                raise VerificationError(
                    f"{path}: its reader refuses the file ({type(error).__name__}); the release is not signed.",
                    remedy="Look for texts with control characters, or for names and labels that the format refuses.",
                ) from error


def _require(condition: bool, path: str, column: str, what: str, remedy: str) -> None:
    if not condition:
        raise VerificationError(f"{path}, column {column!r}: {what}; the release is not signed.", remedy=remedy)


TEXTS_REMEDY = "Remove control characters from its texts, or leave it out of the table."
VALUES_REMEDY = 'Make the column a text (kind = "text"), recode it, or leave it out of the table.'
LABEL_REMEDY = "Write the label without control characters and leading or trailing spaces."


def _csv(path: str, data: bytes, columns: Sequence[Column]) -> None:
    if path.startswith("metadata/"):
        rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
        expected = 1 + len(columns) + sum(len(column.variable.codes) for column in columns)
        _require(
            len(rows) == expected, path, "", f"{len(rows)} lines are read where {expected} were written", LABEL_REMEDY
        )
        return
    wanted = csv_columns(columns)
    found = pa_csv.read_csv(
        pa.BufferReader(data),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=wanted.schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=len(columns) == 1,
        ),
    )
    if len(columns) == 1:  # a missing value is written as an empty text there
        name = wanted.column_names[0]
        found, wanted = (pa.table({name: pc.fill_null(t.column(0).cast(pa.string()), "")}) for t in (found, wanted))
    _compare(path, found, wanted)


def _parquet(path: str, data: bytes, columns: Sequence[Column]) -> None:
    wanted = pa.table([column.values for column in columns], names=[column.variable.name for column in columns])
    _compare(path, pq.read_table(pa.BufferReader(data)), wanted)


def _compare(path: str, found: pa.Table, wanted: pa.Table) -> None:
    for name in wanted.column_names:
        _require(name in found.column_names, path, name, "it is not in the file", VALUES_REMEDY)
        _require(
            found.num_rows == wanted.num_rows,
            path,
            name,
            f"{found.num_rows} rows are read where {wanted.num_rows} were written",
            VALUES_REMEDY,
        )
        own, other = wanted.column(name).combine_chunks(), found.column(name).combine_chunks()
        same = own.cast(other.type).equals(other) if own.type != other.type else own.equals(other)
        _require(same, path, name, "other values are read than were written", VALUES_REMEDY)


def _statistical(data: bytes, read: Callable[..., Any]) -> tuple[Any, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data"
        file.write_bytes(data)
        return read(file, user_missing=True, disable_datetime_conversion=True)  # type: ignore[no-any-return]


def _spss(path: str, data: bytes, columns: Sequence[Column]) -> None:
    import pyreadstat

    frame, meta = _statistical(data, pyreadstat.read_sav)
    for column in columns:
        name = column.variable.name
        kept = Column(column.variable, kept_texts(column))
        _values(path, kept, frame, (SPSS_EPOCH, SECONDS_A_DAY), None)
        label = cut_bytes(column.variable.label, VARIABLE_LABEL_BYTES)
        _require(
            meta.column_names_to_labels.get(name) == label, path, name, "its label is read otherwise", LABEL_REMEDY
        )
        found = meta.variable_value_labels.get(name, {})
        whole = column.integer_codes
        wanted = {
            (float(code.code) if whole else code.code): cut_bytes(code.label, VALUE_LABEL_BYTES)
            for code in column.variable.codes
        }
        same = all(wanted.get(code) == text for code, text in found.items())
        _require(same, path, name, "labels of its codes are read otherwise", LABEL_REMEDY)
        ranges = meta.missing_ranges.get(name, [])
        declared = len(user_missing(column)[0])
        _require(len(ranges) == declared, path, name, "its missing codes are read otherwise", VALUES_REMEDY)


def _stata(path: str, data: bytes, columns: Sequence[Column]) -> None:
    import pyreadstat

    frame, meta = _statistical(data, pyreadstat.read_dta)
    for column in columns:
        name = column.variable.name
        stored = stata_codes(column) if column.variable.codes else None
        _values(path, column, frame, (STATA_EPOCH, 1), stored)
        label = cut_characters(column.variable.label, LABEL_CHARACTERS)
        _require(
            meta.column_names_to_labels.get(name) == label, path, name, "its label is read otherwise", LABEL_REMEDY
        )
        if stored is not None:
            found = meta.variable_value_labels.get(name, {})
            same = {key: text for key, text in stata_labels(column).items() if text} == {
                key: text for key, text in found.items() if text
            }
            _require(same, path, name, "labels of its codes are read otherwise", LABEL_REMEDY)


def _values(
    path: str,
    column: Column,
    frame: Any,
    calendar: tuple[dt.date, int],
    stored: Mapping[str, int | str] | None,
) -> None:
    """Compare a column that pyreadstat read with what was written."""
    name = column.variable.name
    _require(name in frame.columns and len(frame) == len(column.values), path, name, "rows are missing", VALUES_REMEDY)
    found = frame[name]
    if stored is not None:
        keys = pc.index_in(column.values, value_set=pa.array(list(stored), pa.string())).fill_null(len(stored))
        wanted = np.array([*map(str, stored.values()), "nan"])[keys.to_numpy(zero_copy_only=False)]
        read = np.array([value if isinstance(value, str) else _whole(value) for value in found.tolist()])
        same = bool(np.array_equal(wanted, read))
    elif column.variable.kind in (VariableKind.CODE, VariableKind.TEXT) and not column.integer_codes:
        same = _same_texts(path, column, pa.array(found.tolist(), pa.string()))
    else:
        same = _same_numbers(column, found.to_numpy(dtype=np.float64, na_value=np.nan), calendar)
    remedy = TEXTS_REMEDY if column.variable.kind is VariableKind.TEXT else VALUES_REMEDY
    _require(same, path, name, "other values are read than were written", remedy)


def _whole(value: float) -> str:
    return "nan" if np.isnan(value) else f"{value:.0f}"


def _same_numbers(column: Column, found: Any, calendar: tuple[dt.date, int]) -> bool:
    values = column.values
    if column.variable.kind is VariableKind.DATE:
        epoch, scale = calendar
        values = pc.multiply(
            pc.subtract(values.cast(pa.int32()).cast(pa.int64()), (epoch - dt.date(1970, 1, 1)).days), scale
        )
    elif column.integer_codes:
        values = values.cast(pa.int64())
    missing = pc.is_null(values).to_numpy(zero_copy_only=False)
    if not np.array_equal(np.isnan(found), missing):
        return False
    known = found[~missing]
    if pa.types.is_integer(values.type):  # compared as whole numbers: a float64 is exact to 2^53 only
        exact = np.abs(known) < 2**63
        own = values.drop_null().to_numpy(zero_copy_only=False)
        return bool(exact.all() and np.array_equal(known.astype(np.int64), own))
    return bool(np.array_equal(known, values.drop_null().to_numpy(zero_copy_only=False)))


def _same_texts(path: str, column: Column, found: pa.Array) -> bool:
    """Whether texts are the same but for trailing spaces, which SPSS does not keep, and no two values became one."""
    own = pc.fill_null(column.values, "")
    trimmed = pc.utf8_rtrim(own, " ")
    merged = len(pc.unique(trimmed)) < len(pc.unique(own))
    _require(
        not merged,
        path,
        column.variable.name,
        "two of its values differ only by trailing spaces, which the format does not keep",
        "Remove trailing spaces from the values.",
    )
    return bool(trimmed.equals(pc.utf8_rtrim(pc.fill_null(found, ""), " ")))


def _xml(path: str, data: bytes, columns: Sequence[Column]) -> None:
    root = ET.fromstring(data)  # noqa: S314 - the document was made a moment ago
    if not path.endswith("ddi-codebook.xml"):
        return
    names = [element.get("name") for element in root.iter("{ddi:codebook:2_5}var")]
    _require(names == [column.variable.name for column in columns], path, "", "variables are missing", VALUES_REMEDY)


def _json(path: str, data: bytes, columns: Sequence[Column]) -> None:
    document = json.loads(data)
    variables = document.get("variables", document.get("variableMeasured")) if isinstance(document, dict) else None
    if variables is not None:
        names = [variable["name"] for variable in variables]
        _require(
            names == [column.variable.name for column in columns], path, "", "variables are missing", VALUES_REMEDY
        )


_CHECKS: Mapping[str, Callable[[str, bytes, Sequence[Column]], None]] = {
    "csv": _csv,
    "parquet": _parquet,
    "sav": _spss,
    "dta": _stata,
    "xml": _xml,
    "rdf": _xml,
    "json": _json,
    "jsonld": _json,
}
