"""Find the records of one register that are certainly one person, from the register alone.

Two records are taken as one person when they agree on one of these:

- all name words in canonical spelling (in any order), the whole birth date, sex and nationality;
- an identifier or a family's file number (UNHCR), all name words in canonical spelling, and the year of birth or its
  day and month, as far as they are known;
- an identifier, the given names in canonical spelling, and the whole birth date: the surname may be spelled in another
  way.

An identifier alone is no evidence for one person. Children stand in the passport, the national card or the household
of a parent, and twins of one sex share everything but the given name. So the given names must be there, whole and
equal. A given name that is missing, an initial, or cut short by a full stop leaves it open whose the record is. So do
two names of one skeleton (Hassan, Houcine). A father and a son of one name differ in the whole birth
date. Cousins of one given name can stand in one family's file.

Agreement in several steps counts as well, unless identifiers conflict. Records with different passports (or permits,
national or insurance numbers, or numbers that the schema calls its own) are never taken as one. A
register that its schema declares free of duplicates is left as it is. Names that are spelled or typed in another way
stay undiscovered: linkage finds those.

A person then has one row per block (see ``passes.py``): the number of records a person has, and how alike their
spellings are, could identify the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.holder.normalize import NO_DATE, Persons
from wasl.registers.compiled import njit

__all__ = ["list_merged", "number_persons"]

IDENTIFIERS = ("passport", "permit", "cin", "cnss", "certificate", "consular", "national_id", "refugee_file")
"""Numbers that join records. The members of a family can share each of them."""
FAMILY = ("refugee_file",)
"""Numbers of families, which several households can share."""
PERSONAL = ("passport", "permit", "cin", "cnss", "refugee_file", "consular", "national_id")
"""Identifiers a person has one of at a time: two values speak for two persons. A person has several certificates.
`Persons.further_numbers` are counted among these, but they join nobody: what a number of the register's own numbers (a
person, a vehicle, a household) is not known."""
TRAITS = ("sex", "nationality")
MISSING = np.uint64(0)


def number_persons(persons: Persons) -> NDArray[np.int32]:
    """For each record the first record of the same person: (records,) places."""
    return _number_persons(persons).astype(np.int32)


def _number_persons(persons: Persons) -> NDArray[np.int64]:
    held = (*PERSONAL, *persons.further_numbers)
    identifiers = [_codes(persons.codes[name]) for name in held if name in persons.codes]
    whole = _united(persons.count, _keys(persons))
    torn = _conflicting(whole, identifiers)
    if not torn.any():
        return whole
    # Where identifiers conflict, agreement without an identifier is not beyond doubt.
    certain = _united(persons.count, (np.where(torn, key, MISSING) for key in _identifier_keys(persons)))
    alone = torn & _conflicting(certain, identifiers)
    return np.where(alone, np.arange(persons.count), np.where(torn, certain, whole))


def list_merged(person: NDArray[np.int32], records: pa.Array) -> pa.Table:
    """The records that are taken as one person, for the holder alone.

    Args:
        person: For each record the first record of the same person.
        records: Record numbers.

    Returns:
        ``group, record``: groups are numbered from 1; a record that is alone is not listed.
    """
    shared = np.flatnonzero(np.bincount(person, minlength=len(person))[person] > 1)
    shared = shared[np.argsort(person[shared], kind="stable")]
    groups = np.unique(person[shared], return_inverse=True)[1] + 1
    return pa.table({"group": pa.array(groups, pa.int64()), "record": records.take(pa.array(shared))})


def _united(count: int, keys: Iterable[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """For each record the first one it is joined to by records of equal keys."""
    first = np.arange(count)
    for key in keys:
        _unite(key, first)
    _settle(first)
    return first


def _conflicting(person: NDArray[np.int64], identifiers: list[NDArray[np.uint64]]) -> NDArray[np.bool_]:
    """Records whose person has two values of one identifier."""
    torn = np.zeros(len(person), dtype=bool)
    for values in identifiers:
        _mark_torn(person, values, torn)
    return torn[person]


def _keys(persons: Persons) -> Iterator[NDArray[np.uint64]]:
    """What two records of one person share: (records,) 64-bit values, 0 where a record lacks a part of it.

    Two different values are equal by chance in one of 2**64 pairs.
    """
    names, birth = _names(persons), _birth(persons)
    if names is not None and birth is not None:
        traits = [_codes(persons.codes[name]) + np.uint64(1) for name in TRAITS if name in persons.codes]
        yield _mixed(names, birth, *traits)
    yield from _identifier_keys(persons)


def _identifier_keys(persons: Persons) -> Iterator[NDArray[np.uint64]]:
    """The keys among them that hold an identifier."""
    year, day_and_month = _parts_of_birth(persons)
    names, given = _names(persons), _names(persons, "given", 1)
    for name in IDENTIFIERS:
        if name in persons.codes and names is not None:
            named = _mixed(_codes(persons.codes[name]), names)
            yield _mixed(named, year)
            yield _mixed(named, day_and_month)
            yield _of_one_birth(named, year)
        if name in persons.codes and given is not None and name not in FAMILY:
            yield _mixed(_codes(persons.codes[name]), given, year, day_and_month)


def _of_one_birth(named: NDArray[np.uint64], year: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The names and number of a record, missing where records that share them are of several years of birth.

    A record without a year of birth can be anybody's of them.
    """
    numbers, place = np.unique(named, return_inverse=True)
    known = year != MISSING
    first = np.zeros(len(numbers), np.uint64)
    first[place[known]] = year[known]
    several = np.zeros(len(numbers), np.bool_)
    several[place[known & (year != first[place])]] = True
    return np.where(several[place], MISSING, named)


