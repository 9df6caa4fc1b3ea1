"""CSV files to text columns: encoding, separator and header are found; broken rows are mended where possible."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from wasl.errors import RegisterError
from wasl.registers.reading.coded_columns import TextColumns, as_codes, is_coded, plain
from wasl.registers.reading.encodings import detect_encoding, known_encoding
from wasl.registers.reading.headers import Header, Wanted, find_header
from wasl.registers.reading.mended_rows import mend_rows, with_row_names
from wasl.registers.reading.missing_columns import require
from wasl.registers.reading.other_separators import OTHER_SEPARATORS, cut_mark, opened
from wasl.registers.reading.shifted_rows import WholeRows
from wasl.registers.reading.source import HEADER_PLACE, Source, blank_rows, complete, without_headings
from wasl.registers.reading.width import MOST_COLUMNS, require_width, width_of
from wasl.registers.schema import FileLayout

__all__ = ["Preface", "read_csv", "read_preface", "refuse_whole_lines"]

SEPARATORS = (";", ",", "\t", "|", "~", "^")
SPACED = 0.9
"""Share of the lines that must have a space between a separator and a quotation mark."""
LONGEST_CELL = 20_000
BLOCK_BYTES = 8 << 20
RELEASED_EVERY = 64 << 20
"""Bytes of text after which Arrow gives memory back that it keeps for later."""
PREFACE_BYTES = 1 << 20
"""Bytes read to find the header and the separator."""
PREFACE_ROWS = 200
SEPARATOR_LINE = re.compile(r"^\s*+(?:\"\s*+)?sep\s*+=\s{0,9}(.|\\t|tab)\1*+\"?\s*$", re.IGNORECASE)
"""A line for Excel; a program that saved the file again may have put the other separators of the row behind it."""


@dataclass(frozen=True, slots=True)
class Preface:
    """The beginning of a CSV file.

    Attributes:
        encoding, separator: How it is written.
        rows: Its first records, cut at the separator; a leading ``sep=`` line is the first.
        ends: For each record the number of the physical line it ends on (a cell may hold line breaks).
        spaced: Whether a space stands between separators and quotation marks (``"a", "b"``).
    """

    encoding: str
    separator: str
    rows: tuple[tuple[str, ...], ...]
    ends: tuple[int, ...]
    spaced: bool = False


def read_preface(path: Path, wanted: Wanted, layout: FileLayout) -> tuple[Preface, Header]:
    """The beginning of a CSV file and its header, with the separator that makes most of the wanted columns.

    Raises:
        RegisterError: The encoding cannot be found out, or no line holds anything.
    """
    encoding = known_encoding(layout.encoding, str(path)) if layout.encoding else detect_encoding(path)
    with path.open("rb") as stream:
        data = stream.read(PREFACE_BYTES)
    text = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("replace").decode(data)
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        raise RegisterError(f"{path}: the first line is empty; it should name the columns.")
    said = SEPARATOR_LINE.match(lines[0])
    marks: tuple[str, ...] = SEPARATORS
    if layout.separator or said is not None:
        mark = layout.separator or (said[1] if said is not None else "")
        mark = "\t" if mark.lower() in ("\\t", "tab") else mark
        marks = (mark,) if layout.separator else (mark, *(other for other in SEPARATORS if other != mark))
    best: tuple[Preface, Header] | None = None
    widest = 0
    for mark in (*marks, *(() if layout.separator else OTHER_SEPARATORS)):
        other = mark in OTHER_SEPARATORS
        if other and (mark not in text or (best is not None and len(best[1].match.places) > 1)):
            continue
        spaced = _is_spaced(lines, mark)
        rows, ends = _cut(text.replace(f'{mark} "', f'{mark}"') if spaced else text, mark)
        width = width_of(rows)
        if width > MOST_COLUMNS:  # another separator may cut fewer: commas stand in the cells of some files
            widest = max(widest, width)
            continue
        shown = [() if said is not None and place == 0 else row for place, row in enumerate(rows)]
        fewest = 0 if best is None else len(best[1].match.places)
        header = find_header(shown, wanted, layout.header_row, fewest=fewest)
        if header is None:
            continue
        if other and len(header.match.places) < 2:
            continue
        found = Preface(encoding, mark, tuple(rows), tuple(ends), spaced), with_row_names(header, rows)
        if best is None or _better(header, best[1]):
            best = found
        if said is not None and mark == marks[0] and len(header.match.places) > 1:
            break  # the separator that the file states makes columns
    if best is None or (widest and len(best[1].names) == 1):
        require_width(path, widest)
    if best is None:
        raise RegisterError(
            f"{path}: row {layout.header_row} should name the columns, but is empty or not there."
            if layout.header_row
            else f"{path}: the first line is empty; it should name the columns."
        )
    return best


def _better(header: Header, than: Header) -> bool:
    found, other = len(header.match.places), len(than.match.places)
    return (found, len(header.names)) > (other, len(than.names)) if found == other else found > other


def _is_spaced(lines: Sequence[str], mark: str) -> bool:
    """Whether a program put a space between separators and quotation marks: they would stand inside the cells."""
    filled = [line for line in lines if line.strip()]
    return sum(f'"{mark} "' in line for line in filled) > SPACED * len(filled)


def _cut(text: str, mark: str) -> tuple[list[tuple[str, ...]], list[int]]:
    """The first records of a text, and the physical line each ends on."""
    rows: list[tuple[str, ...]] = []
    ends: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for row in reader:
            rows.append(tuple(row))
            ends.append(reader.line_num)
            if len(rows) >= PREFACE_ROWS:
                break
    except csv.Error:  # an unclosed quotation mark: what was cut so far is enough for the header
        pass
    return rows, ends


def read_csv(
    path: Path,
    wanted: Wanted,
    layout: FileLayout,
    size: int,
    progress: Callable[[int, int], None] | None,
    *,
    coded: bool = False,
) -> Source:
    """The wanted columns of a CSV file; with ``coded``, those whose cells repeat in codes.

    Raises:
        RegisterError: The file cannot be decoded, lacks a column, has no rows, or a quotation mark is never closed.
    """
    preface, header = read_preface(path, wanted, layout)
    refuse_whole_lines(path, preface, header)
    require(str(path), header, wanted, preface.rows, cut=True)
    width = _width(header, preface)
    skipped = preface.ends[header.row]
    first = header.row + 2
    invalid: list[tuple[int, str]] = []
    table = _stream(path, preface, header, width, skipped, size, progress, invalid, coded=coded)
    places = header.match.places
    whole = WholeRows(preface.rows[header.row + 1 :], width, tuple(places.values()))
    mend = mend_rows(invalid, width, places, wanted, cut_mark(preface.separator), whole)
    mended, broken, blank = mend.rows, mend.broken, mend.gone
    if table.num_rows + len(mended) == 0 and not broken:
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    _refuse_runaway_cells(path, table)
    taken = {number for number, _ in invalid}
    numbers = np.arange(1, table.num_rows + len(taken) + 1, dtype=np.int64)
    if taken:
        numbers = np.delete(numbers, np.asarray(sorted(taken), dtype=np.int64) - 1)
    notes: list[tuple[str, str, int]] = []
    if mended:
        rows = pa.table(
            {
                name: pa.array(
                    [cells[place] or None if place < len(cells) else None for _, cells in mended], pa.string()
                )
                for name, place in places.items()
            }
        )
        alike = {name: as_codes(rows[name]) if is_coded(table[name]) else rows[name] for name in places}
        table = pa.concat_tables([table, pa.table(alike)]).unify_dictionaries()
        numbers = np.concatenate([numbers, [number for number, _ in mended]])
        order = np.argsort(numbers, kind="stable")
        table, numbers = table.take(pa.array(order)), numbers[order]
        notes += [
            (check, "", count)
            for check, count in (("rows-mended", len(mended) - mend.joined), ("rows-joined", mend.joined))
            if count
        ]
    rows_of_file = pa.array(numbers + first - 1)
    table, rows_of_file, repeats = without_headings(table, rows_of_file, header)
    if repeats:
        notes.append(("headings-repeated", "", repeats))
    empty = blank_rows(table)
    if pc.any(empty).as_py():
        table, rows_of_file = table.filter(pc.invert(empty)), rows_of_file.filter(pc.invert(empty).combine_chunks())
    if table.num_rows == 0 and not any(number not in blank for number, _ in broken):
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    return Source(
        complete(table, wanted.names),
        rows_of_file,
        tuple((number + first - 1, reason) for number, reason in broken if number not in blank),
        preface.encoding,
        preface.separator,
        header.match.surplus,
        header.match.absent,
        notes=tuple(notes),
        renamed=header.match.renamed,
        layout=HEADER_PLACE.format(row=header.row + 1) if header.row else "",
    )


def _width(header: Header, preface: Preface) -> int:
    """Cells per row: those of the header, unless the rows agree on more or fewer and the difference is blank."""
    named = max((place for place, names in enumerate(header.names) if names[0]), default=-1) + 1
    rows = [row for row in preface.rows[header.row + 1 :] if any(cell.strip() for cell in row)]
    if not rows:
        return len(header.names)
    usual, count = Counter(len(row) for row in rows).most_common(1)[0]
    agreed = usual >= named and count > len(rows) / 2
    beyond_blank = all(not cell.strip() for row in rows for cell in row[len(header.names) :] if len(row) == usual)
    return usual if agreed and beyond_blank else len(header.names)


def _stream(
    path: Path,
    preface: Preface,
    header: Header,
    width: int,
    skipped: int,
    size: int,
    progress: Callable[[int, int], None] | None,
    invalid: list[tuple[int, str]],
    *,
    coded: bool,
) -> pa.Table:
    """The wanted cells of all rows of the right width; others go to ``invalid``, counted from 1 after the header."""
    unclosed: list[int] = []

    def note(row: pacsv.InvalidRow) -> str:
        number = row.number - skipped
        if row.text.count("\n") > 3 or len(row.text) > LONGEST_CELL:
            unclosed.append(number + header.row + 1)
        invalid.append((number, row.text))
        return "skip"

    positional = [f"c{place}" for place in range(width)]
    places = header.match.places
    found = TextColumns(list(places), coded=coded)
    done = released = 0
    try:
        file, encoding = opened(path, preface.encoding, preface.separator, spaced=preface.spaced)
        reader = pacsv.open_csv(
            file,
            read_options=pacsv.ReadOptions(
                encoding=encoding,
                column_names=positional,
                skip_rows=skipped,
                block_size=BLOCK_BYTES,
                use_threads=False,
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=cut_mark(preface.separator),
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in positional},
                include_columns=[positional[place] for place in places.values()],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
        for batch in reader:
            found.add(dict(zip(places, batch.columns, strict=True)))
            done += batch.nbytes
            if done - released > RELEASED_EVERY:
                pa.default_memory_pool().release_unused()  # the text of batches that are held in codes
                released = done
            if progress is not None:
                progress(min(done, size), size)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error) or "number of rows" in str(error) or "skip" in str(error).lower():
            raise RegisterError(
                f"{path}: there are columns but no rows.", remedy="Export the register again."
            ) from None
        raise RegisterError(
            f"{path}: cannot be cut into rows and columns.",
            remedy="Look for an unclosed quotation mark or a very long line.",
        ) from None
    except UnicodeError:
        raise RegisterError(
            f"{path}: is not written in {preface.encoding} throughout.",
            remedy="Name another encoding, or export as UTF-8.",
        ) from None
    if unclosed:
        raise RegisterError(f"{path}: a quotation mark is never closed, at or before row {unclosed[0]}.")
    return found.table()


def refuse_whole_lines(path: Path, preface: Preface, header: Header) -> None:
    """Refuse a file whose lines stand in quotation marks as a whole.

    Raises:
        RegisterError: So it is.
    """
    if len(header.names) == 1 and not header.match.places:
        lines = [row[0] for row in preface.rows[header.row : header.row + 5] if len(row) == 1]
        if (
            len(lines) > 1
            and any(c.isalpha() for c in lines[0])
            and any(all(line.count(mark) > 1 for line in lines) for mark in SEPARATORS)
        ):
            raise RegisterError(
                f"{path}: each line stands in quotation marks as a whole, from row {header.row + 1} on.",
                remedy="Export the file again, or take the outer quotation marks away and undouble the inner ones.",
            )


def _refuse_runaway_cells(path: Path, table: pa.Table) -> None:
    for name in table.column_names:
        longest = pc.max(pc.binary_length(plain(table[name]))).as_py() or 0
        if longest > LONGEST_CELL:
            raise RegisterError(
                f"{path}: a cell of column {name!r} is {longest} bytes long: a quotation mark is never closed."
            )
