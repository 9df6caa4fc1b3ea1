"""Differencing: several releases of one population, whose counts an intruder subtracts.

Source: Ganta, Kasiviswanathan, Smith (2008), KDD (composition of releases); Xiao, Tao (2007), SIGMOD (differencing of
republished data).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import CodedColumn, Frame, code_columns
from wasl.disclosure.keys.hierarchy import Hierarchy, covers
from wasl.errors import InputError

__all__ = [
    "Differencing",
    "Exposure",
    "by_size",
    "differencing",
    "together",
]

BLOCK_PAIRS = 20_000_000
"""Pairs of classes compared at once."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A group of persons isolated by subtracting counts.

    Attributes:
        rows: How many persons are in it at most (below k).
        larger, smaller: Release numbers (0 the first given) whose counts are subtracted.
        least: How many persons are in it at least (1 or more).
    """

    rows: int
    larger: int
    smaller: int
    least: int = 1


@dataclass(frozen=True, slots=True)
class Differencing:
    """What several releases of the same population give together.

    Attributes:
        k: The threshold.
        exposures: Groups of 1 … k-1 persons that subtraction isolates.
        exposed_rows: Persons in them.
        smallest_joint: The smallest group of persons who share their category in every release.
        joint_rows_below_k: Persons in such groups of fewer than k.
        narrowed: Persons whose sensitive value follows from all releases together, but from none alone.
        not_compared: Earlier releases that have no key in common with the new one.
    """

    k: int
    exposures: tuple[Exposure, ...]
    exposed_rows: int
    smallest_joint: int
    joint_rows_below_k: int
    narrowed: int
    not_compared: int = 0

    @property
    def safe(self) -> bool:
        """True if no person is isolated."""
        return not self.exposures and not self.narrowed

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON value."""
        return {**asdict(self), "safe": self.safe}


def together(
    found: Sequence[Differencing], *, k: int, rows: int, not_compared: int, apart: Sequence[Exposure] = ()
) -> Differencing:
    """Several comparisons of one release with earlier ones as one result: the worst of each figure.

    Args:
        found: The comparisons, one for each set of common keys.
        k: The threshold.
        rows: Persons in the release, the smallest joint group where nothing was compared.
        not_compared: Earlier releases without a common key.
        apart: What the sizes of these tell (`by_size`).
    """
    return Differencing(
        k=k,
        exposures=(*(exposure for one in found for exposure in one.exposures), *apart),
        exposed_rows=max((one.exposed_rows for one in found), default=0) + sum(exposure.rows for exposure in apart),
        smallest_joint=min((one.smallest_joint for one in found), default=rows),
        joint_rows_below_k=max((one.joint_rows_below_k for one in found), default=0),
        narrowed=max((one.narrowed for one in found), default=0),
        not_compared=not_compared,
    )


def by_size(rows: int, earlier: Sequence[int], *, k: int) -> tuple[Exposure, ...]:
    """The persons by whom a release differs from earlier ones without a common key: sums of numbers tell theirs.

    Args:
        rows: Persons in the release, number 0.
        earlier: Persons in each of the earlier ones, numbers 1 and up.
        k: The threshold.
    """
    found = []
    for number, size in enumerate(earlier, start=1):
        more = abs(rows - size)
        if 1 <= more < k:
            larger, smaller = (0, number) if rows > size else (number, 0)
            found.append(Exposure(more, larger, smaller, more))
    return tuple(found)


