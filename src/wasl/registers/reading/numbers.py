"""Numbers as people and programs write them: one rule for every column of amounts, weights and counts.

Read are digits of any script, signs before or after, ``MAD``, ``DH``, ``dirhams`` and ``درهم``, spaces, apostrophes,
points and commas between thousands, a point or comma before decimals. A mark that separates three digits can mean
either: ``1.234`` is a thousand in Madrid and one and a quarter in a program's file. The other cells of the column
decide. Where none does, the schema's ``decimal_mark`` decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.registers.reading.marks import fold_digits

__all__ = ["DecimalMark", "Numbers", "has_decimals", "read_number", "read_numbers"]

DecimalMark = Literal[".", ","]
"""The mark before decimals."""

PLAIN = r"^-?[0-9]{1,15}$"
"""Cells that need no rule: whole numbers that a float holds exactly."""
CURRENCY = r"(?:mad|dhs?|dirhams?|درهما|دراهم|درهم|د\s?\.?\s?م)\.?"
"""Dirhams in the spellings of forms; an amount in another currency is no number here."""
MONEY = re.compile(rf"^(?:{CURRENCY}\s?)?(?P<amount>.*?)(?:\s?{CURRENCY})?$", re.IGNORECASE | re.DOTALL)
MARKS = str.maketrans(
    {
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\u066c": "'", "\u2019": "'",
        "\u060c": ",", "\u2212": "-", "\u2013": "-",
    }
)  # fmt: skip
"""Spaces, apostrophes, commas and minus signs of other scripts; the Arabic decimal mark has one meaning and stays."""
SIGNED = re.compile(r"^(?P<before>[+-])?\s?(?P<body>[0-9].*?|[.,\u066b][0-9].*?)\s?(?P<after>-)?$")
SCIENTIFIC = re.compile(r"^[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]{1,2}$")
SPACED = re.compile(r"^[0-9]{1,3}([ '])[0-9]{3}(?:\1[0-9]{3})*(?=[.,\u066b]|$)")
GROUPED = {mark: re.compile(rf"^[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+$") for mark in ".,"}
TWO_WAYS = re.compile(r"^[1-9][0-9]{0,2}[.,][0-9]{3}$")
DIGITS = re.compile(r"^[0-9]+$")
NEARLY_WHOLE = 1e-6
"""A spreadsheet's sum of whole numbers may miss the whole number by its rounding, which is far less than this."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers as read.

    Attributes:
        values: float64, null where a cell is missing or no number.
        two_ways: Cells that can be read in two ways, where nothing told which; the mark was taken for a decimal one,
            or for one between thousands where only whole numbers are expected.
    """

    values: pa.ChunkedArray = field(repr=False)
    two_ways: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell as digits.

    Attributes:
        value: The number, its mark taken for a decimal one; None where it is none.
        mark: The mark that must be a decimal one; empty where the cell does not say.
        doubtful: The mark that can be either; empty where none can.
    """

    value: float | None
    mark: str = ""
    doubtful: str = ""


NO_NUMBER = _Cell(None)


def read_numbers(column: pa.ChunkedArray, *, whole: bool = False, mark: DecimalMark | None = None) -> Numbers:
    """A column of text as numbers.

    Args:
        column: Cells without spaces around them, null where missing.
        whole: Whether only whole numbers are expected: a mark before three digits then separates thousands.
        mark: The decimal mark, where the schema states it.
    """
    plain = pc.fill_null(pc.match_substring_regex(column, PLAIN), False)
    none = pa.scalar(None, pa.string())
    easy = pc.cast(pc.if_else(plain, column, none), pa.float64())
    odd = pc.if_else(plain, none, column)
    if odd.null_count == len(odd):
        return Numbers(easy, 0)
    coded = pa.chunked_array(odd.chunks, pa.string()).combine_chunks()
    encoded = (pa.concat_arrays(coded.chunks) if isinstance(coded, pa.ChunkedArray) else coded).dictionary_encode()
    cells = [_cell(text, mark) for text in encoded.dictionary.to_pylist()]
    found, told = _settled(cells, whole=whole, mark=mark)
    values = pa.array(found, pa.float64()).take(encoded.indices)
    doubtful = np.array([bool(cell.doubtful) for cell in cells])
    places = np.asarray(encoded.indices.drop_null(), np.int64)
    return Numbers(pc.coalesce(easy, pa.chunked_array([values])), 0 if told else int(doubtful[places].sum()))


