"""Microdata files as exact tables: CSV, Parquet, SPSS and Stata. Text stays text.

A CSV cell is text, whatever it looks like; the policy says which variables are numbers. "06.141" and "NA" stay what
they are, and only an empty cell is missing. Parquet, SPSS and Stata columns keep their types. Labels and user-missing
codes of SPSS and Stata files are kept beside the table; cells with such a code become missing and are counted.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from wasl.errors import InputError
from wasl.registers.reading.bounded_parquet import read_bounded
from wasl.registers.reading.encodings import detect_encoding
from wasl.registers.reading.long_lines import require_lines
from wasl.registers.reading.unnamed_columns import with_first_name, without_unnamed
from wasl.registers.reading.width import doubled, require_width

__all__ = ["Microdata", "column_labels", "missing_reasons", "open_microdata", "read_microdata"]

SEPARATORS = (";", ",", "\t", "|")
SEPARATOR_LINE = re.compile(r"^\s*\"?sep=(.|\\t|tab)\"?\s*$", re.IGNORECASE)
PARQUET, SPSS, STATA = (".parquet", ".pq"), (".sav", ".zsav", ".por"), (".dta",)
NOT_READ = (".xls", ".xlsx", ".xlsm", ".ods", ".zip", ".gz", ".sas7bdat", ".rds", ".rdata")
EXACT_WHOLE = 1 << 53
"""SPSS and Stata keep numbers as float64: whole numbers up to here are exact (IEEE 754)."""


@dataclass(frozen=True, slots=True)
class Microdata:
    """A microdata file.

    Attributes:
        table: Its rows.
        labels: For each variable with value labels, code (as text) to label; user-missing codes are left out.
        titles: Variable labels.
        missing: For each variable, its user-missing codes and how many cells had each; these cells are null.
        reasons: For each variable with user-missing codes, code to label (empty where it has none).
        encoding, separator: How a text file was written; empty otherwise.
        numbered: Whether a first column without a name numbered the rows; it was left out.
    """

    table: pa.Table = field(repr=False)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    titles: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    encoding: str = ""
    separator: str = ""
    numbered: bool = False

    @property
    def findings(self) -> tuple[str, ...]:
        """Sentences for the user about encodings and user-missing codes."""
        notes = []
        if self.encoding and self.encoding != "utf-8":
            notes.append(f"the file was read as {self.encoding}.")
        if self.numbered:
            notes.append("the first column has no name and numbers the rows: it is left out.")
        for name, codes in self.missing.items():
            counts = ", ".join(f"{code}: {count}" for code, count in codes.items())
            notes.append(f"{name}: cells with a user-missing code are missing ({counts}).")
        return tuple(notes)

    def labelled(self, table: pa.Table) -> pa.Table:
        """A table made from this one with the labels of its source in the metadata of its columns.

        Columns that the source does not have keep what they have. `column_labels` and `missing_reasons` read the
        metadata.
        """
        fields = []
        for column in table.schema:
            metadata = dict(column.metadata or {})
            if column.name in self.titles:
                metadata[b"label"] = self.titles[column.name].encode()
            if column.name in self.labels:
                metadata[b"value_labels"] = json.dumps(dict(self.labels[column.name]), ensure_ascii=False).encode()
            if column.name in self.reasons:
                metadata[b"missing_codes"] = json.dumps(dict(self.reasons[column.name]), ensure_ascii=False).encode()
            fields.append(column.with_metadata(metadata or None))
        return table.cast(pa.schema(fields, table.schema.metadata))


def column_labels(column: pa.Field) -> tuple[str, dict[str, str]]:
    """The label of a column and those of its codes, as `Microdata.labelled` keeps them; empty where there are none."""
    metadata = column.metadata or {}
    return metadata.get(b"label", b"").decode(errors="replace"), _texts(metadata.get(b"value_labels"))


def missing_reasons(column: pa.Field) -> dict[str, str]:
    """The user-missing codes that a column had in its source, and their labels; its cells with them are null."""
    return _texts((column.metadata or {}).get(b"missing_codes"))


def _texts(written: bytes | None) -> dict[str, str]:
    """Codes and labels as JSON; none where the metadata are not of wasl's making."""
    try:
        found = json.loads(written or b"{}")
    except ValueError:
        return {}
    return {str(code): str(text) for code, text in found.items()} if isinstance(found, dict) else {}


def read_microdata(path: Path) -> pa.Table:
    """The rows of a microdata file; see ``open_microdata``."""
    return open_microdata(path).table


