"""Lines of declarations: their amounts as numbers, lines that stand in two files, months that no file has."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import RegisterError
from wasl.registers.reading.numbers import has_decimals, read_numbers
from wasl.registers.reading.refusals import no_amounts

__all__ = ["amount_of", "missing_months", "refuse_copies", "refuse_decimals", "unread_amounts"]

COPIED = 0.5
"""Two files repeat each other where at least this share of the lines of one stand in the other. A file repeats itself
where this share stands in it again. One person's line may be there twice by coincidence (a complementary
declaration of the same amounts); half of a file's lines cannot. One file corrects another where this share of the
persons of both are in both: a complementary declaration is about fewer."""
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
    """Refuse lines that would be added twice; returns how often an employer declares a person in several files.

    Args:
        lines: Declared lines of several files, one after the other: person, month, employer where known, amounts.
        file: (lines) the number of the file of each.
        names: The names of the files.
        amounts: Which of the columns are amounts; the others are the person, the month and the employer.

    Returns:
        Combinations of person, month and employer that stand in several files: complementary declarations.

    Raises:
        RegisterError: At least half of the lines of a file stand twice in it, or in another one, with the same amounts.
            Or two files have at least half of their persons in common, so that one seems to correct the other.
    """
    keys = [name for name in lines.column_names if name not in amounts]
    columns = {name: pc.ascii_ltrim(pc.utf8_trim_whitespace(pc.fill_null(lines[name], "")), "0") for name in keys}
    columns |= {name: pc.fill_null(amount_of(lines[name]), -1) for name in lines.column_names if name in amounts}
    every = pa.table(columns).append_column("file", pa.array(file)).to_pandas()
    once = every.drop_duplicates()
    sizes = np.bincount(once["file"], minlength=len(names))
    repeated = np.bincount(every["file"], minlength=len(names)) - sizes
    for place in np.flatnonzero(repeated >= np.maximum(FEWEST_COPIED, COPIED * sizes))[:1]:
        count, where = int(repeated[place]), names[place]
        raise RegisterError(
            f"{count} lines of {where} stand in it again, with the same person, employer, month and "
            "amounts: their wages would be added twice.",
            remedy="Remove the repeated lines.",
        )
    for one, other, count in _common(once, list(columns), sizes, smaller=True):
        first, second = names[one], names[other]
        raise RegisterError(
            f"{count} lines stand in {first} and in {second}, with the same person, employer, month and amounts: "
            "their wages would be added twice.",
            remedy="Keep one of the two files.",
        )
    declared = once.drop_duplicates([*keys, "file"])
    held = np.bincount(declared["file"], minlength=len(names))
    for one, other, count in _common(declared, keys, held, smaller=False):
        first, second = names[one], names[other]
        raise RegisterError(
            f"{count} times an employer declares a person for the same month in {first} and in {second}, with other "
            "amounts: one file seems to correct the other, and wages would be added.",
            remedy="Keep the file that counts. If both count, put their lines into one file.",
        )
    return int((declared.groupby(keys, sort=False).size() > 1).sum())


def _common(
    rows: pd.DataFrame, columns: list[str], sizes: NDArray[np.int64], *, smaller: bool
) -> Iterator[tuple[int, int, int]]:
    """Pairs of files that have at least half of their rows in common, and how many: of the smaller one, or of both.

    Args:
        rows: Different rows of each file, which ``file`` names.
        columns: What is compared.
        sizes: The rows of each file.
        smaller: Whether half of the smaller file is enough.
    """
    several = rows[rows.duplicated(columns, keep=False)]
    group = several.groupby(columns, sort=False).ngroup().to_numpy()
    of = several["file"].to_numpy()
    found = [group[of == place] for place in range(len(sizes))]
    for one, other in itertools.combinations(np.flatnonzero([len(part) for part in found]).tolist(), 2):
        count = len(np.intersect1d(found[one], found[other], assume_unique=True))
        whole = min(sizes[one], sizes[other]) if smaller else max(sizes[one], sizes[other])
        if count >= max(FEWEST_COPIED, COPIED * whole):
            yield one, other, count


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
