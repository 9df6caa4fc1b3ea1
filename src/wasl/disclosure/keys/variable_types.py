"""Columns read as their policy says: numbers, days, or the values of the file. Values are neither rounded nor guessed.

Text stays text unless the policy reads the variable as a number or a day. Values that a method could not treat exactly
(infinities, lists, whole numbers beyond 2⁵³ used as numbers) are refused with the column's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.disclosure.keys.intervals import is_class_label
from wasl.errors import InputError
from wasl.registers.reading.date_order import day_order
from wasl.registers.reading.dates import DateNote, DateRule, read_date
from wasl.registers.reading.marks import fold_digits
from wasl.registers.reading.numbers import read_numbers

__all__ = ["as_days", "as_numbers", "is_number_type", "is_text_type", "null_codes", "require_plain"]


def is_number_type(kind: pa.DataType) -> bool:
    """Whether a column of the type holds numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_text_type(kind: pa.DataType) -> bool:
    """Whether a column of the type holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def require_plain(name: str, column: pa.ChunkedArray) -> None:
    """Refuse a column whose cells are not single finite values.

    Raises:
        InputError: The column holds lists, records, bytes, cells of an extension type, or an infinity.
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if isinstance(kind, pa.BaseExtensionType) or kind == pa.month_day_nano_interval():
        raise InputError(f"column {name!r} holds {kind} cells.", remedy="Convert it to text, numbers or dates.")
    if (
        pa.types.is_nested(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    ):
        raise InputError(
            f"column {name!r} holds {kind} cells, which are not single values.",
            remedy="Make one column of each part, or leave the column out.",
        )
    if pa.types.is_floating(kind):
        infinite = pc.sum(pc.is_inf(column.cast(pa.float64()))).as_py() or 0
        if infinite:
            raise InputError(
                f"column {name!r} is infinite in {infinite} rows.", remedy="Make them missing, or correct the data."
            )


def null_codes(column: pa.ChunkedArray, codes: Sequence[str]) -> pa.ChunkedArray:
    """The column with the spellings of missing made null; numbers, days and times are compared by value."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if is_text_type(kind):
        hit = pc.is_in(column, value_set=pa.array(codes, kind))
    elif pa.types.is_integer(kind):
        bounds = np.iinfo(kind.to_pandas_dtype())
        whole = [value for code in codes if (value := _whole(code)) is not None]
        hit = pc.is_in(column, value_set=pa.array([w for w in whole if bounds.min <= w <= bounds.max], kind))
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = [number for code in codes if (number := _number(code)) is not None]
        hit = pc.is_in(column.cast(pa.float64()), value_set=pa.array(numbers, pa.float64()))
    else:
        meant = [value for code in codes if (value := _of_type(code, kind)) is not None]
        if not meant:
            return column
        hit = pc.is_in(column, value_set=pa.concat_arrays(meant))
    return pc.if_else(hit, pa.scalar(None, kind), column)


def as_numbers(name: str, column: pa.ChunkedArray, *, classes: bool) -> pa.ChunkedArray:
    """A column that the policy reads as a number: text becomes int64 where every cell is plain digits, else float64.

    Texts are read by the rule for all numbers (`wasl.registers.reading.numbers`).

    Args:
        name: The column, for messages.
        column: The cells.
        classes: Whether the cells may be classes of numbers already ("20-29"); the column then stays text.

    Raises:
        InputError: A cell is not a number (how many, and the first row).
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind) or pa.types.is_boolean(kind):
        return column
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if not is_text_type(kind):
        raise InputError(f"the policy reads {name!r} as a number, but the column is {kind}.")
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, kind), text)
    distinct = pc.unique(text).drop_null()
    if classes and any(is_class_label(value) for value in distinct.to_pylist()):
        return column
    try:
        return text.cast(pa.int64())
    except pa.ArrowInvalid:
        pass
    values = read_numbers(text.cast(pa.string())).values
    wrong = pc.and_(pc.is_null(values), pc.is_valid(text))
    if pc.any(wrong).as_py():
        raise _misfit(name, text, wrong, "a number")
    require_plain(name, values)
    return values