def differencing(
    original: Frame,
    releases: Sequence[Frame],
    hierarchies: Mapping[str, Hierarchy],
    *,
    k: int,
    sensitive: str | None = None,
    anywhere: Mapping[str, Set[str]] | None = None,
) -> Differencing:
    """Check a release against every earlier one of the same population.

    Three things are looked for. Subtraction: the counts of two releases in the same region differ by 1 … k-1 persons.
    Or the classes of one release inside a class of another account for all but 1 … k-1 of its persons. A row
    with suppressed cells may lie in several regions, so counts are intervals, and no class is left out. The largest
    region is everybody: no suppressed cell hides by how many persons two files differ. Joint classes:
    persons who share their categories in every release. Intersection: sensitive values that fit a person in every
    release leave one, though no single release does.

    Args:
        original: The population at full detail.
        releases: Its releases, the new one among them.
        hierarchies: For each compared variable, the hierarchy its released categories stand in.
        k: The threshold.
        sensitive: A categorical variable released unchanged, for the intersection check.
        anywhere: By variable, categories that may stand for any other, such as the group of rare ones.

    Raises:
        InputError: Fewer than two releases, or a category outside its hierarchy.
    """
    if len(releases) < 2:
        raise InputError("differencing needs at least two releases.")
    names = list(hierarchies)
    people = code_columns(original, names)
    regions = [_regions(release, hierarchies, anywhere or {}) for release in releases]
    exposures: list[Exposure] = []
    for a in range(len(releases)):
        for b in range(len(releases)):
            if a != b:
                exposures += _subtract(regions[a], regions[b], k, (a, b))
                exposures += _of_everybody(regions[a], regions[b], k, (a, b), exposures)
    exposed = sum(exposure.rows for exposure in exposures)
    leaves = [_leaf_codes(column, hierarchies[column.name]) for column in people]
    joint = _joint_classes(regions, leaves)
    sizes = np.bincount(joint)
    narrowed = 0 if sensitive is None else _narrowed(original, releases, regions, leaves, sensitive)
    return Differencing(
        k=k,
        exposures=tuple(exposures),
        exposed_rows=exposed,
        smallest_joint=int(sizes.min()) if len(sizes) else 0,
        joint_rows_below_k=int(sizes[sizes < k].sum()),
        narrowed=narrowed,
    )


@dataclass(frozen=True, slots=True)
class _Regions:
    """A release's classes as regions of the leaf space.

    Attributes:
        columns: Its key columns.
        first, sizes, ids: A row and the count of each class; the class of each row.
        covered: For each variable, bool (categories + 1, leaves); the last row, for missing, covers everything.
    """

    columns: tuple[CodedColumn, ...]
    first: NDArray[np.int64]
    sizes: NDArray[np.int64]
    ids: NDArray[np.int32]
    covered: tuple[NDArray[np.bool_], ...]

    def complete(self) -> NDArray[np.bool_]:
        """Mark the classes without a suppressed cell."""
        return np.asarray(np.all([self.class_codes(v) >= 0 for v in range(len(self.covered))], axis=0))

    def names(self) -> list[tuple[str | None, ...]]:
        """Each class by its categories, None for missing."""
        texts = [np.array([*column.texts, None], object)[column.codes[self.first]] for column in self.columns]
        return list(zip(*texts, strict=True))

    def class_codes(self, variable: int) -> NDArray[np.int32]:
        """Category of each class in a variable, -1 for missing."""
        return self.columns[variable].codes[self.first]


def _regions(release: Frame, hierarchies: Mapping[str, Hierarchy], anywhere: Mapping[str, Set[str]]) -> _Regions:
    columns = code_columns(release, list(hierarchies))
    classes = equivalence_classes(columns)
    covered = []
    for column in columns:
        hierarchy = hierarchies[column.name]
        wide = np.array([text in anywhere.get(column.name, ()) for text in column.texts], np.bool_)
        known = np.ones((len(column.texts) + 1, len(hierarchy.leaves)), np.bool_)
        known[:-1][~wide] = covers(hierarchy, [t for t, w in zip(column.texts, wide, strict=True) if not w])
        covered.append(known)
    return _Regions(columns, classes.first, classes.sizes, classes.ids, tuple(covered))


