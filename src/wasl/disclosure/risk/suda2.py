"""SUDA2: special uniques. Which few values already single a row out, and how badly.

A *minimal sample unique* (MSU) of a row is a set of variables on which the row is unique and no proper subset of which
makes it unique. The fewer variables it needs, the more it weighs; a row's score is the sum over its MSUs. A missing
value takes part in no MSU.

All subsets of variables are visited as a tree from the full set down, each computed from the distinct keys of its
parent; a subtree without unique rows is cut. Uniqueness per subset is kept as bits of the row, and minimality is then
a few word operations per row.

Source: Elliot, Manning, Ford (2002), IJUFKS 10(5); Manning, Haglin, Keane (2008), Data Min. Knowl. Discov. 16;
scores and DIS as in Templ, Kowarik, Meindl (2015), J. Stat. Software 67(4), section 3.4, and the IHSN guide to SDC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb, factorial
from typing import Literal

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import group, hash_words, longer, pack_keys, same_words
from wasl.disclosure.keys.coding import CodedColumn, Frame, code_columns
from wasl.errors import InputError

__all__ = ["MAX_VARIABLES", "Scoring", "SudaScores", "category_contributions", "msu_weights", "suda2"]

LANES = np.array(
    [
        0x5555555555555555,
        0x3333333333333333,
        0x0F0F0F0F0F0F0F0F,
        0x00FF00FF00FF00FF,
        0x0000FFFF0000FFFF,
        0x00000000FFFFFFFF,
    ],
    np.uint64,
)
"""For variable v < 6, the subsets of a word that do not contain it."""

MAX_VARIABLES = 16
"""2^16 subsets; beyond it the number of subsets, not of rows, decides."""

Scoring = Literal["elliot", "ihsn"]
"""``elliot``: an MSU of size s among M variables weighs (M - s)!; ``ihsn``: (2^(M-s) - 1) / C(M, s)."""


@dataclass(frozen=True, slots=True)
class SudaScores:
    """Scores per row.

    Attributes:
        variables: The variables, in order.
        scores: float64 per row, 0 where the row has no MSU.
        dis: float64 per row, the DIS score: the probability that a match on the row's unique is correct.
        unique_rows: int64, the rows that are alone in their class: no other has an MSU.
        unique_shares: float64, shape (unique rows, variables): share of the row's score from MSUs with the variable.
        unique_msus: int16, shape (unique rows, variables): MSUs of size 1, 2, … of the row.
        contributions: float64 per variable, percent of all scores from MSUs with the variable.
    """

    variables: tuple[str, ...]
    scores: NDArray[np.float64] = field(repr=False)
    dis: NDArray[np.float64] = field(repr=False)
    unique_rows: NDArray[np.int64] = field(repr=False)
    unique_shares: NDArray[np.float64] = field(repr=False)
    unique_msus: NDArray[np.int16] = field(repr=False)
    contributions: NDArray[np.float64] = field(repr=False)

    @property
    def row_contributions(self) -> NDArray[np.float64]:
        """float64, shape (rows, variables): share of the row's score from MSUs with the variable, 0 without MSU."""
        rows = np.zeros((len(self.scores), len(self.variables)))
        rows[self.unique_rows] = self.unique_shares
        return rows

    @property
    def msu_counts(self) -> NDArray[np.int64]:
        """int64, shape (rows, variables): MSUs of size 1, 2, … of the row."""
        counts = np.zeros((len(self.scores), len(self.variables)), np.int64)
        counts[self.unique_rows] = self.unique_msus
        return counts

    def table(self) -> pa.Table:
        """One row per row: score, DIS score, contribution of each variable."""
        columns = {"score": self.scores, "dis": self.dis}
        shares = self.row_contributions
        for position, name in enumerate(self.variables):
            columns[f"{name}_contribution"] = shares[:, position]
        return pa.table(columns)


def msu_weights(variables: int, scoring: Scoring) -> NDArray[np.float64]:
    """The weight of an MSU of size 1 … M among M variables."""
    sizes = range(1, variables + 1)
    if scoring == "elliot":
        return np.array([float(factorial(variables - s)) for s in sizes])
    return np.array([(2 ** (variables - s) - 1) / comb(variables, s) for s in sizes])