def read_number(text: str) -> float | None:
    """One number that stands alone, with nothing beside it that tells its decimal mark; None where it is none."""
    return _cell(text, None).value


def has_decimals(values: pa.ChunkedArray) -> NDArray[np.bool_]:
    """(cells) whether a number is none of the whole ones."""
    numbers = np.asarray(pc.fill_null(values, 0.0))
    return np.asarray(np.abs(numbers - np.round(numbers)) > NEARLY_WHOLE)


def _settled(cells: Sequence[_Cell], *, whole: bool, mark: DecimalMark | None) -> tuple[list[float | None], bool]:
    """The numbers, the doubtful marks read as the other cells say; and whether nothing was left to a guess."""
    marks = {cell.mark for cell in cells if cell.mark} if mark is None else {mark}
    decimal = marks.pop() if len(marks) == 1 else ""
    thousands = [cell.doubtful and (cell.doubtful != decimal if decimal else whole) for cell in cells]
    values = [
        None if cell.value is None else round(cell.value * 1000, 3) if grouped else cell.value
        for cell, grouped in zip(cells, thousands, strict=True)
    ]
    return values, bool(decimal) or whole


def _cell(text: str, mark: DecimalMark | None) -> _Cell:
    """One cell as digits."""
    money = MONEY.match(fold_digits(text).translate(MARKS).strip())
    amount = money["amount"].strip() if money else ""
    bracketed = amount.startswith("(") and amount.endswith(")")
    signed = SIGNED.match(amount[1:-1].strip() if bracketed else amount)
    signs = [bracketed, *(signed[name] is not None for name in ("before", "after"))] if signed else []
    if signed is None or sum(signs) > 1:
        return NO_NUMBER
    read = _unsigned(signed["body"].strip(), mark)
    negative = bracketed or signed["after"] or signed["before"] == "-"
    return replace(read, value=-read.value) if negative and read.value is not None else read


def _unsigned(body: str, mark: DecimalMark | None) -> _Cell:
    """A number without its sign and currency."""
    if SCIENTIFIC.match(body):
        return _Cell(float(body.replace(",", ".")))
    spaced = SPACED.match(body)
    if spaced:
        body = body[: spaced.end()].replace(spaced[1], "") + body[spaced.end() :]
    marks = [sign for sign in body if sign in ".,\u066b"]
    if not marks:
        return _Cell(float(body)) if DIGITS.match(body) else NO_NUMBER
    last = marks[-1]
    head, _, tail = body.rpartition(last)
    if len(marks) > 1 and len(set(marks)) == 1:  # several marks of one kind stand between thousands
        return _whole_groups(body, last, mark)
    if len(set(marks)) == 2 and marks.count(last) == 1:
        other = marks[0]
        if other not in GROUPED or not GROUPED[other].match(head) or spaced:
            return NO_NUMBER
        return _with_decimals(head.replace(other, ""), tail, last, mark)
    if len(marks) > 1:
        return NO_NUMBER
    if TWO_WAYS.match(body) and not spaced:
        value = float(f"{head}.{tail}")
        return _Cell(value, "", last)
    return _with_decimals(head, tail, last, mark)


def _whole_groups(body: str, sign: str, mark: DecimalMark | None) -> _Cell:
    """A number with marks between its thousands and no decimals; it says that the other mark is the decimal one."""
    if sign not in GROUPED or not GROUPED[sign].match(body) or sign == mark:
        return NO_NUMBER
    return _Cell(float(body.replace(sign, "")), "," if sign == "." else ".")


def _with_decimals(head: str, tail: str, sign: str, mark: DecimalMark | None) -> _Cell:
    """A number with a decimal mark; one that contradicts the stated mark is no number."""
    if not _digits((head or "0", tail or "0")) or not (head or tail):
        return NO_NUMBER
    if mark is not None and sign in ".," and sign != mark:
        return NO_NUMBER
    return _Cell(float(f"{head or 0}.{tail or 0}"), sign if sign in ".," and tail else "")


def _digits(texts: Iterable[str]) -> bool:
    return all(DIGITS.match(text) for text in texts)
