"""What a register says about each person, normalized: the same spelling from every register, column by column.

Work is done once per distinct value; a register of millions has few distinct name words, dates and codes.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.holder.names.normalizer import Name, normalize
from wasl.registers.codes.classification import CodeList, spelling_key
from wasl.registers.schema import Feature, RegisterSchema

__all__ = ["Persons", "WordColumn", "describe_names", "describe_persons", "normalize_identifiers"]

IDENTIFIERS = (
    Feature.PASSPORT,
    Feature.PERMIT,
    Feature.CIN,
    Feature.CNSS,
    Feature.CERTIFICATE,
    Feature.REFUGEE_FILE,
    Feature.NATIONAL_ID,
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
)
PLACEHOLDERS = frozenset(
    {"", "0", "X", "XX", "XXX", "NEANT", "INCONNU", "NA", "NAN", "NULL", "NONE", "ND", "RAS", "SANS"}
)
ONE_CHARACTER = "^(?:" + "|".join(f"{c}{{4,}}" for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") + ")$"


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
        """Whether a record has any word."""
        present: NDArray[np.bool_] = self.offsets[1:] > self.offsets[:-1]
        return present


@dataclass(frozen=True, slots=True)
class Persons:
    """The normalized features of a register's records.

    Attributes:
        count: Records.
        names: Word columns: ``names`` (all words), ``surname``, ``given``.
        codes: String columns (identifiers, sex, nationality, texts), null where missing.
        birth: Days since 1970 of the birth date; -2**31 where missing.
    """

    count: int
    names: dict[str, WordColumn]
    codes: dict[str, pa.Array]
    birth: NDArray[np.int32] | None


NO_DATE = np.int32(-(2**31))


def normalize_identifiers(column: pa.ChunkedArray) -> pa.Array:
    """Document numbers without separators, in capitals; leading zeros of plain numbers are dropped.

    Spreadsheets strip leading zeros, so a number with and without them must agree. Placeholders are missing.
    """
    bare = pc.replace_substring_regex(pc.utf8_upper(_whole(column)), "[^A-Z0-9]+", "")
    numeric = pc.match_substring_regex(bare, "^[0-9]+$")
    bare = pc.if_else(numeric, pc.ascii_ltrim(bare, "0"), bare)
    void = pc.or_(pc.is_in(bare, pa.array(sorted(PLACEHOLDERS))), pc.match_substring_regex(bare, ONE_CHARACTER))
    return pc.if_else(void, pa.scalar(None, pa.string()), bare)


def describe_persons(table: pa.Table, schema: RegisterSchema, wanted: Set[str]) -> Persons:
    """The normalized features of a typed register table; of texts, only the wanted ones."""
    by_feature = schema.by_feature
    codes: dict[str, pa.Array] = {}

    def column(feature: Feature) -> pa.ChunkedArray | None:
        spec = by_feature.get(feature)
        return table[spec.name] if spec is not None else None

    for feature in IDENTIFIERS:
        values = column(feature)
        if values is not None:
            codes[feature.value] = normalize_identifiers(values)
    for spec in schema.fields:
        if spec.piece_type is not None:
            _sort_pieces(codes, table[spec.name], table[spec.piece_type], spec.piece_features)
    for feature, classification in ((Feature.SEX, "sex"), (Feature.NATIONALITY, "nationality")):
        values = column(feature)
        if values is not None:
            codes[feature.value] = _map(values, CodeList.load(classification).comparable)
    for feature in TEXTS:
        values = column(feature) if feature.value in wanted else None
        if values is not None:
            codes[feature.value] = _map(values, lambda text: spelling_key(text) or None)

    date = column(Feature.BIRTH_DATE)
    birth = None
    if date is not None:
        birth = np.asarray(pc.fill_null(date.combine_chunks().cast(pa.int32()), int(NO_DATE)), dtype=np.int32)
    return Persons(table.num_rows, describe_names(table, schema), codes, birth)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _map(column: pa.ChunkedArray, function: Callable[[str], str | None]) -> pa.Array:
    encoded = _whole(column).dictionary_encode()
    return pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _sort_pieces(
    codes: dict[str, pa.Array], numbers: pa.ChunkedArray, types: pa.ChunkedArray, meaning: dict[str, Feature]
) -> None:
    """Put numbers of one column under the documents they belong to, by the column that says which."""
    normalized = normalize_identifiers(numbers)
    kinds = {spelling_key(text): feature.value for text, feature in meaning.items()}
    kind = _map(types, lambda text: kinds.get(spelling_key(text)))
    for feature in sorted(set(kinds.values())):
        chosen = pc.if_else(pc.fill_null(pc.equal(kind, feature), False), normalized, pa.scalar(None, pa.string()))
        codes[feature] = pc.coalesce(codes[feature], chosen) if feature in codes else chosen


def describe_names(table: pa.Table, schema: RegisterSchema) -> dict[str, WordColumn]:
    """The name words of a register's records: ``names`` (all), ``surname`` and ``given``, as far as it has them."""
    latin = {"surname": Feature.SURNAME, "given": Feature.GIVEN, "full": Feature.FULL_NAME}
    arabic = {"surname": Feature.SURNAME_ARABIC, "given": Feature.GIVEN_ARABIC}
    maiden = schema.by_feature.get(Feature.MARRIED_NAME)
    vocabulary: dict[tuple[str, str], int] = {}
    found: dict[str, tuple[NDArray[np.int32], NDArray[np.int64]]] = {}
    for part, feature in latin.items():
        spec = schema.by_feature.get(feature)
        if spec is None:
            continue
        values = table[spec.name]
        other = schema.by_feature.get(arabic[part]) if part in arabic else None
        if other is not None:
            values = pc.coalesce(values, table[other.name])
        if maiden is not None and part in ("surname", "full"):
            values = _from_birth(values, table[maiden.name], alone=part == "surname")
        found[part] = _words(values, vocabulary)
    if not found:
        return {}
    words = tuple(word for word, _ in vocabulary)
    skeletons = tuple(skeleton for _, skeleton in vocabulary)
    columns = {part: WordColumn(words, skeletons, *lists) for part, lists in found.items()}
    columns["names"] = _join(list(columns.values()))
    columns.pop("full", None)
    return columns


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
