"""The rows of a payload, held against what its register's schema declares: types, code lists, forms and ranges.

A holder's payload reaches the release desk, which must never see a name. So a column may hold only what its
declaration allows, row by row; a refusal counts the rows at fault and never shows a value.

Does not protect against: a holder who writes a person's secret as a code of the list, or as a number in the range.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import DeliveryError
from wasl.registers.codes.classification import CodeList
from wasl.registers.schema import FieldRole, FieldType, Precision, RegisterSchema
from wasl.service.intake import ParquetFile, is_text

__all__ = ["Declared", "declared_columns", "require_declared_rows", "require_unique_ids"]

MAX_FREE_VALUES = 200
"""Most different values of a text column for which the schema names neither a code list nor a form. A quarter or a wave
has a few dozen, a column of names has thousands.
"""

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
DATE = re.compile(r"\d{4}(-(Q[1-4]|(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?))?")
"""A date as text: whole, or coarsened to its month, quarter or year."""

FIRST_YEAR, LAST_YEAR = 1800, 2200
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Declared:
    """Values that a payload column may hold.

    Attributes:
        name: Its standard name.
        kind: The type its schema declares; ``year`` for the year of a date, ``household`` for a household's number,
            at most the number of rows.
        classification: The code list its values must be in, or None.
        pattern: The form a text must have, or None.
        minimum, maximum: Bounds of numbers, in the payload's unit.
        precision: To what a date is coarsened.
        scaled: Whether a number was divided, so that a whole number may have become a fraction.
    """

    name: str
    kind: FieldType | str
    classification: str | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    scaled: bool = False
    precision: Precision = "day"


def declared_columns(schema: RegisterSchema) -> dict[str, Declared]:
    """The payload columns of a register by their standard name."""
    found: dict[str, Declared] = {}
    for field in schema.fields:
        if field.role is FieldRole.PAYLOAD:
            name = field.standard or field.name
            low, high = (None if bound is None else bound / field.divisor for bound in (field.minimum, field.maximum))
            coded = field.type in ("string", "code")
            found[name] = Declared(
                name,
                field.type,
                field.classification,
                field.pattern if coded and field.classification is None else None,
                low,
                high,
                field.divisor != 1,
                field.precision if field.type == "date" else "day",
            )
    for variable in schema.payload:
        source = schema.by_name[variable.column]
        if variable.transform == "year":
            found[variable.standard] = Declared(variable.standard, "year", minimum=FIRST_YEAR, maximum=LAST_YEAR)
        elif variable.transform == "household":
            found[variable.standard] = Declared(variable.standard, "household", minimum=1)
        else:
            found[variable.standard] = Declared(variable.standard, "code", source.classification)
    return found


def require_declared_rows(file: ParquetFile, columns: Mapping[str, Declared]) -> None:
    """Check every column but ``record_id`` against its declaration, a row group at a time.

    Args:
        file: The payload; its columns are among ``columns``.
        columns: What each may hold.

    Raises:
        DeliveryError: Names each column at fault, the rule, and how many rows break it; never a value.
    """
    wrong = [
        f"column {name!r} is not of the declared type ({columns[name].kind})"
        for name in file.schema.names
        if name != "record_id" and not _has_type(file.schema.field(name).type, columns[name])
    ]
    if not wrong:
        for name in file.schema.names:
            if name != "record_id":
                wrong += _faults(file, columns[name])
    if wrong:
        raise DeliveryError(
            f"the {file.what} breaks its register's schema: {'; '.join(wrong)}.",
            remedy="Encode it with `wasl encode --payload`, or correct the schema and declare it again.",
        )


def require_unique_ids(file: ParquetFile) -> None:
    """Check that no record id is missing and none occurs twice. Memory: 16 bytes per row.

    Raises:
        DeliveryError: Gives how many are missing or doubled.
    """
    ids = np.empty(file.rows, np.dtype([("high", ">u8"), ("low", ">u8")]))
    start = missing = 0
    for part in file.column("record_id"):
        missing += part.null_count
        width = part.type.byte_width
        data = part.buffers()[1]
        raw = np.frombuffer(data, np.uint8, count=len(part) * width, offset=part.offset * width) if len(part) else b""
        ids[start : start + len(part)] = np.frombuffer(raw, ids.dtype)
        start += len(part)
    if missing:
        raise DeliveryError(f"the {file.what} has {missing:,} rows without a record id.")
    doubled = _repetitions(ids)
    if doubled:
        raise DeliveryError(
            f"the {file.what} has {doubled:,} rows whose record id an earlier row has.",
            remedy="A register's record number must be unique; correct the register and encode it again.",
        )


def _repetitions(ids: npt.NDArray[np.void]) -> int:
    """Rows beyond the first of each id."""
    high = ids["high"].astype(np.uint64)
    if len(np.unique(high)) == len(high):
        return 0  # the usual case: ids are random, so their halves differ
    return len(ids) - len(np.unique(ids))


def _has_type(kind: pa.DataType, declared: Declared) -> bool:
    text = is_text(kind) and not pa.types.is_binary(kind)
    whole = pa.types.is_integer(kind)
    if declared.kind in ("string", "code", "month"):
        return text
    if declared.kind in ("integer", "year", "household"):
        return bool(whole or (declared.scaled and pa.types.is_floating(kind)))
    if declared.kind == "decimal":
        return bool(whole or pa.types.is_floating(kind))
    if declared.kind == "boolean":
        return bool(pa.types.is_boolean(kind))
    return bool(pa.types.is_date(kind) or text or whole)


def _faults(file: ParquetFile, declared: Declared) -> list[str]:
    if is_text(file.schema.field(declared.name).type):
        return _text_faults(file, declared)
    if pa.types.is_boolean(file.schema.field(declared.name).type):
        for _ in file.column(declared.name):
            pass
        return []
    return _number_faults(file, declared)


def _text_faults(file: ParquetFile, declared: Declared) -> list[str]:
    fits, rule = _text_rule(declared)
    known: dict[str, bool] = {}
    bad = 0
    for part in file.column(declared.name):
        values = part.dictionary.cast(pa.string()).to_pylist()
        for value in values:
            if value is not None and value not in known:
                known[value] = fits(value)
        if rule == "" and len(known) > MAX_FREE_VALUES:
            without = "and neither a code list nor a pattern"
            return [f"column {declared.name!r} has more than {MAX_FREE_VALUES} different texts {without}"]
        wrong = np.array([value is not None and not known[value] for value in values], bool)
        if wrong.any():
            bad += int(wrong[part.indices.drop_null().to_numpy(zero_copy_only=False)].sum())
    return [f"column {declared.name!r}: {bad:,} rows {rule}"] if bad else []


def _text_rule(declared: Declared) -> tuple[Callable[[str], bool], str]:
    """Whether a text is allowed, and what is said of rows whose text is not."""
    if declared.classification is not None:
        codes = CodeList.load(declared.classification).entries
        return codes.__contains__, f"hold no code of the list {declared.classification!r}"
    if declared.kind == "month":
        return (lambda text: MONTH.fullmatch(text) is not None), "hold no month (YYYY-MM)"
    if declared.kind == "date":
        return (lambda text: DATE.fullmatch(text) is not None and not _text_too_fine(text, declared.precision)), (
            "hold no date, month, quarter or year" if declared.precision == "day" else _too_fine(declared.precision)
        )
    if declared.pattern is not None:
        form = re.compile(declared.pattern)
        return (lambda text: form.fullmatch(text) is not None), "are not of the declared form"
    return (lambda _text: True), ""


def _too_fine(precision: Precision) -> str:
    return f"hold a date that is not coarsened to its {precision}"


def _finer_than(dates: pa.ChunkedArray, precision: Precision) -> int:
    """How many dates are not the first day of their month, quarter or year."""
    if precision == "day":
        return 0
    return int(pc.sum(pc.not_equal(dates, pc.floor_temporal(dates, unit=precision))).as_py() or 0)


def _text_too_fine(text: str, precision: Precision) -> bool:
    """Whether a date written as text is not coarsened, as ``2026-05-17`` where a month is due."""
    if precision == "day":
        return False
    if "Q" in text:
        return precision == "year"
    month, day = (int(part) for part in [*text.split("-"), "1", "1"][1:3])
    starts = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,)}[precision]
    return day != 1 or month not in starts


def _number_faults(file: ParquetFile, declared: Declared) -> list[str]:
    low, high = declared.minimum, declared.maximum
    if declared.kind == "date" and pa.types.is_integer(file.schema.field(declared.name).type):
        low, high = FIRST_YEAR, LAST_YEAR
    if declared.kind == "household":
        high = file.rows
    outside = strange = fine = 0
    for part in file.column(declared.name):
        if pa.types.is_date(part.type):
            fine += _finer_than(part, declared.precision)
            years = pc.year(part).drop_null().to_numpy(zero_copy_only=False)
            outside += int(np.count_nonzero((years < FIRST_YEAR) | (years > LAST_YEAR)))
            continue
        values = part.drop_null().to_numpy(zero_copy_only=False)
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            strange += int(np.count_nonzero(~finite))
            values = values[finite]
        beyond = np.zeros(len(values), bool)
        if low is not None:
            beyond |= values < low
        if high is not None:
            beyond |= values > high
        outside += int(np.count_nonzero(beyond))
    faults = []
    if fine:
        faults.append(f"column {declared.name!r}: {fine:,} rows {_too_fine(declared.precision)}")
    if outside:
        faults.append(f"column {declared.name!r}: {outside:,} rows are outside the declared range")
    if strange:
        faults.append(f"column {declared.name!r}: {strange:,} rows hold no finite number")
    return faults
