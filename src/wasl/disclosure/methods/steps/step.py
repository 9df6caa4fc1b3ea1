"""Input and output of a step of protection; the kinds of step register themselves here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.working_file import WorkingFile
from wasl.errors import InputError

__all__ = ["Applied", "Change", "Step", "change_numbers", "perform", "with_numbers"]

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
        sentence: What was done, for the internal report; the public one has its own (``report.sentences``).
    """

    method: str
    variables: tuple[str, ...]
    parameters: dict[str, Any]
    counts: dict[str, int]
    sentence: str

    @property
    def took_effect(self) -> bool:
        """Whether anything changed; only then is the method named in the public report."""
        return not self.counts or any(self.counts.values())

    def internal(self) -> dict[str, Any]:
        """Everything, for the release desk."""
        return {
            "method": self.method,
            "variables": list(self.variables),
            "description": self.sentence,
            "parameters": self.parameters,
            "counts": self.counts,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """Input of a method: the file so far, the source of randomness, rows removed before, the population.

    ``beyond`` is how much local suppression aims above each k that the policy asks for.
    """

    file: WorkingFile
    rng: np.random.Generator
    removed: int
    population: pa.Table | None
    beyond: int = 0


@singledispatch
def perform(method: Any, _step: Step) -> Applied:
    """A method performed: the file after, which rows are left (None: all), what was done (None: nothing to do).

    Raises:
        InputError, PolicyError: The method does not fit the data, or cannot reach its goal.
    """
    raise InputError(f"no method {type(method).__name__}.")


def change_numbers(
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
