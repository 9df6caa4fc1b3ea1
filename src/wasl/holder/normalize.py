"""Normalizes the features of a register's records: every register gives the same spelling, column by column.

Work is done once per distinct value; a register of millions has few distinct name words, dates and codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import SchemaError
from wasl.holder.identifiers import normalize_identifiers, shared_numbers
from wasl.holder.names.normalizer import Name, normalize
from wasl.holder.names.placeholders import what_is_no_name
from wasl.registers.codes.classification import CodeList, code_list, spelling_key
from wasl.registers.reading.coded_columns import plain
from wasl.registers.reading.partial_dates import date_codes
from wasl.registers.reading.source import text_of
from wasl.registers.schema import OWN_FEATURE, Feature, FieldRole, RegisterSchema

__all__ = ["NO_DATE", "Persons", "Unused", "WordColumn", "describe_names", "describe_persons"]

IDENTIFIERS = (
    Feature.PASSPORT,
    Feature.PERMIT,
    Feature.CIN,
    Feature.CNSS,
    Feature.CERTIFICATE,
    Feature.REFUGEE_FILE,
    Feature.NATIONAL_ID,
    Feature.CONSULAR,
    Feature.ANAPEC_NUMBER,
    Feature.PHONE,
)
TEXTS = (
    Feature.STREET,
    Feature.ADDRESS_DETAIL,
    Feature.LOCALITY,
    Feature.BIRTH_PLACE,
    Feature.REGION,
    Feature.STREET_NUMBER,
    Feature.POSTCODE,
    Feature.HOUSEHOLD,
)


@dataclass(frozen=True, slots=True)
class WordColumn:
    """Words of names per record, in compressed rows over a vocabulary of distinct words.

    Attributes:
        vocabulary: Canonical words; ``skeletons`` stands beside it.
        words: Index into the vocabulary, record after record.
        offsets: Where each record begins; one more entry than records.
    """

    vocabulary: tuple[str, ...] = field(repr=False)
    skeletons: tuple[str, ...] = field(repr=False)
    words: NDArray[np.int32] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)

    @property
    def present(self) -> NDArray[np.bool_]:
        """True for records with at least one word."""
        present: NDArray[np.bool_] = self.offsets[1:] > self.offsets[:-1]
        return present


@dataclass(frozen=True, slots=True)
class Unused:
    """Cells that were there and could not be used for linkage.

    Attributes:
        check: ``identifiers-void``, ``identifiers-shared``, ``names-placeholder``, ``names-unreadable``,
            ``spellings-unknown``.
        column: The column.
        count, of: How many cells, among how many that were there.
    """

    check: str
    column: str
    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Persons:
    """The normalized features of a register's records.

    Attributes:
        count: Records.
        names: Word columns: ``names`` (all words), ``surname``, ``given``.
        codes: String columns (identifiers, sex, nationality), texts as codes of strings; null where missing.
        birth: Days since 1970 of whole birth dates; -2**31 where missing or where a part is unknown.
        birth_codes: The birth date as ``yyyymmdd`` with 0 for unknown parts; 0 where missing.
        notes: What of the register's cells could not be used, counted.
        further_numbers: ANAPEC numbers and numbers of the register's own (``own_…``) among the codes, unless the record
            number is meant: that differs for every record of a person, too.
        shortened: (records) whether a given name is an initial or was cut short by a full stop; None: not known.
    """

    count: int
    names: dict[str, WordColumn]
    codes: dict[str, pa.Array]
    birth: NDArray[np.int32] | None
    birth_codes: NDArray[np.int32] | None = None
    notes: tuple[Unused, ...] = ()
    further_numbers: tuple[str, ...] = ()
    shortened: NDArray[np.bool_] | None = None


SHORTENED = re.compile(r"(?:^|[\s'’-])[^\W\d_]{1,4}\.|(?:^|[\s-])[^\W\d_](?:$|[\s-])")
"""An initial (*M*), or a word of four letters at most before a full stop (*Moh.*)."""
TITLE = re.compile(r"^\s*(?:M|MM|MR|MME|MLLE|MRS|MS|DR|PR|SR|STE)\.", re.IGNORECASE)
"""A title before a whole name."""
NO_DATE = np.int32(-(2**31))


def describe_persons(table: pa.Table, schema: RegisterSchema, wanted: Set[str]) -> Persons:
    """The normalized features of a typed register table; of texts, only the wanted ones."""
    by_feature = schema.by_feature
    codes: dict[str, pa.Array] = {}
    notes: list[Unused] = []

    def column(feature: Feature) -> pa.ChunkedArray | None:
        spec = by_feature.get(feature)
        return plain(table[spec.name]) if spec is not None else None

    birth = by_feature.get(Feature.BIRTH_DATE)
    births = None if birth is None else date_codes(table, birth.name)
    names, unused = describe_names(table, schema)
    notes += unused
    signatures = None if "names" not in names else _name_signatures(names["names"])
    numbers: dict[str, pa.Array] = {}
    for spec in schema.fields:
        if spec.name not in table.column_names or not (spec.feature in IDENTIFIERS or spec.piece_type is not None):
            continue
        values, unused = _identifiers(plain(table[spec.name]), spec.name, births, signatures, schema)
        notes += unused
        numbers[spec.name] = values
    for feature in IDENTIFIERS:
        spec_of = by_feature.get(feature)
        if spec_of is not None and spec_of.name in numbers:
            codes[feature.value] = numbers[spec_of.name]
    for spec in schema.fields:
        if spec.piece_type is not None and spec.name in numbers:
            _sort_pieces(codes, numbers[spec.name], plain(table[spec.piece_type]), spec.piece_features)
    for feature, classification in ((Feature.SEX, "sex"), (Feature.NATIONALITY, "nationality")):
        values = column(feature)
        if values is not None:
            own = by_feature[feature]
            codes[feature.value] = _comparable(values, own.classification, classification, schema)
            notes += _unknown(values, codes[feature.value], own.name)
    for said, spelling in schema.everyone.items():
        codes[said] = pa.array([_stated(said, spelling, schema)] * table.num_rows, pa.string())
    for own_feature, spec in by_feature.items():
        if own_feature.startswith(OWN_FEATURE):
            cells = _own_text(plain(table[spec.name]))
            text = spec.role is not FieldRole.IDENTIFIER
            codes[own_feature] = _map_in_codes(cells, _text_key) if text else normalize_identifiers(cells).values
    for feature in TEXTS:
        values = column(feature) if feature.value in wanted else None
        if values is not None:
            codes[feature.value] = _map_in_codes(values, _text_key)
    whole = None
    if birth is not None:
        whole = np.asarray(pc.fill_null(_whole(table[birth.name]).cast(pa.int32()), int(NO_DATE)), dtype=np.int32)
    further = tuple(
        str(feature)
        for feature, spec in by_feature.items()
        if (feature.startswith(OWN_FEATURE) or feature == Feature.ANAPEC_NUMBER)
        and spec.role is FieldRole.IDENTIFIER
        and spec.name != schema.record
    )
    return Persons(table.num_rows, names, codes, whole, births, tuple(notes), further, _shortened(table, schema))


def _shortened(table: pa.Table, schema: RegisterSchema) -> NDArray[np.bool_] | None:
    """(records) whether a given name, or a word of a whole name, is an initial or was cut short by a full stop."""
    found: NDArray[np.bool_] | None = None
    for feature in (Feature.GIVEN, Feature.FULL_NAME, Feature.GIVEN_ARABIC):
        spec = schema.by_feature.get(feature)
        if spec is None:
            continue
        cells = _whole(plain(table[spec.name])).dictionary_encode()
        whole = feature == Feature.FULL_NAME
        texts = ((TITLE.sub("", text) if whole else text) for text in cells.dictionary.to_pylist())
        short = np.array([SHORTENED.search(text) is not None for text in texts], np.bool_)
        here = np.zeros(table.num_rows, np.bool_)
        if short.any():
            code = np.asarray(cells.indices.fill_null(-1), dtype=np.int64)
            here = np.append(short, False)[code]
        found = here if found is None else found | here
    return found


def _identifiers(
    column: pa.ChunkedArray,
    name: str,
    births: NDArray[np.int32] | None,
    names: NDArray[np.uint64] | None,
    schema: RegisterSchema,
) -> tuple[pa.Array, list[Unused]]:
    """The document numbers of a column without those that are nobody's, and how many these were."""
    found = normalize_identifiers(column)
    present = len(column) - column.null_count
    void = sum(found.void.values())
    notes = [Unused("identifiers-void", name, void, present)] if void else []
    traits = births if births is not None and births.any() else None
    shared = shared_numbers(
        found.values, traits, None if traits is not None else names, duplicate_free=schema.duplicate_free
    )
    if not shared.any():
        return found.values, notes
    notes.append(Unused("identifiers-shared", name, int(shared.sum()), present))
    return pc.if_else(pa.array(shared), pa.scalar(None, pa.string()), found.values), notes


