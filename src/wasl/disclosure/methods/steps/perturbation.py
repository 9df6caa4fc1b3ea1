"""Perturbation as steps of a policy: values changed by chance or averaged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.methods.microaggregation import microaggregate
from wasl.disclosure.methods.noise import add_correlated_noise, add_noise
from wasl.disclosure.methods.pram import pram
from wasl.disclosure.methods.rank_swapping import rank_swap
from wasl.disclosure.methods.record_swapping import swap_records
from wasl.disclosure.methods.shuffling import shuffle_values
from wasl.disclosure.methods.steps.step import Applied, Change, Step, perform, with_numbers
from wasl.disclosure.policy import method_documents as m
from wasl.errors import InputError

__all__: list[str] = []


@perform.register
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


@perform.register
def _pram(method: m.Pram, step: Step) -> Applied:
    file = step.file
    names = file.present([name for name in method.variables if name != method.strata])
    counts: dict[str, int] = {}
    effective: dict[str, Any] = {}
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
        effective[name] = {
            "categories": column.texts,
            "matrices": [np.round(matrix, 6).tolist() for matrix in done.matrices],
            "retained": {"smallest": round(done.retained[0], 6), "largest": round(done.retained[1], 6)},
        }
        file = file.with_column(name, done.column.decode())
    sentence = f"{_list(names)}: categories are exchanged at random with known probabilities (PRAM)."
    sentence += "" if any(counts.values()) else " None was changed."
    parameters = {"retain": method.retain, "invariant": method.invariant, "effective": effective}
    return file, None, Change("pram", names, parameters, counts, sentence) if names else None


@perform.register
def _noise(method: m.AddNoise, step: Step) -> Applied:
    add = add_correlated_noise if method.correlated else add_noise
    sentence = "random noise is added."
    parameters = {"amount": method.amount, "correlated": method.correlated}
    return _together(step, method.variables, lambda v: add(v, method.amount, step.rng), "noise", parameters, sentence)


@perform.register
def _rank_swap(method: m.RankSwap, step: Step) -> Applied:
    sentence = "values are exchanged with others of nearby rank."
    swap = partial(rank_swap, window=method.window, rng=step.rng)
    return _together(step, method.variables, swap, "rank_swap", {"window": method.window}, sentence)


@perform.register
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


@perform.register
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
    if not done.swapped:
        sentence = f"No record exchanged its {_list(areas)}."
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
