"""Reads a register file as its schema says: typed columns, and every refusal with row, column and reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import RegisterError
from wasl.registers.reading.cells import type_cells
from wasl.registers.reading.cnss_lines import refuse_decimals
from wasl.registers.reading.cnss_monthly import is_monthly_declaration, join_registration
from wasl.registers.reading.cnss_months import (
    EMPLOYER,
    MonthRule,
    declaration_files,
    monthly_rows,
    read_declarations,
    spells_of,
    stock_rows,
)
from wasl.registers.reading.coded_columns import plain
from wasl.registers.reading.headers import Wanted, wanted_columns
from wasl.registers.reading.missing_words import drop_word, writes_word
from wasl.registers.reading.partial_dates import parts_column
from wasl.registers.reading.refusals import DAY_LOST, MISSING, REPEATED
from wasl.registers.reading.repeated_numbers import repeated_numbers
from wasl.registers.reading.source import Source
from wasl.registers.reading.sources import read_source
from wasl.registers.reading.total_rows import lines_without_record
from wasl.registers.schema import ROW_NUMBER, FileLayout, RegisterSchema

__all__ = [
    "REJECTS_SCHEMA",
    "SOURCE_ROW",
    "ReadingNote",
    "RegisterTable",
    "read_register",
    "type_register",
]

SOURCE_ROW = ROW_NUMBER
REJECTS_SCHEMA = pa.schema(
    [("row", pa.int64()), ("column", pa.string()), ("kind", pa.string()), ("reason", pa.string())]
)


@dataclass(frozen=True, slots=True)
class ReadingNote:
    """A repair, assumption or loss in reading: the check that counted it, the column, the number of cells."""

    check: str
    column: str
    count: int


@dataclass(frozen=True, slots=True)
class RegisterTable:
    """A register as read.

    Attributes:
        table: The schema's columns (without those to drop), typed, and ``source_row``; text may be held in codes.
        rejects: Table of ``row, column, kind, reason``; kind ``row`` lost a row, kind ``cell`` only one cell.
        rows_read: Rows in the file; accepted plus rejected.
        encoding, separator: How a text file was written.
        notes: What was repaired, assumed or dropped in reading, counted by check and column; nothing is changed
            silently.
        numeric: Text cells per column that came as numbers (leading zeros may be lost).
        surplus: Columns of the file the schema does not know.
        absent: Columns of the schema that may be absent and are.
        renamed: Columns whose heading in the file is not their name in the schema, with that heading.
        layout: How the file was laid out, where a reader of it should know (sheet, row of the header, months).
        spells: ``record, from, until``: the months each record was declared, where the register is declared by month.
    """

    table: pa.Table = field(repr=False)
    rejects: pa.Table = field(repr=False)
    rows_read: int
    encoding: str = ""
    separator: str = ""
    notes: tuple[ReadingNote, ...] = ()
    numeric: dict[str, int] = field(default_factory=dict)
    surplus: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    layout: str = ""
    spells: pa.Table | None = field(default=None, repr=False)

    def noted(self, check: str) -> dict[str, int]:
        """Cells per column that one check counted in reading."""
        return {note.column: note.count for note in self.notes if note.check == check}

    @property
    def rows_rejected(self) -> int:
        """Rows of the file that are not in the table."""
        return self.rows_read - int(self.table.num_rows)


def read_register(
    path: str | Path,
    schema: RegisterSchema,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
    with_dropped: bool = False,
    registration: str | Path | None = None,
    months: MonthRule | None = None,
    coded: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> RegisterTable:
    """Read a register file.

    Args:
        path: CSV, Excel or Parquet, or CNSS monthly declarations: a file, or a folder of them.
        schema: What its columns are.
        sheet: Sheet of a workbook; by default the one that has the schema's columns.
        encoding: Encoding of a text file; found from its bytes by default.
        header_row: The row (from 1) that names the columns; found by default.
        registration: CNSS's registration file, which a monthly declaration is joined with.
        months: What several months of a person become: ``any``, ``average`` or ``december``, see `stock_rows`.
        coded: Whether columns whose cells repeat are held in codes, which takes less memory: for encoding.
        with_dropped: Also read columns whose role is ``drop`` and whose ``kind`` can be checked (quality report).
        progress: Called with (bytes read, bytes in all).

    Raises:
        RegisterError: The file cannot be read as the schema says; names the file and the column.
    """
    place = Path(path)
    wanted = wanted_columns(schema, with_dropped=with_dropped)
    layout = schema.file.model_copy(
        update={k: v for k, v in {"sheet": sheet, "encoding": encoding, "header_row": header_row}.items() if v}
    )
    if place.is_dir() or months is not None or (place.is_file() and is_monthly_declaration(place)):
        return _read_months(place, schema, wanted, layout, registration, months)
    read = [read_source(place, wanted, layout=layout, coded=coded, progress=progress)]
    if _declared_twice(place, read[0], schema):
        return _read_months(place, schema, wanted, layout, registration, None)
    return type_register(read.pop(), schema, place.name)  # which lets go of each column's text as it is typed


def _read_months(
    place: Path,
    schema: RegisterSchema,
    wanted: Wanted,
    layout: FileLayout,
    registration: str | Path | None,
    rule: MonthRule | None,
) -> RegisterTable:
    """Declarations of one or more months as one row per person; totals that do not add up are among the rejects.

    Raises:
        RegisterError: The register is not declared by month, several months come without a rule, or the registration
            file is missing.
    """
    if schema.period is None:
        raise RegisterError(
            f"{place}: {schema.register_id} is not declared month by month.",
            remedy="Give one file, without --months.",
        )
    files = declaration_files(place)
    declared = read_declarations(files, wanted, layout)
    if declared.fixed_width and registration is None:
        raise RegisterError(
            f"{place}: a monthly declaration has no birth dates and nationalities.",
            remedy="Give the registration file with --registration.",
        )
    if len(declared.months) > 1 and rule is None:
        raise _mixed_months(place, declared.months)
    monthly = monthly_rows(declared)
    persons = int(pc.count_distinct(monthly["key"]).as_py())
    if rule is None:
        table = monthly.select([name for name in monthly.column_names if name in declared.lines.column_names])
        table = pa.table({name: table[name].cast(pa.string()) for name in table.column_names})
        rows = monthly["row"].to_numpy()
    else:
        table, rows = stock_rows(monthly, declared.months, rule)
    if declared.fixed_width and registration is not None:
        others = [name for name in wanted.names if name not in table.column_names]
        asked = Wanted(("num_immatriculation", *others), frozenset(others), wanted.headings)
        table = join_registration(table, read_source(Path(registration), asked).table)
    source = pa.table(
        {n: table[n] if n in table.column_names else pa.nulls(table.num_rows, pa.string()) for n in wanted.names}
    )
    notes = (
        *declared.notes,
        ("lines-added", EMPLOYER, declared.lines.num_rows - monthly.num_rows),
        ("months-missing", schema.period, len(declared.missing_months)),
        ("months-combined", schema.period, _in_several(monthly) if rule in ("any", "average") else 0),
        ("outside-stock", schema.period, persons - table.num_rows),
    )
    kept = tuple(note for note in notes if note[2])
    read = type_register(Source(source, pa.array(rows), declared.broken, notes=kept), schema)
    wrong = [(np.array([line]), total, "cell", reason) for line, total, reason in declared.unread + declared.mismatches]
    spells = spells_of(monthly)
    return replace(
        read,
        rejects=pa.concat_tables([read.rejects, _rejects_table(wrong)]),
        layout=_months_text(declared.files, declared.months, rule),
        spells=pa.table({"record": spells["num_immatriculation"], "from": spells["from"], "until": spells["to"]}),
    )


def _in_several(monthly: pa.Table) -> int:
    """How many persons were declared in more than one month."""
    counted = monthly.group_by("key").aggregate([("key", "count")])
    return int(pc.sum(pc.greater(counted["key_count"], 1)).as_py() or 0)


def _mixed_months(place: Path, months: Sequence[int]) -> RegisterError:
    first, last = (f"{value // 100}-{value % 100:02d}" for value in (months[0], months[-1]))
    return RegisterError(
        f"{place}: {len(months)} months ({first} to {last}), and no rule says what a person's months become: wages of "
        "months are never added.",
        remedy="Give --months any, average or december, or one month.",
    )


def _months_text(files: Sequence[str], months: Sequence[int], rule: MonthRule | None) -> str:
    first, last = (f"{value // 100}-{value % 100:02d}" for value in (months[0], months[-1]))
    span = first if first == last else f"{len(months)} months, {first} to {last}"
    count = f"{len(files)} files, " if len(files) > 1 else ""
    return f"{count}{span}" + (f", rule {rule}" if rule else "")


def _declared_twice(place: Path, source: Source, schema: RegisterSchema) -> bool:
    """Whether a file of one month has several lines of one person: its employers, whose amounts are added.

    Raises:
        RegisterError: One record number stands in several months; names the months.
    """
    period = schema.period
    if period is None or not {period, schema.record} <= set(source.table.column_names):
        return False
    both = {name: plain(source.table[name]) for name in (schema.record, period)}
    rows = pa.table(both).drop_null()
    pairs = rows.group_by([schema.record, period]).aggregate([])
    if pairs.num_rows == pc.count_distinct(pairs[schema.record]).as_py():
        return bool(pairs.num_rows < rows.num_rows and pc.count_distinct(pairs[period]).as_py() == 1)
    texts = pc.replace_substring_regex(pc.unique(pairs[period]), r"[^0-9]", "").to_pylist()
    months = sorted(int(text[2:] + text[:2] if re.fullmatch(r"(0[1-9]|1[0-2])(19|20)\d\d", text) else text[:6])
                    for text in texts if len(text) >= 6)  # fmt: skip
    raise _mixed_months(place, months or [0])


def type_register(source: Source, schema: RegisterSchema, where: str = "") -> RegisterTable:
    """Type a source's columns, and refuse what does not fit.

    A bad cell in a required column, a missing required cell and a repeated record number refuse the row; any other
    bad cell becomes missing. Accepted and refused rows always add up to the rows of the file.

    Args:
        source: The columns as text.
        schema: What they are.
        where: The name of the file, whose centimes must be whole numbers; empty where amounts were read before.

    Raises:
        RegisterError: Amounts in centimes have decimals, so they are in another unit.
    """
    rows, broken, numeric = np.asarray(source.rows), source.broken, source.numeric
    described = source.without_cells()
    texts = _with_dates_from_parts(source.table, schema)
    del source  # each column's text is let go as soon as it is typed
    no_record, rejects = lines_without_record(texts, [f.name for f in schema.fields if f.role == "name"], rows)
    keep = ~no_record
    columns: dict[str, pa.ChunkedArray] = {}
    notes = [ReadingNote(check, column, count) for check, column, count in described.notes]
    missing_word = writes_word(texts, schema.by_name)
    notes += [
        ReadingNote("columns-absent", name, len(rows))
        for name in described.absent
        if name in schema.by_name and schema.by_name[name].role.encoded
    ]
    for name in list(texts):
        spec = schema.by_name[name]
        text, dropped = drop_word(texts.pop(name), spec) if missing_word else (texts.pop(name), 0)
        if dropped:
            notes.append(ReadingNote("words-for-missing", name, dropped))
        typed = type_cells(spec, text, described.day_zero)
        del text
        if where and spec.of_centimes:
            refuse_decimals(typed.values, rows, name, where)
        columns[name] = typed.values
        if typed.codes is not None:
            columns[parts_column(name)] = pa.chunked_array([pa.array(typed.codes)])
        notes += [ReadingNote(check, name, count) for check, count in typed.notes.items()]
        invalid = typed.invalid & ~no_record
        if invalid.any():
            rejects.append((rows[invalid], name, "row" if spec.required else "cell", typed.reason))
        if typed.day_lost is not None:
            rejects.append((rows[typed.day_lost], name, "cell", DAY_LOST))
        if spec.required or name == schema.record:
            absent = np.asarray(pc.is_null(typed.values)) & ~typed.invalid & ~no_record
            if typed.codes is not None:
                absent &= typed.codes == 0
            if absent.any():
                rejects.append((rows[absent], name, "row", MISSING))
            keep &= ~absent & ~typed.invalid
    repeated = (
        repeated_numbers(plain(columns[schema.record]), keep)
        if schema.record != ROW_NUMBER
        else np.zeros(len(keep), bool)
    )
    if repeated.any():
        rejects.append((rows[repeated], schema.record, "row", REPEATED))
        keep &= ~repeated
    for number, reason in broken:
        rejects.append((np.array([number]), "", "row", reason))
    columns[SOURCE_ROW] = pa.chunked_array([pa.array(rows)])
    if not keep.all():
        kept = pa.array(keep)
        for name, column in columns.items():
            columns[name] = column.filter(kept)
    table = pa.table(columns)
    columns.clear()
    pa.default_memory_pool().release_unused()
    return RegisterTable(
        table,
        _rejects_table(rejects),
        len(rows) + len(broken),
        described.encoding,
        described.separator,
        tuple(notes),
        {
            name: count
            for name, count in numeric.items()
            if name in schema.by_name and schema.by_name[name].type in ("string", "code")
        },
        described.surplus,
        described.absent,
        described.renamed,
        described.layout,
    )


def _with_dates_from_parts(table: pa.Table, schema: RegisterSchema) -> dict[str, pa.ChunkedArray]:
    """The columns by name; a date whose day, month and year stand apart becomes one column of text."""
    texts = dict(zip(table.column_names, table.columns, strict=True))
    for spec in schema.fields:
        if not spec.parts or spec.parts["year"] not in texts:
            continue
        blank = pa.scalar("00")
        pieces = [
            pc.fill_null(pc.utf8_trim_whitespace(plain(texts[spec.parts[part]])), blank)
            if part in spec.parts
            else blank
            for part in ("day", "month")
        ]
        year = pc.utf8_trim_whitespace(plain(texts[spec.parts["year"]]))
        whole = [pc.replace_substring_regex(piece, r"\.0+$", "") for piece in (*pieces, year)]
        composed = pc.binary_join_element_wise(*whole, "/")
        texts[spec.name] = pc.coalesce(plain(texts[spec.name]), composed) if spec.name in texts else composed
        columns = {field.name for field in schema.fields}
        for column in spec.parts.values():
            if column not in columns:
                texts.pop(column, None)
    return texts


def _rejects_table(parts: list[tuple[np.ndarray, str, str, str]]) -> pa.Table:
    pieces = [
        pa.table(
            {
                "row": pa.array(rows, pa.int64()),
                "column": pa.array([column] * len(rows), pa.string()),
                "kind": pa.array([kind] * len(rows), pa.string()),
                "reason": pa.array([reason] * len(rows), pa.string()),
            }
        )
        for rows, column, kind, reason in parts
    ]
    table = pa.concat_tables(pieces) if pieces else REJECTS_SCHEMA.empty_table()
    return table.sort_by([("row", "ascending"), ("column", "ascending")])