def _name_signatures(column: WordColumn) -> NDArray[np.uint64]:
    """A number per record that records with the same skeletons in any order share; 0 where there is no name."""
    skeletons = np.asarray(pa.array(column.skeletons, pa.string()).dictionary_encode().indices, dtype=np.uint64)
    spread = (skeletons + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    spread ^= spread >> np.uint64(29)
    running = np.zeros(len(column.words) + 1, np.uint64)
    if len(column.words):
        np.cumsum(spread[column.words], out=running[1:])
    return running[column.offsets[1:]] - running[column.offsets[:-1]]


def _comparable(values: pa.ChunkedArray, own: str | None, shipped: str, schema: RegisterSchema) -> pa.Array:
    """Sex or nationality in codes that all registers share; a schema's own list is read first, where it has one."""
    standard = CodeList.load(shipped)
    if own is None or own == shipped:
        return _map(values, standard.comparable)
    listed = code_list(schema, own)

    def both(text: str) -> str | None:
        code = listed.comparable(text)
        return None if code is None else standard.comparable(code) or code

    return _map(values, both)


def _stated(feature: str, text: str, schema: RegisterSchema) -> str:
    """The comparable code of what the schema states for everyone.

    Raises:
        SchemaError: The code list has no such spelling.
    """
    code = CodeList.load(feature).comparable(text)
    if code is None:
        raise SchemaError(
            f"register {schema.register_id!r}: everyone.{feature} = {text!r} is in no line of the code list.",
            remedy=f"Give a code of config/classifications/{feature}.csv.",
        )
    return code


def _unknown(values: pa.ChunkedArray, codes: pa.Array, name: str) -> list[Unused]:
    present = len(values) - values.null_count
    lost = present - (len(codes) - codes.null_count)
    return [Unused("spellings-unknown", name, lost, present)] if lost else []


def _text_key(text: str) -> str | None:
    """A text without case, accents and separators; None where nothing is left."""
    return spelling_key(text) or None


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _own_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A feature of one's own as text: a date is its ISO day, a number its digits."""
    return column if pa.types.is_string(column.type) else text_of(column)


def _map_in_codes(column: pa.ChunkedArray, function: Callable[[str], str | None]) -> pa.DictionaryArray:
    """What `_map` gives, in codes: the texts of ten million addresses take more room than their codes."""
    encoded = _whole(column).dictionary_encode()
    results = pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(results.indices.take(encoded.indices), results.dictionary)


def _map(column: pa.ChunkedArray, function: Callable[[str], str | None]) -> pa.Array:
    encoded = _whole(column).dictionary_encode()
    return pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _sort_pieces(
    codes: dict[str, pa.Array], normalized: pa.Array, types: pa.ChunkedArray, meaning: dict[str, Feature]
) -> None:
    """Put normalized numbers of one column under the documents they belong to, by the column that says which."""
    kinds = {spelling_key(text): feature.value for text, feature in meaning.items()}
    kind = _map(types, lambda text: kinds.get(spelling_key(text)))
    for feature in sorted(set(kinds.values())):
        chosen = pc.if_else(pc.fill_null(pc.equal(kind, feature), False), normalized, pa.scalar(None, pa.string()))
        codes[feature] = pc.coalesce(codes[feature], chosen) if feature in codes else chosen


def describe_names(table: pa.Table, schema: RegisterSchema) -> tuple[dict[str, WordColumn], list[Unused]]:
    """The name words of a register's records: ``names`` (all), ``surname`` and ``given``, as far as it has them.

    Also returns how many cells held no name (*NEANT*, غير معروف) or letters of a script that is not read.
    """
    latin = {"surname": Feature.SURNAME, "given": Feature.GIVEN, "full": Feature.FULL_NAME}
    arabic = {"surname": Feature.SURNAME_ARABIC, "given": Feature.GIVEN_ARABIC}
    maiden = schema.by_feature.get(Feature.MARRIED_NAME)
    vocabulary: dict[tuple[str, str], int] = {}
    found: dict[str, tuple[NDArray[np.int32], NDArray[np.int64]]] = {}
    notes: list[Unused] = []
    for part, feature in latin.items():
        spec = schema.by_feature.get(feature)
        if spec is None:
            continue
        values, unused = _real_names(plain(table[spec.name]), spec.name)
        notes += unused
        other = schema.by_feature.get(arabic[part]) if part in arabic else None
        if other is not None:
            second, unused = _real_names(plain(table[other.name]), other.name)
            notes += unused
            values = pc.coalesce(values, second)
        if maiden is not None and part in ("surname", "full"):
            values = _from_birth(values, plain(table[maiden.name]), alone=part == "surname")
        found[part] = _words(values, vocabulary)
    if not found:
        return {}, notes
    words = tuple(word for word, _ in vocabulary)
    skeletons = tuple(skeleton for _, skeleton in vocabulary)
    columns = {part: WordColumn(words, skeletons, *lists) for part, lists in found.items()}
    columns["names"] = _join(list(columns.values()))
    columns.pop("full", None)
    return columns, notes


def _real_names(column: pa.ChunkedArray, name: str) -> tuple[pa.ChunkedArray, list[Unused]]:
    """A column of names without cells that hold no name, and how many those were."""
    encoded = _whole(column).dictionary_encode()
    kinds = [what_is_no_name(text) for text in encoded.dictionary.to_pylist()]
    if not any(kinds):
        return column, []
    held = np.bincount(np.asarray(encoded.indices.drop_null(), dtype=np.int64), minlength=len(kinds))
    present = int(held.sum())
    notes = []
    for kind in ("names-placeholder", "names-unreadable"):
        count = int(sum(n for own, n in zip(kinds, held.tolist(), strict=True) if own == kind))
        if count:
            notes.append(Unused(kind, name, count, present))
    drop = pa.array([kind is not None for kind in kinds]).take(encoded.indices)
    kept = pc.if_else(pc.fill_null(drop, True), pa.scalar(None, pa.string()), _whole(column))
    return pa.chunked_array([kept]), notes


def _from_birth(names: pa.ChunkedArray, maiden: pa.ChunkedArray, *, alone: bool) -> pa.ChunkedArray:
    """Names with the surname from birth, where it is known, in the place of the first word (or of all, ``alone``)."""
    known = pc.fill_null(pc.match_substring_regex(maiden, r"\pL"), False)
    given = pa.scalar("") if alone else pc.replace_substring_regex(names, r"^\s*\S+", "")
    return pc.if_else(known, pc.binary_join_element_wise(maiden, given, " "), names)


def _words(
    values: pa.ChunkedArray, vocabulary: dict[tuple[str, str], int]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    encoded = _whole(values).dictionary_encode()
    lists: list[list[int]] = []
    for text in encoded.dictionary.to_pylist():
        name: Name = normalize(text)
        lists.append(
            [vocabulary.setdefault(pair, len(vocabulary)) for pair in zip(name.words, name.skeletons, strict=True)]
        )
    lists.append([])  # where the cell is missing
    taken = pa.array(lists, pa.large_list(pa.int32())).take(encoded.indices.fill_null(len(lists) - 1).cast(pa.int64()))
    return (
        np.asarray(taken.values if taken.offset == 0 else taken.flatten(), dtype=np.int32),
        np.asarray(taken.offsets, dtype=np.int64),
    )


def _join(columns: list[WordColumn]) -> WordColumn:
    """All words of several columns, record by record."""
    if len(columns) == 1:
        return columns[0]
    counts = [column.offsets[1:] - column.offsets[:-1] for column in columns]
    total = np.sum(counts, axis=0)
    offsets = np.concatenate(([0], np.cumsum(total)))
    words = np.empty(int(offsets[-1]), np.int32)
    start = offsets[:-1].copy()
    for column, count in zip(columns, counts, strict=True):
        rows = np.repeat(np.arange(len(count)), count)
        within = np.arange(len(column.words)) - np.repeat(column.offsets[:-1], count)
        words[start[rows] + within] = column.words
        start += count
    return WordColumn(columns[0].vocabulary, columns[0].skeletons, words, offsets)
