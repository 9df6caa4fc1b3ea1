"""Generalization hierarchies: for every category of a variable, what it becomes at each level.

Level 0 is the category itself; the last level is usually ``*``. A hierarchy comes from a table (one row per category,
one column per level) or from rules (intervals, prefixes, groups). A category the hierarchy does not know is an error,
never silently missing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.intervals import Closed, width_labels
from wasl.errors import InputError, SchemaError

__all__ = [
    "ANY",
    "JOINED",
    "Hierarchy",
    "Level",
    "category_parts",
    "covers",
    "generalize",
    "group_labels",
    "intervals",
    "joined_parts",
    "prefixes",
]

ANY = "*"
"""The category that contains every other."""

JOINED = "+"
"""Stands between the categories that a group of areas was joined from, as in ``10+11+12``."""

Level = Mapping[str, str]
"""What each leaf category becomes at one level."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A variable's hierarchy.

    Attributes:
        name: The variable.
        leaves: Its categories, as text.
        levels: For each level above 0, the category of each leaf, in the order of ``leaves``.
    """

    name: str
    leaves: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    _index: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the leaves; refuse doubles and ragged levels."""
        self._index.update({leaf: number for number, leaf in enumerate(self.leaves)})
        if len(self._index) != len(self.leaves):
            raise SchemaError(f"hierarchy of {self.name!r}: a category is listed twice.")
        if any(len(level) != len(self.leaves) for level in self.levels):
            raise SchemaError(f"hierarchy of {self.name!r}: not every category has a value at every level.")

    @property
    def height(self) -> int:
        """The highest level."""
        return len(self.levels)

    @classmethod
    def from_levels(cls, name: str, leaves: Sequence[str], levels: Sequence[Level]) -> Self:
        """A hierarchy from one mapping per level."""
        try:
            return cls(name, tuple(leaves), tuple(tuple(level[leaf] for leaf in leaves) for level in levels))
        except KeyError as error:
            raise SchemaError(
                f"hierarchy of {name!r}: a category has no value at one of the levels.",
                remedy="Every level must cover every category.",
            ) from error

    @classmethod
    def from_csv(cls, name: str, text: str) -> Self:
        """A hierarchy from a table without header: category, level 1, level 2, …; ``;`` or ``,`` between.

        Raises:
            SchemaError: The table is empty or ragged.
        """
        first = text.lstrip("\ufeff").split("\n", 1)[0]
        rows = [
            row for row in csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";" if ";" in first else ",") if row
        ]
        if not rows:
            raise SchemaError(f"hierarchy of {name!r}: the table is empty.")
        width = len(rows[0])
        ragged = next((number for number, row in enumerate(rows, 1) if len(row) != width), None)
        if ragged is not None:
            raise SchemaError(f"hierarchy of {name!r}: line {ragged} has {len(rows[ragged - 1])} columns, not {width}.")
        columns = [tuple(row[c].strip() for row in rows) for c in range(width)]
        return cls(name, columns[0], tuple(columns[1:]))

    def codes_at(self, texts: Sequence[str], level: int) -> tuple[NDArray[np.int32], list[str]]:
        """For each of the given categories, its group's number at a level, and the groups' labels in order.

        A category of a higher level (of a file already protected) stays up to its level and is grouped from there on.

        Raises:
            InputError: Categories outside the hierarchy (their number, not their values), or no such level.
        """
        if not 0 <= level <= self.height:
            raise InputError(f"variable {self.name!r} has levels 0 to {self.height}, not {level}.")
        coarser = self._coarser([text for text in texts if text not in self._index])
        unknown = sum(text not in self._index and text not in coarser for text in texts)
        if unknown:
            raise InputError(
                f"variable {self.name!r}: {unknown} of {len(texts)} categories are outside its hierarchy.",
                remedy="Extend the hierarchy; out-of-range values are never recoded to missing.",
            )
        targets = []
        for text in texts:
            if text in coarser:
                held, leaf = coarser[text]
                targets.append(text if held >= level else self.levels[level - 1][leaf])
            else:
                targets.append(text if level == 0 else self.levels[level - 1][self._index[text]])
        labels = list(dict.fromkeys(targets))
        number = {label: code for code, label in enumerate(labels)}
        return np.array([number[target] for target in targets], np.int32), labels

    def _coarser(self, texts: Sequence[str]) -> dict[str, tuple[int, int]]:
        """For texts that are categories of a higher level: the lowest such level, and one of their leaves.

        Categories joined from several of one level stand at the lowest level in which all of them are one category's.
        """
        found: dict[str, tuple[int, int]] = {}
        for number, groups in enumerate(self.levels, 1):
            for text in texts:
                if text in found:
                    continue
                if text in groups:
                    found[text] = (number, groups.index(text))
                elif parts := joined_parts(text, groups):
                    found[text] = (self._common_level(number, parts), groups.index(parts[0]))
        return found

    def _common_level(self, number: int, parts: Sequence[str]) -> int:
        """The highest level, from the given one, up to which a category joined from these stays joined."""
        leaves = [self.levels[number - 1].index(part) for part in parts]
        apart = [n for n in range(number, self.height + 1) if len({self.levels[n - 1][leaf] for leaf in leaves}) > 1]
        return max(apart, default=number)

    def covered(self, text: str) -> tuple[int, NDArray[np.bool_]] | None:
        """The level a category stands at and the leaves it covers; None for one that stands nowhere.

        A category joined from several of one level stands at that level and covers the leaves of all.

        Args:
            text: A category of any level.
        """
        for number, level in enumerate((self.leaves, *self.levels)):
            groups = np.array(level, object)
            hit = groups == text
            if hit.any():
                return number, np.asarray(hit, np.bool_)
            if parts := joined_parts(text, level):
                return number, np.isin(groups, parts)
        return None

    def covered_together(self, texts: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
        """The leaves that each category of one column covers; without those that stand nowhere.

        A name can stand at several levels, and cover more at a higher one. A category covers what it covers at any
        level that has all categories of the column; where no level has all, at any level.

        Args:
            texts: The categories of a column that was recoded.
        """
        found: dict[str, dict[int, NDArray[np.bool_]]] = {}
        for number, level in enumerate((self.leaves, *self.levels)):
            groups = np.array(level, object)
            for text in texts:
                mask = np.isin(groups, joined_parts(text, level) or (text,))
                if mask.any():
                    found.setdefault(text, {})[number] = mask
        common = [number for number in range(self.height + 1) if all(number in one for one in found.values())]
        return {
            text: np.logical_or.reduce([masks[number] for number in common or masks]) for text, masks in found.items()
        }

    def shares(self, level: int) -> dict[str, float]:
        """For each category of a level, the share of all leaves it covers (its loss of detail)."""
        groups = self.leaves if level == 0 else self.levels[level - 1]
        counts: dict[str, int] = {}
        for group in groups:
            counts[group] = counts.get(group, 0) + 1
        return {group: count / len(self.leaves) for group, count in counts.items()}


def joined_parts(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """The categories that one was joined from, if all of them are known; else none."""
    parts = tuple(text.split(JOINED))
    return parts if len(parts) > 1 and all(part in known for part in parts) else ()


def generalize(column: CodedColumn, hierarchy: Hierarchy, level: int) -> CodedColumn:
    """Global recoding: every category replaced by its group at a level; missing stays missing.

    Raises:
        InputError: A category is outside the hierarchy, or the level does not exist.
    """
    if level == 0:
        hierarchy.codes_at(column.texts, 0)
        return column
    codes, labels = hierarchy.codes_at(column.texts, level)
    lookup = np.concatenate([codes, np.array([-1], np.int32)])
    return CodedColumn(column.name, lookup[column.codes], pa.array(labels, pa.string()))


def intervals(
    texts: Sequence[str],
    width: float,
    *,
    origin: float = 0.0,
    bottom: float | None = None,
    top: float | None = None,
    closed: Closed = "left",
) -> Level:
    """A level of intervals of equal width; see ``intervals.width_labels``.

    Raises:
        InputError: The width is not positive, or a category is not a number.
    """
    return width_labels(texts, width, origin=origin, bottom=bottom, top=top, closed=closed)


def prefixes(texts: Sequence[str], length: int) -> Level:
    """A level that keeps the first ``length`` characters of a hierarchical code."""
    return {text: text[:length] for text in texts}


AS_IN_THE_FILE = "Files of SPSS and Stata have codes such as 1 and 2, not labels; booleans are True and False."


def group_labels(
    name: str, texts: Sequence[str], groups: Mapping[str, Sequence[str]], other: str | None = None
) -> Level:
    """A level from named groups of categories; what is in no group becomes ``other``.

    A category that is already the label of a group, or ``other``, stays: a protected file can be grouped again.

    Raises:
        InputError: A category is in no group and there is no ``other``, or in two groups, or the data have none of
            the categories that are named.
    """
    member: dict[str, str] = {}
    for label, members in groups.items():
        for category in members:
            if category in member:
                raise InputError(f"variable {name!r}: a category is in two groups.")
            member[category] = label
    for label in [*groups, *([other] if other is not None else [])]:
        member.setdefault(label, label)
    left = [text for text in texts if text not in member]
    if left and other is None:
        raise InputError(
            f"variable {name!r}: {len(left)} of {len(texts)} categories are in no group.",
            remedy=f"Add them to a group, or give 'other' a label. {AS_IN_THE_FILE}",
        )
    if len(texts) > 1 and not any(text in member for text in texts):
        raise InputError(
            f"variable {name!r}: the data have none of the categories that its groups name: all {len(texts)} would "
            f"become {other!r}.",
            remedy=f"Name the categories of the data. {AS_IN_THE_FILE}",
        )
    return {text: member.get(text, other or "") for text in texts}


def covers(hierarchy: Hierarchy, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Tabulate the leaves that each category of a column covers, at any level of the hierarchy.

    Returns:
        bool, shape (categories, leaves).

    Raises:
        InputError: A category stands nowhere in the hierarchy.
    """
    found = hierarchy.covered_together(texts)
    if any(text not in found for text in texts):
        raise InputError(
            f"variable {hierarchy.name!r}: a released category stands nowhere in its hierarchy.",
            remedy="Keep the recodings of earlier releases as levels of the policy's hierarchy.",
        )
    return np.array([found[text] for text in texts], np.bool_).reshape(len(texts), len(hierarchy.leaves))


def category_parts(hierarchy: Hierarchy, text: str) -> tuple[str, ...]:
    """The categories of one level that a category was joined from, or none."""
    return next((parts for level in (hierarchy.leaves, *hierarchy.levels) if (parts := joined_parts(text, level))), ())
