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
from wasl.disclosure.microaggregation import microaggregate
from wasl.disclosure.noise import add_correlated_noise, add_noise
from wasl.disclosure.pram import pram
from wasl.disclosure.rank_swapping import rank_swap
from wasl.disclosure.recode import group_categories, group_rare, round_values, suppress_records, top_bottom_code
from wasl.disclosure.record_swapping import swap_records
from wasl.disclosure.risk import individual_risk
from wasl.disclosure.shuffling import shuffle_values
from wasl.disclosure.working_file import WorkingFile
from wasl.errors import InputError

__all__ = ["Change", "apply_method", "recode_alike"]

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


def apply_method(
    file: WorkingFile,
    method: m.Method,
    rng: np.random.Generator,
    *,
    removed: int = 0,
    population: pa.Table | None = None,
) -> Applied:
    """The file after a method, which rows are left (None: all), and what was done (None: nothing to do).

    Variables of the method that the file lacks are passed over when the policy calls them optional.

    Args:
        file: The file.
        method: What to do.
        rng: Source of everything random.
        removed: Rows removed before, for the cap on removals.
        population: Population table recoded like the file, where the policy asks for k-map.

    Raises:
        InputError, PolicyError: The method does not fit the data, or cannot reach its goal.
    """
    return _apply(method, Step(file, rng, removed, population))


def recode_alike(others: WorkingFile, method: m.Method, file: WorkingFile, rng: np.random.Generator) -> WorkingFile:
    """A population table after the recoding a method has done to the file, so that k-map compares like with like.

    Methods that change single rows leave the population as it is.

    Args:
        others: The population, with the keys only.
        method: The method applied to the file.
        file: The file after it.
        rng: Not drawn from by recodings.
    """
    if isinstance(method, m.GroupRare):
        if not others.present([method.variable]):
            return others
        column = others.coded([method.variable])[0]
        left = set(file.coded([method.variable])[0].texts)
        groups = {text: (text,) for text in column.texts if text in left}
        return others.with_column(method.variable, group_categories(column, groups, other=method.into).decode())
    if isinstance(method, m.Recode | m.GroupCategories | m.TopBottom | m.Round):
        return apply_method(others, method, rng)[0]
    return others


@dataclass(frozen=True, slots=True)
class Step:
    """What a method works with: the file so far, the source of randomness, rows removed before, the population."""

    file: WorkingFile
    rng: np.random.Generator
    removed: int
    population: pa.Table | None


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
def _group_rare(method: m.GroupRare, step: Step) -> Applied:
    file = step.file
    if not file.present([method.variable]):
        return file, None, None
    column = file.coded([method.variable])[0]
    grouped = group_rare(column, method.below, method.into)
    before, after = np.array([*column.texts, ""]), np.array([*grouped.texts, ""])
    touched = int(np.count_nonzero(before[column.codes] != after[grouped.codes]))
    if not touched:
        return file, None, None
    sentence = f"Rare categories of {method.variable} are grouped or suppressed."
    change = Change("group_rare", (method.variable,), {"below": method.below}, {"cells": touched}, sentence)
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
        struck = suppress_above_risk(columns, name, individual_risk(found.sample, found.population), method.threshold)
        position = file.keys.index(name)
        touched |= (struck.columns[position].codes < 0) & (columns[position].codes >= 0)
        columns = struck.columns
        cells[name] += struck.total
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
        report = assess_file(file, population=step.population, depth=False)
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


@_apply.register
def _microaggregate(method: m.Microaggregate, step: Step) -> Applied:
    file = step.file
    names = file.present(method.variables)
    if not names:
        return file, None, None
    values = np.column_stack([file.numbers(name) for name in names])
    masked = microaggregate(values, method.size, method=method.method)
    sentence = f"{_list(names)}: values are means of groups of at least {method.size} similar records."
    parameters = {"size": method.size, "method": method.method}
    return _replace_numbers(file, names, values, masked.values, "microaggregate", parameters, sentence)


@_apply.register
def _pram(method: m.Pram, step: Step) -> Applied:
    file = step.file
    names = file.present([name for name in method.variables if name != method.strata])
    counts: dict[str, int] = {}
    for name in names:
        column = file.coded([name])[0]
        strata = file.coded([method.strata])[0] if method.strata and file.present([method.strata]) else None
        done = pram(
            column,
            step.rng,
            retain=method.retain,
            matrix=None if method.matrix is None else _matrix_for(column, method),
            invariant=method.invariant,
            strata=strata,
        )
        counts[name] = done.changed
        file = file.with_column(name, done.column.decode())
    sentence = f"{_list(names)}: categories are exchanged at random with known probabilities (PRAM)."
    parameters = {"retain": method.retain, "invariant": method.invariant}
    return file, None, Change("pram", names, parameters, counts, sentence) if names else None