def _names(persons: Persons, part: str = "names", least: int = 2) -> NDArray[np.uint64] | None:
    """The set of a record's name words in canonical spelling as one value.

    Missing for a name of fewer words, and where a given name is missing or shortened.

    Args:
        persons: The records.
        part: ``names`` (all words) or ``given``.
        least: Words that a name must have.
    """
    column = persons.names.get(part)
    if column is None:
        return None
    distinct = pa.array(column.vocabulary, pa.string()).dictionary_encode()
    words = _scrambled(np.asarray(distinct.indices, dtype=np.uint64) + np.uint64(1))
    running = np.zeros(len(column.words) + 1, np.uint64)
    if len(column.words):
        np.cumsum(words[column.words], out=running[1:])
    sums = running[column.offsets[1:]] - running[column.offsets[:-1]]
    whole = np.diff(column.offsets) >= least
    if persons.shortened is not None:
        whole &= ~persons.shortened
    if "given" in persons.names:
        whole &= persons.names["given"].present
    # Scrambled once more: codes of words are small numbers like those of identifiers. In a sum of both, number 1 with
    # the words 2 and 3 would be number 2 with the words 1 and 3.
    return np.where(whole, _scrambled(sums), MISSING)


def _birth(persons: Persons) -> NDArray[np.uint64] | None:
    """The birth date as one value; 1 January stands for an unknown day."""
    if persons.birth is None:
        return None
    known = persons.birth != NO_DATE
    days = np.where(known, persons.birth, 0).astype("datetime64[D]")
    known &= days != days.astype("datetime64[Y]").astype("datetime64[D]")
    return np.where(known, persons.birth.astype(np.int64) + 2**32, 0).astype(np.uint64)


def _parts_of_birth(persons: Persons) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The year of birth, and its day and month in either order, as values; missing where they are unknown.

    1 January stands for an unknown day.
    """
    if persons.birth_codes is None:
        nothing = np.zeros(persons.count, np.uint64)
        return nothing, nothing
    code = persons.birth_codes.astype(np.int64)
    year, month, day = code // 10_000, code // 100 % 100, code % 100
    known = (month > 0) & (day > 0) & ((month > 1) | (day > 1))
    pair = np.where(known, np.minimum(month, day) * 100 + np.maximum(month, day), 0)
    return year.astype(np.uint64), pair.astype(np.uint64)


def _codes(values: pa.Array) -> NDArray[np.uint64]:
    """Equal texts as equal numbers from 1, 0 where missing."""
    indices = values.dictionary_encode().indices
    return np.asarray(indices.cast(pa.int64()).fill_null(-1), dtype=np.int64).astype(np.uint64) + np.uint64(1)


def _scrambled(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers spread over 64 bits. *Source:* the finalizer of SplitMix64, Steele et al., OOPSLA 2014."""
    values = values * np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _mixed(*parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Several values as one, missing where any is."""
    mixed = parts[0]
    present = parts[0] != MISSING
    for part in parts[1:]:
        mixed = _scrambled(mixed) + part
        present &= part != MISSING
    return np.where(present, _scrambled(mixed) | np.uint64(1), MISSING)


@njit(cache=True, nogil=True)
def _mark_torn(person: NDArray[np.int64], values: NDArray[np.uint64], torn: NDArray[np.bool_]) -> None:
    """Mark the persons whose records hold two values; 0 is none."""
    held = np.zeros(len(person), np.uint64)
    for record in range(len(person)):
        if values[record] != 0:
            if held[person[record]] == 0:
                held[person[record]] = values[record]
            elif held[person[record]] != values[record]:
                torn[person[record]] = True


@njit(cache=True, nogil=True)
def _root(first: NDArray[np.int64], record: int) -> int:
    while first[record] != record:
        first[record] = first[first[record]]
        record = first[record]
    return record


@njit(cache=True, nogil=True)
def _unite(key: NDArray[np.uint64], first: NDArray[np.int64]) -> None:
    """Join records of equal keys to the smallest record (union–find; records met are kept in an open hash table)."""
    size = 16
    while size < 2 * len(key):
        size *= 2
    mask = np.uint64(size - 1)
    table = np.full(size, -1, np.int64)
    for record in range(len(key)):
        if key[record] == 0:
            continue
        slot = (key[record] >> np.uint64(7)) & mask
        while table[slot] >= 0 and key[table[slot]] != key[record]:
            slot = (slot + np.uint64(1)) & mask
        if table[slot] < 0:
            table[slot] = record
            continue
        a, b = _root(first, table[slot]), _root(first, record)
        first[max(a, b)] = min(a, b)


@njit(cache=True, nogil=True)
def _settle(first: NDArray[np.int64]) -> None:
    for record in range(len(first)):
        first[record] = first[first[record]]
