"""The file under treatment: the frame with its policy, every key coded once, hierarchies resolved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn, Frame, as_arrow, code_column, label_text, numeric_column
from wasl.disclosure.keys.hierarchy import ANY, AS_IN_THE_FILE, Hierarchy, Level, group_labels, prefixes
from wasl.disclosure.keys.households import same_within
from wasl.disclosure.keys.intervals import break_labels, date_labels, is_class_label, width_labels
from wasl.disclosure.keys.variable_types import as_days, as_numbers, is_text_type, null_codes, require_plain
from wasl.disclosure.policy import DisclosurePolicy, HierarchySpec, LevelRule, Role, VariableSpec
from wasl.errors import InputError, SchemaError

__all__ = ["WorkingFile", "in_order", "prepare", "resolve_hierarchy"]


@dataclass(frozen=True, slots=True)
class WorkingFile:
    """A table and the policy it is treated under.

    Attributes:
        table: The columns the policy keeps, missing codes already null.
        policy: The policy.
        dropped: Columns removed on the way in (role ``drop``, or not listed).
        orders: Ordered categories, the lowest first, by variable.
    """

    table: pa.Table = field(repr=False)
    policy: DisclosurePolicy = field(repr=False)
    dropped: tuple[str, ...] = ()
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

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
        """Columns as codes; categories with an order are numbered in it."""
        return tuple(
            in_order(column, self.orders[column.name]) if column.name in self.orders else column
            for column in (code_column(name, self.table.column(name)) for name in names)
        )

    def coded_keys(self) -> tuple[CodedColumn, ...]:
        """The key variables as codes; one constant column where the policy has none (numeric files)."""
        return self.coded(self.keys) or (CodedColumn("", np.zeros(self.rows, np.int32), pa.array([""])),)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A numeric column as float64."""
        return numeric_column(self.table, name)

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """Sampling weights, if the policy names them and the file (still) has them."""
        name = self.policy.weight
        return None if name is None or name not in self.table.column_names else self.numbers(name)

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

    def household_level(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of the variables that all members of a household share, by the policy or else by the data."""
        numbers = self.households
        if numbers is None:
            return ()
        stated = {name: self.policy.by_name[name].level for name in names if name in self.policy.by_name}
        return tuple(
            name
            for name in self.present(names)
            if stated.get(name) == "household"
            or (stated.get(name) is None and same_within(self.coded([name])[0], numbers))
        )

    def importance(self, keys: Sequence[CodedColumn]) -> tuple[int, ...]:
        """Importance of each key; where the policy gives none, after the given ones by number of categories."""
        given = {name: spec.importance for name, spec in self.policy.by_name.items()}
        by_size = sorted(keys, key=lambda column: len(column.labels))
        position = {column.name: rank for rank, column in enumerate(by_size, 1)}
        highest = max((value for value in given.values() if value is not None), default=0)
        return tuple(given[column.name] or highest + position[column.name] for column in keys)

    def with_column(self, name: str, values: pa.Array, order: Sequence[str] | None = None) -> WorkingFile:
        """The same with one column replaced, and with the order of its categories where they are new."""
        index = self.table.column_names.index(name)
        orders = self.orders if order is None else {**self.orders, name: tuple(order)}
        return replace(self, table=self.table.set_column(index, name, values), orders=orders)

    def with_rows(self, rows: pa.Array) -> WorkingFile:
        """The same with some rows, in the given order."""
        return replace(self, table=self.table.take(rows))

    def without(self, names: Sequence[str]) -> WorkingFile:
        """The same without some columns."""
        gone = self.present(names)
        return replace(self, table=self.table.drop_columns(list(gone)), dropped=(*self.dropped, *gone))

    def hierarchy(self, name: str, upto: int | None = None) -> Hierarchy:
        """The hierarchy of a variable over the categories it has now, or its rules up to a level.

        Raises:
            SchemaError: The policy gives it none.
        """
        spec = self.policy.by_name[name].hierarchy
        if spec is None:
            raise SchemaError(
                f"policy {self.policy.name!r}: variable {name!r} has no hierarchy.",
                remedy="Add [variables.hierarchy] with a file or levels.",
            )
        return resolve_hierarchy(name, spec, self.policy, self.coded([name])[0].texts, upto)


def in_order(column: CodedColumn, order: Sequence[str]) -> CodedColumn:
    """The column with its categories numbered in the given order; others follow as they were."""
    place = {text: number for number, text in enumerate(order)}
    texts = column.texts
    ranked = sorted(range(len(texts)), key=lambda code: (place.get(texts[code], len(place)), code))
    rank = np.full(len(texts) + 1, -1, np.int32)
    rank[ranked] = np.arange(len(texts), dtype=np.int32)
    return CodedColumn(column.name, rank[column.codes], column.labels.take(pa.array(ranked, pa.int64())))


def prepare(frame: Frame, policy: DisclosurePolicy) -> WorkingFile:
    """The frame read as the policy says: every column has a role and a type, missing codes become null.

    Raises:
        InputError: A column the policy names is not there, one it does not name is, a column cannot be read as its
            type, or there are no rows.
    """
    table = as_arrow(frame)
    if table.num_rows == 0:
        raise InputError("the data have no rows.")
    doubled = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if doubled:
        raise InputError(f"two columns of the data have the same name: {', '.join(doubled)}.")
    removed = {name for method in policy.methods if method.kind == "drop" for name in method.names}
    needed = [v for v in policy.variables if not v.optional and v.role is not Role.DROP and v.name not in removed]
    absent = [v.name for v in needed if v.name not in table.column_names]
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
    columns: dict[str, pa.ChunkedArray] = {}
    orders: dict[str, tuple[str, ...]] = {}
    for name in kept.column_names:
        columns[name], order = _read(name, kept.column(name), policy)
        if order:
            orders[name] = order
    file = WorkingFile(pa.table(columns), policy, tuple(gone), orders)
    limits = policy.thresholds
    if not file.keys and limits.interval_risk is None and limits.linkage_risk is None:
        raise InputError(
            f"the policy {policy.name!r} names no key variable that the data have.",
            remedy="Give a variable the role key; for a file of numbers alone, set interval_risk or linkage_risk.",
        )
    return file


def _read(name: str, column: pa.ChunkedArray, policy: DisclosurePolicy) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """One column as the policy reads it, and the order of its categories where they have one.

    Raises:
        InputError: The column cannot be read as its type, or a category is not in the stated order.
    """
    require_plain(name, column)
    spec = policy.by_name.get(name)
    order: tuple[str, ...] = ()
    if pa.types.is_dictionary(column.type) and column.type.ordered:
        order = tuple(label_text(v) for v in column.combine_chunks().dictionary.to_pylist())
    codes = [*policy.missing.codes, *(spec.missing if spec is not None else ())]
    if codes:
        column = null_codes(column, codes)
    if spec is not None and _is_everything(spec, column):
        return column, ()
    if name in policy.numbers:
        numbers = as_numbers(name, column, classes=spec is not None and spec.hierarchy is not None)
        return (null_codes(numbers, codes) if codes else numbers), ()  # "99,0" of a text is the code 99, too
    if name in policy.dates:
        days = as_days(name, column)
        return (null_codes(days, codes) if codes else days), ()
    if spec is not None and spec.order:
        order = spec.order
        texts = code_column(name, column).texts
        coarser = _labels_above(spec, policy)
        strange = [text for text in texts if text not in order and text not in coarser]
        if strange:
            raise InputError(
                f"variable {name!r}: {len(strange)} of {len(texts)} categories are not in its order.",
                remedy=f"Add them to order, or list them under missing. {AS_IN_THE_FILE}",
            )
    return column, order


def _is_everything(spec: VariableSpec, column: pa.ChunkedArray) -> bool:
    """Whether the cells are the class of all values, as in a file that was recoded to it before."""
    levels = () if spec.hierarchy is None else spec.hierarchy.levels
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not is_text_type(kind) or not any(rule.to_all for rule in levels):
        return False
    return bool(pc.unique(column).drop_null().to_pylist() == [ANY])


def _classes(rule: LevelRule, texts: Sequence[str], coarser: Collection[str]) -> Level:
    """The class of each number under a rule of width or breaks."""
    if rule.width is None:
        return break_labels(texts, rule.breaks, closed=rule.closed, coarser=coarser)
    return width_labels(
        texts,
        rule.width,
        origin=rule.origin,
        bottom=rule.bottom,
        top=rule.top,
        closed=rule.closed,
        coarser=coarser,
    )


def _own_classes(rules: Sequence[LevelRule], texts: Sequence[str]) -> frozenset[str]:
    """The texts that are classes of one of these rules already, in a file that was recoded before."""
    found = set()
    for text in filter(is_class_label, texts):
        for rule in rules:
            try:
                own = rule.numeric and _classes(rule, [text], ())[text] == text
            except InputError:  # it cuts across the classes of this level
                continue
            if own:
                found.add(text)
    return frozenset(found)


def _labels_above(spec: VariableSpec, policy: DisclosurePolicy) -> set[str]:
    """The categories that the levels of a variable's hierarchy produce from its order."""
    if spec.hierarchy is None:
        return set()
    hierarchy = resolve_hierarchy(spec.name, spec.hierarchy, policy, spec.order)
    return {label for level in hierarchy.levels for label in level}


def resolve_hierarchy(
    name: str, spec: HierarchySpec, policy: DisclosurePolicy, texts: Sequence[str], upto: int | None = None
) -> Hierarchy:
    """A hierarchy from its file, or from its rules (``upto`` a level) over the given categories.

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
    everything = ANY in texts and any(rule.to_all for rule in spec.levels)  # of a file that was recoded before
    texts = [text for text in texts if text != ANY] if everything else texts
    levels: list[Level] = []
    below: Level = {text: text for text in texts}
    for place, rule in enumerate(spec.levels[:upto]):
        if rule.numeric:
            level: Level = _classes(rule, texts, _own_classes(spec.levels[place + 1 :], texts))
        elif rule.date is not None:
            level = date_labels(texts, rule.date)
        elif rule.prefix is not None:
            level = prefixes(texts, rule.prefix)
        elif rule.groups is not None:
            grouped = group_labels(name, list(dict.fromkeys(below.values())), rule.groups, rule.other)
            level = {text: grouped[below[text]] for text in texts}
        else:
            level = dict.fromkeys(texts, ANY)
        levels.append(level)
        below = level
    if everything:
        texts, levels = [*texts, ANY], [{**level, ANY: ANY} for level in levels]
    return Hierarchy.from_levels(name, texts, levels)
