"""Lines of declarations: their amounts as numbers, lines that stand in two files, months that no file has."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import RegisterError
from wasl.registers.reading.numbers import has_decimals, read_numbers
from wasl.registers.reading.refusals import no_amounts

__all__ = ["amount_of", "missing_months", "refuse_copies", "refuse_decimals", "unread_amounts"]

COPIED = 0.5
"""Two files repeat each other where at least this share of the lines of one stand in the other. One person's line may
be there twice by coincidence (a complementary declaration of the same amounts); half of a file's lines cannot."""
FEWEST_COPIED = 2
"""One line that stands in two files may be a coincidence, also where a file has two lines only."""


MOST = 2.0**53
"""Amounts from here on are refused: a float does not hold them exactly."""


def amount_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Amounts as whole numbers; anything else is missing, see `unread_amounts`."""
    values = read_numbers(pc.utf8_trim_whitespace(column), whole=True).values
    numbers = np.asarray(pc.fill_null(values, -1.0))
    fits = pa.array((numbers >= 0) & (numbers < MOST) & ~has_decimals(values))
    return pc.round(pc.if_else(fits, values, pa.scalar(None, pa.float64()))).cast(pa.int64())


def refuse_decimals(values: pa.ChunkedArray, rows: NDArray[np.int64], name: str, where: str) -> None:
    """Refuse amounts with decimals in a column of centimes or days.

    Args:
        values: The numbers of the column.
        rows: The row of each in the file.
        name: The column.
        where: The name of the file.

    Raises:
        RegisterError: Amounts have decimals: they are not in centimes, as a declaration states them.
    """
    decimals = has_decimals(values)
    if count := int(decimals.sum()):
        row = int(rows[np.flatnonzero(decimals)[0]])
        raise RegisterError(
            f"{where}: column {name}: {count} amounts have decimals, the first in row {row}. A declaration states "
            "days and centimes as whole numbers.",
            remedy="Export the amounts in centimes, without decimals.",
        )


def unread_amounts(
    table: pa.Table, rows: NDArray[np.int64], names: Sequence[str], where: str
) -> list[tuple[int, str, str]]:
    """Cells of a file that are no amount: (row, column, reason with the count), the first of each column.

    Args:
        table: Lines of one file, as text.
        rows: The row of each line in the file.
        names: The columns of amounts.
        where: The name of the file.

    Raises:
        RegisterError: Amounts have decimals: they are not in centimes, as a declaration states them.
    """
    found = []
    for name in names:
        if name not in table.column_names:
            continue
        text = pc.utf8_trim_whitespace(table[name])
        refuse_decimals(read_numbers(text, whole=True).values, rows, name, where)
        filled = pc.fill_null(pc.not_equal(text, ""), False)
        wrong = np.asarray(pc.and_(filled, pc.is_null(amount_of(text))))
        if wrong.any():
            row, count = int(rows[np.flatnonzero(wrong)[0]]), int(wrong.sum())
            found.append((row, name, no_amounts(count, where)))
    return found


def refuse_copies(lines: pa.Table, file: NDArray[np.int64], names: Sequence[str], amounts: Sequence[str]) -> int:
    """Refuse two files that have the same lines; returns how often an employer declares a person in several files.

    Args:
        lines: Declared lines of several files, one after the other: person, month, employer where known, amounts.
        file: (lines) the number of the file of each.
        names: The names of the files.
        amounts: Which of the columns are amounts; the others are the person, the month and the employer.

    Returns:
        Combinations of person, month and employer that stand in several files: complementary or corrected declarations.

    Raises:
        RegisterError: At least half of the lines of a file stand in another one with the same amounts: wages would be
            added twice.
    """
    if len(names) < 2:
        return 0
    keys = [name for name in lines.column_names if name not in amounts]
    columns = {name: pc.ascii_ltrim(pc.utf8_trim_whitespace(pc.fill_null(lines[name], "")), "0") for name in keys}
    columns |= {name: pc.fill_null(amount_of(lines[name]), -1) for name in lines.column_names if name in amounts}
    once = pa.table(columns).append_column("file", pa.array(file)).to_pandas().drop_duplicates()
    several = once[once.duplicated(list(columns), keep=False)]
    group = several.groupby(list(columns), sort=False).ngroup().to_numpy()
    of = several["file"].to_numpy()
    found = [group[of == place] for place in range(len(names))]
    sizes = np.bincount(once["file"], minlength=len(names))
    for one, other in itertools.combinations(np.flatnonzero([len(part) for part in found]).tolist(), 2):
        count = len(np.intersect1d(found[one], found[other], assume_unique=True))
        if count >= max(FEWEST_COPIED, COPIED * min(sizes[one], sizes[other])):
            first, second = names[one], names[other]
            raise RegisterError(
                f"{count} lines stand in {first} and in {second}, with the same person, employer, month and amounts: "
                "their wages would be added twice.",
                remedy="Keep one of the two files.",
            )
    combinations = once.drop_duplicates([*keys, "file"])
    return int((combinations.groupby(keys, sort=False).size() > 1).sum())


def missing_months(months: Sequence[int]) -> tuple[str, ...]:
    """The months between the first and the last that do not occur, as YYYY-MM; ``months`` are YYYYMM."""
    numbers = {value // 100 * 12 + value % 100 - 1 for value in months}
    if not numbers:
        return ()
    return tuple(
        f"{number // 12:04d}-{number % 12 + 1:02d}"
        for number in range(min(numbers), max(numbers) + 1)
        if number not in numbers
    )
