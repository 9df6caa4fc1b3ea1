"""Attribute disclosure: what a class of indistinguishable rows tells about a sensitive variable.

Every measure works on the table of counts (class × sensitive category). Missing sensitive values are a category of
their own when counted, as an intruder learns that the value is missing.

*Does not protect against* an intruder with knowledge about the sensitive variable itself (l-diversity). This measure
does not limit the difference between a class and the whole file either; t-closeness and β-likeness limit it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import Classes, PackedKeys, equivalence_classes, group
from wasl.disclosure.keys.coding import CodedColumn, Frame, code_columns
from wasl.disclosure.keys.frequencies import Missing, missing_patterns
from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.errors import InputError
from wasl.registers.compiled import njit

__all__ = [
    "ClassCounts",
    "Diversity",
    "alpha_k",
    "beta_likeness",
    "class_counts",
    "compatible_counts",
    "delta_disclosure",
    "diversity",
    "l_diversity",
    "t_closeness",
    "t_closeness_hierarchical",
]


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Counts of each sensitive category in each class, without the zeros.

    Attributes:
        start: int64, shape (classes + 1,): where each class's entries begin.
        category: int32 per entry.
        count: int64 per entry.
        totals: int64 per category, over the whole file.
    """

    start: NDArray[np.int64] = field(repr=False)
    category: NDArray[np.int32] = field(repr=False)
    count: NDArray[np.int64] = field(repr=False)
    totals: NDArray[np.int64] = field(repr=False)

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return int(self.totals.sum())


@dataclass(frozen=True, slots=True)
class Diversity:
    """The l-diversity of each class.

    Attributes:
        distinct: Number of sensitive categories.
        entropy: exp of the Shannon entropy: the effective number of categories.
        recursive: The largest l for which the class is recursively (c, l)-diverse, 0 if none.
    """

    distinct: NDArray[np.int64] = field(repr=False)
    entropy: NDArray[np.float64] = field(repr=False)
    recursive: NDArray[np.int64] = field(repr=False)


def class_counts(classes: Classes, sensitive: CodedColumn) -> ClassCounts:
    """The counts of a sensitive variable in each class; missing is the last category."""
    width = len(sensitive.labels) + 1
    codes = np.where(sensitive.codes < 0, width - 1, sensitive.codes)
    pairs = classes.ids.astype(np.int64) * width + codes
    cells, count = np.unique(pairs, return_counts=True)
    owner = cells // width
    start = np.searchsorted(owner, np.arange(len(classes) + 1))
    return ClassCounts(
        start.astype(np.int64),
        (cells % width).astype(np.int32),
        count.astype(np.int64),
        np.bincount(codes, minlength=width).astype(np.int64),
    )


