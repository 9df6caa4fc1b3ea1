"""Equivalence classes: rows that agree on the key variables, found once and then worked on instead of rows.

Keys are packed into machine words, one bit field per variable, so that leaving variables out is a bit mask. A field
holds ``code + 1``; 0 is a missing value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn, Frame, coded
from wasl.registers.compiled import njit

__all__ = ["Classes", "PackedKeys", "equivalence_classes", "group", "pack_keys", "sums_by"]

WORD_BITS = 63


@dataclass(frozen=True, slots=True)
class PackedKeys:
    """The key variables of all rows, packed.

    Attributes:
        words: uint64, shape (rows, words).
        masks: uint64, shape (variables, words): the bits of each variable.
        shifts: int64, shape (variables,): position of each variable's field in its word.
        homes: int64, shape (variables,): the word of each variable.
    """

    words: NDArray[np.uint64] = field(repr=False)
    masks: NDArray[np.uint64]
    shifts: NDArray[np.int64]
    homes: NDArray[np.int64]

    @property
    def variables(self) -> int:
        """How many key variables."""
        return len(self.masks)

    @property
    def full_mask(self) -> NDArray[np.uint64]:
        """The mask of all variables."""
        return self.mask_of(range(self.variables))

    def mask_of(self, variables: Sequence[int] | range) -> NDArray[np.uint64]:
        """The mask, shape (words,), that keeps the given variables."""
        mask = np.zeros(self.words.shape[1], np.uint64)
        for variable in variables:
            mask |= self.masks[variable]
        return mask

    def codes(self) -> list[NDArray[np.int32]]:
        """The codes of each variable again, -1 for missing."""
        return [
            ((self.words[:, home] & mask[home]) >> np.uint64(shift)).astype(np.int32) - np.int32(1)
            for home, shift, mask in zip(self.homes, self.shifts, self.masks, strict=True)
        ]

    def take(self, rows: NDArray[np.int64]) -> PackedKeys:
        """The packed keys of some rows."""
        return PackedKeys(self.words[rows], self.masks, self.shifts, self.homes)


@dataclass(frozen=True, slots=True)
class Classes:
    """Equivalence classes of rows.

    Attributes:
        ids: int32 per row, its class.
        sizes: int64 per class, how many rows.
        first: int64 per class, its first row.
    """

    ids: NDArray[np.int32] = field(repr=False)
    sizes: NDArray[np.int64] = field(repr=False)
    first: NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        """How many classes."""
        return len(self.sizes)


def pack_keys(columns: Sequence[CodedColumn]) -> PackedKeys:
    """Key columns packed into words; as many words as their categories need."""
    bits = [max(1, len(column.labels).bit_length()) for column in columns]
    homes, shifts, word, used = [], [], 0, 0
    for width in bits:
        if used + width > WORD_BITS:
            word, used = word + 1, 0
        homes.append(word)
        shifts.append(used)
        used += width
    rows = len(columns[0].codes) if columns else 0
    words = np.zeros((rows, word + 1), np.uint64)
    masks = np.zeros((len(columns), word + 1), np.uint64)
    for variable, column in enumerate(columns):
        masks[variable, homes[variable]] = np.uint64(((1 << bits[variable]) - 1) << shifts[variable])
        _pack_column(words, homes[variable], column.codes, shifts[variable])
    return PackedKeys(words, masks, np.array(shifts, np.int64), np.array(homes, np.int64))


def equivalence_classes(data: Frame | Sequence[CodedColumn], keys: Sequence[str] | None = None) -> Classes:
    """Rows grouped by equal key values; a missing value is a category of its own here.

    Args:
        data: A frame, or columns already coded.
        keys: The key variables, when ``data`` is a frame.

    Raises:
        InputError: A key does not exist.
    """
    columns = coded(data, keys)
    packed = pack_keys(columns)
    return group(packed.words, packed.full_mask)


def sums_by(ids: NDArray[np.integer[Any]], values: NDArray[Any], count: int) -> NDArray[np.float64]:
    """The sum of ``values`` for each number 0 … count-1 in ``ids``."""
    return np.asarray(np.bincount(ids, weights=values, minlength=count), np.float64)


def group(words: NDArray[np.uint64], mask: NDArray[np.uint64]) -> Classes:
    """Rows grouped by ``words & mask`` in order of first appearance.

    Args:
        words: uint64, shape (rows, words).
        mask: uint64, shape (words,).
    """
    if words.shape[1] == 1:
        ids, first, sizes, count = _group_one_word(words[:, 0], mask[0])
    else:
        ids, first, sizes, count = _group(words, mask)
    return Classes(ids, sizes[:count].copy(), first[:count].copy())


@njit(cache=True, nogil=True)
def _pack_column(words, home, codes, shift):  # type: ignore[no-untyped-def]
    for i in range(codes.shape[0]):
        words[i, home] |= np.uint64(codes[i] + 1) << np.uint64(shift)


@njit(cache=True, nogil=True)
def hash_words(words, row, mask):  # type: ignore[no-untyped-def]
    """A 64-bit hash of the masked words of a row (multiply and fold)."""
    h = np.uint64(0x9E3779B97F4A7C15)
    for w in range(words.shape[1]):
        h = (h ^ (words[row, w] & mask[w])) * np.uint64(0xBF58476D1CE4E5B9)
        h ^= h >> np.uint64(29)
    h *= np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(32))


@njit(cache=True, nogil=True)
def same_words(words_a, a, words_b, b, mask):  # type: ignore[no-untyped-def]
    """Whether two rows agree under the mask."""
    for w in range(words_a.shape[1]):  # noqa: SIM110 - numba compiles no generator here
        if (words_a[a, w] ^ words_b[b, w]) & mask[w]:
            return False
    return True


@njit(cache=True, nogil=True)
def longer(values):  # type: ignore[no-untyped-def]
    """The same numbers with room for as many again (a loop: slices compile five times as long)."""
    grown = np.empty(2 * values.shape[0], values.dtype)
    for i in range(values.shape[0]):
        grown[i] = values[i]
    return grown


@njit(cache=True, nogil=True)
def _hash_key(key):  # type: ignore[no-untyped-def]
    """``hash_words`` of one word."""
    h = (np.uint64(0x9E3779B97F4A7C15) ^ key) * np.uint64(0xBF58476D1CE4E5B9)
    h ^= h >> np.uint64(29)
    h *= np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(32))


@njit(cache=True, nogil=True)
def _group_one_word(words, mask):  # type: ignore[no-untyped-def]
    """``_group`` for keys of one word, with the key beside its slot: one cache miss a row instead of three."""
    n = words.shape[0]
    capacity = 1 << 12
    slots = np.zeros(capacity, np.int32)
    slot_keys = np.empty(capacity, np.uint64)
    ids = np.empty(n, np.int32)
    first = np.empty(1024, np.int64)
    sizes = np.empty(1024, np.int64)
    keys = np.empty(1024, np.uint64)
    count = 0
    for i in range(n):
        key = words[i] & mask
        slot = np.int64(_hash_key(key) & np.uint64(capacity - 1))
        while slots[slot] != 0 and slot_keys[slot] != key:
            slot = (slot + 1) & (capacity - 1)
        held = slots[slot]
        if held:
            ids[i] = held - 1
            sizes[held - 1] += 1
            continue
        if count == first.shape[0]:
            first = longer(first)
            sizes = longer(sizes)
            keys = longer(keys)
        first[count] = i
        sizes[count] = 1
        keys[count] = key
        ids[i] = count
        count += 1
        slots[slot] = count
        slot_keys[slot] = key
        if count * 2 > capacity:
            capacity *= 4
            slots = np.zeros(capacity, np.int32)
            slot_keys = np.empty(capacity, np.uint64)
            for c in range(count):
                slot = np.int64(_hash_key(keys[c]) & np.uint64(capacity - 1))
                while slots[slot]:
                    slot = (slot + 1) & (capacity - 1)
                slots[slot] = c + 1
                slot_keys[slot] = keys[c]
    return ids, first, sizes, count


@njit(cache=True, nogil=True)
def _group(words, mask):  # type: ignore[no-untyped-def]
    """Open addressing with growth; a slot holds class number + 1."""
    n = words.shape[0]
    capacity = 1 << 12
    slots = np.zeros(capacity, np.int32)
    ids = np.empty(n, np.int32)
    first = np.empty(1024, np.int64)
    sizes = np.empty(1024, np.int64)
    count = 0
    for i in range(n):
        top = np.uint64(capacity - 1)
        slot = np.int64(hash_words(words, i, mask) & top)
        while True:
            held = slots[slot]
            if held == 0:
                if count == first.shape[0]:
                    first = longer(first)
                    sizes = longer(sizes)
                first[count] = i
                sizes[count] = 1
                count += 1
                slots[slot] = count
                ids[i] = count - 1
                break
            if same_words(words, i, words, first[held - 1], mask):
                ids[i] = held - 1
                sizes[held - 1] += 1
                break
            slot = (slot + 1) & (capacity - 1)
        if count * 2 > capacity:
            capacity *= 4
            slots = np.zeros(capacity, np.int32)
            top = np.uint64(capacity - 1)
            for c in range(count):
                slot = np.int64(hash_words(words, first[c], mask) & top)
                while slots[slot]:
                    slot = (slot + 1) & (capacity - 1)
                slots[slot] = c + 1
    return ids, first, sizes, count
