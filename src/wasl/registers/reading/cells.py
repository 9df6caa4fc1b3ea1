"""Types a column of text as its schema says; what does not fit is counted, not lost.

Everything works on distinct values: a register of millions of rows has few distinct dates, codes and names.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.registers.reading.coded_columns import as_codes, is_coded, plain
from wasl.registers.reading.counted_dates import number_dates
from wasl.registers.reading.date_order import day_order, has_day_after_year
from wasl.registers.reading.date_text import tidy_date
from wasl.registers.reading.dates import (
    EARLIEST_YEAR,
    EXCEL_DAY_0,
    LATEST_YEAR,
    DateNote,
    DateRule,
    parse_month,
    read_date,
    states_month_first,
)
from wasl.registers.reading.marks import drop_equals, drop_marks, drop_quotes, repaired
from wasl.registers.reading.numbers import has_decimals, read_numbers
from wasl.registers.reading.partial_dates import whole_dates
from wasl.registers.reading.refusals import (
    NEITHER_YES_NOR_NO,
    NOT_A_DATE,
    NOT_A_DATE_ALLOWED,
    NOT_A_MONTH,
    NOT_A_NUMBER,
    NOT_A_WHOLE_NUMBER,
    NOT_OF_THE_FORM,
)
from wasl.registers.schema import Feature, Field

__all__ = ["TypedColumn", "map_distinct", "repair_mojibake", "type_cells", "type_column"]

DEFAULT_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d-%m-%Y", "%d.%m.%Y")
DEFAULT_MONTHS = ("%Y-%m", "%Y%m", "%m/%Y")
TRUE_WORDS = frozenset({"1", "o", "oui", "y", "yes", "vrai", "true", "نعم", "si", "x"})
FALSE_WORDS = frozenset({"0", "n", "non", "no", "faux", "false", "لا"})
DATE_CHECKS = {
    DateNote.PARTIAL: "dates-partial",
    DateNote.MONTH_FIRST: "dates-month-first",
    DateNote.TWO_DIGITS: "dates-two-digit-years",
    DateNote.SERIAL: "dates-serial-numbers",
    DateNote.HIJRI: "hijri-dates",
    DateNote.ZONED: "dates-with-zone",
    DateNote.YEAR_REFUSED: "dates-year-refused",
    DateNote.COUNTED: "dates-counted",
}
"""The check that counts each assumption made in reading dates; a lost day is a reject of its own."""

ERROR = (
    r"^#\s?(?:REF|N/A|N/D|N/V|NV|VALUE|VALEUR|NAME|NOM|DIV/0|NUM|NOMBRE|NULL|NUL|SPILL|CALC|GETTING_DATA|WERT|BEZUG"
    r"|VALOR)\b[!?]?$"
)
"""Errors that spreadsheets write in English, French, German and Spanish."""
LARGEST_WHOLE = 2.0**62
"""Whole numbers from here on are refused: they would not fit."""
TYPED_AT_A_TIME = 1 << 20
"""Rows of text in codes that are typed together."""


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column as its schema wants it.

    Attributes:
        values: Typed values; null where missing or invalid.
        invalid: Per row, whether a cell was there but could not be read.
        reason: What an invalid cell should have been.
        codes: Dates as ``yyyymmdd`` with 0 for unknown parts, where a cell gave less than a whole date; else None.
        day_lost: Per row, whether a date's day (or month) is impossible and was dropped; None where none is.
        notes: Cells by check: what was repaired, assumed or dropped in reading them.
    """

    values: pa.Array | pa.ChunkedArray = field(repr=False)
    invalid: np.ndarray = field(repr=False)
    reason: str
    codes: np.ndarray | None = field(default=None, repr=False)
    day_lost: np.ndarray | None = field(default=None, repr=False)
    notes: dict[str, int] = field(default_factory=dict)


def map_distinct(column: pa.ChunkedArray, function: Callable[[str], Any], kind: pa.DataType) -> pa.ChunkedArray:
    """Apply a function to each distinct value and spread the results; nulls stay null."""
    encoded = _whole(column).dictionary_encode()
    results = pa.array([function(value) for value in encoded.dictionary.to_pylist()], kind)
    return pa.chunked_array([results.take(encoded.indices)])


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], whole.type)
    return whole


