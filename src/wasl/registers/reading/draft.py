"""Proposes a register schema for a file nobody has described yet, with the evidence for each column.

The evidence is counts and shares. No cell of the file is written into the draft, so it can be shown to others.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import RegisterError
from wasl.registers.codes.classification import CodeList, harmonize
from wasl.registers.documents import config_dir, validate_document
from wasl.registers.reading.cells import DEFAULT_DATES
from wasl.registers.reading.csv_files import read_preface
from wasl.registers.reading.dates import DateNote, DateRule, read_date
from wasl.registers.reading.headers import Header, Wanted, column_key, find_header, words_key
from wasl.registers.reading.headings import HEADINGS
from wasl.registers.reading.marks import drop_marks, without_marks
from wasl.registers.reading.parquet_files import column_names
from wasl.registers.reading.source import Source
from wasl.registers.reading.sources import check_file, read_source
from wasl.registers.reading.workbooks import sheet_rows
from wasl.registers.schema import Feature, FileLayout, RegisterSchema

__all__ = ["draft_register"]

ENOUGH = 0.8
"""Share of a column's cells that must be of a kind for the kind to be proposed."""
COVERED = 0.9
"""The same for a code list, whose spellings a draft cannot complete."""
MOST_READ = 100_000
"""Distinct cells of a column that are looked at."""
FEW = 40
"""Distinct values up to which a text is a code that may leave in the payload, where each stands for several records."""
NAMES = {
    "surname": "nom", "given": "prenom", "full_name": "nom_prenom", "married_name": "nom_jeune_fille",
    "surname_arabic": "nom_arabe", "given_arabic": "prenom_arabe", "sex": "sexe", "birth_date": "date_naissance",
    "birth_place": "lieu_naissance", "nationality": "nationalite", "passport": "num_passeport", "permit": "num_titre",
    "cin": "cin", "cnss": "num_immatriculation", "certificate": "num_attestation", "refugee_file": "num_hcr",
    "national_id": "identifiant_national", "phone": "telephone",
}  # fmt: skip
"""The usual column name of each feature in the shipped schemas."""
ROLES = {
    "surname": "name", "given": "name", "full_name": "name", "married_name": "name", "surname_arabic": "name",
    "given_arabic": "name", "sex": "origin", "birth_date": "birth", "birth_place": "origin", "nationality": "origin",
    "phone": "contact", "street": "drop", "locality": "payload", "postcode": "drop", "region": "payload",
}  # fmt: skip
LISTS = ("sex", "nationality", "province", "region", "city", "activity", "occupation", "education", "permit-type",
         "permit-motive", "contract-type", "legal-status", "labour-status", "pension-type", "area")  # fmt: skip
STANDARDS = {"province": "province", "region": "region", "city": "work_province", "activity": "activity_section",
             "occupation": "occupation_group", "education": "education", "permit-type": "permit_type",
             "permit-motive": "permit_motive", "contract-type": "contract_type", "legal-status": "legal_status",
             "labour-status": "labour_status", "pension-type": "pension_type", "area": "area"}  # fmt: skip
ARABIC = r"[\x{0600}-\x{06FF}]"


@dataclass(slots=True)
class _Column:
    """A column of the file and what is proposed for it.

    Attributes:
        heading: As the file has it.
        cells, missing, distinct: Counts.
        evidence: What was found, in words.
    """

    heading: str
    cells: int
    missing: int
    distinct: int
    name: str = ""
    type: str = "string"
    role: str = "drop"
    feature: str | None = None
    classification: str | None = None
    standard: str | None = None
    formats: tuple[str, ...] = ()
    calendar: str | None = None
    earliest: int | None = None
    required: bool = False
    evidence: list[str] = field(default_factory=list)


