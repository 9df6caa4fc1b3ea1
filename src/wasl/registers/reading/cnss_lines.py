"""Lines of declarations: their amounts as numbers, lines that stand in two files, months that no file has."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import RegisterError
from wasl.registers.reading.refusals import no_amounts

__all__ = ["amount_of", "missing_months", "refuse_copies", "unread_amounts"]

SPACES = "[ \u00a0\u202f\u2009'\u2019]"
"""What stands between thousands in French and Swiss spelling."""
WHOLE = r"^[0-9]{1,18}$"
DECIMALS = r"^[0-9]{1,18}[.,][0-9]*[1-9][0-9]*$"
"""An amount with decimals that are not zero, which no whole number of centimes has."""
COPIED = 0.5
"""Two files repeat each other where at least this share of the lines of one stand in the other. One person's line may
be there twice by coincidence (a complementary declaration of the same amounts); half of a file's lines cannot."""
FEWEST_COPIED = 2
"""One line that stands in two files may be a coincidence, also where a file has two lines only."""


def _plain_amount(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts without signs between thousands, and without decimals that are zero."""
    text = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), SPACES, "")
    points = pc.fill_null(pc.match_substring_regex(text, r"^[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?$"), False)
    text = pc.if_else(points, pc.replace_substring(text, ".", ""), text)
    commas = pc.fill_null(pc.match_substring_regex(text, r"^[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$"), False)
    text = pc.if_else(commas, pc.replace_substring(text, ",", ""), text)
    return pc.replace_substring_regex(text, r"[.,]0*$", "")


def amount_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Amounts as whole numbers; anything else is missing, see `unread_amounts`."""
    text = _plain_amount(column)
    whole = pc.fill_null(pc.match_substring_regex(text, WHOLE), False)
    return pc.cast(pc.if_else(whole, text, pa.scalar(None, pa.string())), pa.int64())


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
        text = _plain_amount(table[name])
        decimals = np.asarray(pc.fill_null(pc.match_substring_regex(text, DECIMALS), False))
        if count := int(decimals.sum()):
            row = int(rows[np.flatnonzero(decimals)[0]])
            raise RegisterError(
                f"{where}: column {name}: {count} amounts have decimals, the first in row {row}. A declaration states "
                "days and centimes as whole numbers.",
                remedy="Export the amounts in centimes, without decimals.",
            )
        filled = pc.fill_null(pc.not_equal(text, ""), False)
        wrong = np.asarray(pc.and_not(filled, pc.fill_null(pc.match_substring_regex(text, WHOLE), False)))
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
