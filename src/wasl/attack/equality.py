"""Frequencies and equality patterns: with how many others a row shares a block or a token, and what it lacks.

Keyed hashing hides values, but not how often they occur. Colour refinement gives two rows the same colour if they lack
the same filters and are in classes of the same sizes whose members have the same colours. If a colour occurs once in
the deliveries and once in the population, the row is named. The attack on frequencies pairs classes whose size no other
class has.

*Sources:* frequency analysis of keyed values, Kuzu, Kantarcioglu, Durham, Malin, PETS 2011; colour refinement,
Weisfeiler, Leman 1968.

*Does not find:* rows of a population that differs from the encoded records (overlap well below 1): sizes differ.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wasl.attack.observation import PassView

__all__ = ["colours", "match_colours", "match_frequencies", "same_sources"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


def _mix(values: Hashes, salt: int) -> Hashes:
    """A fixed scrambling of 64-bit words (the finalizer of splitmix64)."""
    x = values + np.uint64(0x9E3779B97F4A7C15) * np.uint64(salt + 1)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)


def colours(view: PassView, names: list[str], groups: list[str], rounds: int, by_source: bool = False) -> Hashes:
    """Colour of each row after ``rounds`` of refinement over the block and the classes of ``names``."""
    with np.errstate(over="ignore"):
        colour = view.source.astype(np.uint64) if by_source else np.zeros(len(view), np.uint64)
        columns = [view.block, *(view.classes[name] for name in names)]
        for salt, present in enumerate([view.present[group] for group in groups] + [codes >= 0 for codes in columns]):
            colour = _mix(colour + np.asarray(present, np.uint64), salt)
        for turn in range(rounds):
            refined = _mix(colour, 1000 + turn)
            for salt, codes in enumerate(columns):
                has = codes >= 0
                if not has.any():
                    continue
                # The sum does not depend on the order of the members.
                sums = np.zeros(int(codes.max()) + 1, np.uint64)
                np.add.at(sums, codes[has], _mix(colour[has], 2000))
                refined[has] += _mix(sums[codes[has]], 3000 + salt)
            colour = _mix(refined, 4000)
    return colour


def match_colours(view: PassView, known: PassView, rounds: int = 3) -> tuple[Ints, Ints]:
    """Rows of ``view`` and of ``known`` with the same colour, which no other row of either side has."""
    names, groups = _shared(view, known)
    by_source = same_sources(view, known)
    left = colours(view, names, groups, rounds, by_source)
    right = colours(known, names, groups, rounds, by_source)
    left_alone, right_alone = _alone(left), _alone(right)
    _, row, record = np.intersect1d(left[left_alone], right[right_alone], return_indices=True)
    return left_alone[row], right_alone[record]


def match_frequencies(view: PassView, known: PassView) -> tuple[Ints, Ints]:
    """Rows paired through blocks and tokens of a size that no other has; members are paired in any order."""
    names, _ = _shared(view, known)
    pairs: list[tuple[Ints, Ints]] = []
    for left, right in [(view.block, known.block), *((view.classes[name], known.classes[name]) for name in names)]:
        left_sizes, right_sizes = np.bincount(left[left >= 0]), np.bincount(right[right >= 0])
        if not len(left_sizes) or not len(right_sizes):
            continue
        left_class, right_class = _distinct_sizes(left_sizes), _distinct_sizes(right_sizes)
        for a, b in zip(left_class, right_class, strict=False):  # by rank, largest first
            count = min(left_sizes[a], right_sizes[b])
            pairs.append((np.flatnonzero(left == a)[:count], np.flatnonzero(right == b)[:count]))
    if not pairs:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows, records = (np.concatenate(side) for side in zip(*pairs, strict=True))
    _, first = np.unique(rows, return_index=True)
    return rows[first], records[first]


def same_sources(view: PassView, known: PassView) -> bool:
    """True if the adversary owns the very registers that were delivered, so that sources can be compared."""
    return bool(np.array_equal(np.unique(view.source), np.unique(known.source)))


def _distinct_sizes(sizes: Ints) -> Ints:
    """Classes of at least two members whose size no other class has, largest first."""
    values, counts = np.unique(sizes, return_counts=True)
    wanted = values[(counts == 1) & (values >= 2)]
    found = np.flatnonzero(np.isin(sizes, wanted))
    return np.asarray(found[np.argsort(-sizes[found], kind="stable")], np.int64)


def _alone(colour: Hashes) -> Ints:
    _, first, counts = np.unique(colour, return_index=True, return_counts=True)
    return np.asarray(first[counts == 1], np.int64)


def _shared(view: PassView, known: PassView) -> tuple[list[str], list[str]]:
    names = sorted(set(view.classes) & set(known.classes))
    return names, sorted(set(view.present) & set(known.present))
