"""SUDA2: special uniques. Finds the small sets of values that single a row out, and scores the row.

A *minimal sample unique* (MSU) of a row is a set of variables on which the row is unique and no proper subset of which
makes it unique. The fewer variables it needs, the more it weighs; a row's score is the sum over its MSUs. A missing
value takes part in no MSU.

Subsets of variables are visited from the empty set up. A subset splits the groups of its parent, and a row that is
alone leaves the walk: it is unique on every larger set, too. So only rows that still share their values are looked at.
Uniqueness per subset is kept as bits of the row, and minimality is then a few word operations per row.

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
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import group, pack_keys
from wasl.disclosure.keys.coding import CodedColumn, Frame, coded
from wasl.errors import InputError
from wasl.registers.compiled import njit

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

PLACES = np.zeros(64, np.int64)
PLACES[[((0x03F79D71B4CB0A89 << place) % (1 << 64)) >> 58 for place in range(64)]] = np.arange(64)
"""The number of the one bit set in a word, by the top six bits of its product with a de Bruijn sequence.

Source: Leiserson, Prokop, Randall (1998), Using de Bruijn sequences to index a 1 in a computer word.
"""

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

    DIS: the file has U sample uniques, P rows in pairs and an assumed sampling ``fraction`` π. Its correct-match
    probability is ``p = Uπ / (Uπ + P(1 - π))``. With ``q = 1 + (8 - M) / 20`` a row of score s gets
    ``1 / (1 + (U/p - U) / (s^q · Σ s^-q))``. q and p are single-precision numbers, as in the tools whose scores
    users compare with.

    Args:
        data: A frame, or columns already coded.
        keys: The variables, when ``data`` is a frame.
        scoring: How an MSU weighs by its size.
        fraction: Assumed sampling fraction for DIS, in (0, 1).
        max_size: Look for MSUs up to this size only.

    Raises:
        InputError: Too many variables, or the fraction is not in (0, 1).
    """
    columns = coded(data, keys)
    m = len(columns)
    if not 1 <= m <= MAX_VARIABLES:
        raise InputError(f"SUDA2 takes 1 to {MAX_VARIABLES} variables, not {m}.", remedy="Choose the likeliest keys.")
    if not 0.0 < fraction < 1.0:
        raise InputError(f"the sampling fraction is {fraction}, but must lie between 0 and 1.")
    n = len(columns[0].codes)
    # The last variable has the largest subtree below it: put there what splits the file most.
    order = sorted(range(m), key=lambda v: len(columns[v].labels))
    packed = pack_keys([columns[v] for v in order])
    classes = group(packed.words, packed.full_mask)
    alone = np.flatnonzero(classes.sizes == 1)
    unique_rows = classes.first[alone]
    # Unique rows come first, and codes are short: the walk then reads little memory.
    placed = classes.first[np.concatenate([alone, np.flatnonzero(classes.sizes > 1)])]
    widest = max(len(column.labels) for column in columns) + 1
    short = np.uint16 if widest <= np.iinfo(np.uint16).max else np.int32
    codes = np.array([columns[v].codes[placed] + 1 for v in order]).astype(short)
    limit = m if max_size is None else min(max_size, m)
    bits = np.zeros((len(alone), max(1, (1 << m) >> 6)), np.uint64)
    if len(alone):
        _walk(codes, len(alone), bits, limit, widest)
        _clear_missing(codes, bits, LANES)
    weights = msu_weights(m, scoring)
    counts, sorted_shares = _weigh(bits, m, weights, limit, LANES, PLACES, _sizes(m))
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


def _sizes(m: int) -> NDArray[np.int8]:
    """The number of variables of each subset."""
    sizes = np.zeros(1, np.int8)
    for _ in range(m):
        sizes = np.concatenate([sizes, sizes + 1]).astype(np.int8)
    return sizes


