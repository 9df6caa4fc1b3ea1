"""One method of a policy applied to a file: each kind of method with the function that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, singledispatch
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure import methods as m
from wasl.disclosure.assess import assess_file
from wasl.disclosure.coding import CodedColumn
from wasl.disclosure.frequencies import frequencies
from wasl.disclosure.hierarchy import generalize
from wasl.disclosure.local_suppression import Combination, Suppression, local_suppression, suppress_above_risk
from wasl.disclosure.recode import group_categories, round_values, suppress_records, top_bottom_code
from wasl.disclosure.risk import individual_risk
from wasl.disclosure.working_file import WorkingFile
from wasl.errors import InputError

__all__ = ["Change", "apply_method"]

Rows = NDArray[np.int64]
Applied = tuple[WorkingFile, Rows | None, "Change | None"]


@dataclass(frozen=True, slots=True)
class Change:
    """What one method did.

    Attributes:
        method: Its kind.
        variables: What it touched.
        parameters: How it was set; confidential where it would help to undo it.
        counts: Cells or rows changed.
        sentence: What a user of the file is told.
    """

    method: str
    variables: tuple[str, ...]
    parameters: dict[str, Any]
    counts: dict[str, int]
    sentence: str

    def public(self) -> dict[str, Any]:
        """Method, variables and sentence; no parameters."""
        return {"method": self.method, "variables": list(self.variables), "description": self.sentence}

    def internal(self) -> dict[str, Any]:
        """Everything."""
        return {**self.public(), "parameters": self.parameters, "counts": self.counts}


def apply_method(file: WorkingFile, method: m.Method, rng: np.random.Generator, *, removed: int = 0) -> Applied:
    """The file after a method, which rows are left (None: all), and what was done (None: nothing to do).

    Variables of the method that the file lacks are passed over when the policy calls them optional.

    Args:
        file: The file.
        method: What to do.
        rng: Source of everything random.
        removed: Rows removed before, for the cap on removals.

    Raises:
        InputError, PolicyError: The method does not fit the data, or cannot reach its goal.
    """
    return _apply(method, Step(file, rng, removed))


@dataclass(frozen=True, slots=True)
class Step:
    """What a method works with: the file so far, the source of randomness, the rows removed before."""

    file: WorkingFile
    rng: np.random.Generator
    removed: int


@singledispatch
def _apply(method: Any, _step: Step) -> Applied:
    raise InputError(f"no method {type(method).__name__}.")


@_apply.register
def _recode(method: m.Recode, step: Step) -> Applied:
    file = step.file
    if not file.present([method.variable]):
        return file, None, None
    column = file.coded([method.variable])[0]
    coarse = generalize(column, file.hierarchy(method.variable), method.level)
    counts = {"categories_before": len(column.labels), "categories_after": len(coarse.labels)}
    sentence = f"{method.variable} is grouped into {len(coarse.labels)} categories."
    change = Change("recode", (method.variable,), {"level": method.level}, counts, sentence)
    return file.with_column(method.variable, coarse.decode()), None, change


@_apply.register
def _top_bottom(method: m.TopBottom, step: Step) -> Applied:
    file = step.file
    settings = method.model_dump(exclude={"kind", "variable"}, exclude_none=True)
    ends = [word for word, bound in (("lowest", method.bottom), ("highest", method.top)) if bound is not None]
    sentence = f"The {' and '.join(ends)} values of {method.variable} are replaced by one value each."
    return _numbers(file, (method.variable,), partial(top_bottom_code, **settings), "top_bottom", settings, sentence)


@_apply.register
def _group(method: m.GroupCategories, step: Step) -> Applied:
    file = step.file
    if not file.present([method.variable]):
        return file, None, None
    column = file.coded([method.variable])[0]
    grouped = group_categories(column, method.groups, other=method.other)
    counts = {"categories_before": len(column.labels), "categories_after": len(grouped.labels)}
    sentence = f"{method.variable} is grouped into {len(grouped.labels)} categories."
    change = Change("group", (method.variable,), {}, counts, sentence)
    return file.with_column(method.variable, grouped.decode()), None, change


@_apply.register
def _round(method: m.Round, step: Step) -> Applied:
    file = step.file
    sentence = f"{method.variable} is rounded to multiples of {method.base:g}."
    rounded = partial(round_values, base=method.base)
    return _numbers(file, (method.variable,), rounded, "round", {"base": method.base}, sentence)


@_apply.register
def _local(method: m.LocalSuppression, step: Step) -> Applied:
    file = step.file
    limits = file.policy.thresholds
    k = method.k or limits.k
    goals = [] if k is None else [Combination(file.keys, k)]
    goals += [Combination(file.present(rule.keys), rule.k) for rule in limits.combinations if file.present(rule.keys)]
    if not goals:
        raise InputError("local suppression needs a k: in the method, in thresholds.k or in thresholds.combinations.")
    columns = file.coded(file.keys)
    strata = file.coded([method.strata])[0] if method.strata and file.present([method.strata]) else None
    done = local_suppression(
        columns,
        goals[0].k,
        importance=file.importance(columns),
        never=[name for name in file.keys if file.policy.by_name[name].never_suppress],
        strata=strata,
        combinations=goals,
        missing=file.policy.missing.meaning,
    )
    sentence = "Single values of identifying variables are suppressed where combinations were rare."
    return _suppressed(file, done, Change("local_suppression", file.keys, {"k": k}, done.cells, sentence))


@_apply.register
def _by_risk(method: m.RiskSuppression, step: Step) -> Applied:
    file = step.file
    columns = file.coded(file.keys)
    ranks = dict(zip(file.keys, file.importance(columns), strict=True))
    chosen = file.present(method.variables) or tuple(sorted(ranks, key=lambda name: -ranks[name]))
    cells = dict.fromkeys(file.keys, 0)
    touched = np.zeros(file.rows, np.bool_)
    for name in chosen:
        found = frequencies(columns, weight=file.weights, missing=file.policy.missing.meaning)
        step = suppress_above_risk(columns, name, individual_risk(found.sample, found.population), method.threshold)
        position = file.keys.index(name)
        touched |= (step.columns[position].codes < 0) & (columns[position].codes >= 0)
        columns = step.columns
        cells[name] += step.total
    done = Suppression(tuple(columns), cells, int(touched.sum()), 1)
    sentence = "Single values of identifying variables are suppressed where combinations were rare."
    return _suppressed(file, done, Change("risk_suppression", chosen, {"threshold": method.threshold}, cells, sentence))


def _suppressed(file: WorkingFile, done: Suppression, change: Change) -> Applied:
    for column in done.columns:
        if done.cells[column.name]:
            file = file.with_column(column.name, column.decode())
    counts = {**change.counts, "rows": done.rows}
    return file, None, Change(change.method, change.variables, change.parameters, counts, change.sentence)


@_apply.register
def _records(method: m.SuppressRecords, step: Step) -> Applied:
    """Remove violating rows; what is left may violate in turn, so it is repeated until nothing does."""
    file, removed = step.file, step.removed
    original = kept = np.arange(file.rows)
    while file.rows:
        report = assess_file(file, depth=False)
        if not report.violating_rows.any():
            break
        gone = suppress_records(report.violating_rows, removed_before=removed, max_share=method.max_share)
        removed += gone.removed
        kept = kept[gone.keep]
        file = file.with_rows(pa.array(np.flatnonzero(gone.keep)))
    count = len(original) - file.rows
    sentence = "Records with rare combinations are removed." if count else "No record is removed."
    change = Change("suppress_records", (), {"max_share": method.max_share}, {"rows": count}, sentence)
    return file, kept, change


@_apply.register
def _drop(method: m.DropVariables, step: Step) -> Applied:
    file = step.file
    gone = file.present(method.variables)
    sentence = f"Not released: {', '.join(gone)}."
    return file.without(gone), None, Change("drop", gone, {}, {"variables": len(gone)}, sentence) if gone else None


def _numbers(
    file: WorkingFile,
    names: tuple[str, ...],
    transform: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    kind: str,
    parameters: dict[str, Any],
    sentence: str,
) -> Applied:
    """A numeric method variable by variable; whole numbers stay whole where the result is whole."""
    present = file.present(names)
    counts: dict[str, int] = {}
    for name in present:
        values = file.numbers(name)
        masked = transform(values)
        counts[name] = int(np.sum((values != masked) & ~(np.isnan(values) & np.isnan(masked))))
        file = with_numbers(file, name, masked)
    return file, None, Change(kind, present, parameters, counts, sentence) if present else None


def with_numbers(file: WorkingFile, name: str, values: NDArray[np.float64]) -> WorkingFile:
    """The file with a numeric column replaced; it keeps an integer type when every value is whole."""
    known = ~np.isnan(values)
    array = pa.array(values, mask=~known)
    if pa.types.is_integer(file.table.column(name).type) and np.all(values[known] == np.round(values[known])):
        array = array.cast(pa.int64())
    return file.with_column(name, array)


def with_codes(file: WorkingFile, column: CodedColumn) -> WorkingFile:
    """The file with a categorical column replaced."""
    return file.with_column(column.name, column.decode())