def _subtract(first: _Regions, second: _Regions, k: int, numbers: tuple[int, int]) -> list[Exposure]:
    """Groups of 1 … k-1 persons that follow from the counts of two releases in the regions of the first.

    The count of persons in a region is an interval. Rows whose classes lie inside the region are certainly there. Rows
    whose classes meet it are possibly there, because their suppressed cells may have been anything. A difference
    isolates persons when its whole interval lies in 1 … k-1.
    """
    tables = [_Overlap(first.covered, other.covered) for other in (first, second)]
    spare_first, spare_second, shared = _without_common(first, second)
    volume_of = [region.sum(axis=1).astype(np.float64) for region in first.covered]
    volume_in = [region.sum(axis=1).astype(np.float64) for region in second.covered]
    count = len(first.covered)
    volume = np.prod([volume_of[v][first.class_codes(v)] for v in range(count)], axis=0)
    volumes = np.prod([volume_in[v][second.class_codes(v)] for v in range(count)], axis=0)
    whole = first.complete()
    one, two = numbers
    found: dict[int, list[tuple[int, Exposure]]] = {0: [], 1: [], 2: []}
    step = max(1, BLOCK_PAIRS // max(len(first.sizes), len(second.sizes), 1))
    for start in range(0, len(first.sizes), step):
        block = np.arange(start, min(start + step, len(first.sizes)))
        inside_first, meets_first = tables[0].of(first, first, block)
        inside_second, meets_second = tables[1].of(first, second, block)
        # What both releases show alike cancels: the same persons stand behind it.
        low = inside_first @ spare_first - meets_second @ spare_second
        high = meets_first @ spare_first - inside_second @ spare_second
        dropped = (low >= 1) & (high < k)
        added = (-high >= 1) & (-low < k) & ~shared[block]
        # Part of the region: the second release's complete classes inside it, where they leave some of it over.
        members = inside_second & second.complete()[None, :]
        partial = members.any(axis=1) & (members @ volumes < volume[block]) & whole[block] & ~dropped
        low_left = (
            inside_first @ first.sizes
            - (meets_second & ~members) @ (second.sizes * ~second.complete())
            - members @ second.sizes
        )
        high_left = meets_first @ first.sizes - members @ second.sizes
        isolated = partial & (low_left >= 1) & (high_left < k)
        found[0] += [(block[i], Exposure(int(high[i]), one, two, int(low[i]))) for i in np.flatnonzero(dropped)]
        found[1] += [(block[i], Exposure(int(-low[i]), two, one, int(-high[i]))) for i in np.flatnonzero(added)]
        found[2] += [
            (block[i], Exposure(int(high_left[i]), one, two, int(low_left[i]))) for i in np.flatnonzero(isolated)
        ]
    return [exposure for exposures in found.values() for exposure in _smallest(first, tables[0], exposures)]


def _of_everybody(
    first: _Regions, second: _Regions, k: int, numbers: tuple[int, int], found: Sequence[Exposure]
) -> list[Exposure]:
    """The persons by whom one release is larger than another, where no smaller region isolates them.

    Suppressed cells hide where they are, not that they are missing. Their other values are the difference of the files:
    microaggregation keeps sums, swapping keeps all values.
    """
    one, two = numbers
    more = int(first.sizes.sum() - second.sizes.sum())
    known = any((exposure.larger, exposure.smaller) == numbers for exposure in found)
    return [Exposure(more, one, two, more)] if 1 <= more < k and not known else []


def _smallest(regions: _Regions, table: _Overlap, exposures: Sequence[tuple[int, Exposure]]) -> list[Exposure]:
    """The exposures without those of a region that holds the region of another: the same persons are meant."""
    if not exposures:
        return []
    places = np.array([place for place, _ in exposures], np.int64)
    inside, _ = table.of(regions, regions, places)
    holds = inside[:, places]
    np.fill_diagonal(holds, False)
    # Of two equal regions the first is kept.
    equal = holds & holds.T & (places[:, None] < places[None, :])
    return [exposure for i, (_, exposure) in enumerate(exposures) if not (holds & ~equal)[i].any()]


class _Overlap:
    """For each variable, which categories of one release lie inside, or meet, those of another."""

    def __init__(self, outer: Sequence[NDArray[np.bool_]], inner: Sequence[NDArray[np.bool_]]) -> None:
        """Tabulate the categories; the last of each is missing, which covers everything."""
        self.inside = [(~a).astype(np.int64) @ b.T.astype(np.int64) == 0 for a, b in zip(outer, inner, strict=True)]
        self.meets = [a.astype(np.int64) @ b.T.astype(np.int64) > 0 for a, b in zip(outer, inner, strict=True)]

    def of(
        self, outer: _Regions, inner: _Regions, block: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """For some classes of the outer release, which classes of the inner one lie inside and which meet them."""
        inside = np.ones((len(block), len(inner.sizes)), np.bool_)
        meets = np.ones((len(block), len(inner.sizes)), np.bool_)
        for v, (table, touching) in enumerate(zip(self.inside, self.meets, strict=True)):
            rows, columns = outer.class_codes(v)[block], inner.class_codes(v)
            inside &= table[rows][:, columns]
            meets &= touching[rows][:, columns]
        return inside, meets


def _without_common(
    first: _Regions, second: _Regions
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """The rows of each class beyond those that the same class of the other release has; which classes both have."""
    names = [first.names(), second.names()]
    place = {name: number for number, name in enumerate(names[1])}
    left, right = first.sizes.copy(), second.sizes.copy()
    shared = np.zeros(len(left), np.bool_)
    for number, name in enumerate(names[0]):
        other = place.get(name)
        if other is not None:
            common = min(left[number], right[other])
            left[number] -= common
            right[other] -= common
            shared[number] = True
    return left, right, shared


def _leaf_codes(column: CodedColumn, hierarchy: Hierarchy) -> NDArray[np.int64]:
    """Each person's leaf, -1 where missing."""
    place = {leaf: number for number, leaf in enumerate(hierarchy.leaves)}
    missing = [text for text in column.texts if text not in place]
    if missing:
        raise InputError(f"variable {column.name!r}: {len(missing)} categories are outside its hierarchy.")
    lookup = np.array([*(place[text] for text in column.texts), -1], np.int64)
    return lookup[column.codes]


def _category_of_leaf(covered: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each leaf (and, last, missing), a released category that covers it, -1 for none."""
    real = covered[:-1]
    hit = np.where(real.any(axis=0), real.argmax(axis=0), -1) if len(real) else np.full(covered.shape[1], -1)
    return np.concatenate([hit, [-1]])


def _joint_classes(regions: Sequence[_Regions], leaves: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Persons numbered by their categories in all releases together."""
    joint = np.zeros(len(leaves[0]), np.int64)
    for region in regions:
        for v, leaf in enumerate(leaves):
            category = _category_of_leaf(region.covered[v])[leaf]
            joint = np.unique(joint * (int(category.max(initial=0)) + 2) + category + 1, return_inverse=True)[1]
    return joint


def _narrowed(
    original: Frame,
    releases: Sequence[Frame],
    regions: Sequence[_Regions],
    leaves: Sequence[NDArray[np.int64]],
    sensitive: str,
) -> int:
    """Persons with one possible sensitive value over all releases and more than one in each."""
    texts = sorted({text for frame in [original, *releases] for text in code_columns(frame, [sensitive])[0].texts})
    number = {text: code for code, text in enumerate(texts)}
    distinct, inverse = np.unique(np.column_stack(leaves), axis=0, return_inverse=True)
    together = np.ones((len(distinct), len(texts)), np.bool_)
    alone = np.ones(len(distinct), np.bool_)
    for release, region in zip(releases, regions, strict=True):
        column = code_columns(release, [sensitive])[0]
        lookup = np.array([*(number[text] for text in column.texts), -1], np.int64)
        held = np.zeros((len(region.sizes), len(texts)), np.bool_)
        values = lookup[column.codes]
        held[region.ids[values >= 0], values[values >= 0]] = True
        fits = np.ones((len(distinct), len(region.sizes)), np.bool_)
        for v in range(len(leaves)):
            by_class = region.covered[v][region.class_codes(v)]
            with_unknown = np.column_stack([by_class, np.ones(len(by_class), np.bool_)])
            fits &= with_unknown[:, distinct[:, v]].T
        possible = (fits.astype(np.int64) @ held.astype(np.int64)) > 0
        alone &= possible.sum(axis=1) != 1
        together &= possible
    return int(np.sum(((together.sum(axis=1) == 1) & alone)[inverse.ravel()]))
