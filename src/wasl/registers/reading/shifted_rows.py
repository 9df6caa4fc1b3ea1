"""Puts rows together again that a separator or a line break cut: it stood in a cell without quotation marks.

A row is put together in two cases. A space follows the separator, and no other one of the file. Or the cell that was
cut is of a column that nobody reads, such as the address, and all others look like those of the whole rows. The cell
next to the address may lose its end. All other rows are refused.

For a measure, 2,925 rows of a synthetic register were cut at random without spaces, 162 of them in the address. Of the
addresses 132 were put together. 72 cells next to the address lost their end. One row had a value in a wrong column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from wasl.registers.reading.marks import fold_digits

__all__ = ["MOST_LINES", "WholeRows"]

FEWEST_ROWS = 20
"""Whole rows that the looks of columns need."""
FEW_VALUES = 0.2
"""A column with at most so many different values per row is a list of codes: other values do not belong."""
MOST_VALUES = 60
SELDOM = 0.02
"""A kind of cell that fewer of a column's cells have is not expected in it."""
MOST_LINES = 5
"""Lines that one record may be cut into."""
MOST_LENGTHS = 3
"""Numbers of more different lengths may have any length."""
KINDS = (
    ("empty", re.compile(r"\s*")),
    ("date", re.compile(r"\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}(?:[ T].*)?")),
    ("number", re.compile(r"(?:[ .,+\-]*+\d)++[ .,]*+")),
    ("letter", re.compile(r"[^\W\d_]")),
    ("Latin", re.compile(r"[A-Za-zÀ-ɏ' .\-’]+")),
    ("text", re.compile(r"[^\d]+")),
    ("code", re.compile(r"[^\s,;\d]*+\d[^\s,;]*+")),
)


def _kind(cell: str) -> str:
    """The kind of a cell by its characters; numbers and codes of other lengths are other kinds."""
    text = fold_digits(cell.strip())
    kind = next((name for name, pattern in KINDS if pattern.fullmatch(text)), "mixed")
    return f"{kind} {len(text)}" if kind == "number" else kind


class WholeRows:
    """The looks of the cells of a file's whole rows, column by column.

    Args:
        rows: Rows of the right width.
        width: Cells of a row.
        wanted: Places of the columns that are read; by looks alone, no cell of them is put together.
    """

    def __init__(self, rows: Sequence[Sequence[str]], width: int, wanted: Sequence[int]) -> None:
        whole = [row for row in rows if len(row) == width]
        self._width = width
        self._wanted = frozenset(wanted)
        self._spaced = any(cell.startswith(" ") for row in whole for cell in row[1:])
        enough = len(whole) >= FEWEST_ROWS
        self._columns = [_Column([row[place] for row in whole]) for place in range(width)] if enough else []

    def joined(self, cells: Sequence[str], mark: str) -> list[str] | None:
        """A row with too many cells as one of the right width; None where no way or several are left.

        The cell that was cut may look like no other; all cells before and behind it must belong to their columns.
        """
        surplus = len(cells) - self._width
        after_space = [place for place, cell in enumerate(cells) if place and cell.startswith(" ") and cell.strip()]
        if not self._spaced and len(after_space) == surplus:
            return self._by_spaces(cells, after_space, mark)
        ways = self._ways(cells) if self._columns else range(0)
        unread = [at for at in ways if at not in self._wanted]
        if len(unread) != 1 or any(abs(at - unread[0]) > 1 for at in ways):
            return None
        at = unread[0]
        return [*cells[:at], mark.join(cells[at : at + surplus + 1]), *cells[at + surplus + 1 :]]

    def lines_joined(self, lines: Sequence[Sequence[str]]) -> list[str] | None:
        """A record that line breaks cut, from its pieces; None where they do not make one."""
        cells: list[str] = []
        cut: set[int] = set()
        for line in lines:
            if not line:
                return None
            if cells:
                cut.add(len(cells) - 1)
                cells[-1] = f"{cells[-1]} {line[0]}".strip()
            cells.extend(line[1:] if cells else line)
        if len(cells) != self._width or not self._columns:
            return None
        rest = [
            (column, cell) for at, (column, cell) in enumerate(zip(self._columns, cells, strict=True)) if at not in cut
        ]
        return cells if all(column.like(cell) for column, cell in rest) else None

    def _by_spaces(self, cells: Sequence[str], after_space: Sequence[int], mark: str) -> list[str] | None:
        """The row with each cell behind a space joined to the one before; the others must be of usual kinds."""
        parts: list[str] = []
        cut: set[int] = set()
        for place, cell in enumerate(cells):
            if place in after_space:
                parts[-1] += mark + cell
                cut.add(len(parts) - 1)
            else:
                parts.append(cell)
        rest = [(column, parts[at]) for at, column in enumerate(self._columns) if at not in cut]
        return parts if all(column.like(cell) for column, cell in rest) else None

    def _ways(self, cells: Sequence[str]) -> range:
        """The columns whose cell may have been cut: all before and all behind belong where they then stand."""
        surplus = len(cells) - self._width
        front = 0
        while front < self._width and self._columns[front].has(cells[front]):
            front += 1
        back = self._width
        while back > 0 and self._columns[back - 1].has(cells[back - 1 + surplus]):
            back -= 1
        return range(max(0, back - 1), min(front, self._width - 1) + 1)


class _Column:
    """The looks of a column's cells.

    Args:
        cells: Of the whole rows.
    """

    def __init__(self, cells: Sequence[str]) -> None:
        values = frozenset(cell.strip() for cell in cells)
        self._values = values if len(values) <= min(MOST_VALUES, FEW_VALUES * len(cells)) else None
        counts = Counter(map(_kind, cells))
        self._kinds = frozenset(kind for kind, count in counts.items() if count >= SELDOM * len(cells))
        self._any_length = len([kind for kind in counts if kind.startswith("number")]) > MOST_LENGTHS

    def like(self, cell: str) -> bool:
        """Whether a cell is of a kind that the column has."""
        kind = _kind(cell)
        return kind in self._kinds or (self._any_length and kind.startswith("number"))

    def has(self, cell: str) -> bool:
        """Whether a cell belongs: one of the values where they are few, else of a kind that the column has."""
        return cell.strip() in self._values if self._values is not None else self.like(cell)