def suda2(
    data: Frame | Sequence[CodedColumn],
    keys: Sequence[str] | None = None,
    *,
    scoring: Scoring = "elliot",
    fraction: float = 0.01,
    max_size: int | None = None,
) -> SudaScores:
    """SUDA2 and DIS scores of every row.

    DIS: with U sample uniques, P rows in pairs and an assumed sampling ``fraction`` π, the file's correct-match
    probability is ``p = Uπ / (Uπ + P(1 - π))``; with ``q = 1 + (8 - M) / 20`` a row of score s gets
    ``1 / (1 + (U/p - U) / (s^q · Σ s^-q))``. q and p are single-precision numbers, as in the tools whose scores users
    compare with.

    Args:
        data: A frame, or columns already coded.
        keys: The variables, when ``data`` is a frame.
        scoring: How an MSU weighs by its size.
        fraction: Assumed sampling fraction for DIS, in (0, 1).
        max_size: Look for MSUs up to this size only.

    Raises:
        InputError: Too many variables, or the fraction is not in (0, 1).
    """
    columns = data if isinstance(data, Sequence) else code_columns(data, keys or [])
    m = len(columns)
    if not 1 <= m <= MAX_VARIABLES:
        raise InputError(f"SUDA2 takes 1 to {MAX_VARIABLES} variables, not {m}.", remedy="Choose the likeliest keys.")
    if not 0.0 < fraction < 1.0:
        raise InputError(f"the sampling fraction is {fraction}, but must lie between 0 and 1.")
    n = len(columns[0].codes)
    # The subtrees that leave out the first variables are the largest: put there what splits the file most.
    order = sorted(range(m), key=lambda v: -len(columns[v].labels))
    packed = pack_keys([columns[v] for v in order])
    classes = group(packed.words, packed.full_mask)
    alone = np.flatnonzero(classes.sizes == 1)
    unique_rows = classes.first[alone]
    unique_of = np.full(len(classes), -1, np.int64)
    unique_of[alone] = np.arange(len(alone))
    words = packed.words[classes.first]
    bits = np.zeros((len(alone), max(1, (1 << m) >> 6)), np.uint64)
    if len(alone):
        _visit(words, packed.masks, unique_of, bits, m)
    weights = msu_weights(m, scoring)
    limit = m if max_size is None else max_size
    counts, sorted_shares = _weigh(bits, m, weights, limit, LANES)
    shares = sorted_shares[:, np.argsort(order)]
    per_unique = np.zeros(len(alone))
    for size, weight in enumerate(weights):
        per_unique += weight * counts[:, size]
    scores = np.zeros(n)
    scores[unique_rows] = per_unique
    total = per_unique.sum()
    contributions = 100.0 * shares.sum(axis=0) / total if total > 0 else np.zeros(m)
    shares /= np.where(per_unique > 0, per_unique, 1.0)[:, None]
    pairs = 2 * int(np.count_nonzero(classes.sizes == 2))
    return SudaScores(
        variables=tuple(column.name for column in columns),
        scores=scores,
        dis=_dis(scores, len(alone), pairs, m, fraction),
        unique_rows=unique_rows,
        unique_shares=shares,
        unique_msus=counts,
        contributions=contributions,
    )


def category_contributions(scores: SudaScores, column: CodedColumn) -> NDArray[np.float64]:
    """For each category of a variable, its percentage of the variable's contribution; NaN when that is zero."""
    position = scores.variables.index(column.name)
    value = scores.unique_shares[:, position] * scores.scores[scores.unique_rows]
    codes = column.codes[scores.unique_rows]
    known = codes >= 0
    sums = np.bincount(codes[known], weights=value[known], minlength=len(column.labels))
    total = sums.sum()
    result: NDArray[np.float64] = 100.0 * sums / total if total > 0 else np.full(len(sums), np.nan)
    return result


def _dis(scores: NDArray[np.float64], uniques: int, pairs: int, m: int, fraction: float) -> NDArray[np.float64]:
    single = np.float32
    dis = np.zeros_like(scores)
    positive = scores > 0
    if not positive.any():
        return dis
    if pairs == 0:
        dis[positive] = 1.0
        return dis
    exponent = float(single(1) + (single(8) - single(m)) / single(20))
    pi = single(fraction)
    p = single(uniques) * pi / (single(uniques) * pi + single(pairs) * (single(1) - pi))
    odds = float(single(uniques) / p - single(uniques))
    raised = scores[positive] ** exponent
    dis[positive] = 1.0 / (1.0 + odds / (raised * np.sum(1.0 / raised)))
    return dis


