"""One method of a policy applied to a file, and to a population table beside it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.methods.recode import group_categories
from wasl.disclosure.methods.steps import perturbation as perturbation_steps
from wasl.disclosure.methods.steps import recoding as recoding_steps
from wasl.disclosure.methods.steps import suppression as suppression_steps
from wasl.disclosure.methods.steps.step import Applied, Step, perform
from wasl.disclosure.policy import method_documents as m

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
    return perform(method, Step(file, rng, removed, population))


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