def draft_register(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> str:
    """A register schema in TOML proposed from a file: names, types, roles, features, code lists, formats, aliases.

    Args:
        path: CSV, Excel or Parquet.
        sheet: Sheet of a workbook; by default the one with the most known headings.
        encoding: Encoding of a text file; found by default.

    Raises:
        RegisterError: The file cannot be read, or has no column with a heading.
    """
    source, chosen = _read_all(path, sheet, encoding)
    columns = [_examine(name, source.table[name]) for name in source.table.column_names]
    _settle_features(columns)
    record = _record(columns, source.table.num_rows)
    _name(columns)
    text = _write(path, columns, record, source, chosen)
    validate_document(RegisterSchema, tomllib.loads(text), "the draft")
    return text


def _read_all(path: Path, sheet: str | None, encoding: str | None) -> tuple[Source, str | None]:
    """All columns of a file as text, and the sheet chosen."""
    known = Wanted(tuple(HEADINGS), frozenset(HEADINGS), {name: ((), (), texts) for name, texts in HEADINGS.items()})
    kind = check_file(path)
    layout = FileLayout(sheet=sheet, encoding=encoding)
    if kind == "parquet":
        names: Sequence[str] = column_names(path)
    else:
        if kind == "csv":
            preface, header = read_preface(path, known, layout)
            best = _likeliest(preface.rows, header)
            layout = layout.model_copy(update={"separator": preface.separator})
        else:
            best, chosen = _best_sheet(path, sheet, known)
            layout = layout.model_copy(update={"sheet": chosen})
        layout = layout.model_copy(update={"header_row": best.row + 1})
        names = [without_marks(texts[0]) for texts in best.names]
    once = [name for name in dict.fromkeys(names) if name and list(names).count(name) == 1]
    if not once:
        raise RegisterError(f"{path}: no row names the columns.", remedy="Put a heading over each column.")
    return read_source(path, Wanted(tuple(once)), layout=layout), layout.sheet


def _best_sheet(path: Path, sheet: str | None, known: Wanted) -> tuple[Header, str]:
    found = []
    for name, rows in sheet_rows(path, sheet, 60).items():
        header = find_header(rows, known)
        if header is not None:
            best = _likeliest(rows, header)
            found.append((len(best.match.places), sum(bool(texts[0]) for texts in best.names), best, name))
    if not found:
        raise RegisterError(f"{path}: no sheet has cells.")
    _, _, best, name = max(found, key=lambda item: item[:2])
    return best, name


def _likeliest(rows: Sequence[Sequence[str | None]], header: Header) -> Header:
    """The header found by known headings; where fewer than two are known, the first row as wide as the table."""
    if len(header.match.places) >= 2:
        return header
    widths = [sum(bool(cell and cell.strip()) for cell in row) for row in rows]
    row = next(place for place, width in enumerate(widths) if width == max(widths))
    return Header(row, tuple(((cell or "").strip(),) for cell in rows[row]), header.match)


def _examine(heading: str, raw: pa.ChunkedArray) -> _Column:
    text, _ = drop_marks(raw)
    text = pc.utf8_trim_whitespace(text)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    counts = pc.value_counts(text.drop_null())
    distinct = len(counts)
    column = _Column(heading, len(text), text.null_count, distinct)
    present = len(text) - text.null_count
    column.evidence.append(f"{present} cells, {text.null_count} missing, {distinct} distinct")
    values = counts.field("values")[:MOST_READ]
    weights = np.asarray(counts.field("counts"), dtype=np.int64)[:MOST_READ]
    known = [feature for feature, texts in HEADINGS.items() if words_key(heading) in {words_key(t) for t in texts}]
    column.feature = known[0] if known else None
    if column.feature is not None:
        column.evidence.append(f"the heading is in use for {column.feature}")
    if not present:
        return column
    _dates(column, values, weights)
    if column.type == "string":
        _numbers(column, values, weights)
    if column.type != "date":
        _codes(column, text)
    if column.type == "string":
        _texts(column, values, weights)
    return column


def _share(flags: Sequence[bool] | np.ndarray, weights: np.ndarray) -> float:
    return float(np.dot(np.asarray(flags, dtype=np.float64), weights) / max(1, weights.sum()))


def _dates(column: _Column, values: pa.Array, weights: np.ndarray) -> None:
    """Recognize dates, with their layouts, calendar and years."""
    looks = np.asarray(
        pc.match_substring_regex(values, r"\d{1,4}[/\-. ]|^(?:18|19|20)\d{6}$|\p{L}+ \d{4}|^(?:19|20)\d{2}$")
    )
    said = column.feature == "birth_date" or "date" in words_key(column.heading)
    if _share(looks, weights) < ENOUGH and not said:
        return
    texts = values.to_pylist()
    rule = DateRule(DEFAULT_DATES, earliest=1700, calendar="mixed")
    read = [read_date(text, rule) for text in texts]
    share = _share([code > 0 for code, _ in read], weights)
    whole = _share([code > 0 and code % 100 > 0 for code, _ in read], weights)
    if share < ENOUGH or (whole < 0.2 and not said):
        return
    column.type = "date"
    column.evidence.append(f"{100 * share:.0f} % are dates, {100 * (share - whole):.0f} % without day or month")
    months_first = sum(bool(note & DateNote.MONTH_FIRST) for _, note in read)
    layouts = ("%m/%d/%Y", "%Y-%m-%d") if months_first > len(read) / 20 else DEFAULT_DATES
    shares = {layout: _share([_written(text, layout) for text in texts], weights) for layout in layouts}
    column.formats = tuple(layout for layout, own in sorted(shares.items(), key=lambda item: -item[1]) if own > 0.001)
    column.formats = column.formats or ("%d/%m/%Y",)
    column.evidence.append(", ".join(f"{100 * shares.get(layout, 0):.0f} % as {layout}" for layout in column.formats))
    if any(note & DateNote.HIJRI for _, note in read):
        column.calendar = "mixed"
        column.evidence.append("some years are between 1300 and 1499: read as Hijri")
    years = sorted(code // 10_000 for code, _ in read if code >= 10_000_000)
    if years:
        column.evidence.append(f"years {years[len(years) // 100]} to {years[-1 - len(years) // 100]} (middle 98 %)")
        if years[len(years) // 20] < 1900:
            column.earliest = years[0] // 10 * 10
    if column.feature is None and years and years[len(years) // 2] < 2005 and years[-1] - years[0] > 30:
        column.feature = "birth_date?"


def _written(text: str, layout: str) -> bool:
    pattern = re.escape(layout).replace("%d", r"\d{1,2}").replace("%m", r"\d{1,2}").replace("%Y", r"\d{4}")
    if layout == "%Y%m%d":
        pattern = r"\d{8}"
    return re.match(pattern + r"(?:\D|$)", text) is not None


def _numbers(column: _Column, values: pa.Array, weights: np.ndarray) -> None:
    """Recognize amounts. Numbers that begin with 0 or are all different are identifiers, not amounts."""
    digits = np.asarray(pc.match_substring_regex(values, r"^[0-9]+$"))
    zeros = np.asarray(pc.match_substring_regex(values, r"^0[0-9]"))
    decimal = np.asarray(pc.match_substring_regex(values, r"^-?[0-9][0-9  \x{202F}]*[.,][0-9]+$"))
    if column.feature is not None or _share(zeros, weights) > 0.001:
        return
    if _share(digits | decimal, weights) >= COVERED and decimal.any():
        column.type = "decimal"
        column.evidence.append("numbers with a decimal part")
    elif _share(digits, weights) >= COVERED and column.distinct < 0.5 * (column.cells - column.missing):
        column.type = "integer"
        column.evidence.append("whole numbers that repeat")


def _codes(column: _Column, text: pa.ChunkedArray) -> None:
    """Find the shipped code list that covers the cells."""
    if column.feature not in (None, "sex", "nationality", "region", "locality") or column.distinct > 2000:
        return
    names = [column.feature] if column.feature in ("sex", "nationality", "region") else list(LISTS)
    covered = {}
    for name in names:
        if not (config_dir() / "classifications" / f"{name}.csv").is_file():
            continue
        found = harmonize(text, CodeList.load(name))
        covered[name] = (found.mapped + found.ambiguous) / max(1, found.present)
    if not covered:
        return
    best = max(covered, key=lambda name: covered[name])
    if covered[best] < (0.5 if column.feature is not None else COVERED):
        return
    numeric = column.type in ("integer", "decimal")
    if numeric and column.feature is None:
        return  # a number may be any list's code
    column.type, column.classification = "code", best
    column.evidence.append(f"code list {best} covers {100 * covered[best]:.0f} %")
    if column.feature is None and best in ("sex", "nationality"):
        column.feature = best
    column.standard = STANDARDS.get(best)


def _texts(column: _Column, values: pa.Array, weights: np.ndarray) -> None:
    """Names, numbers of documents, and other texts."""
    letters = _share(np.asarray(pc.match_substring_regex(values, r"^[\p{L}\p{M} '’.\-]+$")), weights)
    arabic = _share(np.asarray(pc.match_substring_regex(values, ARABIC)), weights)
    digits = _share(np.asarray(pc.match_substring_regex(values, r"[0-9]{3}")), weights)
    column.evidence.append(
        f"{100 * letters:.0f} % letters only, {100 * arabic:.0f} % Arabic, {100 * digits:.0f} % with numbers"
    )
    if column.feature in ("surname", "given") and arabic > ENOUGH:
        column.feature += "_arabic"
    unlike = letters < 0.5 if column.feature in ("surname", "given", "full_name") else False
    if unlike:
        column.evidence.append(f"not proposed as {column.feature}: too few cells look like names")
        column.feature = None
    if column.feature is None and digits > ENOUGH and column.distinct > ENOUGH * (column.cells - column.missing):
        column.role = "identifier"
        column.evidence.append("numbers that hardly repeat")


def _settle_features(columns: list[_Column]) -> None:
    """One column per feature; what is only likely is taken where nothing surer is there."""
    likely = [column for column in columns if column.feature == "birth_date?"]
    sure = any(column.feature == "birth_date" for column in columns)
    for place, column in enumerate(likely):
        column.feature = "birth_date" if place == 0 and not sure else None
        if column.feature:
            column.evidence.append("the oldest dates of the file: proposed as birth date, check it")
    taken: set[str] = set()
    for column in columns:
        if column.feature == "birth_date" and column.type != "date" and column.cells > column.missing:
            column.evidence.append("the heading says birth date, but most cells are no dates")
        if column.feature is None:
            if column.role != "identifier":
                few = column.type in ("date", "integer", "decimal", "code") or _few(column)
                column.role = "payload" if few else "drop"
                if not few:
                    column.evidence.append("free text: dropped unless you say otherwise")
            continue
        if column.feature in taken:
            column.evidence.append(f"a second column for {column.feature}: left out")
            column.feature, column.role = None, "drop"
            continue
        taken.add(column.feature)
        column.role = ROLES.get(column.feature, "identifier")
        if column.role in ("drop", "payload"):
            column.feature = None
        if column.role == "payload" and column.type == "string" and not _few(column):
            column.role = "drop"
            column.evidence.append("free text: dropped unless you say otherwise")
        if column.feature == "birth_date":
            column.type = "date"
            column.formats = column.formats or DEFAULT_DATES
        if column.feature in ("sex", "nationality"):
            column.type, column.classification = "code", column.feature


def _few(column: _Column) -> bool:
    """True for a text that is a code: few different values, each of several records."""
    return column.distinct <= FEW and 4 * column.distinct <= column.cells - column.missing


def _record(columns: list[_Column], rows: int) -> _Column:
    """The column that numbers the records: full, all different, best an identifier."""

    def rank(column: _Column) -> tuple[bool, bool, bool, float]:
        numbering = bool(words_key(column.heading) & {"num", "id", "identifiant", "code", "dossier", "matricule"})
        unique = column.distinct == rows and column.missing == 0
        return unique, column.role == "identifier", numbering, column.distinct / max(1, rows)

    best = max(columns, key=rank)
    if best.distinct == rows and best.missing == 0:
        best.evidence.append("no cell is missing and none repeats: proposed as record number")
    else:
        best.evidence.append("NO column numbers the records; this one comes nearest, rows that repeat it are rejected")
    best.required = True
    if best.role in ("payload", "drop"):
        best.role, best.type, best.classification, best.standard = "identifier", "string", None, None
        best.formats = ()
    return best


def _name(columns: list[_Column]) -> None:
    used: set[str] = set()
    for place, column in enumerate(columns, 1):
        name = NAMES.get(column.feature or "", "") or column_key(column.heading) or f"colonne_{place}"
        while name in used:
            name = f"{name}_{place}"
        used.add(name)
        column.name = name


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _write(path: Path, columns: list[_Column], record: _Column, source: Source, sheet: str | None) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", column_key(path.stem).replace("_", "-")).strip("-") or "register"
    lines = [
        f"# Proposed from {path.name}: {source.table.num_rows} rows"
        + (f", {source.encoding}" if source.encoding else "")
        + (f", {source.layout}" if source.layout else "")
        + ". Check every line; the comments say what was found.",
        f"id = {_quoted(stem)}",
        "version = 1",
        f"title = {_quoted(path.stem)}",
        'holder = "?"  # who keeps the register',
        f"record = {_quoted(record.name)}",
        "duplicate_free = false  # true if one person can have one record only",
        'profiles = "morocco"',
        "",
    ]
    if sheet is not None:
        lines += ["[file]", f"sheet = {_quoted(sheet)}", ""]
    for column in columns:
        lines += [f"# {'; '.join(column.evidence)}", "[[fields]]", f"name = {_quoted(column.name)}"]
        if column_key(column.heading) != column.name:
            lines.append(f"aliases = [{_quoted(column.heading)}]")
        if column.type != "string":
            lines.append(f"type = {_quoted(column.type)}")
        lines.append(f"role = {_quoted(column.role)}")
        if column.feature is not None and column.role not in ("payload", "drop"):
            lines.append(f"feature = {_quoted(Feature(column.feature).value)}")
        if column.required:
            lines.append("required = true")
        if column.type == "date":
            lines.append(f"format = [{', '.join(_quoted(layout) for layout in column.formats)}]")
            if column.calendar:
                lines.append(f"calendar = {_quoted(column.calendar)}")
            if column.earliest:
                lines.append(f"earliest_year = {column.earliest}")
        if column.classification is not None and column.type == "code":
            lines.append(f"classification = {_quoted(column.classification)}")
        if column.standard and column.role == "payload" and column.standard not in _standards(columns, column):
            lines.append(f"standard = {_quoted(column.standard)}")
        lines += [f"label = {_quoted(column.heading)}", f"label_fr = {_quoted(column.heading)}", ""]
    derived = {"sex": "sex", "nationality": "nationality", "birth_date": "birth_year"}
    for column in columns:
        if column.feature in derived and column is not record:
            lines += [
                "[[payload]]",
                f"standard = {_quoted(derived[column.feature])}",
                f"column = {_quoted(column.name)}",
            ]
            lines += ['transform = "year"', ""] if column.feature == "birth_date" else [""]
    return "\n".join(lines)


def _standards(columns: list[_Column], before: _Column) -> set[str]:
    """Names that payload columns before this one already have."""
    taken = {"sex", "nationality", "birth_year"}
    for column in columns:
        if column is before:
            return taken
        taken.add(column.standard or column.name)
    return taken