def _visit(
    words: NDArray[np.uint64],
    masks: NDArray[np.uint64],
    unique_of: NDArray[np.int64],
    bits: NDArray[np.uint64],
    m: int,
) -> None:
    """Walk the subsets from the full set down; a child leaves out one variable beyond the last left out."""
    stack = [(words, unique_of, (1 << m) - 1, 0)]
    while stack:
        keys, owners, subset, start = stack.pop()
        if not _mark(keys, masks, owners, bits, subset):
            continue
        for variable in range(m - 1, start - 1, -1):
            child = subset & ~(1 << variable)
            if child:
                mask = np.zeros(masks.shape[1], np.uint64)
                for v in range(m):
                    if child >> v & 1:
                        mask |= masks[v]
                reduced, kept, count = _project(keys, owners, mask)
                stack.append((reduced[:count].copy(), kept[:count].copy(), child, variable + 1))


@njit(cache=True, nogil=True)
def _mark(keys, masks, owners, bits, subset):  # type: ignore[no-untyped-def]
    """Set the subset's bit in every row unique on it (and missing none of it); whether any key is unique at all."""
    m = masks.shape[0]
    anyone = False
    word = subset >> 6
    bit = np.uint64(1) << np.uint64(subset & 63)
    for i in range(owners.shape[0]):
        if owners[i] < 0:
            continue
        anyone = True
        complete = True
        for v in range(m):
            if subset >> v & 1:
                found = np.uint64(0)
                for w in range(keys.shape[1]):
                    found |= keys[i, w] & masks[v, w]
                if found == 0:
                    complete = False
                    break
        if complete:
            bits[owners[i], word] |= bit
    return anyone


@njit(cache=True, nogil=True)
def _project(keys, owners, mask):  # type: ignore[no-untyped-def]
    """Distinct keys under the mask, each with its owner if it comes from one unique key only, else -1."""
    n = keys.shape[0]
    width = keys.shape[1]
    capacity = 1 << 10
    slots = np.zeros(capacity, np.int32)
    out = np.empty((min(n, 1024), width), np.uint64)
    kept = np.empty(min(n, 1024), np.int64)
    count = 0
    for i in range(n):
        top = np.uint64(capacity - 1)
        slot = np.int64(hash_words(keys, i, mask) & top)
        while slots[slot] and not same_words(keys, i, out, slots[slot] - 1, mask):
            slot = (slot + 1) & (capacity - 1)
        if slots[slot]:
            kept[slots[slot] - 1] = -1
            continue
        if count == kept.shape[0]:
            grown = np.empty((2 * count, width), np.uint64)
            for c in range(count):
                for w in range(width):
                    grown[c, w] = out[c, w]
            out = grown
            kept = longer(kept)
        for w in range(width):
            out[count, w] = keys[i, w] & mask[w]
        kept[count] = owners[i]
        count += 1
        slots[slot] = count
        if count * 2 > capacity:
            capacity *= 4
            slots = np.zeros(capacity, np.int32)
            top = np.uint64(capacity - 1)
            for c in range(count):
                slot = np.int64(hash_words(out, c, mask) & top)
                while slots[slot]:
                    slot = (slot + 1) & (capacity - 1)
                slots[slot] = c + 1
    return out, kept, count


@njit(cache=True, nogil=True)
def _weigh(bits, m, weights, limit, lanes):  # type: ignore[no-untyped-def]
    """Minimal subsets of each unique row: their number by size, and the weight each variable takes part in."""
    rows = bits.shape[0]
    width = bits.shape[1]
    counts = np.zeros((rows, m), np.int16)  # at most 12,870 subsets of one size of 16 variables
    shares = np.zeros((rows, m), np.float64)
    above = np.empty(width, np.uint64)
    for r in range(rows):
        for w in range(width):
            above[w] = 0
        for v in range(m):
            # A subset that contains v and is unique without v is not minimal.
            if v < 6:
                for w in range(width):
                    above[w] |= (bits[r, w] & lanes[v]) << np.uint64(1 << v)
            else:
                step = 1 << (v - 6)
                for w in range(width):
                    if w & step:
                        above[w] |= bits[r, w ^ step]
        for w in range(width):
            left = bits[r, w] & ~above[w]
            while left:
                low = left & (~left + np.uint64(1))
                position = 0
                probe = low
                while probe > 1:
                    probe >>= np.uint64(1)
                    position += 1
                left ^= low
                subset = (w << 6) | position
                size = 0
                for v in range(m):
                    size += subset >> v & 1
                if size > limit:
                    continue
                counts[r, size - 1] += 1
                for v in range(m):
                    if subset >> v & 1:
                        shares[r, v] += weights[size - 1]
    return counts, shares
