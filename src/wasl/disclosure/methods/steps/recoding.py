"""Recodings as steps of a policy: categories and numbers made coarser, variables dropped."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.hierarchy import generalize
from wasl.disclosure.keys.households import spread_missing
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.methods.areas import group_areas, read_neighbours
from wasl.disclosure.methods.recode import group_categories, group_rare, round_values, top_bottom_code
from wasl.disclosure.methods.steps.step import Applied, Change, Step, change_numbers, perform
from wasl.disclosure.policy import method_documents as m
from wasl.errors import PolicyError

__all__: list[str] = []


@perform.register
def _recode(method: m.Recode, step: Step) -> Applied:
    file = step.file
    if not file.present([method.variable]):
        return file, None, None
    column = file.coded([method.variable])[0]
    coarse = generalize(column, file.hierarchy(method.variable, method.level), method.level)
    counts = {"categories_before": len(column.labels), "categories_after": len(coarse.labels)}
    sentence = f"{method.variable}: values are grouped; number of categories: {len(coarse.labels)}."
    change = Change("recode", (method.variable,), {"level": method.level}, counts, sentence)
    ordered = method.variable in file.orders or method.variable in file.policy.numbers | file.policy.dates
    return file.with_column(method.variable, coarse.decode(), coarse.texts if ordered else None), None, change


@perform.register
def _top_bottom(method: m.TopBottom, step: Step) -> Applied:
    file = step.file
    settings = method.model_dump(exclude={"kind", "variable"}, exclude_none=True)
    ends = [word for word, bound in (("lowest", method.bottom), ("highest", method.top)) if bound is not None]
    each = " at each end" if len(ends) > 1 else ""
    sentence = f"The {' and '.join(ends)} values of {method.variable} are replaced by one value{each}."
    coded = partial(top_bottom_code, **settings)
    file, rows, change = change_numbers(file, (method.variable,), coded, "top_bottom", settings, sentence)
    if change is not None and not change.took_effect:
        change = replace(change, sentence=f"No value of {method.variable} is replaced.")
    return file, rows, change


@perform.register
def _group(method: m.GroupCategories, step: Step) -> Applied:
    file = step.file
    if not file.present([method.variable]):
        return file, None, None
    column = file.coded([method.variable])[0]
    grouped = group_categories(column, method.groups, other=method.other)
    counts = {"categories_before": len(column.labels), "categories_after": len(grouped.labels)}
    named = {category for members in method.groups.values() for category in members}
    absent = len(named - set(column.texts))
    if absent and not set(column.texts) <= {*method.groups, method.other}:
        counts["named_categories_not_in_the_data"] = absent
    sentence = f"{method.variable}: values are grouped; number of categories: {len(grouped.labels)}."
    change = Change("group", (method.variable,), {}, counts, sentence)
    return file.with_column(method.variable, grouped.decode()), None, change


@perform.register
def _group_rare(method: m.GroupRare, step: Step) -> Applied:
    file = step.file
    if not file.present([method.variable]):
        return file, None, None
    column = file.coded([method.variable])[0]
    grouped = group_rare(column, method.below, method.into)
    grouped = grouped.with_codes(_whole_households(file, column, grouped))
    if file.policy.by_name[method.variable].never_suppress and np.any((grouped.codes < 0) & (column.codes >= 0)):
        raise PolicyError(
            f"{method.variable!r} must not be suppressed, but its rare categories together have fewer than "
            f"{method.below} rows.",
            remedy="Recode it further, or group its rare categories by name.",
        )
    before, after = np.array([*column.texts, ""]), np.array([*grouped.texts, ""])
    touched = int(np.count_nonzero(before[column.codes] != after[grouped.codes]))
    lost = int(np.count_nonzero((grouped.codes < 0) & (column.codes >= 0)))
    done = "suppressed" if lost == touched else ("grouped or suppressed" if lost else "grouped")
    sentence = f"Rare categories of {method.variable} are {done}."
    if touched:
        file = file.with_column(method.variable, grouped.decode())
    else:
        sentence = f"No category of {method.variable} is rare."
    counts = {"cells": touched, "suppressed": lost}
    return file, None, Change("group_rare", (method.variable,), {"below": method.below}, counts, sentence)


def _whole_households(file: WorkingFile, before: CodedColumn, after: CodedColumn) -> NDArray[np.int32]:
    """The codes after, missing for a whole household where a household-level value is suppressed for one member."""
    numbers = file.households
    if numbers is None or not file.household_level([before.name]):
        return after.codes
    # A category that the data no longer have is not missing: compare which cells were known.
    return spread_missing(np.where(before.codes < 0, -1, 0).astype(np.int32), after.codes, numbers)


@perform.register
def _group_areas(method: m.GroupAreas, step: Step) -> Applied:
    file = step.file
    if not file.present([method.variable]):
        return file, None, None
    column = file.coded([method.variable])[0]
    neighbours = read_neighbours(method.neighbours, file.policy.hierarchy_texts.get(method.neighbours, ""))
    rows = np.bincount(column.codes[column.codes >= 0], minlength=len(column.texts))
    counts = dict(zip(column.texts, rows.tolist(), strict=True))
    shown = group_areas(counts, neighbours, method.below)
    if file.policy.by_name[method.variable].never_suppress and None in shown.values():
        raise PolicyError(
            f"{method.variable!r} must not be suppressed, but all areas together have fewer than {method.below} rows.",
            remedy="Leave the variable out, or publish more rows.",
        )
    labels = list(dict.fromkeys(label for label in shown.values() if label is not None))
    place = {label: code for code, label in enumerate(labels)}
    lookup = np.array([*(-1 if label is None else place[label] for label in shown.values()), -1], np.int32)
    grouped = CodedColumn(column.name, lookup[column.codes], pa.array(labels, pa.string()))
    grouped = grouped.with_codes(_whole_households(file, column, grouped))
    lost = int(np.count_nonzero((grouped.codes < 0) & (column.codes >= 0)))
    alone = sum(area == label for area, label in shown.items())
    figures = {"areas": len(shown), "shown_alone": alone, "published_areas": len(labels), "suppressed": lost}
    sentence = f"{alone} of {len(shown)} areas of {method.variable} are shown by themselves, the others in groups."
    groups = {area: label or "" for area, label in sorted(shown.items())}
    change = Change("group_areas", (method.variable,), {"below": method.below, "groups": groups}, figures, sentence)
    return file.with_column(method.variable, grouped.decode()), None, change


@perform.register
def _round(method: m.Round, step: Step) -> Applied:
    file = step.file
    sentence = f"{method.variable} is rounded to multiples of {method.base:g}."
    rounded = partial(round_values, base=method.base)
    return change_numbers(file, (method.variable,), rounded, "round", {"base": method.base}, sentence)


@perform.register
def _drop(method: m.DropVariables, step: Step) -> Applied:
    file = step.file
    gone = file.present(method.variables)
    sentence = f"Not released: {', '.join(gone)}."
    return file.without(gone), None, Change("drop", gone, {}, {"variables": len(gone)}, sentence) if gone else None
