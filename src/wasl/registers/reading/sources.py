"""From a file to a table of text: CSV (separator and encoding found), Excel, Parquet. Nothing is interpreted here."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from wasl.errors import RegisterError

__all__ = ["Source", "column_key", "match_columns", "read_source", "text_of"]

SEPARATORS = (";", ",", "\t", "|")
LONGEST_CELL = 20_000
BLOCK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A file's cells as text.

    Attributes:
        table: The wanted columns as strings, under the schema's names; empty cells are null.
        rows: Source row number of each row; the header is row 1, as a spreadsheet counts.
        broken: Rows that could not be cut into columns: (row, reason).
        encoding, separator: How the file was written, or empty where it does not apply.
        surplus: Columns of the file nobody asked for.
        numeric: Cells of text columns that came as numbers, by column: leading zeros may have been lost.
    """

    table: pa.Table = field(repr=False)
    rows: pa.Array = field(repr=False)
    broken: tuple[tuple[int, str], ...] = ()
    encoding: str = ""
    separator: str = ""
    surplus: tuple[str, ...] = ()
    numeric: dict[str, int] = field(default_factory=dict)


def column_key(name: str) -> str:
    """A column name without case, accents, surrounding space and byte-order mark, for matching."""
    bare = unicodedata.normalize("NFKD", name.replace("\ufeff", "").strip().strip('"').strip())
    return "".join(c for c in bare if not unicodedata.combining(c)).lower().replace(" ", "_").replace("-", "_")


