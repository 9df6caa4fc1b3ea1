"""Finds the row of a file that names the columns, and which column of the file is which column of the schema.

A heading is compared with a column's name, then with the schema's aliases, then by words, then with the labels,
last with headings in general use. *N° Titre*, *Numéro du titre* and ``num_titre`` have the same words. Each comparison
concerns only the columns that the ones before left open.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache

from wasl.registers.reading.headings import FREE_TEXT, HEADINGS, OTHER_PERSON, OWNER
from wasl.registers.reading.marks import repaired, without_marks
from wasl.registers.reading.office_headings import headings_of
from wasl.registers.schema import FieldRole, RegisterSchema

__all__ = [
    "DEEPEST",
    "ENUMERATION",
    "ROWS_SEARCHED",
    "Header",
    "HeaderMatch",
    "Wanted",
    "column_key",
    "find_header",
    "is_free_text",
    "known_features",
    "match_header",
    "speaks_of_another",
    "unprefixed",
    "wanted_columns",
    "words_key",
]

ROWS_SEARCHED = 60
"""A header stands among the first rows; a sheet with a longer preface names it with ``header_row``."""
DEEPEST = 3
"""Rows a header may have: a group above the columns, twice."""
NUMBER = re.compile(r"^(?:n|no|nr|nbr|num|numero|number|nummer|numer|numarasi|رقم)$")
ENUMERATION = re.compile(r"^\s*(?:\(?\d{1,3}\s*[.)\]:\-–]|[A-Za-z][.)])\s*(?=\D)")
"""A number or letter before a heading (*3. Nom*, *c) Sexe*)."""
UNIFIED = str.maketrans("أإآٱىیةکđłıø", "ااااييهكdlio")
"""Letters that Arabic spellings confuse, and letters of Europe and Türkiye that have no accent to drop."""
CAMEL = re.compile(r"(?<=[a-z\u00e0-\u00fe]{2})(?=[A-Z][a-z])")
"""Where programs begin a word in the middle of a heading: birthDate."""
NUMBER_SIGN = re.compile(r"(?i)\bn\s?\.\s?[º°]")
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
SMALL_WORDS = frozenset((
    "de", "du", "d", "des", "la", "le", "les", "l", "of", "the", "et", "a", "au", "en", "s", "e", "del", "ou",
    "el", "los", "y", "do", "da", "dos", "di", "della", "der", "die", "van", "von", "het", "und", "ve", "w",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns to look for.

    Attributes:
        names: By the schema's names.
        optional: Those that may be absent.
        headings: For each name, other headings of it: groups of texts, surest group first.
        known: All columns of the schema, also those that are not read.
        instead: Columns that may be absent where another one stands (a date and its year).
        required: Columns without which a row is refused.
    """

    names: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    headings: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    instead: dict[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """The wanted columns found in a file's header.

    Attributes:
        places: Place in the file by wanted name.
        missing: Wanted names that were not found and may not be absent.
        doubled: Wanted names that several headings match equally well.
        renamed: Names found under another heading, with that heading.
        surplus: Headings nobody asked for.
        absent: Wanted names that were not found and may be absent.
    """

    places: dict[str, int]
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    renamed: dict[str, str]
    surplus: tuple[str, ...]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a file.

    Attributes:
        row: Place of its last row among the rows given (from 0).
        names: For each column its possible names, surest first.
        match: What it matches.
    """

    row: int
    names: tuple[tuple[str, ...], ...]
    match: HeaderMatch


def wanted_columns(schema: RegisterSchema, *, with_dropped: bool = False) -> Wanted:
    """The columns of a schema to read; with the dropped ones whose kind can be checked, if asked for."""
    pieces = {f.piece_type for f in schema.fields if f.piece_type is not None}
    names = [
        f.name
        for f in schema.fields
        if f.role is not FieldRole.DROP or f.name in pieces or (with_dropped and f.kind is not None)
    ]
    optional = {f.name for f in schema.fields if f.optional or (f.role is FieldRole.DROP and f.name not in pieces)}
    headings: dict[str, tuple[tuple[str, ...], ...]] = {
        f.name: (
            f.aliases,
            tuple(text for text in (f.label, f.label_fr, f.label_ar) if text),
            *headings_of(str(f.feature), f.standard or ""),
        )
        for f in schema.fields
    }
    instead: dict[str, str] = {}
    for spec in schema.fields:
        if spec.parts and spec.name in names:
            instead[spec.name] = spec.parts["year"]
            parts = [column for column in spec.parts.values() if column not in names]
            names += parts
            optional |= set(parts)
    required = frozenset(f.name for f in schema.fields if f.required or f.name == schema.record)
    known = frozenset(field.name for field in schema.fields)
    return Wanted(tuple(names), frozenset(optional), headings, known, instead, required)


@lru_cache(maxsize=1 << 14)
def _plain(text: str) -> str:
    """Letters without case, accents, marks; the letters that Arabic spellings confuse are one."""
    flat = unicodedata.normalize(
        "NFKD",
        NUMBER_SIGN.sub("no ", without_marks(text))
        .replace("#", " no ")
        .replace("°", "o ")
        .replace("º", "o ")
        .replace("œ", "oe"),
    )
    bare = "".join(c for c in flat if not unicodedata.combining(c)).casefold()
    return bare.translate(UNIFIED).replace("ـ", "")


@lru_cache(maxsize=1 << 14)
def column_key(name: str) -> str:
    """A column name without case, accents, marks and punctuation, for matching."""
    return "_".join(re.findall(r"[^\W_]+", _plain(name)))


@lru_cache(maxsize=1 << 14)
def _glued(name: str) -> str:
    """A heading's letters and digits alone: *DateNaissance* and *date_naissance* are the same."""
    return column_key(name).replace("_", "")


@lru_cache(maxsize=1 << 14)
def words_key(name: str) -> frozenset[str]:
    """The words that matter in a heading, in no order: *Date de naissance* is ``{date, naissance}``."""
    words = []
    for word in re.findall(r"[^\W_]+", _plain(CAMEL.sub(" ", name))):
        if word in SMALL_WORDS:
            continue
        bare = word[2:] if word.startswith("ال") and len(word) > 4 else word
        bare = bare[:-1] if len(bare) > 4 and bare.endswith("s") else bare
        words.append("num" if NUMBER.match(bare) else bare)
    return frozenset(words)


@lru_cache(maxsize=1 << 14)
def _bare(name: str) -> str:
    """A heading without what stands in brackets: *Date de naissance (jj/mm/aaaa)*."""
    return BRACKETS.sub(" ", name)


def known_features(heading: str) -> list[str]:
    """Features whose headings in use have the words of this one, without brackets and words for the person itself.

    *Nom de l'élève* and *Sexe (1 = G, 2 = F)* are *nom* and *sexe*; *nationalité du père* is nobody's here.
    """
    own = [words_key(heading), words_key(_bare(heading))]
    own += [words - _OWNER for words in own]
    if speaks_of_another(heading):
        return []
    exact = [feature for feature, keys in _EXACT.items() if column_key(heading) in keys]  # né à, né le
    exact = exact or [feature for feature, keys in _JOINED.items() if _glued(heading) in keys]
    return exact or [feature for feature, keys in _WORDS.items() if not keys.isdisjoint(own)]


def speaks_of_another(heading: str) -> bool:
    """Whether a heading names a parent, an employer, a doctor: another person than the one of the record."""
    return bool(words_key(_bare(heading)) & _OTHER_PERSON)


def is_free_text(heading: str) -> bool:
    """Whether people write what they like under a heading: remarks, comments, open questions."""
    return bool(words_key(heading) & _FREE_TEXT)


_EXACT = {feature: frozenset(map(column_key, texts)) for feature, texts in HEADINGS.items()}
_JOINED = {feature: frozenset(map(_glued, texts)) for feature, texts in HEADINGS.items()}
_WORDS = {feature: frozenset(map(words_key, texts)) for feature, texts in HEADINGS.items()}
_OWNER, _OTHER_PERSON, _FREE_TEXT = (
    frozenset(word for text in texts for word in words_key(text)) for texts in (OWNER, OTHER_PERSON, FREE_TEXT)
)


def unprefixed(header: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The names of a header without what a program put before all of them: a table's name (*t.nom*) or a number."""
    named = [names[0] for names in header if names and names[0]]
    tables = {name.split(".", 1)[0] if "." in name and " " not in name else "" for name in named}
    table = next(iter(tables)) + "." if len(tables) == 1 and "" not in tables and len(named) > 1 else ""
    numbered = len(named) > 1 and sum(bool(ENUMERATION.match(name)) for name in named) > 0.8 * len(named)

    def clean(name: str) -> str:
        name = name.removeprefix(table)
        return ENUMERATION.sub("", name) if numbered else name

    return [tuple(repaired(clean(name)) for name in names) for names in header]


def match_header(header: Sequence[tuple[str, ...]], wanted: Wanted) -> HeaderMatch:
    """Match the columns of a header with the wanted ones; each column gives its possible names, surest first."""
    places: dict[str, int] = {}
    doubled: list[str] = []
    taken: set[int] = set()
    written, header = header, unprefixed(header)
    keys = [
        {column_key(name) for name in (*own, *bare) if name} - {""} for own, bare in zip(written, header, strict=True)
    ]
    whole = [{words_key(name) for name in names} - {frozenset()} for names in header]
    bare = [{words_key(_bare(name)) for name in names} - {frozenset()} for names in header]
    every = dict.fromkeys([*wanted.names, *sorted(wanted.known)])
    required = set(wanted.names) - wanted.optional

    def claim(sought: Mapping[str, Set[object]], found: Sequence[Set[object]], strict: bool) -> None:
        """Give open names the open columns that match them, where exactly one does."""
        having: dict[object, list[int]] = {}
        for place, own in enumerate(found):
            for key in own if place not in taken else ():
                having.setdefault(key, []).append(place)
        matches = {
            name: sorted({place for key in sought[name] for place in having.get(key, ())})
            for name in sought
            if name not in places
        }
        every_claim = Counter(place for several in matches.values() for place in several)
        needed = Counter(place for name, several in matches.items() if name in required for place in several)
        for name, several in matches.items():
            if len(several) > 1 and strict:
                doubled.append(name)
            claimed = needed if name in required else every_claim  # what may be absent takes nothing from the others
            if several and (strict or (len(several) == 1 and claimed[several[0]] == 1)):
                places[name] = several[0]
                taken.add(several[0])

    def headings(name: str, level: int) -> tuple[str, ...]:
        own = wanted.headings.get(name, ())
        return own[level] if len(own) > level else ()

    claim({name: {column_key(name)} for name in every}, keys, strict=True)
    claim({name: {column_key(text) for text in headings(name, 0)} for name in every}, keys, strict=True)
    claim({name: {words_key(text) for text in (name, *headings(name, 0))} for name in every}, whole, strict=False)
    glued = [{_glued(name) for name in names if name} - {""} for names in header]
    claim({name: {_glued(text) for text in (name, *headings(name, 0))} for name in every}, glued, strict=False)
    for level in (1, 2, 3):
        claim({name: {_glued(text) for text in headings(name, level)} for name in every}, glued, strict=False)
        claim({name: {words_key(text) for text in headings(name, level)} for name in every}, whole, strict=False)
    for level in (0, 1, 2):  # what stands in brackets counts first: Surname (Arabic), Surname (at birth)
        texts = {name: (name, *headings(name, 0)) if level == 0 else headings(name, level) for name in every}
        claim({name: {words_key(text) for text in texts[name]} for name in every}, bare, strict=False)

    found = {name: places[name] for name in wanted.names if name in places}
    missing = tuple(
        name
        for name in wanted.names
        if name not in found
        and name not in wanted.optional
        and (name not in wanted.instead or wanted.instead[name] not in found)
    )
    renamed = {
        name: without_marks(header[place][0])
        for name, place in found.items()
        if column_key(name) not in keys[place]
        or column_key(name) not in (column_key(header[place][0]), column_key(written[place][0]))
    }
    surplus = tuple(
        without_marks(names[0]) for place, names in enumerate(header) if place not in taken and names and names[0]
    )
    twice = tuple(name for name in doubled if name in wanted.names)
    absent = tuple(sorted(wanted.optional & set(wanted.names) - set(found)))
    return HeaderMatch(found, missing, twice, renamed, surplus, absent)


def find_header(
    rows: Sequence[Sequence[str | None]], wanted: Wanted, fixed: int | None = None, *, fewest: int = 0
) -> Header | None:
    """The header among a file's first rows: the row, or the two or three rows together, that match the most columns.

    Args:
        rows: The first rows; a cell is None or empty where blank.
        wanted: The columns to look for.
        fixed: The row (from 1) that is the header's last, where the schema or the user says so.
        fewest: Columns that another reading of the file found already; rows of fewer cells cannot find as many.

    Returns:
        The header, or None where no row has a cell, or so many.
    """
    best: Header | None = None
    last = range(len(rows))[:ROWS_SEARCHED] if fixed is None else [fixed - 1] if fixed <= len(rows) else []
    for row in last:
        if not any(cell and cell.strip() for cell in rows[row]):
            continue
        for depth in range(1, DEEPEST + 1):
            if depth > row + 1:
                break
            group = rows[row - depth + 1 : row + 1]
            if max(map(len, group)) < max(fewest, _rank(best)[0] if best is not None else 0):
                continue
            names = _names(group)
            header = Header(row, names, match_header(names, wanted))
            if best is None or _rank(header) > _rank(best):
                best = header
        if best is not None and not best.match.missing and not best.match.doubled and best.row == row:
            break
    return best


def _rank(header: Header) -> tuple[int, int]:
    return len(header.match.places) - len(header.match.doubled), -len(header.match.missing)


def _names(rows: Sequence[Sequence[str | None]]) -> tuple[tuple[str, ...], ...]:
    """Possible names of each column of a header of one or more rows; a group's name reaches right to the next one."""
    width = max(len(row) for row in rows)
    filled: list[list[str]] = []
    for level, row in enumerate(rows):
        cells = [(cell or "").strip() for cell in row] + [""] * (width - len(row))
        if level < len(rows) - 1:
            for place in range(1, width):
                cells[place] = cells[place] or cells[place - 1]
        filled.append(cells)
    names = []
    for place in range(width):
        column = [cells[place] for cells in filled]
        lowest = column[-1]
        uppers = [text for text in column[:-1] if text]
        if lowest:
            joined = [f"{upper} {lowest}" for upper in reversed(uppers)]
            names.append((lowest, *joined, *([" ".join([*uppers, lowest])] if len(uppers) > 1 else [])))
        else:
            own = (rows[-2][place] or "").strip() if len(rows) > 1 and place < len(rows[-2]) else ""
            names.append((own,) if own else ("",))
    return tuple(names)