def open_microdata(path: Path, *, needed: Callable[[Sequence[str]], Collection[str]] | None = None) -> Microdata:
    """A microdata file: CSV (.csv, .txt, .tsv), Parquet, SPSS (.sav, .zsav, .por) or Stata (.dta).

    Args:
        path: The file.
        needed: Gives the columns that are used, of all columns; default: all. Another column that cannot be treated
            exactly is left out.

    Raises:
        InputError: The file is missing or empty, of another kind, or cannot be read exactly; names file and column.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty.")
    suffix = path.suffix.lower()
    if suffix in NOT_READ:
        raise InputError(
            f"{path}: microdata of kind {suffix} are not read.",
            remedy="Give CSV, Parquet, SPSS (.sav) or Stata (.dta).",
        )
    if suffix in PARQUET:
        table = _parquet(path)
        kept = {column.name: column_labels(column) for column in table.schema}
        titles = {name: title for name, (title, _) in kept.items() if title}
        reasons = {column.name: codes for column in table.schema if (codes := missing_reasons(column))}
        found = Microdata(table, {name: codes for name, (_, codes) in kept.items() if codes}, titles, reasons=reasons)
    elif suffix in SPSS or suffix in STATA:
        found = _statistical_package(path, suffix)
    else:
        found = _csv(path)
    names = found.table.column_names
    _require_names(path, names)
    if any(not name.strip() for name in names):
        raise InputError(f"{path}: column {[n.strip() for n in names].index('') + 1} has no name.")
    used = names if needed is None else needed(names)
    faults = {name: fault for name in names if (fault := _inexact(path, name, found.table.column(name))) is not None}
    for name, fault in faults.items():
        if name in used:
            raise fault
    return replace(found, table=found.table.drop_columns([*faults])) if faults else found


def _inexact(path: Path, name: str, column: pa.ChunkedArray) -> InputError | None:
    """The refusal of a column that cannot be treated exactly: cells of lists, records or bytes, infinite numbers."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return InputError(
            f"{path}: column {name!r} holds {kind} cells, which are not single values.",
            remedy="Make one column of each part, or leave the column out.",
        )
    if pa.types.is_floating(kind):
        infinite = pc.sum(pc.is_inf(column.cast(pa.float64()))).as_py() or 0
        if infinite:
            return InputError(f"{path}: column {name!r} is infinite in {infinite} rows.", remedy="Make them missing.")
    return None


def _parquet(path: Path) -> pa.Table:
    try:
        kinds = pq.read_schema(path)
        _require_names(path, kinds.names)
        return read_bounded(path, kinds)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({type(error).__name__}).") from error


def _csv(path: Path) -> Microdata:
    require_lines(path)
    encoding = detect_encoding(path)
    try:
        text = path.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not {encoding} text.", remedy="Export it as UTF-8.") from error
    text = text.removeprefix("\ufeff")
    if "\n" not in text:  # lines that end with a carriage return alone, as older Macintosh programs write them
        text = text.replace("\r", "\n")
    first, _, rest = text.partition("\n")
    said = SEPARATOR_LINE.match(first.rstrip("\r"))
    if said is not None:
        text = rest
    separator = _separator(text, said[1] if said is not None else "")
    text = with_first_name(text, separator)
    header = _header(path, text, separator)
    _require_names(path, header)
    broken: list[int] = []

    def note(row: pacsv.InvalidRow) -> str:
        broken.append(row.number if row.number is not None else 0)
        return "skip"

    try:
        table = pacsv.read_csv(
            io.BytesIO(text.encode()),
            read_options=pacsv.ReadOptions(use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=note),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in header},
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{path}: cannot be cut into rows and columns.", remedy="Look for an unclosed quotation mark."
        ) from error
    if broken:
        raise InputError(
            f"{path}: {len(broken)} rows do not have {len(header)} columns, the first is row {broken[0]}.",
            remedy="Put quotation marks around cells that hold the separator.",
        )
    if table.num_rows == 0:
        raise InputError(f"{path}: there are columns but no rows.")
    table, numbered = without_unnamed(table.rename_columns([name.strip() for name in header]))
    return Microdata(table, encoding=encoding, separator=separator, numbered=numbered)


def _separator(text: str, said: str) -> str:
    """The separator a ``sep=`` line states, or the one that cuts the first rows alike into most columns."""
    if said:
        return "\t" if said.lower() in ("\\t", "tab") else said
    sample = text[: 1 << 16]

    def columns(mark: str) -> int:
        rows = list(csv.reader(io.StringIO(sample, newline=""), delimiter=mark))[:20]
        whole = rows[:-1] if len(sample) < len(text) and len(rows) > 1 else rows
        widths = {len(row) for row in whole if row}
        return widths.pop() if len(widths) == 1 else 1

    best = max(SEPARATORS, key=columns)
    if columns(best) > 1:
        return best
    # Rows of unequal width: the header decides, and the broken rows are named later.
    first = next(iter(csv.reader(io.StringIO(sample, newline=""))), [""])
    line = sample.split("\n", 1)[0] if len(first) <= 1 else ",".join(first)
    return max(SEPARATORS, key=line.count) if any(mark in line for mark in SEPARATORS) else ","


def _header(path: Path, text: str, separator: str) -> list[str]:
    try:
        row = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), None)
    except csv.Error as error:  # a cell longer than any name
        raise InputError(
            f"{path}: the first line cannot be cut into columns.", remedy="Look for an unclosed quotation mark."
        ) from error
    if row is None or not any(cell.strip() for cell in row):
        raise InputError(f"{path}: the first line is empty; it should name the columns.")
    return row