def repair_mojibake(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Undo UTF-8 that was once read as Windows-1252; returns the column and the number of cells repaired."""
    suspects = pc.match_substring_regex(column, "[ÃÂØÙâ]")
    if not pc.any(suspects).as_py():
        return column, 0
    fixed = map_distinct(column, repaired, pa.string())
    changed = pc.sum(pc.not_equal(fixed, column)).as_py() or 0
    return fixed, int(changed)


def type_column(field: Field, column: pa.ChunkedArray, day_zero: dt.date = EXCEL_DAY_0) -> TypedColumn:
    """Type a column of text.

    Format characters go first, in every column: nobody sees them and no two registers have the same.

    Args:
        field: What the column is.
        column: Its cells as strings, null where empty.
        day_zero: Day 0 of the file's spreadsheet serials.
    """
    notes: dict[str, int] = {}
    text, marked = drop_marks(column)
    text, unwrapped = drop_equals(pc.utf8_trim_whitespace(text))
    text, unquoted = drop_quotes(text)
    missing = {"", *field.missing}
    text = pc.if_else(pc.is_in(text, pa.array(sorted(missing))), pa.scalar(None, pa.string()), text)
    if marked:
        notes["marks-dropped"] = marked
    if unwrapped:
        notes["texts-as-formulas"] = unwrapped
    if unquoted:
        notes["quotes-dropped"] = unquoted
    errors = _errors(text) if field.type == "code" else 0
    if errors:
        notes["cells-with-errors"] = errors
    if field.type in ("string", "code"):
        text, repaired = repair_mojibake(text)
        if repaired:
            notes["mojibake-repaired"] = repaired
    if field.type == "date":
        return _dates(field, text, notes, day_zero)
    if field.type in ("integer", "decimal"):
        values, reason = _numbers(field, text, notes)
    else:
        values, reason = _typed(field, text)
    if field.pattern is not None:
        pattern = re.compile(field.pattern)
        matches = map_distinct(text, lambda value: pattern.fullmatch(value) is not None, pa.bool_())
        values = pc.if_else(matches, values, pa.scalar(None, values.type))
        reason = NOT_OF_THE_FORM
    for bound, holds in ((field.minimum, pc.greater_equal), (field.maximum, pc.less_equal)):
        if bound is not None:
            values = pc.if_else(holds(values, bound), values, pa.scalar(None, values.type))
    invalid = np.asarray(pc.and_(pc.is_valid(text), pc.is_null(values)))
    return TypedColumn(values, invalid, reason, notes=notes)


def _errors(text: pa.ChunkedArray) -> int:
    """How many cells hold an error of a spreadsheet."""
    if not pc.any(pc.starts_with(text, "#")).as_py():
        return 0
    return int(pc.sum(pc.match_substring_regex(text, ERROR, ignore_case=True)).as_py() or 0)


def type_cells(spec: Field, text: pa.ChunkedArray, day_zero: dt.date = EXCEL_DAY_0) -> TypedColumn:
    """A column typed; text that comes in codes leaves in codes, and is typed some rows at a time."""
    if not (is_coded(text) and spec.type in ("string", "code")):
        return type_column(spec, plain(text), day_zero)
    values: list[pa.Array] = []
    invalid: list[np.ndarray] = []
    notes: dict[str, int] = {}
    reason = ""
    for start in range(0, max(len(text), 1), TYPED_AT_A_TIME):
        typed = type_column(spec, plain(text.slice(start, TYPED_AT_A_TIME)), day_zero)
        values += as_codes(
            pa.chunked_array(typed.values) if isinstance(typed.values, pa.Array) else typed.values
        ).chunks
        invalid.append(typed.invalid)
        reason = typed.reason
        for check, count in typed.notes.items():
            notes[check] = notes.get(check, 0) + count
    whole = pa.chunked_array(values).unify_dictionaries()
    return TypedColumn(whole, np.concatenate(invalid), reason, notes=notes)


YEARS_AHEAD = 15
"""A date other than a birth may lie so far ahead: cards and passports are valid for ten years at the most."""


def birth_pivot(pivot: int) -> int:
    """The pivot of two-digit years of birth: no birth lies in a year to come."""
    return min(pivot, dt.datetime.now(dt.UTC).year % 100 + 1)


def _pivot(field: Field) -> int:
    """Two-digit years below it are of this century. A birth lies in the past, unless the schema says another pivot."""
    if field.century_pivot != Field.model_fields["century_pivot"].default:
        return field.century_pivot
    this_year = dt.datetime.now(dt.UTC).year % 100
    if field.feature == Feature.BIRTH_DATE:
        return birth_pivot(field.century_pivot)
    return max(field.century_pivot, this_year + YEARS_AHEAD)


def _dates(field: Field, text: pa.ChunkedArray, notes: dict[str, int], day_zero: dt.date) -> TypedColumn:
    """A column of dates; each distinct cell is read once, or twice where parts of the file have other orders."""
    earliest, latest = field.earliest_year or EARLIEST_YEAR, field.latest_year or LATEST_YEAR
    formats = tuple(field.format or DEFAULT_DATES)
    encoded = _whole(text).dictionary_encode()
    places = np.asarray(encoded.indices.fill_null(-1), dtype=np.int64)
    rule = DateRule(formats, earliest, latest, field.calendar, _pivot(field), day_zero=day_zero)
    weights = np.bincount(places[places >= 0], minlength=len(encoded.dictionary))
    today = dt.datetime.now(dt.UTC).date()
    tidied = [tidy_date(cell) for cell in encoded.dictionary.to_pylist()]
    counted = number_dates(tidied, weights, rule, today, births=field.feature == Feature.BIRTH_DATE)
    cells = counted.texts
    assumed = np.array([*counted.notes, 0], np.int32)[places]
    if counted.unclear is not None:
        notes["dates-counted-unclear"] = int(weights[counted.unclear].sum())
    stated = states_month_first(formats)
    tidy = pa.array(cells, pa.string())
    order = day_order(tidy, places, month_first=stated)
    turned_iso = has_day_after_year(tidy, places)
    codes, flags = _read_cells(cells, places, rule)
    if turned_iso:
        rule = replace(rule, year_day_month=True)
        plain_codes, plain_flags = codes, flags
        codes, flags = _read_cells(cells, places, rule)
        turned = (codes != plain_codes) | ((plain_flags & DateNote.MONTH_FIRST) > 0)
        flags[turned] |= int(DateNote.MONTH_FIRST)
    elsewise = order.month_first != stated
    if elsewise.any():  # the cells say another order than the schema
        other = replace(rule, month_first=True) if not stated else replace(rule, formats=DEFAULT_DATES)
        others, notes_of_others = _read_cells(cells, places, other)
        if not stated:
            turned = elsewise & ((others != codes) | ((flags & DateNote.MONTH_FIRST) > 0))
            notes_of_others[turned] |= int(DateNote.MONTH_FIRST)
        codes, flags = np.where(elsewise, others, codes), np.where(elsewise, notes_of_others, flags)
    flags |= np.where(codes > 0, assumed, 0)
    for flag, check in DATE_CHECKS.items():
        count = int(np.count_nonzero(flags & int(flag)))
        if count:
            notes[check] = count
    if order.mixed:
        notes["dates-order-mixed"] = order.mixed
    day_lost = (flags & int(DateNote.DAY_LOST)) > 0
    values = whole_dates(codes)
    less = (codes > 0) & np.asarray(values.is_null())
    invalid = (codes == 0) & np.asarray(text.is_valid())
    return TypedColumn(
        pa.chunked_array([values]),
        invalid,
        NOT_A_DATE_ALLOWED if "dates-year-refused" in notes else NOT_A_DATE,
        codes if less.any() else None,
        day_lost if day_lost.any() else None,
        notes,
    )


def _read_cells(
    cells: Sequence[str], places: NDArray[np.int64], rule: DateRule
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Per row the date as ``yyyymmdd`` and the notes on it."""
    read = [read_date(cell, rule) for cell in cells]
    codes = np.array([*(code for code, _ in read), 0], np.int32)[places]
    return codes, np.array([*(int(note) for _, note in read), 0], np.int32)[places]


def _numbers(field: Field, text: pa.ChunkedArray, notes: dict[str, int]) -> tuple[pa.ChunkedArray, str]:
    """A column of numbers, and the reason an invalid cell gets."""
    whole = field.type == "integer"
    read = read_numbers(text, whole=whole or field.of_centimes, mark=field.decimal_mark)
    if read.two_ways:
        notes["numbers-two-ways"] = read.two_ways
    if not whole:
        return read.values, NOT_A_NUMBER
    fits = np.abs(np.asarray(pc.fill_null(read.values, 0.0))) < LARGEST_WHOLE
    fits &= ~has_decimals(read.values)
    rounded = pc.round(pc.if_else(pa.array(fits), read.values, pa.scalar(None, pa.float64())))
    return rounded.cast(pa.int64()), NOT_A_WHOLE_NUMBER


def _typed(field: Field, text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str]:
    """Values, and the reason an invalid cell gets."""
    if field.type == "month":
        formats = field.format or DEFAULT_MONTHS
        return map_distinct(text, lambda value: parse_month(value, formats), pa.string()), NOT_A_MONTH
    if field.type == "boolean":
        return map_distinct(text, _boolean, pa.bool_()), NEITHER_YES_NOR_NO
    return text, NOT_OF_THE_FORM


def _boolean(text: str) -> bool | None:
    word = text.lower()
    return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None
