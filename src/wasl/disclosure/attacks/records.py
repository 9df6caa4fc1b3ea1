"""Files as an intruder compares them: categories as common codes, numbers scaled, distances after Gower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import Frame, as_arrow, code_columns, numeric_column
from wasl.errors import InputError
from wasl.registers.compiled import njit

__all__ = ["Records", "comparable_records", "nearest_rows", "numeric_variables"]

MISSING_GAP = 0.5
"""Distance of a missing value from any other: between agreeing and differing."""


@dataclass(frozen=True, slots=True)
class Records:
    """Rows of a file in a space shared with others.

    Attributes:
        variables: Names, categorical ones first.
        codes: int32, shape (rows, categorical variables), -1 where missing.
        numbers: float64, shape (rows, numeric variables), scaled so that the common range is 1; NaN where missing.
    """

    variables: tuple[str, ...]
    codes: NDArray[np.int32] = field(repr=False)
    numbers: NDArray[np.float64] = field(repr=False)

    def __len__(self) -> int:
        """Rows."""
        return len(self.codes)

    @property
    def categorical(self) -> int:
        """How many categorical variables come first."""
        return int(self.codes.shape[1])

    def take(self, rows: NDArray[np.int64]) -> Records:
        """Some rows."""
        return Records(self.variables, self.codes[rows], self.numbers[rows])

    def select(self, names: Sequence[str]) -> Records:
        """Some variables, in this file's order."""
        chosen = [position for position, name in enumerate(self.variables) if name in set(names)]
        split = self.categorical
        return Records(
            tuple(self.variables[position] for position in chosen),
            np.ascontiguousarray(self.codes[:, [p for p in chosen if p < split]]),
            np.ascontiguousarray(self.numbers[:, [p - split for p in chosen if p >= split]]),
        )


def numeric_variables(frame: Frame, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the variables that hold numbers."""
    schema = as_arrow(frame).schema
    kinds = {name: schema.field(name).type for name in names}
    return tuple(name for name, t in kinds.items() if pa.types.is_integer(t) or pa.types.is_floating(t))


def comparable_records(frames: Sequence[Frame], variables: Sequence[str]) -> list[Records]:
    """Several files over the same variables, in one space. A variable is numeric when it is so in every file.

    Raises:
        InputError: A variable is missing in one of the files, or none is given.
    """
    if not variables:
        raise InputError("an attack needs at least one variable.")
    numeric = set(variables)
    for frame in frames:
        numeric &= set(numeric_variables(frame, [v for v in variables if v in as_arrow(frame).column_names]))
    categories = [name for name in variables if name not in numeric]
    numbers = [name for name in variables if name in numeric]
    coded = [code_columns(frame, categories) for frame in frames]
    maps: list[dict[str, int]] = []
    for position in range(len(categories)):
        texts = sorted({text for columns in coded for text in columns[position].texts})
        maps.append({text: code for code, text in enumerate(texts)})
    values = [
        np.column_stack([numeric_column(frame, name) for name in numbers])
        if numbers
        else np.empty((as_arrow(frame).num_rows, 0))
        for frame in frames
    ]
    low, span = _ranges(values)
    result = []
    for frame, columns, matrix in zip(frames, coded, values, strict=True):
        codes = np.empty((as_arrow(frame).num_rows, len(categories)), np.int32)
        for position, column in enumerate(columns):
            lookup = np.array([*(maps[position][text] for text in column.texts), -1], np.int32)
            codes[:, position] = lookup[column.codes]
        result.append(Records((*categories, *numbers), codes, (matrix - low) / span))
    return result


def _ranges(values: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower end and width of each numeric variable over all files."""
    both = np.vstack(values)
    if both.shape[1] == 0 or not len(both):
        return np.zeros(both.shape[1]), np.ones(both.shape[1])
    filled_low = np.where(np.isnan(both), np.inf, both).min(axis=0)
    filled_high = np.where(np.isnan(both), -np.inf, both).max(axis=0)
    low = np.where(np.isfinite(filled_low), filled_low, 0.0)
    span = np.where(np.isfinite(filled_high), filled_high - low, 1.0)
    return low, np.where(span > 0, span, 1.0)


def nearest_rows(targets: Records, released: Records, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each target, its k nearest released rows by Gower distance, nearest first; ties by row number.

    Returns:
        Row numbers and distances, both of shape (targets, k').

    Source: Gower (1971), Biometrics 27(4).
    """
    found: tuple[NDArray[np.int64], NDArray[np.float64]] = _nearest(
        targets.codes, targets.numbers, released.codes, released.numbers, min(k, len(released))
    )
    return found


@njit(cache=True, nogil=True)
def _nearest(codes, numbers, other_codes, other_numbers, k):  # type: ignore[no-untyped-def]
    n = codes.shape[0]
    found = np.zeros((n, k), np.int64)
    distance = np.full((n, k), np.inf, np.float64)
    for i in range(n):
        held = 0
        for j in range(other_codes.shape[0]):
            limit = distance[i, k - 1]
            total = 0.0
            for c in range(codes.shape[1]):
                if codes[i, c] < 0 or other_codes[j, c] < 0:
                    total += 0.5
                elif codes[i, c] != other_codes[j, c]:
                    total += 1.0
            for c in range(numbers.shape[1]):
                gap = abs(numbers[i, c] - other_numbers[j, c])
                total += 0.5 if np.isnan(gap) else gap
            if held == k and total >= limit:
                continue
            slot = held if held < k else k - 1
            while slot > 0 and distance[i, slot - 1] > total:
                distance[i, slot] = distance[i, slot - 1]
                found[i, slot] = found[i, slot - 1]
                slot -= 1
            distance[i, slot] = total
            found[i, slot] = j
            if held < k:
                held += 1
    return found, distance
