"""Types a column of text as its schema says; what does not fit is counted, not lost.

Everything works on distinct values: a register of millions of rows has few distinct dates, codes and names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.registers.reading.dates import parse_date, parse_month
from wasl.registers.schema import Field

__all__ = ["TypedColumn", "map_distinct", "repair_mojibake", "type_column"]

DEFAULT_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d-%m-%Y", "%d.%m.%Y")
DEFAULT_MONTHS = ("%Y-%m", "%Y%m", "%m/%Y")
TRUE_WORDS = frozenset({"1", "o", "oui", "y", "yes", "vrai", "true"})
FALSE_WORDS = frozenset({"0", "n", "non", "no", "faux", "false"})
MOJIBAKE = re.compile("[ÃÂâØÙ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]")
"""A UTF-8 lead byte read as Windows-1252, followed by what a continuation byte turns into."""


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column as its schema wants it.

    Attributes:
        values: Typed values; null where missing or invalid.
        invalid: Per row, whether a cell was there but could not be read.
        reason: What an invalid cell should have been.
        repaired: Cells whose mojibake was repaired.
        hijri: Dates that were written in the Hijri calendar.
    """

    values: pa.Array | pa.ChunkedArray = field(repr=False)
    invalid: np.ndarray = field(repr=False)
    reason: str
    repaired: int = 0
    hijri: int = 0


def map_distinct(column: pa.ChunkedArray, function: Callable[[str], Any], kind: pa.DataType) -> pa.ChunkedArray:
    """Apply a function to each distinct value and spread the results; nulls stay null."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], whole.type)
    encoded = whole.dictionary_encode()
    results = pa.array([function(value) for value in encoded.dictionary.to_pylist()], kind)
    return pa.chunked_array([results.take(encoded.indices)])


def repair_mojibake(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Undo UTF-8 that was once read as Windows-1252; returns the column and the number of cells repaired."""
    suspects = pc.match_substring_regex(column, "[ÃÂØÙâ]")
    if not pc.any(suspects).as_py():
        return column, 0
    fixed = map_distinct(column, _repair, pa.string())
    changed = pc.sum(pc.not_equal(fixed, column)).as_py() or 0
    return fixed, int(changed)


def _repair(text: str) -> str:
    if not MOJIBAKE.search(text):
        return text
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    import ftfy

    return ftfy.fix_encoding(text)


def type_column(field: Field, column: pa.ChunkedArray) -> TypedColumn:
    """Type a column of text.

    Args:
        field: What the column is.
        column: Its cells as strings, null where empty.
    """
    text = pc.utf8_trim_whitespace(column)
    missing = {"", *field.missing}
    text = pc.if_else(pc.is_in(text, pa.array(sorted(missing))), pa.scalar(None, pa.string()), text)
    repaired = 0
    if field.type in ("string", "code"):
        text, repaired = repair_mojibake(text)
    values, reason, hijri = _typed(field, text)
    if field.pattern is not None:
        pattern = re.compile(field.pattern)
        matches = map_distinct(text, lambda value: pattern.fullmatch(value) is not None, pa.bool_())
        values = pc.if_else(matches, values, pa.scalar(None, values.type))
        reason = "not of the expected form"
    for bound, holds in ((field.minimum, pc.greater_equal), (field.maximum, pc.less_equal)):
        if bound is not None:
            values = pc.if_else(holds(values, bound), values, pa.scalar(None, values.type))
    invalid = np.asarray(pc.and_(pc.is_valid(text), pc.is_null(values)))
    return TypedColumn(values, invalid, reason, repaired, hijri)


def _typed(field: Field, text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str, int]:
    """Values, the reason an invalid cell gets, and the number of Hijri dates."""
    if field.type == "date":
        formats = field.format or DEFAULT_DATES
        parsed: dict[str, bool] = {}

        def read(value: str) -> Any:
            date, hijri = parse_date(value, formats)
            parsed[value] = hijri
            return date

        values = map_distinct(text, read, pa.date32())
        hijri = [value for value, flag in parsed.items() if flag]
        count = pc.sum(pc.is_in(text, pa.array(hijri, pa.string()))).as_py() or 0 if hijri else 0
        return values, "not a date", int(count)
    if field.type == "month":
        formats = field.format or DEFAULT_MONTHS
        return map_distinct(text, lambda value: parse_month(value, formats), pa.string()), "not a month", 0
    if field.type == "integer":
        return map_distinct(text, _integer, pa.int64()), "not a whole number within bounds", 0
    if field.type == "decimal":
        return map_distinct(text, _decimal, pa.float64()), "not a number within bounds", 0
    if field.type == "boolean":
        return map_distinct(text, _boolean, pa.bool_()), "neither yes nor no", 0
    return text, "not of the expected form", 0


def _decimal(text: str) -> float | None:
    bare = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if "," in bare and "." not in bare:
        bare = bare.replace(",", ".")
    try:
        value = float(bare)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _integer(text: str) -> int | None:
    value = _decimal(text)
    return int(value) if value is not None and value.is_integer() and abs(value) < 2**62 else None


def _boolean(text: str) -> bool | None:
    word = text.lower()
    return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None