def match_columns(
    path: Path, header: Sequence[str], wanted: Sequence[str], optional: frozenset[str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each wanted column stands in the header, and the columns nobody asked for.

    Raises:
        RegisterError: A column is missing or there twice; names it.
    """
    places: dict[str, int] = {}
    keys = [column_key(name) for name in header]
    for name in wanted:
        found = [place for place, key in enumerate(keys) if key == column_key(name)]
        if len(found) > 1:
            raise RegisterError(f"{path}: column {name!r} is there {len(found)} times.", remedy="Keep one of them.")
        if found:
            places[name] = found[0]
    missing = [name for name in wanted if name not in places and name not in optional]
    if missing:
        raise RegisterError(
            f"{path}: missing column{'s' * (len(missing) > 1)} {', '.join(missing)}.",
            remedy="Rename the file's columns or adapt the register schema.",
        )
    known = {column_key(name) for name in wanted}
    surplus = tuple(name.strip() for name, key in zip(header, keys, strict=True) if key not in known)
    return places, surplus


def read_source(
    path: Path,
    wanted: Sequence[str],
    *,
    optional: frozenset[str] = frozenset(),
    sheet: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Source:
    """The wanted columns of a register file as text.

    Args:
        path: ``.csv``, ``.txt``, ``.tsv``, ``.xlsx`` or ``.parquet``.
        wanted: Columns by the schema's names.
        optional: Those that may be absent.
        sheet: Sheet of a workbook; the first by default.
        progress: Called with (bytes read, bytes in all).

    Raises:
        RegisterError: The file is missing, empty, of an unknown kind or encoding, or lacks a column.
    """
    if not path.is_file():
        raise RegisterError(f"{path}: no such file.")
    size = path.stat().st_size
    if size == 0:
        raise RegisterError(f"{path}: the file is empty.", remedy="Export the register again.")
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _read_parquet(path, wanted, optional)
    if suffix in (".xlsx", ".xlsm"):
        return _read_excel(path, wanted, optional, sheet)
    if suffix in (".xls", ".ods", ".zip", ".gz"):
        raise RegisterError(f"{path}: files of kind {suffix} are not read.", remedy="Save it as CSV or .xlsx.")
    return _read_csv(path, wanted, optional, size, progress)


def detect_encoding(path: Path) -> str:
    """The encoding of a text file: UTF-8 (with or without mark), UTF-16 with mark, else Windows-1252.

    Raises:
        RegisterError: None of these fits, or the file is binary.
    """
    with path.open("rb") as stream:
        head = stream.read(65536)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in head:
            raise RegisterError(
                f"{path}: not a text file (it holds zero bytes).", remedy="Export the register as CSV in UTF-8."
            )
        stream.seek(0)
        if _decodes(stream, "utf-8"):
            return "utf-8"
        stream.seek(0)
        if _decodes(stream, "cp1252"):
            return "cp1252"
    raise RegisterError(f"{path}: neither UTF-8 nor Windows-1252 text.", remedy="Export the register as CSV in UTF-8.")


def _decodes(stream: object, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    read: Callable[[int], bytes] = stream.read  # type: ignore[attr-defined]
    try:
        while block := read(BLOCK_BYTES):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def detect_separator(first_line: str, wanted: Sequence[str]) -> str:
    """The separator that makes the most wanted columns out of a header line."""
    keys = {column_key(name) for name in wanted}
    return max(SEPARATORS, key=lambda mark: sum(column_key(part) in keys for part in first_line.split(mark)))


def _read_csv(
    path: Path,
    wanted: Sequence[str],
    optional: frozenset[str],
    size: int,
    progress: Callable[[int, int], None] | None,
) -> Source:
    encoding = detect_encoding(path)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as text:
        first_line = text.readline(1 << 20)
    if not first_line.strip():
        raise RegisterError(f"{path}: the first line is empty; it should name the columns.")
    separator = detect_separator(first_line.rstrip("\r\n"), wanted)
    header = [part.strip().strip('"') for part in first_line.rstrip("\r\n").split(separator)]
    places, surplus = match_columns(path, header, wanted, optional)

    broken: list[tuple[int, str]] = []
    unclosed: list[int] = []

    def note(row: pacsv.InvalidRow) -> str:
        if not row.text.strip(separator + " \r\n"):
            broken.append((row.number, ""))
            return "skip"
        if row.text.count("\n") > 3 or len(row.text) > LONGEST_CELL:
            unclosed.append(row.number)
        broken.append((row.number, f"{row.actual_columns} columns instead of {row.expected_columns}"))
        return "skip"

    positional = [f"c{place}" for place in range(len(header))]
    batches: list[pa.RecordBatch] = []
    done = 0
    try:
        reader = pacsv.open_csv(
            path,
            read_options=pacsv.ReadOptions(
                encoding=encoding, column_names=positional, skip_rows=1, block_size=BLOCK_BYTES, use_threads=False
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
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
            batches.append(batch)
            done += batch.nbytes
            if progress is not None:
                progress(min(done, size), size)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise RegisterError(
                f"{path}: there are columns but no rows.", remedy="Export the register again."
            ) from None
        raise RegisterError(
            f"{path}: cannot be cut into rows and columns.",
            remedy="Look for an unclosed quotation mark or a very long line.",
        ) from None
    if unclosed:
        raise RegisterError(f"{path}: a quotation mark is never closed, at or before row {unclosed[0]}.")
    if not batches or (sum(b.num_rows for b in batches) == 0 and not broken):
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    table = pa.Table.from_batches(batches).rename_columns(list(places))
    _refuse_runaway_cells(path, table)
    numbers = _row_numbers(table.num_rows, [number for number, _ in broken])
    blank = _blank_rows(table)
    if pc.any(blank).as_py():
        table, numbers = table.filter(pc.invert(blank)), numbers.filter(pc.invert(blank).combine_chunks())
    return Source(
        _complete(table, wanted),
        numbers,
        tuple((number, reason) for number, reason in broken if reason),
        encoding,
        separator,
        surplus,
    )


def _refuse_runaway_cells(path: Path, table: pa.Table) -> None:
    for name in table.column_names:
        longest = pc.max(pc.binary_length(table[name])).as_py() or 0
        if longest > LONGEST_CELL:
            raise RegisterError(
                f"{path}: a cell of column {name!r} is {longest} bytes long: a quotation mark is never closed."
            )


def _row_numbers(accepted: int, skipped: list[int]) -> pa.Array:
    """Row numbers of the accepted rows when the header is row 1 and some rows were skipped."""
    import numpy as np

    numbers = np.arange(2, accepted + len(skipped) + 2, dtype=np.int64)
    if skipped:
        numbers = np.delete(numbers, np.asarray(skipped, dtype=np.int64) - 2)
    return pa.array(numbers)


def _blank_rows(table: pa.Table) -> pa.ChunkedArray:
    """Which rows have no cell at all."""
    blank = pc.is_null(table.column(0))
    for column in table.columns[1:]:
        blank = pc.and_(blank, pc.is_null(column))
    return blank


def _complete(table: pa.Table, wanted: Sequence[str]) -> pa.Table:
    """The wanted columns in order; an absent optional one is null throughout."""
    return pa.table(
        {name: table[name] if name in table.column_names else pa.nulls(table.num_rows, pa.string()) for name in wanted}
    )


def _read_parquet(path: Path, wanted: Sequence[str], optional: frozenset[str]) -> Source:
    try:
        file = pq.ParquetFile(path)
        header = file.schema_arrow.names
        places, surplus = match_columns(path, header, wanted, optional)
        raw = file.read(columns=[header[place] for place in places.values()]).rename_columns(list(places))
    except (OSError, pa.ArrowException) as error:
        raise RegisterError(f"{path}: not a readable Parquet file.") from error
    numeric: dict[str, int] = {}
    columns = {}
    for name in raw.column_names:
        column = raw[name]
        kind = column.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            numeric[name] = len(column) - column.null_count
        try:
            columns[name] = text_of(column)
        except pa.ArrowException as error:
            raise RegisterError(f"{path}: column {name!r} of type {kind} cannot be read as text.") from error
    if raw.num_rows == 0:
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    return Source(
        _complete(pa.table(columns), wanted), _row_numbers(raw.num_rows, []), surplus=surplus, numeric=numeric
    )


def text_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A typed column as text: whole numbers without a point, dates as ISO, blank as null.

    Raises:
        pa.ArrowException: Its type has no text form.
    """
    return _blank_to_null(_as_text(column))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m-%d")
    if pa.types.is_floating(kind):
        whole = pc.cast(column, pa.int64(), safe=False)
        same = pc.equal(pc.cast(whole, kind), column)
        return pc.if_else(same, pc.cast(whole, pa.string()), pc.cast(column, pa.string()))
    return column.cast(pa.string())


def _blank_to_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _read_excel(path: Path, wanted: Sequence[str], optional: frozenset[str], sheet: str | None) -> Source:
    import warnings
    import zipfile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise RegisterError(f"{path}: not a readable Excel workbook.", remedy="Save it again as .xlsx.") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise RegisterError(f"{path}: no sheet {sheet!r}.", remedy=f"Sheets: {', '.join(book.sheetnames)}.")
        page = book[sheet] if sheet is not None else book.worksheets[0]
        rows = page.iter_rows(values_only=True)
        first = next(rows, None)
        if first is None or not any(cell is not None for cell in first):
            raise RegisterError(f"{path}: the sheet is empty; its first row should name the columns.")
        header = [str(cell) if cell is not None else f"#{place}" for place, cell in enumerate(first)]
        places, surplus = match_columns(path, header, wanted, optional)
        cells: dict[str, list[str | None]] = {name: [] for name in places}
        numeric = dict.fromkeys(places, 0)
        numbers: list[int] = []
        for number, row in enumerate(rows, start=2):
            if all(cell is None for cell in row):
                continue
            numbers.append(number)
            for name, place in places.items():
                cell = row[place] if place < len(row) else None
                numeric[name] += isinstance(cell, (int, float)) and not isinstance(cell, bool)
                cells[name].append(_cell_text(cell))
    finally:
        book.close()
    if not numbers:
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    table = pa.table({name: pa.array(values, pa.string()) for name, values in cells.items()})
    return Source(
        _complete(table, wanted),
        pa.array(numbers, pa.int64()),
        surplus=tuple(name for name in surplus if not name.startswith("#")),
        numeric={name: count for name, count in numeric.items() if count},
    )


def _cell_text(cell: object) -> str | None:
    """A workbook cell as the text a clerk sees: whole numbers without a point, dates as ISO."""
    import datetime as dt

    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (dt.datetime, dt.date)):
        return cell.strftime("%Y-%m-%d")
    return str(cell) or None
