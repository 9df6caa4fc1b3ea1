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
from wasl.holder.name_columns import WordColumn, describe_names, whole
from wasl.holder.unused import Unused
from wasl.registers.codes.classification import CodeList, code_list, spelling_key
from wasl.registers.reading.coded_columns import plain
from wasl.registers.reading.partial_dates import date_codes
from wasl.registers.reading.source import text_of
from wasl.registers.schema import OWN_FEATURE, Feature, FieldRole, RegisterSchema

__all__ = ["NO_DATE", "Persons", "describe_persons"]

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
        spelled: Word columns of words as they are spelled, for the wanted ones of ``names``, ``surname`` and ``given``.
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
    spelled: dict[str, WordColumn] = field(default_factory=dict)


SHORTENED = re.compile(r"(?:^|[\s'’-])[^\W\d_]{1,4}\.|(?:^|[\s-])[^\W\d_](?:$|[\s-])")
"""An initial (*M*), or a word of four letters at most before a full stop (*Moh.*)."""
TITLE = re.compile(r"^\s*(?:M|MM|MR|MME|MLLE|MRS|MS|DR|PR|SR|STE)\.", re.IGNORECASE)
"""A title before a whole name."""
NO_DATE = np.int32(-(2**31))


def describe_persons(
    table: pa.Table, schema: RegisterSchema, wanted: Set[str], spelled: Set[str] = frozenset()
) -> Persons:
    """The normalized features of a typed register table.

    Args:
        table: The typed register.
        schema: What its columns are.
        wanted: Of texts, only these features are described.
        spelled: Of ``names``, ``surname`` and ``given`` those whose words are wanted as they are spelled, too.
    """
    by_feature = schema.by_feature
    codes: dict[str, pa.Array] = {}
    notes: list[Unused] = []

    def column(feature: Feature) -> pa.ChunkedArray | None:
        spec = by_feature.get(feature)
        return plain(table[spec.name]) if spec is not None else None

    birth = by_feature.get(Feature.BIRTH_DATE)
    births = None if birth is None else date_codes(table, birth.name)
    names, as_spelled, unused = describe_names(table, schema, spelled)
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
    days = None
    if birth is not None:
        days = np.asarray(pc.fill_null(whole(table[birth.name]).cast(pa.int32()), int(NO_DATE)), dtype=np.int32)
    further = tuple(
        str(feature)
        for feature, spec in by_feature.items()
        if (feature.startswith(OWN_FEATURE) or feature == Feature.ANAPEC_NUMBER)
        and spec.role is FieldRole.IDENTIFIER
        and spec.name != schema.record
    )
    short = _shortened(table, schema)
    return Persons(table.num_rows, names, codes, days, births, tuple(notes), further, short, as_spelled)


def _shortened(table: pa.Table, schema: RegisterSchema) -> NDArray[np.bool_] | None:
    """(records) whether a given name, or a word of a whole name, is an initial or was cut short by a full stop."""
    found: NDArray[np.bool_] | None = None
    for feature in (Feature.GIVEN, Feature.FULL_NAME, Feature.GIVEN_ARABIC):
        spec = schema.by_feature.get(feature)
        if spec is None:
            continue
        cells = whole(plain(table[spec.name])).dictionary_encode()
        full = feature == Feature.FULL_NAME
        texts = ((TITLE.sub("", text) if full else text) for text in cells.dictionary.to_pylist())
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
        return _map(values, standard.told_by(pc.unique(values).to_pylist()).comparable)
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


def _own_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A feature of one's own as text: a date is its ISO day, a number its digits."""
    return column if pa.types.is_string(column.type) else text_of(column)


def _map_in_codes(column: pa.ChunkedArray, function: Callable[[str], str | None]) -> pa.DictionaryArray:
    """What `_map` gives, in codes: the texts of ten million addresses take more room than their codes."""
    encoded = whole(column).dictionary_encode()
    results = pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(results.indices.take(encoded.indices), results.dictionary)


def _map(column: pa.ChunkedArray, function: Callable[[str], str | None]) -> pa.Array:
    encoded = whole(column).dictionary_encode()
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
