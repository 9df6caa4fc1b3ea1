"""One method of a policy applied to a file, and to a population table beside it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.disclosure.keys.hierarchy import JOINED
from wasl.disclosure.keys.households import first_members
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.methods.recode import group_categories
from wasl.disclosure.methods.steps import perturbation as perturbation_steps
from wasl.disclosure.methods.steps import recoding as recoding_steps
from wasl.disclosure.methods.steps import suppression as suppression_steps
from wasl.disclosure.methods.steps.step import Applied, Change, Step, perform
from wasl.disclosure.policy import method_documents as m
from wasl.errors import InputError

__all__ = ["STEP_MODULES", "apply_method", "recode_alike"]

STEP_MODULES = (recoding_steps, suppression_steps, perturbation_steps)
"""Where the kinds of step are; importing them registers them."""


def apply_method(
    file: WorkingFile,
    method: m.Method,
    rng: np.random.Generator,
    *,
    removed: int = 0,
    population: pa.Table | None = None,
    beyond: int = 0,
) -> Applied:
    """The file after a method, which rows are left (None: all), and what was done (None: nothing to do).

    Variables of the method that the file lacks are passed over when the policy calls them optional.

    Args:
        file: The file.
        method: What to do.
        rng: Source of everything random.
        removed: Rows removed before, for the cap on removals.
        population: Population table recoded like the file, where the policy asks for k-map.
        beyond: How much local suppression aims above each k that the policy asks for.

    Raises:
        InputError, PolicyError: The method does not fit the data, or cannot reach its goal.
    """
    shared = file.household_level(method.changed) if isinstance(method, PER_HOUSEHOLD) else ()
    if not shared or any(name not in shared for name in file.present(method.changed)):
        return perform(method, Step(file, rng, removed, population, beyond))
    return _once_per_household(file, method, rng, shared)


PER_HOUSEHOLD = (m.Pram, m.AddNoise, m.RankSwap, m.ShuffleValues, m.Microaggregate)
"""Methods that change a household-level variable once per household, so that members cannot be compared."""


def _once_per_household(
    file: WorkingFile, method: m.Method, rng: np.random.Generator, names: tuple[str, ...]
) -> Applied:
    """A method performed on one row per household, its result given to every member."""
    numbers = file.households
    if numbers is None:
        raise InputError("the method is to be done by household, but the data have no household variable.")
    units, _, change = perform(method, Step(file.with_rows(pa.array(first_members(numbers))), rng, 0, None))
    if change is None:
        return file, None, None
    for name in names:
        known = file.table.column(name).is_valid().combine_chunks()
        values = units.table.column(name).combine_chunks().take(pa.array(numbers))
        file = file.with_column(name, pc.if_else(known, values, pa.scalar(None, values.type)))
    sentence = f"{change.sentence.removesuffix('.')}, once per household."
    return file, None, Change(change.method, change.variables, change.parameters, change.counts, sentence)


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
    if isinstance(method, m.GroupAreas):
        if not others.present([method.variable]):
            return others
        column = others.coded([method.variable])[0]
        published = file.coded([method.variable])[0].texts
        shown = {area: label for label in published for area in (label, *label.split(JOINED))}
        labels: dict[str, list[str]] = {}
        for text in column.texts:
            labels.setdefault(shown.get(text, text), []).append(text)
        return others.with_column(method.variable, group_categories(column, labels).decode())
    if isinstance(method, m.Recode | m.GroupCategories | m.TopBottom | m.Round):
        return apply_method(others, method, rng)[0]
    return others
