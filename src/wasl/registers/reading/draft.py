"""Proposes a register schema for a file nobody has described yet, with the evidence for each column.

The evidence is counts and shares. No cell of the file is written into the draft, so it can be shown to others.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from wasl.errors import InputError
from wasl.locale import Messages, messages
from wasl.registers.documents import validate_document
from wasl.registers.known_names import known_as
from wasl.registers.published_names import names_to_change
from wasl.registers.reading.cells import DEFAULT_DATES
from wasl.registers.reading.description_rows import description_rows
from wasl.registers.reading.draft_evidence import DraftColumn, examine_column
from wasl.registers.reading.draft_header import HeaderPlace, locate
from wasl.registers.reading.draft_names import settle_names
from wasl.registers.reading.draft_text import DERIVED, write_schema
from wasl.registers.reading.draft_without_dates import compare_addresses, take_birth_year
from wasl.registers.reading.headers import (
    Wanted,
    column_key,
    known_features,
    words_key,
)
from wasl.registers.reading.headings import HEADINGS, PAYLOAD_HEADINGS, WEIGHT
from wasl.registers.reading.source import Source
from wasl.registers.reading.sources import read_source
from wasl.registers.reading.total_rows import note_rows
from wasl.registers.schema import Feature, RegisterSchema

__all__ = ["FEATURES", "RECORD", "column_headings", "draft_register"]

ENGLISH = messages("en")
RECORD = "record"
"""The choice for the column that numbers the records."""
FEATURES = tuple(one.value for one in Feature)

FEW = 40
"""Distinct values up to which a text is a code that may leave in the payload, where each stands for several records."""
NAMES = {
    "surname": "nom", "given": "prenom", "full_name": "nom_prenom", "married_name": "nom_jeune_fille",
    "surname_arabic": "nom_arabe", "given_arabic": "prenom_arabe", "sex": "sexe", "birth_date": "date_naissance",
    "birth_place": "lieu_naissance", "nationality": "nationalite", "passport": "num_passeport", "permit": "num_titre",
    "cin": "cin", "cnss": "num_immatriculation", "certificate": "num_attestation", "refugee_file": "num_hcr",
    "national_id": "identifiant_national", "phone": "telephone", "household": "id_menage",
}  # fmt: skip
"""The usual column name of each feature in the shipped schemas."""
ROLES = {
    "surname": "name", "given": "name", "full_name": "name", "married_name": "name", "surname_arabic": "name",
    "given_arabic": "name", "sex": "origin", "birth_date": "birth", "birth_place": "origin", "nationality": "origin",
    "phone": "contact", "street": "drop", "locality": "payload", "postcode": "drop", "region": "payload",
    "household": "contact",
}  # fmt: skip

NUMBERING = frozenset(
    ("num", "id", "identifiant", "code", "dossier", "matricule", "record", "file", "case", "reference",
     "ref", "expediente", "processo", "pratica", "dosya", "sprawy", "dosar", "ملف", "قيد", "ترتيبي", "номер", "folio")
)  # fmt: skip
"""Words of the heading of a column that numbers the records."""
NUMBERING_PART = re.compile("aktenzeichen|dossiern|kennzeichen|kennung|aktenn|laufende|recordid|numdossier")
KNOWN_BY_OTHERS = (
    "education",
    "occupation_group",
    "province",
    "activity_section",
    "labour_status",
    "residence_country",
    "area",
)
"""Payload variables that keep their meaning for a drafted policy when their heading cannot be published."""


def draft_register(
    path: Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    words: Messages = ENGLISH,
    chosen: Mapping[str, str] | None = None,
    title: str = "",
    holder: str = "",
) -> str:
    """A register schema in TOML proposed from a file: names, types, roles, features, code lists, formats, aliases.

    Args:
        path: CSV, Excel or Parquet.
        sheet: Sheet of a workbook; by default the one with the most known headings.
        encoding: Encoding of a text file; found by default.
        words: The language of the comments.
        chosen: For headings, what a person says of their columns: a feature, ``record`` for the column that numbers the
            records, ``payload`` for a variable of statistics, or ``drop``.
        title: What the register is called; by default the name of the file.
        holder: Who keeps it, where a person said so.

    Raises:
        RegisterError: The file cannot be read, or has no column with a heading.
        InputError: One feature was chosen for two columns, or a column that was chosen to number the records does not.
    """
    source, place = _read_all(path, sheet, encoding)
    columns = [examine_column(name, source.table[name], words) for name in source.table.column_names]
    wishes = chosen or {}
    for column in columns:
        if wishes.get(column.heading) in FEATURES:
            column.feature = wishes[column.heading]
        elif column.heading in wishes and wishes[column.heading] != RECORD:
            column.feature = None
    if not wishes:
        take_birth_year(columns, words)
        settle_names(columns)
    _settle_features(columns, words)
    compare_addresses(columns, words)
    record = _record(columns, source.table.num_rows, words) if chosen is None else None
    record = _chosen(columns, wishes, source.table.num_rows) or record
    _name(columns)
    weight = _weight(columns, words)
    _name_for_publication(columns, words)
    named = (title or path.stem, holder)
    text = write_schema(path, columns, record, weight, source, place, words, named)
    validate_document(RegisterSchema, tomllib.loads(text), "the draft")
    return text


def column_headings(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> tuple[str, ...]:
    """The headings of a file's columns, without those that stand twice; the rows below them are not read.

    Raises:
        RegisterError: The file cannot be read, or has no column with a heading.
    """
    return locate(path, sheet, encoding).headings


def _read_all(path: Path, sheet: str | None, encoding: str | None) -> tuple[Source, HeaderPlace]:
    """All columns of a file as text, without lines that hold no person, and where the header stands."""
    place = locate(path, sheet, encoding)
    source = read_source(path, Wanted(place.headings), layout=place.layout)
    table = source.table
    columns = dict(zip(table.column_names, table.columns, strict=True))
    records = pa.array(~(description_rows(columns) | note_rows(columns, _name_columns(table.column_names))))
    return replace(source, table=table.filter(records), rows=source.rows.filter(records)), place


def _name_columns(headings: Sequence[str]) -> list[str]:
    """The headings of names, as far as headings tell."""
    return [text for text in headings if any(ROLES.get(feature) == "name" for feature in known_features(text))]


def _settle_features(columns: list[DraftColumn], words: Messages) -> None:
    """One column per feature; what is only likely is taken where nothing surer is there."""
    _ = words.text
    likely = [column for column in columns if column.feature == "birth_date?"]
    sure = any(column.feature == "birth_date" for column in columns)
    for place, column in enumerate(likely):
        column.feature = "birth_date" if place == 0 and not sure else None
        if column.feature:
            column.evidence.append(_("the oldest dates of the file: proposed as birth date, check it"))
    taken: set[str] = set()
    for column in columns:
        if column.feature == "birth_date" and column.type != "date" and column.cells > column.missing:
            column.evidence.append(_("the heading says birth date, but most cells are no dates"))
        if column.feature is None:
            if column.role != "identifier":
                few = column.type in ("date", "month", "integer", "decimal", "code") or _few(column)
                column.role = "payload" if few else "drop"
                if not few:
                    column.evidence.append(_("free text: dropped unless you say otherwise"))
            continue
        if column.feature in taken:
            column.evidence.append(
                _("a second column for {feature}: left out", feature=known_as(column.feature, words))
            )
            column.feature, column.role = None, "drop"
            continue
        taken.add(column.feature)
        column.role = ROLES.get(column.feature, "identifier")
        if column.role in ("drop", "payload"):
            column.feature = None
        if column.role == "payload" and column.type == "string" and not _few(column):
            column.role = "drop"
            column.evidence.append(_("free text: dropped unless you say otherwise"))
        if column.feature == "birth_date":
            column.type = "date"
            column.formats = column.formats or DEFAULT_DATES
        if column.feature in ("sex", "nationality"):
            column.type, column.classification = "code", column.feature


def _few(column: DraftColumn) -> bool:
    """True for a text that is a code: few different values, each of several records."""
    return not column.free_text and column.distinct <= FEW and 4 * column.distinct <= column.cells - column.missing


def _record(columns: list[DraftColumn], rows: int, words: Messages) -> DraftColumn | None:
    """The column that numbers the records: full, all different, no date and no name, best an identifier; or None."""
    _ = words.text

    def rank(column: DraftColumn) -> tuple[bool, bool, int, float]:
        numbering = bool(words_key(column.heading) & NUMBERING) or bool(
            NUMBERING_PART.search(column_key(column.heading))
        )
        owned = column.feature in ("passport", "phone")  # a person may have another one tomorrow
        return column.role == "identifier", numbering and not owned, -owned, column.distinct / max(1, rows)

    possible = [column for column in columns if column.type in ("string", "integer") and column.role != "name"]
    unique = [column for column in possible if column.distinct == rows and column.missing == 0]
    if not unique:
        nearest = max(possible, key=lambda column: column.distinct, default=None)
        if nearest is not None and nearest.distinct > rows / 2:
            nearest.evidence.append(
                _("{distinct} different values in {rows} rows: no record number", distinct=nearest.distinct, rows=rows)
            )
        return None
    best = max(unique, key=rank)
    best.evidence.append(_("no cell is missing and none repeats: proposed as record number"))
    return _numbering(best)


def _numbering(column: DraftColumn) -> DraftColumn:
    """A column as the one that numbers the records."""
    column.required = True
    if column.role in ("payload", "drop"):
        column.role, column.type, column.classification, column.standard = "identifier", "string", None, None
        column.formats = ()
    return column


def _chosen(columns: list[DraftColumn], wishes: Mapping[str, str], rows: int) -> DraftColumn | None:
    """Follow what a person says of columns; gives the column that was chosen to number the records, or None.

    Raises:
        InputError: A feature or the record number was chosen twice, or the numbers are missing or repeat.
    """
    once = [wish for wish in wishes.values() if wish in FEATURES or wish == RECORD]
    doubled = sorted({wish for wish in once if once.count(wish) > 1})
    if doubled:
        raise InputError(
            f"{doubled[0]} was chosen for several columns.", remedy="Choose it for one column, and drop the others."
        )
    record = None
    for column in columns:
        wish = wishes.get(column.heading, "")
        if wish == RECORD:
            if column.missing or column.distinct != rows:
                raise InputError(
                    f"the column {column.heading!r} numbers no records: cells are missing or repeat.",
                    remedy="Choose another column, or none: the rows are then numbered.",
                )
            record = _numbering(column)
        elif wish == "drop":
            column.role = "drop"
        elif wish == "payload":
            column.role = "payload"
    return record


def _name(columns: list[DraftColumn]) -> None:
    used: set[str] = set()
    for place, column in enumerate(columns, 1):
        name = NAMES.get(column.feature or "", "") or column_key(column.heading) or f"colonne_{place}"
        while name in used:
            name = f"{name}_{place}"
        used.add(name)
        column.name = name


def _weight(columns: list[DraftColumn], words: Messages) -> DraftColumn | None:
    """The column of sampling weights, by its heading, where there is one; it is the payload variable ``weight``."""
    _ = words.text
    said = frozenset().union(*(words_key(word) for word in WEIGHT))
    numbers = [column for column in columns if column.role == "payload" and column.type in ("integer", "decimal")]
    found = [column for column in numbers if words_key(column.heading) & said]
    if len(found) != 1:
        return None
    found[0].standard = "weight"
    found[0].evidence.append(_("the heading is in use for sampling weights"))
    return found[0]


def _known_by_others(heading: str) -> str:
    """The standard variable that a heading means, where a policy must know that others know it; else empty."""
    own = words_key(heading)
    places = {name: HEADINGS[name] for name in ("locality", "region")}
    known = {**places, **{name: PAYLOAD_HEADINGS[name] for name in KNOWN_BY_OTHERS}}
    return next((name for name, texts in known.items() if own in {words_key(text) for text in texts}), "")


def _name_for_publication(columns: list[DraftColumn], words: Messages) -> None:
    """Give payload columns whose name could not be published a harmonized name that can."""
    _ = words.text
    leaving = [column for column in columns if column.role == "payload"]
    used = {column.standard or column.name for column in leaving}
    for column in leaving:
        said = _known_by_others(column.heading)
        if said and said not in used and not column.standard and names_to_change([column.name]):
            used.add(said)
            column.standard = said
    names = [column.standard or column.name for column in leaving]
    changed = names_to_change([*DERIVED.values(), *names])
    for column, name in zip(leaving, names, strict=True):
        if name in changed:
            column.standard = changed[name]
            column.evidence.append(
                _(
                    "its name cannot be published: {proposed} is proposed for the data",
                    proposed=changed[name],
                )
            )
