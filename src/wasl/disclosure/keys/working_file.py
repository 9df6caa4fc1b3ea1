"""The file under treatment: the frame with its policy, every key coded once, hierarchies resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn, Frame, as_arrow, code_column, numeric_column
from wasl.disclosure.keys.hierarchy import ANY, Hierarchy, Level, group_labels, intervals, prefixes
from wasl.disclosure.policy.document import DisclosurePolicy, HierarchySpec, Role
from wasl.errors import InputError, SchemaError

__all__ = ["WorkingFile", "prepare", "resolve_hierarchy"]


@dataclass(frozen=True, slots=True)
class WorkingFile:
    """A table and the policy it is treated under.

    Attributes:
        table: The columns the policy keeps, missing codes already null.
        policy: The policy.
        dropped: Columns removed on the way in (role ``drop``, or not listed).
    """

    table: pa.Table = field(repr=False)
    policy: DisclosurePolicy = field(repr=False)
    dropped: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return int(self.table.num_rows)

    def present(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of the names that the table has (optional variables may be absent)."""
        return tuple(name for name in names if name in self.table.column_names)

    @property
    def keys(self) -> tuple[str, ...]:
        """The key variables in the table."""
        return self.present(self.policy.named(Role.KEY))

    def coded(self, names: Sequence[str]) -> tuple[CodedColumn, ...]:
        """Columns as codes."""
        return tuple(code_column(name, self.table.column(name)) for name in names)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A numeric column as float64."""
        return numeric_column(self.table, name)

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """Sampling weights, if the policy names them."""
        name = self.policy.weight
        return None if name is None else self.numbers(name)

    @property
    def households(self) -> NDArray[np.int64] | None:
        """Household numbers 0 … H-1; a row without household stands alone."""
        name = self.policy.household
        if name is None or name not in self.table.column_names:
            return None
        codes = self.coded([name])[0].codes.astype(np.int64)
        alone = codes < 0
        codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
        return codes

    def importance(self, keys: Sequence[CodedColumn]) -> tuple[int, ...]:
        """Importance of each key; where the policy gives none, after the given ones by number of categories."""
        given = {name: spec.importance for name, spec in self.policy.by_name.items()}
        by_size = sorted(keys, key=lambda column: len(column.labels))
        position = {column.name: rank for rank, column in enumerate(by_size, 1)}
        highest = max((value for value in given.values() if value is not None), default=0)
        return tuple(given[column.name] or highest + position[column.name] for column in keys)

    def with_column(self, name: str, values: pa.Array) -> WorkingFile:
        """The same with one column replaced."""
        index = self.table.column_names.index(name)
        return replace(self, table=self.table.set_column(index, name, values))

    def with_rows(self, rows: pa.Array) -> WorkingFile:
        """The same with some rows, in the given order."""
        return replace(self, table=self.table.take(rows))

    def without(self, names: Sequence[str]) -> WorkingFile:
        """The same without some columns."""
        gone = self.present(names)
        return replace(self, table=self.table.drop_columns(list(gone)), dropped=(*self.dropped, *gone))

    def hierarchy(self, name: str) -> Hierarchy:
        """The hierarchy of a variable over the categories it has now.

        Raises:
            SchemaError: The policy gives it none.
        """
        spec = self.policy.by_name[name].hierarchy
        if spec is None:
            raise SchemaError(
                f"policy {self.policy.name!r}: variable {name!r} has no hierarchy.",
                remedy="Add [variables.hierarchy] with a file or levels.",
            )
        return resolve_hierarchy(name, spec, self.policy, self.coded([name])[0].texts)


def prepare(frame: Frame, policy: DisclosurePolicy) -> WorkingFile:
    """The frame checked against the policy: every column has a role, missing codes become null.

    Raises:
        InputError: A column the policy names is not there, one it does not name is, or there are no rows.
    """
    table = as_arrow(frame)
    if table.num_rows == 0:
        raise InputError("the data have no rows.")
    if len(set(table.column_names)) != len(table.column_names):
        raise InputError("two columns of the data have the same name.")
    absent = [v.name for v in policy.variables if not v.optional and v.name not in table.column_names]
    if absent:
        raise InputError(
            f"the data lack columns the policy {policy.name!r} names: {', '.join(absent)}.",
            remedy="Mark them optional in the policy, or correct the data.",
        )
    unlisted = [name for name in table.column_names if name not in policy.by_name]
    if unlisted and policy.unlisted == "refuse":
        raise InputError(
            f"the policy {policy.name!r} does not say what these columns are: {', '.join(unlisted)}.",
            remedy="Give each a role (drop, if it must not be released), or set unlisted.",
        )
    gone = [name for name in policy.named(Role.DROP) if name in table.column_names]
    gone += unlisted if policy.unlisted == "drop" else []
    kept = table.drop_columns(gone) if gone else table
    codes = policy.missing.codes
    if codes:
        kept = pa.table({name: _null_codes(kept.column(name), codes) for name in kept.column_names})
    file = WorkingFile(kept, policy, tuple(gone))
    if not file.keys:
        raise InputError(f"the policy {policy.name!r} names no key variable that the data have.")
    return file


def resolve_hierarchy(name: str, spec: HierarchySpec, policy: DisclosurePolicy, texts: Sequence[str]) -> Hierarchy:
    """A hierarchy from its file, or from its rules over the given categories.

    Raises:
        SchemaError, InputError: The file or a rule does not cover the categories.
    """
    if spec.file is not None:
        if spec.file not in policy.hierarchy_texts:
            raise SchemaError(
                f"policy {policy.name!r}: hierarchy file {spec.file!r} was not read.",
                remedy="Load the policy with DisclosurePolicy.load.",
            )
        return Hierarchy.from_csv(name, policy.hierarchy_texts[spec.file])
    levels: list[Level] = []
    below: Level = {text: text for text in texts}
    for rule in spec.levels:
        if rule.width is not None:
            level = intervals(texts, rule.width, origin=rule.origin, bottom=rule.bottom, top=rule.top)
        elif rule.prefix is not None:
            level = prefixes(texts, rule.prefix)
        elif rule.groups is not None:
            grouped = group_labels(name, list(dict.fromkeys(below.values())), rule.groups, rule.other)
            level = {text: grouped[below[text]] for text in texts}
        else:
            level = dict.fromkeys(texts, ANY)
        levels.append(level)
        below = level
    return Hierarchy.from_levels(name, texts, levels)


def _null_codes(column: pa.ChunkedArray, codes: Sequence[str]) -> pa.ChunkedArray:
    """The column with the spellings of missing made null."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        hit = pc.is_in(column, value_set=pa.array(codes, column.type))
    elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        numbers = [float(code) for code in codes if _is_number(code)]
        hit = pc.is_in(column.cast(pa.float64()), value_set=pa.array(numbers, pa.float64()))
    else:
        return column
    return pc.if_else(hit, pa.scalar(None, column.type), column)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