@njit(cache=True, nogil=True)
def _walk(codes, alone, bits, limit, width):  # type: ignore[no-untyped-def]
    """Visit the subsets up to a size depth first; set the bits of all supersets reached from where a row is alone.

    Args:
        codes: Of each class, shape (variables, classes), 0 for missing; unique rows first.
        alone: How many unique rows there are.
        bits: Per unique row, one bit per subset; filled in.
        limit: Largest subset visited.
        width: Above all codes.
    """
    m, n = codes.shape
    rows = np.empty((limit + 1, n), np.int32)
    ends = np.empty((limit + 1, n // 2 + 2), np.int32)
    groups = np.zeros(limit + 1, np.int64)
    following = np.zeros(limit + 1, np.int64)
    lowest = np.zeros(limit + 1, np.int64)
    subset = np.zeros(limit + 1, np.int64)
    counts = np.zeros(width, np.int32)
    lone = np.zeros(width, np.int32)
    places = np.zeros(width, np.int32)
    touched = np.empty(width, np.int32)
    for i in range(n):
        rows[0, i] = i
    ends[0, 0] = n
    groups[0] = 1 if n > 1 else 0
    lowest[0] = m
    depth = 0
    if n == 1:
        # A single class is alone on every subset, the empty one included; one variable is then enough.
        for v in range(m):
            _fill(bits, 0, 1 << v, v)
        return
    while depth >= 0:
        v = following[depth]
        if depth == limit or v >= lowest[depth] or groups[depth] == 0:
            depth -= 1
            continue
        following[depth] = v + 1
        child = subset[depth] | (1 << v)
        column = codes[v]
        source = rows[depth]
        target = rows[depth + 1]
        held = 0
        made = 0
        a = 0
        for g in range(groups[depth]):
            b = ends[depth, g]
            if b - a == 2:
                x = source[a]
                y = source[a + 1]
                if column[x] == column[y]:
                    target[held] = x
                    target[held + 1] = y
                    held += 2
                    ends[depth + 1, made] = held
                    made += 1
                else:
                    if x < alone:
                        _fill(bits, x, child, v)
                    if y < alone:
                        _fill(bits, y, child, v)
                a = b
                continue
            kinds = 0
            for i in range(a, b):
                row = source[i]
                code = column[row]
                if counts[code] == 0:
                    touched[kinds] = code
                    kinds += 1
                counts[code] += 1
                if row < alone:
                    lone[code] += 1
            for t in range(kinds):
                code = touched[t]
                # A group without a unique row can give none later.
                if counts[code] > 1 and lone[code] > 0:
                    places[code] = held
                    held += counts[code]
                    ends[depth + 1, made] = held
                    made += 1
                else:
                    places[code] = -1
            for i in range(a, b):
                row = source[i]
                code = column[row]
                if places[code] >= 0:
                    target[places[code]] = row
                    places[code] += 1
                elif counts[code] == 1 and row < alone:
                    _fill(bits, row, child, v)
            for t in range(kinds):
                counts[touched[t]] = 0
                lone[touched[t]] = 0
            a = b
        depth += 1
        groups[depth] = made
        following[depth] = 0
        lowest[depth] = v
        subset[depth] = child


@njit(cache=True, nogil=True)
def _fill(bits, owner, subset, variable):  # type: ignore[no-untyped-def]
    """Set the bits of a subset and of all it makes with variables below its lowest: numbers one after the other."""
    if variable < 6:
        span = np.uint64(1) << np.uint64(1 << variable)
        bits[owner, subset >> 6] |= (span - np.uint64(1)) << np.uint64(subset & 63)
        return
    first = subset >> 6
    for word in range(first, first + (1 << (variable - 6))):
        bits[owner, word] = np.uint64(0xFFFFFFFFFFFFFFFF)


@njit(cache=True, nogil=True)
def _clear_missing(codes, bits, lanes):  # type: ignore[no-untyped-def]
    """Clear, in each unique row, the subsets with a variable that the row misses."""
    m = codes.shape[0]
    for i in range(bits.shape[0]):
        for v in range(m):
            if codes[v, i]:
                continue
            if v < 6:
                for word in range(bits.shape[1]):
                    bits[i, word] &= lanes[v]
            else:
                for word in range(bits.shape[1]):
                    if word & (1 << (v - 6)):
                        bits[i, word] = 0


@njit(cache=True, nogil=True)
def _weigh(bits, m, weights, limit, lanes, places, sizes):  # type: ignore[no-untyped-def]
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
                left ^= low
                subset = (w << 6) | places[(low * np.uint64(0x03F79D71B4CB0A89)) >> np.uint64(58)]
                size = sizes[subset]
                if size > limit:
                    continue
                counts[r, size - 1] += 1
                weight = weights[size - 1]
                v = 0
                while subset:
                    if subset & 1:
                        shares[r, v] += weight
                    subset >>= 1
                    v += 1
    return counts, shares
