"""Sensitive variables as rules count them: categories, bands of numbers, and distances between classes and the file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.intervals import band_numbers
from wasl.disclosure.keys.variable_types import is_number_type
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.policy.thresholds import SensitiveRule
from wasl.disclosure.risk.diversity import ClassCounts, t_closeness, t_closeness_hierarchical
from wasl.errors import InputError

__all__ = ["class_distance", "sensitive_column"]


def sensitive_column(file: WorkingFile, rule: SensitiveRule) -> CodedColumn:
    """The sensitive variable as it is counted: its categories, or the bands of a numeric one."""
    if not rule.bands:
        return file.coded([rule.variable])[0]
    labels = pa.array(np.arange(len(rule.bands) + 1))
    if not is_number_type(file.table.column(rule.variable).type):  # a method made classes of it
        column = file.coded([rule.variable])[0]
        lookup = np.append(band_numbers(rule.variable, column.texts, rule.bands), np.int32(-1))
        return CodedColumn(rule.variable, lookup[column.codes], labels)
    values = file.numbers(rule.variable)
    codes = np.where(np.isnan(values), -1, np.searchsorted(np.array(rule.bands), values, side="right"))
    return CodedColumn(rule.variable, codes.astype(np.int32), labels)


def class_distance(
    file: WorkingFile, rule: SensitiveRule, counts: ClassCounts, column: CodedColumn
) -> NDArray[np.float64]:
    """For each class, the distance of its sensitive values to the file's, with the rule's ground distance.

    Raises:
        InputError: The distance is that of ordered categories, and the variable has no order.
    """
    text = pa.types.is_string(column.labels.type) or pa.types.is_large_string(column.labels.type)
    if rule.distance == "ordered" and text and not rule.bands and rule.variable not in file.orders:
        raise InputError(
            f"the rule for {rule.variable!r} has the distance of ordered categories, but the variable has no order.",
            remedy='Give it type = "ordinal" and order = [lowest, …, highest].',
        )
    if rule.distance == "hierarchical":
        return t_closeness_hierarchical(counts, column.texts, file.hierarchy(rule.variable))
    return t_closeness(counts, ordered=rule.distance == "ordered")
