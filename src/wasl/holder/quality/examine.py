"""Runs the checks over a register as read."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.holder.names.normalizer import normalize
from wasl.holder.normalize import describe_persons
from wasl.holder.payload import payload_columns
from wasl.holder.quality.duplicates import duplicate_rows
from wasl.holder.quality.findings import ROWS_SHOWN, Breakdown, ColumnFigures, Finding, QualityReport, Weight, finding
from wasl.registers.codes.classification import code_list, harmonize
from wasl.registers.codes.icls import classify_migrants
from wasl.registers.reading.partial_dates import date_codes
from wasl.registers.reading.reader import SOURCE_ROW, RegisterTable
from wasl.registers.reading.refusals import MISSING
from wasl.registers.schema import Feature, Field, FieldRole, RegisterSchema

__all__ = ["examine"]

CIN = re.compile(r"[A-Z]{1,2}[0-9]{5,6}")
OLDEST = 110
MOSTLY = 0.5
"""A column of persons with more cells missing than this is a finding: linkage rests on the rest of them."""
NEEDED = frozenset(
    [Feature.SURNAME, Feature.GIVEN, Feature.FULL_NAME, Feature.BIRTH_DATE, Feature.SEX, Feature.NATIONALITY]
)
"""What most passes ask for: without it, passes are left out."""
READING: dict[str, Weight] = {
    "columns-absent": "warning",
    "mojibake-repaired": "warning",
    "marks-dropped": "note",
    "texts-as-formulas": "note",
    "quotes-dropped": "note",
    "cells-with-errors": "warning",
    "words-for-missing": "note",
    "cells-merged": "warning",
    "formulas-without-value": "problem",
    "rows-mended": "warning",
    "rows-joined": "warning",
    "headings-repeated": "warning",
    "hijri-dates": "note",
    "dates-partial": "note",
    "dates-month-first": "warning",
    "dates-order-mixed": "problem",
    "dates-two-digit-years": "warning",
    "dates-serial-numbers": "warning",
    "dates-counted": "warning",
    "dates-counted-unclear": "problem",
    "numbers-two-ways": "problem",
    "dates-with-zone": "note",
    "dates-year-refused": "problem",
}
"""The weight of each note of the reader."""
UNUSED: dict[str, Weight] = {
    "identifiers-void": "warning",
    "identifiers-shared": "problem",
    "names-placeholder": "warning",
    "names-unreadable": "problem",
}
"""The weight of cells that linkage cannot use (unknown spellings are found with the codes)."""
SHOWN_SPELLINGS = 20
WORST_SHOWN = 12


def examine(register: RegisterTable, schema: RegisterSchema, *, file: str, today: dt.date) -> QualityReport:
    """The quality report of a register as read.

    Args:
        register: The register, read with its checkable dropped columns.
        schema: What its columns are.
        file: Name of the file, for the title.
        today: The day the report is made; later births are impossible.
    """
    rows = np.asarray(register.table[SOURCE_ROW])
    findings = [
        *_rejected(register),
        *_gaps(register.table, schema, rows),
        *_births(register.table, schema, rows, today),
        *_numbers(register, schema, rows),
        *_codes(register.table, schema, rows),
        *_names(register.table, schema, rows),
    ]
    duplicates = duplicate_rows(register.table, schema)
    if duplicates is not None and not schema.duplicate_free:
        findings.append(finding("persons-repeated", "note", "", duplicates, rows))
    elif duplicates is not None:
        findings.append(finding("persons-repeated", "problem", "", duplicates, rows))
    findings += _reading(register)
    findings += [
        Finding(note.check, UNUSED[note.check], note.column, note.count, note.of)
        for note in describe_persons(register.table, schema, frozenset()).notes
        if note.check in UNUSED
    ]
    weights = {"problem": 0, "warning": 1, "note": 2}
    kept = sorted((f for f in findings if f is not None), key=lambda f: (weights[f.weight], -f.share, f.check))
    return QualityReport(
        schema.register_id,
        schema.title,
        schema.title_fr,
        schema.title_ar,
        schema.holder,
        file,
        register.rows_read,
        register.table.num_rows,
        register.rows_rejected,
        register.encoding,
        register.separator,
        tuple(_columns(register, schema)),
        tuple(kept),
        tuple(_breakdowns(register, schema)),
        _icls(register.table, schema, today),
    )


def _reading(register: RegisterTable) -> list[Finding]:
    """Findings about reading: repairs, assumptions, losses, and columns found under another heading."""
    found = [
        Finding(note.check, READING.get(note.check, "note"), note.column, note.count, register.rows_read)
        for note in register.notes
    ]
    found += [
        Finding("columns-renamed", "note", column, register.rows_read, register.rows_read, (), ((heading, 1),))
        for column, heading in register.renamed.items()
    ]
    found += [
        Finding("columns-unread", "note", heading, register.rows_read, register.rows_read)
        for heading in register.surplus
    ]
    if register.layout:
        found.append(Finding("layout-found", "note", register.layout, register.rows_read, register.rows_read))
    return found


def _columns(register: RegisterTable, schema: RegisterSchema) -> list[ColumnFigures]:
    kinds = register.rejects.filter(pc.not_equal(register.rejects["reason"], MISSING))
    invalid = Counter({item["values"]: item["counts"] for item in pc.value_counts(kinds["column"]).to_pylist()})
    figures = []
    for spec in schema.fields:
        if spec.name not in register.table.column_names:
            continue
        column = register.table[spec.name]
        coverage = 1.0
        if spec.classification is not None:
            coverage = harmonize(column, code_list(schema, spec.classification)).coverage
        present = len(column) - column.null_count
        figures.append(
            ColumnFigures(
                spec.name,
                spec.label or spec.name,
                spec.label_fr or spec.name,
                spec.label_ar,
                spec.role.value,
                present,
                column.null_count,
                invalid[spec.name],
                coverage,
            )
        )
    return figures


def _rejected(register: RegisterTable) -> list[Finding]:
    """One finding per column, kind and reason of the reader's rejects."""
    found = []
    kinds = ["kind", "column", "reason"]
    for group in register.rejects.group_by(kinds, use_threads=False).aggregate([("row", "count")]).to_pylist():
        kind, column, reason, count = *(group[key] for key in kinds), group["row_count"]
        same = pc.and_(
            pc.equal(register.rejects["column"], column),
            pc.and_(pc.equal(register.rejects["kind"], kind), pc.equal(register.rejects["reason"], reason)),
        )
        rows = tuple(register.rejects["row"].filter(same)[:ROWS_SHOWN].to_pylist())
        weight: Weight = "problem" if kind == "row" else "warning"
        name = "rows-rejected" if kind == "row" else "cells-invalid"
        found.append(Finding(name, weight, column, count, register.rows_read, rows, ((reason, count),)))
    return found