def as_days(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column that the policy reads as days: text such as 2024-03-31 becomes a date; classes of days stay text.

    Other spellings of whole days are read where all cells agree on the order of day and month (31/03/2024).

    Raises:
        InputError: A cell is not a day (how many, and the first row), or no cell tells day and month apart.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_null(kind):
        return column.cast(pa.date32())
    if pa.types.is_timestamp(kind):
        local = column if kind.tz is None else pc.local_timestamp(column)
        return local.cast(pa.date32(), safe=False)
    if not is_text_type(kind):
        raise InputError(f"the policy reads {name!r} as a day, but the column is {kind}.")
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, kind), text)
    distinct = pc.unique(text).drop_null()
    if any(is_class_label(value) or (len(value) == 4 and value.isdigit()) for value in distinct.to_pylist()):
        return column
    try:
        return text.cast(pa.date32())
    except pa.ArrowInvalid:
        return _written_days(name, text)


WRITTEN_DAY = re.compile(r"(?:\d{1,2}(?:\s*+[/\-.]\s*+|\s++)){2}\d{4}(?!\d).*|\d{4}-\d{1,2}-\d{1,2}(?!\d).*")
"""Days with four digits of the year: two digits leave the century open, and eight digits the order of the parts."""


def _written_days(name: str, text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Days as people write them. The cells that can be read in one way only decide on the order of day and month."""
    coded = text.cast(pa.string()).combine_chunks().dictionary_encode()
    distinct = pa.array([fold_digits(cell) for cell in coded.dictionary.to_pylist()], pa.string())
    places = np.asarray(coded.indices.fill_null(-1).cast(pa.int64()))
    orders = [day_order(distinct, places, month_first=first).month_first for first in (False, True)]
    # Where no cell tells, the two orders differ; so do the days, unless day and month are the same number.
    readings = {bool(order) for orders_of_rows in orders for order in np.unique(orders_of_rows)} or {False}
    days = [[_day(cell, month_first=first) for cell in distinct.to_pylist()] for first in readings]
    cells = pa.array(days[0], pa.date32()).take(coded.indices)
    wrong = pa.chunked_array([pc.and_(pc.is_null(cells), pc.is_valid(coded.indices))])
    if pc.any(wrong).as_py():
        raise _misfit(name, text, wrong, "a day such as 2024-03-31")
    if any(other != days[0] for other in days):
        raise InputError(
            f"the policy reads {name!r} as a day, but its cells do not tell day and month apart.",
            remedy="Write days as 2024-03-31.",
        )
    return pa.chunked_array([cells])


def _day(cell: str, *, month_first: bool) -> date | None:
    """The day of a cell; None where it is none, or where a part of it would be guessed."""
    if not WRITTEN_DAY.fullmatch(cell):
        return None
    code, note = read_date(cell, DateRule(("%d/%m/%Y",), month_first=month_first))
    year, month, day = code // 10_000, code // 100 % 100, code % 100
    return date(year, month, day) if note is DateNote.NONE and year and month and day else None


def _misfit(name: str, text: pa.ChunkedArray, wrong: pa.ChunkedArray, what: str) -> InputError:
    """The refusal of a column with cells that are of another kind: how many, and the first row."""
    count, first = pc.sum(wrong).as_py(), pc.index(wrong, True).as_py()
    return InputError(
        f"the policy reads {name!r} as {what}, but {count} of {len(text)} cells are not, first in row {first + 1}.",
        remedy="List these spellings under missing, give the variable another type, or correct the data.",
    )


def _of_type(code: str, kind: pa.DataType) -> pa.Array | None:
    """The spelling as one value of a type such as days or booleans; None where it is none."""
    plain = pa.timestamp(kind.unit) if pa.types.is_timestamp(kind) else kind
    try:
        if pa.types.is_time(kind):
            return pa.array([time.fromisoformat(code.strip())], kind)
        value = pa.array([code.strip()]).cast(plain)
        return value if plain == kind else pc.assume_timezone(value, kind.tz)
    except (ValueError, pa.ArrowNotImplementedError):
        return None


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        number = _number(text)
        return int(number) if number is not None and np.isfinite(number) and number.is_integer() else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
