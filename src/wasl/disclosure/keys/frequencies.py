"""Sample and population frequencies of key combinations, with explicit meaning of missing values.

For row *i*, ``f_i`` counts the rows that could be the same person as far as the keys tell, and ``F_i`` sums their
sampling weights. The caller states the meaning of missing values, which decides on these rows:

- ``Missing.wildcard(alpha)``: a missing value is compatible with every value. A compatible row counts 1 when it is
  complete or misses exactly the variables row *i* misses, and ``alpha`` (0 to 1) otherwise. ``alpha = 1`` is the usual
  reading; ``alpha = 0`` trusts only rows that are certain to match.
- ``Missing.category()``: a missing value is a category of its own.

Source: Templ, Kowarik, Meindl (2015), J. Stat. Software 67(4), section 3; semantics checked against reference tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import Classes, PackedKeys, group, hash_words, pack_keys, same_words
from wasl.disclosure.keys.coding import CodedColumn, Frame, code_columns, code_together, coded, numeric_column
from wasl.disclosure.keys.compatible import MOST_KEYS, compatible_sums, short_codes
from wasl.errors import InputError
from wasl.registers.compiled import njit

SCAN_PATTERNS = 200
"""With more missing patterns than this, classes are compared by a scan instead of pattern by pattern.

Measured at 1,000 to 100,000 classes of 8 to 20 keys: a pattern costs a look-up per class (about 15 ns). The scan costs
about 0.02 ns per key and class, so the two are equal at 50 to 300 patterns.
"""

__all__ = ["Frequencies", "Missing", "frequencies", "k_map", "missing_patterns", "violations"]


@dataclass(frozen=True, slots=True)
class Missing:
    """The meaning of a missing key value.

    Attributes:
        alpha: How much a possible match through missing values counts; None when missing is a category.
    """

    alpha: float | None = 1.0

    @classmethod
    def wildcard(cls, alpha: float = 1.0) -> Self:
        """Missing is compatible with every value; possible matches count ``alpha``.

        Raises:
            InputError: ``alpha`` is not between 0 and 1.
        """
        if not 0.0 <= alpha <= 1.0:
            raise InputError(f"alpha is {alpha}, but must lie between 0 and 1.")
        return cls(alpha)

    @classmethod
    def category(cls) -> Self:
        """Missing is a category of its own."""
        return cls(None)


@dataclass(frozen=True, slots=True)
class Frequencies:
    """The frequency of each row's key combination.

    Attributes:
        sample: float64 per row, ``f_i``.
        population: float64 per row, ``F_i``, the sum of weights; equals ``sample`` without weights.
        classes: The equivalence classes the rows fall into.
    """

    sample: NDArray[np.float64] = field(repr=False)
    population: NDArray[np.float64] = field(repr=False)
    classes: Classes = field(repr=False)


def frequencies(
    data: Frame | Sequence[CodedColumn],
    keys: Sequence[str] | None = None,
    *,
    weight: str | NDArray[np.float64] | None = None,
    missing: Missing | None = None,
) -> Frequencies:
    """Sample frequency and estimated population frequency of every row's key combination.

    Args:
        data: A frame, or key columns already coded.
        keys: The key variables, when ``data`` is a frame.
        weight: Sampling weights: a column, or an array per row.
        missing: What a missing key value means; default ``Missing.wildcard()``.

    Raises:
        InputError: A column does not exist, or a weight is missing or not positive.
    """
    columns = coded(data, keys)
    weights = _weights(data, weight)
    packed = pack_keys(columns)
    classes = group(packed.words, packed.full_mask)
    sums = np.empty((len(classes), 1 if weights is None else 2), np.float64)
    sums[:, 0] = classes.sizes
    if weights is not None:
        sums[:, 1] = np.bincount(classes.ids, weights=weights, minlength=len(classes))
    totals = _compatible_sums(packed.take(classes.first), sums, missing or Missing())
    sample = totals[:, 0][classes.ids]
    return Frequencies(sample, totals[:, -1][classes.ids] if weights is not None else sample, classes)


def k_map(
    sample: Frame, population: Frame, keys: Sequence[str], *, missing: Missing | None = None
) -> NDArray[np.float64]:
    """For each sample row, how many rows of a population table could be the same person (k-map).

    The population may be the linked register itself or a census table; its categories must be spelled alike.

    Source: Sweeney (2002), Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems 10(5), section 3.

    Raises:
        InputError: A key does not exist in one of the tables.
    """
    ours = code_columns(sample, keys)
    joined = code_together(ours, code_columns(population, keys))
    rows = len(ours[0].codes)
    packed = pack_keys(joined)
    classes = group(packed.words, packed.full_mask)
    counts = np.bincount(classes.ids[rows:], minlength=len(classes)).astype(np.float64)[:, None]
    totals = _compatible_sums(packed.take(classes.first), counts, missing or Missing())
    result: NDArray[np.float64] = totals[:, 0][classes.ids[:rows]]
    return result


def violations(sample: NDArray[np.float64], k: int | float) -> int:
    """How many rows have a key combination that occurs fewer than ``k`` times."""
    return int(np.count_nonzero(sample < k))


def missing_patterns(packed: PackedKeys) -> NDArray[np.int64]:
    """For each row, the set of variables it misses, as bits (variable j is bit j).

    Raises:
        InputError: More variables than a word has bits for.
    """
    if packed.variables > MOST_KEYS:
        raise InputError(
            f"{packed.variables} key variables; missing values are counted for at most {MOST_KEYS}.",
            remedy='Use fewer keys, or let missing be a category ([missing] semantics = "category").',
        )
    patterns: NDArray[np.int64] = _patterns(packed.words, packed.masks, packed.homes)
    return patterns


def _weights(data: object, weight: str | NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    if weight is None:
        return None
    weights = numeric_column(data, weight) if isinstance(weight, str) else np.asarray(weight, np.float64)
    bad = np.flatnonzero(~(weights > 0))
    if len(bad):
        raise InputError(
            f"the weight is missing or not positive in {len(bad)} rows, first in row {bad[0] + 1}.",
            remedy="Give every row a positive weight, or assess without weights.",
        )
    return weights


def _compatible_sums(packed: PackedKeys, sums: NDArray[np.float64], missing: Missing) -> NDArray[np.float64]:
    """For each class, the sums over the classes it is compatible with; classes are taken pattern by pattern."""
    if missing.alpha is None:
        return sums
    patterns = missing_patterns(packed)
    distinct, members = np.unique(patterns, return_inverse=True)
    if len(distinct) == 1 and distinct[0] == 0:
        return sums
    if len(distinct) > SCAN_PATTERNS:
        return compatible_sums(short_codes(packed.codes()), patterns, sums, missing.alpha)
    rows_of = [np.flatnonzero(members == p) for p in range(len(distinct))]
    totals = np.zeros_like(sums)
    for p, own in enumerate(distinct):
        for q, other in enumerate(distinct):
            share = 1.0 if other in (0, own) else missing.alpha
            if share == 0.0:
                continue
            known = [v for v in range(packed.variables) if not (int(own) | int(other)) >> v & 1]
            _add_matches(packed.words, packed.mask_of(known), rows_of[p], rows_of[q], sums, share, totals)
    return totals


@njit(cache=True, nogil=True)
def _patterns(words, masks, homes):  # type: ignore[no-untyped-def]
    out = np.zeros(words.shape[0], np.int64)
    for i in range(words.shape[0]):
        for v in range(masks.shape[0]):
            if words[i, homes[v]] & masks[v, homes[v]] == 0:
                out[i] |= 1 << v
    return out


@njit(cache=True, nogil=True)
def _add_matches(words, mask, takers, givers, sums, share, totals):  # type: ignore[no-untyped-def]
    """Add to each taker ``share`` times the sums of all givers that agree with it under the mask."""
    capacity = 16
    while capacity < 2 * givers.shape[0]:
        capacity *= 2
    top = np.uint64(capacity - 1)
    slots = np.zeros(capacity, np.int32)
    width = sums.shape[1]
    held = np.zeros((givers.shape[0], width), np.float64)
    owner = np.empty(givers.shape[0], np.int64)
    count = 0
    for g in range(givers.shape[0]):
        row = givers[g]
        slot = np.int64(hash_words(words, row, mask) & top)
        while slots[slot] and not same_words(words, row, words, owner[slots[slot] - 1], mask):
            slot = (slot + 1) & (capacity - 1)
        if slots[slot] == 0:
            owner[count] = row
            count += 1
            slots[slot] = count
        for c in range(width):
            held[slots[slot] - 1, c] += sums[row, c]
    for t in range(takers.shape[0]):
        row = takers[t]
        slot = np.int64(hash_words(words, row, mask) & top)
        while slots[slot] and not same_words(words, row, words, owner[slots[slot] - 1], mask):
            slot = (slot + 1) & (capacity - 1)
        if slots[slot]:
            for c in range(width):
                totals[row, c] += share * held[slots[slot] - 1, c]