def _require_names(path: Path, header: Sequence[str]) -> None:
    """Refuse too many columns, and doubled names before they could be mistaken for each other.

    Raises:
        InputError: Says how many columns there are, or names the doubled ones.
    """
    require_width(path, len(header))
    if names_twice := doubled([name.strip() for name in header if name.strip()]):
        raise InputError(f"{path}: several columns are called {', '.join(names_twice)}.", remedy="Rename all but one.")


def _statistical_package(path: Path, suffix: str) -> Microdata:
    """An SPSS or Stata file with labels and user-missing codes."""
    import warnings

    import pyreadstat

    read: Any = {".dta": pyreadstat.read_dta, ".por": pyreadstat.read_por}.get(suffix, pyreadstat.read_sav)
    settings: dict[str, Any] = {} if suffix == ".por" else {"user_missing": True}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame, meta = read(str(path), **settings)
    except (pyreadstat.PyreadstatError, pyreadstat.ReadstatError, OSError, LookupError, ValueError) as error:
        kind = "Stata" if suffix in STATA else "SPSS"
        raise InputError(f"{path}: not a readable {kind} file ({type(error).__name__}).") from error
    _require_names(path, list(frame.columns))
    ranges = getattr(meta, "missing_ranges", None) or {}
    tagged = getattr(meta, "missing_user_values", None) or {}
    columns: dict[str, pa.Array] = {}
    missing: dict[str, dict[str, int]] = {}
    labels: dict[str, dict[str, str]] = {}
    reasons: dict[str, dict[str, str]] = {}
    for name in frame.columns:
        named = {code: str(label) for code, label in meta.variable_value_labels.get(name, {}).items()}
        # Stata labels numbers and the marks .a to .z only; pyreadstat lists the marks that occur.
        marks = [code for code in named if isinstance(code, str)] if suffix in STATA else []
        inside = _MissingCodes(ranges.get(name, []), [*tagged.get(name, []), *marks])
        cells, counted = _without_missing_codes(frame[name].tolist(), inside)
        if counted:
            missing[name] = counted
        if valid := {_code(code): label for code, label in named.items() if not inside.text(code)}:
            labels[name] = valid
        told = {text: label for code, label in named.items() if (text := inside.text(code))}
        if told or counted:
            reasons[name] = dict.fromkeys(counted, "") | told
        columns[name] = _typed(path, name, cells, labelled=name in labels)
    titles = {name: title for name, title in meta.column_names_to_labels.items() if title}
    table = pa.table(columns)
    if table.num_rows == 0:
        raise InputError(f"{path}: there are columns but no rows.")
    return Microdata(table, labels, titles, missing, reasons)


class _MissingCodes:
    """The user-missing codes of a variable.

    Args:
        ranges: SPSS ranges, ``{"lo": 97, "hi": 99}``; single codes have equal ends.
        tagged: Stata's ``a`` … ``z`` (written ``.a`` … ``.z`` there).
    """

    def __init__(self, ranges: Sequence[Mapping[str, Any]], tagged: Sequence[Any]) -> None:
        self._ranges = ranges
        self._marks = {str(mark) for mark in tagged}

    def text(self, value: Any) -> str:
        """The code as text if it is one of these, else empty."""
        if isinstance(value, str) and value in self._marks:
            return f".{value}"
        for one in self._ranges:
            if isinstance(value, str) == isinstance(one["lo"], str) and one["lo"] <= value <= one["hi"]:
                return _code(value)
        return ""


def _without_missing_codes(values: Sequence[Any], inside: _MissingCodes) -> tuple[list[Any], dict[str, int]]:
    """Cells with user-missing codes made None, and how many cells had each code; NaN and None are system-missing."""
    counts: dict[str, int] = {}
    cells: list[Any] = []
    for value in values:
        if value is None or value != value or value == "":  # noqa: PLR0124 - NaN differs from itself
            cells.append(None)
        elif code := inside.text(value):
            counts[code] = counts.get(code, 0) + 1
            cells.append(None)
        else:
            cells.append(value)
    return cells, dict(sorted(counts.items()))


def _typed(path: Path, name: str, cells: list[Any], *, labelled: bool) -> pa.Array:
    """A column in the type its cells have: codes of labelled variables as text, whole numbers as int64.

    Raises:
        InputError: Cells of several kinds, or a whole number that the file could not keep exactly.
    """
    known = [cell for cell in cells if cell is not None]
    numbers = all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in known)
    if known and numbers:
        whole = all(float(cell).is_integer() for cell in known)
        if whole and any(abs(cell) > EXACT_WHOLE for cell in known):
            raise InputError(
                f"{path}: column {name!r} holds whole numbers beyond 2^53, which the format does not keep exactly.",
                remedy="Store it as text in the file.",
            )
        if labelled:
            return pa.array([None if cell is None else _code(cell) for cell in cells], pa.string())
        if whole:
            return pa.array([None if cell is None else int(cell) for cell in cells], pa.int64())
        return pa.array(cells, pa.float64())
    try:
        return pa.array(cells, from_pandas=True)
    except (pa.ArrowException, TypeError) as error:
        raise InputError(f"{path}: column {name!r} holds cells of several kinds.") from error


def _code(value: Any) -> str:
    """A code as text, whole numbers without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