def compatible_counts(counts: ClassCounts, packed: PackedKeys, missing: Missing) -> ClassCounts:
    """The counts over all rows each class is compatible with, as frequencies counts them; for keys with missing values.

    A suppressed row hides among every row it could be. With a wildcard meaning, an intruder must choose from the
    sensitive values of those rows (all with ``alpha > 0``, the complete ones only with 0).

    Args:
        counts: Counts of each class.
        packed: The key of each class.
        missing: What a missing key value means.
    """
    patterns = missing_patterns(packed)
    distinct = np.unique(patterns)
    if missing.alpha is None or (len(distinct) == 1 and distinct[0] == 0):
        return counts
    width = len(counts.totals)
    owner = np.repeat(np.arange(len(counts.start) - 1), np.diff(counts.start))
    cells: list[NDArray[np.int64]] = []
    amounts: list[NDArray[np.int64]] = []
    for own in distinct:
        takers = np.flatnonzero(patterns == own)
        for other in distinct:
            if other not in (0, own) and missing.alpha == 0.0:
                continue
            givers = np.flatnonzero(patterns == other)
            known = [v for v in range(packed.variables) if not (int(own) | int(other)) >> v & 1]
            together = group(packed.words[np.concatenate([givers, takers])], packed.mask_of(known))
            place = np.full(len(patterns), -1, np.int64)
            place[givers] = together.ids[: len(givers)]
            mine = place[owner] >= 0
            pooled, inverse = np.unique(place[owner[mine]] * width + counts.category[mine], return_inverse=True)
            amount = np.bincount(inverse, weights=counts.count[mine], minlength=len(pooled)).astype(np.int64)
            start = np.searchsorted(pooled // width, np.arange(len(together) + 1))
            wanted = together.ids[len(givers) :]
            lengths = start[wanted + 1] - start[wanted]
            entries = np.repeat(start[wanted] - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
            cells.append(np.repeat(takers, lengths) * width + pooled[entries] % width)
            amounts.append(amount[entries])
    merged, inverse = np.unique(np.concatenate(cells), return_inverse=True)
    total = np.bincount(inverse, weights=np.concatenate(amounts)).astype(np.int64)
    start = np.searchsorted(merged // width, np.arange(len(patterns) + 1)).astype(np.int64)
    return ClassCounts(start, (merged % width).astype(np.int32), total, counts.totals)


def diversity(counts: ClassCounts, *, c: float = 2.0) -> Diversity:
    """Distinct, entropy and recursive (c, l)-diversity of each class.

    Recursive: with counts ``r_1 ≥ r_2 ≥ … ≥ r_m``, the class is (c, l)-diverse when
    ``r_1 < c (r_l + r_{l+1} + … + r_m)``.

    Source: Machanavajjhala et al. (2007), ACM TKDD 1(1), definitions 4.1 and 4.2.
    """
    owner = np.repeat(np.arange(len(counts.start) - 1), np.diff(counts.start))
    descending = counts.count[np.lexsort((-counts.count, owner))]
    return Diversity(*_diversity(counts.start, descending, float(c)))


def l_diversity(
    frame: Frame, keys: Sequence[str], sensitive: str, *, c: float = 2.0
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Distinct, entropy and recursive l-diversity of the class of every row.

    Raises:
        InputError: A column does not exist.
    """
    classes = equivalence_classes(frame, keys)
    measured = diversity(class_counts(classes, code_columns(frame, [sensitive])[0]), c=c)
    return measured.distinct[classes.ids], measured.entropy[classes.ids], measured.recursive[classes.ids]


def alpha_k(counts: ClassCounts) -> NDArray[np.float64]:
    """For each class, the largest share any sensitive category has; (α, k)-anonymity asks for at most α.

    Source: Wong, Li, Fu, Wang (2006), KDD, definition 2.
    """
    sizes = np.add.reduceat(counts.count, counts.start[:-1])
    result: NDArray[np.float64] = np.maximum.reduceat(counts.count, counts.start[:-1]) / sizes
    return result


def t_closeness(counts: ClassCounts, *, ordered: bool = False) -> NDArray[np.float64]:
    """For each class, the earth mover's distance to the distribution in the whole file.

    Equal ground distance (categories unrelated): half the L1 distance. Ordered (categories in rank order): the sum of
    absolute cumulative differences over ``m - 1``.

    Source: Li, Li, Venkatasubramanian (2007), ICDE, sections 4.2 and 4.3.
    """
    present = counts.totals > 0
    remap = np.cumsum(present) - 1
    totals = counts.totals[present] / counts.rows
    category = remap[counts.category].astype(np.int32)
    kernel = _ordered_distance if ordered else _equal_distance
    result: NDArray[np.float64] = kernel(counts.start, category, counts.count, totals)
    return result


def t_closeness_hierarchical(counts: ClassCounts, labels: Sequence[str], hierarchy: Hierarchy) -> NDArray[np.float64]:
    """Earth mover's distance with the hierarchical ground distance (height of the lowest common ancestor / height).

    Args:
        counts: Counts of the sensitive variable.
        labels: Its categories as text, in code order.
        hierarchy: Its hierarchy; its last level must hold one category.

    Raises:
        InputError: The hierarchy does not end in one category, or the sensitive variable has missing values.

    Source: Li, Li, Venkatasubramanian (2007), ICDE, section 4.3.
    """
    if counts.totals[-1]:
        raise InputError("hierarchical t-closeness needs a sensitive variable without missing values.")
    groups = [hierarchy.codes_at(labels, level)[0] for level in range(hierarchy.height + 1)]
    if hierarchy.height == 0 or len(np.unique(groups[-1])) != 1:
        raise InputError(f"the hierarchy of {hierarchy.name!r} does not end in a single category.")
    totals = counts.totals[:-1] / counts.rows
    table = np.array(groups, np.int32)
    result: NDArray[np.float64] = _hierarchical_distance(counts.start, counts.category, counts.count, totals, table)
    return result


def beta_likeness(counts: ClassCounts) -> NDArray[np.float64]:
    """For each class, the largest relative gain ``(q - p) / p`` of a category over its share in the file.

    Source: Cao, Karras (2012), PVLDB 5(11), definition 2 (basic β-likeness).
    """
    result: NDArray[np.float64] = _largest_gain(
        counts.start, counts.category, counts.count, counts.totals / counts.rows
    )
    return result


def delta_disclosure(counts: ClassCounts) -> NDArray[np.float64]:
    """For each class, the largest ``|ln(q / p)|`` over categories; infinite when a category is absent from the class.

    Source: Brickell, Shmatikov (2008), KDD, definition 4.
    """
    shares = counts.totals / counts.rows
    result: NDArray[np.float64] = _largest_log_ratio(counts.start, counts.category, counts.count, shares)
    return result


@njit(cache=True, nogil=True)
def _diversity(start, count, c):  # type: ignore[no-untyped-def]
    # Counts descend within each class.
    classes = start.shape[0] - 1
    distinct = np.empty(classes, np.int64)
    entropy = np.empty(classes, np.float64)
    recursive = np.zeros(classes, np.int64)
    for g in range(classes):
        m = start[g + 1] - start[g]
        total = 0
        for j in range(m):
            total += count[start[g] + j]
        sum_log = 0.0
        for j in range(m):
            share = count[start[g] + j] / total
            sum_log -= share * np.log(share)
        distinct[g] = m
        entropy[g] = np.exp(sum_log)
        tail = 0
        for j in range(m - 1, -1, -1):
            tail += count[start[g] + j]
            if count[start[g]] < c * tail:
                recursive[g] = j + 1
                break
    return distinct, entropy, recursive


@njit(cache=True, nogil=True)
def _equal_distance(start, category, count, totals):  # type: ignore[no-untyped-def]
    out = np.empty(start.shape[0] - 1, np.float64)
    for g in range(out.shape[0]):
        size = 0
        for e in range(start[g], start[g + 1]):
            size += count[e]
        gain = 0.0
        for e in range(start[g], start[g + 1]):
            gain += max(0.0, count[e] / size - totals[category[e]])
        out[g] = gain
    return out


@njit(cache=True, nogil=True)
def _ordered_distance(start, category, count, totals):  # type: ignore[no-untyped-def]
    m = totals.shape[0]
    out = np.zeros(start.shape[0] - 1, np.float64)
    if m < 2:
        return out
    for g in range(out.shape[0]):
        size = 0
        for e in range(start[g], start[g + 1]):
            size += count[e]
        e = start[g]
        running = 0.0
        moved = 0.0
        for j in range(m - 1):
            share = 0.0
            if e < start[g + 1] and category[e] == j:
                share = count[e] / size
                e += 1
            running += share - totals[j]
            moved += abs(running)
        out[g] = moved / (m - 1)
    return out


@njit(cache=True, nogil=True)
def _hierarchical_distance(start, category, count, totals, groups):  # type: ignore[no-untyped-def]
    height = groups.shape[0] - 1
    m = totals.shape[0]
    out = np.zeros(start.shape[0] - 1, np.float64)
    for g in range(out.shape[0]):
        size = 0
        for e in range(start[g], start[g + 1]):
            size += count[e]
        extra = -totals
        for e in range(start[g], start[g + 1]):
            extra[category[e]] += count[e] / size
        below = extra.copy()
        for h in range(1, height + 1):
            # At each inner node, what its children can settle among themselves moves over height h.
            gain = np.zeros(m)
            loss = np.zeros(m)
            whole = np.zeros(m)
            for j in range(m):
                # The children are the nodes of level h - 1; each is counted once, at its first member.
                node = groups[h - 1, j]
                seen = False
                for i in range(j):
                    if groups[h - 1, i] == node:
                        seen = True
                        break
                if seen:
                    continue
                value = below[node]
                parent = groups[h, j]
                whole[parent] += value
                if value > 0:
                    gain[parent] += value
                else:
                    loss[parent] -= value
            for node in range(m):
                out[g] += h / height * min(gain[node], loss[node])
            below = whole
    return out


@njit(cache=True, nogil=True)
def _largest_gain(start, category, count, totals):  # type: ignore[no-untyped-def]
    out = np.zeros(start.shape[0] - 1, np.float64)
    for g in range(out.shape[0]):
        size = 0
        for e in range(start[g], start[g + 1]):
            size += count[e]
        for e in range(start[g], start[g + 1]):
            p = totals[category[e]]
            out[g] = max(out[g], (count[e] / size - p) / p)
    return out


@njit(cache=True, nogil=True)
def _largest_log_ratio(start, category, count, totals):  # type: ignore[no-untyped-def]
    present = 0
    for j in range(totals.shape[0]):
        present += totals[j] > 0
    out = np.zeros(start.shape[0] - 1, np.float64)
    for g in range(out.shape[0]):
        if start[g + 1] - start[g] < present:
            out[g] = np.inf
            continue
        size = 0
        for e in range(start[g], start[g + 1]):
            size += count[e]
        for e in range(start[g], start[g + 1]):
            out[g] = max(out[g], abs(np.log(count[e] / size / totals[category[e]])))
    return out