@_apply.register
def _noise(method: m.AddNoise, step: Step) -> Applied:
    add = add_correlated_noise if method.correlated else add_noise
    sentence = "random noise is added."
    parameters = {"amount": method.amount, "correlated": method.correlated}
    return _together(step, method.variables, lambda v: add(v, method.amount, step.rng), "noise", parameters, sentence)


@_apply.register
def _rank_swap(method: m.RankSwap, step: Step) -> Applied:
    sentence = "values are exchanged with others of nearby rank."
    swap = partial(rank_swap, window=method.window, rng=step.rng)
    return _together(step, method.variables, swap, "rank_swap", {"window": method.window}, sentence)


@_apply.register
def _shuffle(method: m.ShuffleValues, step: Step) -> Applied:
    file = step.file
    names, given = file.present(method.variables), file.present(method.given)
    if not names or not given:
        return file, None, None
    others = np.column_stack([_as_numbers(file, name) for name in given])
    values = np.column_stack([file.numbers(name) for name in names])
    known = ~(np.isnan(values).any(axis=1) | np.isnan(others).any(axis=1))
    masked = values.copy()
    masked[known] = shuffle_values(values[known], others[known], step.rng)
    sentence = f"{_list(names)}: values are shuffled between records with similar predictions."
    return _replace_numbers(file, names, values, masked, "shuffle", {"given": list(given)}, sentence)


@_apply.register
def _swap_records(method: m.SwapRecords, step: Step) -> Applied:
    file = step.file
    areas = file.present(method.areas)
    if not areas:
        return file, None, None
    households = file.households
    done = swap_records(
        np.arange(file.rows) if households is None else households,
        file.coded(areas),
        file.coded(file.present(method.similar)),
        file.coded(file.present(method.risk_variables)),
        step.rng,
        k=method.k,
        rate=method.rate,
    )
    for column in done.areas:
        file = file.with_column(column.name, column.decode())
    sentence = f"Some records exchanged their {_list(areas)} with similar records elsewhere."
    counts = {"swapped": done.swapped, "at_risk": done.at_risk, "unmatched": done.unmatched}
    return file, None, Change("swap_records", areas, {"k": method.k, "rate": method.rate}, counts, sentence)


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _matrix_for(column: CodedColumn, method: m.Pram) -> NDArray[np.float64]:
    """The method's matrix in the order of the column's codes.

    Raises:
        InputError: The matrix is not square over the named categories, or they are not the column's.
    """
    matrix = np.array(method.matrix, np.float64)
    names = list(method.categories)
    if matrix.shape != (len(names), len(names)) or sorted(names) != sorted(column.texts):
        raise InputError(f"the PRAM matrix of {column.name!r} must be square over exactly its categories.")
    order = [names.index(text) for text in column.texts]
    return matrix[np.ix_(order, order)]


def _as_numbers(file: WorkingFile, name: str) -> NDArray[np.float64]:
    """A predictor as numbers: its values, or its codes when it is categorical."""
    kind = file.table.column(name).type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return file.numbers(name)
    codes = file.coded([name])[0].codes.astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def _together(
    step: Step,
    variables: tuple[str, ...],
    transform: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    kind: str,
    parameters: dict[str, Any],
    sentence: str,
) -> Applied:
    """A numeric method on several variables at once."""
    names = step.file.present(variables)
    if not names:
        return step.file, None, None
    values = np.column_stack([step.file.numbers(name) for name in names])
    masked = transform(values)
    return _replace_numbers(step.file, names, values, masked, kind, parameters, f"{_list(names)}: {sentence}")


def _replace_numbers(
    file: WorkingFile,
    names: tuple[str, ...],
    values: NDArray[np.float64],
    masked: NDArray[np.float64],
    kind: str,
    parameters: dict[str, Any],
    sentence: str,
) -> Applied:
    counts = {}
    for j, name in enumerate(names):
        counts[name] = int(np.sum((values[:, j] != masked[:, j]) & ~np.isnan(values[:, j])))
        file = with_numbers(file, name, masked[:, j])
    return file, None, Change(kind, names, parameters, counts, sentence)


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