def _gaps(table: pa.Table, schema: RegisterSchema, rows: NDArray[np.int64]) -> list[Finding | None]:
    """Columns of persons that are empty, or empty in more than half of the rows."""
    found: list[Finding | None] = []
    for spec in schema.fields:
        if spec.feature is None or spec.name not in table.column_names or not table.num_rows:
            continue
        gaps = np.asarray(pc.is_null(table[spec.name]))
        if spec.type == "date":
            gaps &= date_codes(table, spec.name) == 0  # a year alone is no gap
        needed = spec.feature in NEEDED or (spec,) in schema.name_columns.values()
        weight: Weight = "problem" if gaps.all() and needed else "warning"
        if gaps.mean() > MOSTLY:
            found.append(finding("cells-missing", weight, spec.name, gaps, rows))
    return found


def _births(table: pa.Table, schema: RegisterSchema, rows: NDArray[np.int64], today: dt.date) -> list[Finding | None]:
    spec = schema.by_feature.get(Feature.BIRTH_DATE)
    if spec is None:
        return []
    births = table[spec.name]
    codes = date_codes(table, spec.name)
    year = codes // 10_000
    known = int((codes > 0).sum())
    oldest = min(today.year - OLDEST, spec.earliest_year or today.year)
    found = [
        finding("births-first-january", "warning", spec.name, (codes > 0) & (codes % 10_000 == 101), rows, of=known),
        finding(
            "births-impossible",
            "problem",
            spec.name,
            (year > 0) & ((year > today.year) | (year < oldest)),
            rows,
            of=known,
        ),
    ]
    for other in schema.fields:
        if other.type == "date" and other.name in table.column_names and other.name != spec.name:
            earlier = np.asarray(pc.fill_null(pc.less(table[other.name], births), False))
            found.append(finding("dates-before-birth", "problem", other.name, earlier, rows, of=known))
    return found


def _numbers(register: RegisterTable, schema: RegisterSchema, rows: NDArray[np.int64]) -> list[Finding | None]:
    found: list[Finding | None] = []
    for spec in schema.fields:
        if spec.name not in register.table.column_names:
            continue
        column = register.table[spec.name]
        present = len(column) - column.null_count
        if spec.role is FieldRole.IDENTIFIER:
            found.append(finding("zeros-stripped", "warning", spec.name, _short_numbers(column), rows, of=present))
        if spec.feature is Feature.CIN or spec.kind == "cin":
            bare = pc.replace_substring_regex(pc.utf8_upper(column), "[^A-Z0-9]+", "")
            odd = np.asarray(pc.fill_null(pc.invert(pc.match_substring_regex(bare, f"^(?:{CIN.pattern})$")), False))
            found.append(finding("permits-as-cin", "warning", spec.name, odd, rows, of=present))
        if spec.kind == "ice":
            found.append(finding("ice-invalid", "note", spec.name, _bad_ice(column), rows, of=present))
    found += [
        Finding("numbers-not-text", "warning", column, count, register.rows_read)
        for column, count in register.numeric.items()
        if schema.by_name[column].role is FieldRole.IDENTIFIER
    ]
    return found


def _short_numbers(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Plain numbers shorter than the usual length of their column: a spreadsheet may have taken their zeros."""
    digits = pc.fill_null(pc.match_substring_regex(column, "^[0-9]+$"), False)
    lengths = np.where(np.asarray(digits), np.asarray(pc.fill_null(pc.utf8_length(column), 0)), 0)
    counts = np.bincount(lengths, minlength=1)
    counts[0] = 0
    usual = int(counts.argmax())
    if counts.sum() == 0 or counts[usual] < 0.6 * counts.sum():
        return np.zeros(len(lengths), dtype=bool)
    short: NDArray[np.bool_] = (lengths > 0) & (lengths < usual)
    return short


def _bad_ice(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    from stdnum.ma import ice

    distinct = pc.unique(column).drop_null()
    bad = pa.array([text for text in distinct.to_pylist() if not ice.is_valid(text)], pa.string())
    return np.asarray(pc.fill_null(pc.is_in(column, bad), False))


def _codes(table: pa.Table, schema: RegisterSchema, rows: NDArray[np.int64]) -> list[Finding | None]:
    found: list[Finding | None] = []
    for spec in schema.fields:
        if spec.classification is None or spec.name not in table.column_names:
            continue
        column = table[spec.name]
        codes = code_list(schema, spec.classification).told_by(pc.unique(column).to_pylist())
        present = len(column) - column.null_count
        several = [text for text in pc.unique(column).drop_null().to_pylist() if len(codes.codes(text)) > 1]
        unknown = harmonize(column, codes).unmapped
        marked = np.asarray(pc.fill_null(pc.is_in(column, pa.array(several, pa.string())), False))
        held = pc.value_counts(column.filter(pa.array(marked))).to_pylist()
        counts = sorted(((item["values"], item["counts"]) for item in held), key=lambda pair: (-pair[1], pair[0]))
        found.append(
            finding(
                "spellings-ambiguous",
                "warning",
                spec.name,
                marked,
                rows,
                of=present,
                values=tuple(counts[:SHOWN_SPELLINGS]),
            )
        )
        strange = np.asarray(pc.fill_null(pc.is_in(column, pa.array([t for t, _ in unknown], pa.string())), False))
        found.append(
            finding(
                "spellings-unknown", "warning", spec.name, strange, rows, of=present, values=unknown[:SHOWN_SPELLINGS]
            )
        )
    return found


def _names(table: pa.Table, schema: RegisterSchema, rows: NDArray[np.int64]) -> list[Finding | None]:
    parts = schema.name_columns
    if "surname" not in parts or "given" not in parts:
        return []
    surname, given = parts["surname"][0], parts["given"][0]
    family, first = _Words.of(table[surname.name]), _Words.of(table[given.name])
    unsplit = np.asarray(table[given.name].is_null()) & family.marked([len(words) > 1 for words in family.words])
    as_family, as_first = family.counts(), first.counts()
    swapped = family.marked(_elsewhere(family, as_family, as_first)) & first.marked(
        _elsewhere(first, as_first, as_family)
    )
    return [
        finding("names-unsplit", "warning", surname.name, unsplit, rows),
        finding("names-swapped", "warning", surname.name, swapped, rows),
    ]


@dataclass(frozen=True, slots=True)
class _Words:
    """The skeletons of each distinct cell of a name column, and which of them each row has; -1 where missing."""

    words: list[tuple[str, ...]]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> _Words:
        """Of a column."""
        whole = column.combine_chunks()
        cells = (pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole).dictionary_encode()
        words = [normalize(text).skeletons for text in cells.dictionary.to_pylist()]
        return cls(words, np.asarray(cells.indices.cast(pa.int64()).fill_null(-1)))

    def marked(self, flags: list[bool]) -> NDArray[np.bool_]:
        """Mark the rows whose cell is marked."""
        marked: NDArray[np.bool_] = np.array([*flags, False])[self.places]
        return marked

    def counts(self) -> Counter[str]:
        """Count the rows of each word in the column."""
        counts: Counter[str] = Counter()
        held = np.bincount(self.places[self.places >= 0], minlength=len(self.words))
        for words, count in zip(self.words, held.tolist(), strict=True):
            for word in words:
                counts[word] += count
        return counts


def _elsewhere(column: _Words, here: Counter[str], there: Counter[str]) -> list[bool]:
    """Cells each word of which stands far more often in the other column."""
    return [bool(words) and all(there[word] > 5 * here[word] for word in words) for words in column.words]


def _breakdowns(register: RegisterTable, schema: RegisterSchema) -> list[Breakdown]:
    """Gaps in identifying columns by month and by office, worst first."""
    table = register.table
    identifying = [f for f in schema.fields if f.role.encoded and f.name in table.column_names and not f.optional]
    if not identifying:
        return []
    gaps = np.zeros(table.num_rows)
    for spec in identifying:
        gaps += np.asarray(table[spec.name].is_null())
    gaps /= len(identifying)
    found: list[Breakdown] = []
    for by in ("month", "office"):
        column = next((f for f in schema.fields if f.counts_by == by and f.name in table.column_names), None)
        if column is None:
            continue
        keys = _keys(table[column.name], column, schema)
        frame = pa.table({"key": keys, "gaps": gaps}).group_by("key").aggregate([("gaps", "mean"), ("gaps", "count")])
        ranked = sorted(frame.to_pylist(), key=lambda row: (-row["gaps_mean"], str(row["key"])))
        found += [
            Breakdown(
                by, column.name, str(row["key"] or "?"), int(row["gaps_count"]), round(float(row["gaps_mean"]), 4)
            )
            for row in ranked
            if row["gaps_count"] >= 10
        ][:WORST_SHOWN]
    return found


def _keys(column: pa.ChunkedArray, spec: Field, schema: RegisterSchema) -> pa.ChunkedArray:
    if pa.types.is_date(column.type):
        return pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m")
    return harmonize(column, code_list(schema, spec.classification)).values if spec.classification else column


def _icls(table: pa.Table, schema: RegisterSchema, today: dt.date) -> dict[str, int]:
    """Records by 20th-ICLS category, where the register has what it takes."""
    if not any(spec.icls for spec in schema.fields):
        return {}
    columns = {column.standard: column.values for column in payload_columns(table, schema)}
    categories = classify_migrants(pa.table(columns), on=today, register=schema.register_id).column("category")
    return {item["values"]: item["counts"] for item in pc.value_counts(categories).to_pylist()}
