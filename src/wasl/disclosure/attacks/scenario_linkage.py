"""Linkage attacks on the files of a comparison: measured where rows can be matched, expected where they cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.attacks.intruders import linkage_attack
from wasl.disclosure.attacks.key_match import match_by_keys
from wasl.disclosure.keys.coding import beyond_exact, code_column
from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.disclosure.keys.variable_types import is_number_type
from wasl.disclosure.keys.working_file import WorkingFile, resolve_hierarchy
from wasl.disclosure.risk.continuous_risk import expected_linkage, linkage_risk
from wasl.disclosure.utility.measures import category_map
from wasl.errors import InputError

__all__ = ["LinkageSuccess", "linkage_success", "origin_of", "row_ids"]

TARGETS = 1_000
"""Persons attacked in each scenario: the standard error of a share is then at most 1.6 %."""

COMPARISONS = 200_000_000
"""Rows times persons that a comparison by the keys may cost; larger files mean fewer persons."""

NUMERIC_ROWS = 20_000
"""Rows on which linkage by numbers is measured: the standard error of a share is then at most 0.4 %."""

NORMAL_95 = 1.959964
"""Half width of a 95 % interval in standard errors."""


@dataclass(frozen=True, slots=True)
class LinkageSuccess:
    """Success of an intruder who knows a person's keys, or numbers, exactly and names a record.

    Attributes:
        basis: ``rows``: measured on rows that are matched to the original. ``keys``: expected, because nobody knows
            which row is whose; exact where methods coarsen and remove values, an upper bound where they change them.
        in_file: The intruder knows that the person is in the file: success by the keys, and a 95 % interval.
        in_population: The intruder knows only that the person is in the population: success in the file times the
            chance that the person is in it (records over the sum of weights).
        sampling_fraction: That chance.
        without_row: With ``keys``: share of the persons attacked whom no record fits. None otherwise.
        numbers: Share of records whose nearest original, by all numbers that are no keys, is their own. None without
            numbers.
    """

    basis: Literal["rows", "keys"]
    in_file: tuple[float, float, float] | None
    in_population: float | None
    sampling_fraction: float
    without_row: float | None
    numbers: float | None

    def to_json(self) -> dict[str, Any]:
        """The success as a JSON value."""
        bounds = None if self.in_file is None else dict(zip(("value", "low", "high"), self.in_file, strict=True))
        return {
            "basis": self.basis,
            "in_file": bounds,
            "in_population": self.in_population,
            "sampling_fraction": self.sampling_fraction,
            "without_row": self.without_row,
            "numbers": self.numbers,
        }


def linkage_success(
    original: WorkingFile, released: WorkingFile, origin: NDArray[np.int64] | None, rng: np.random.Generator
) -> LinkageSuccess | None:
    """Attack a file of a comparison.

    Args:
        original: The original, prepared.
        released: The protected file, prepared.
        origin: For each released row its original row; None where nobody knows.
        rng: Draws persons and breaks ties.

    Returns:
        None where original and file share neither keys nor numbers.
    """
    names = [name for name in released.keys if name in original.table.column_names]
    numbers = _numbers(original, released)
    if not names and not numbers:
        return None
    weights = released.weights
    fraction = 1.0 if weights is None else min(1.0, released.rows / float(weights.sum()))
    if origin is not None:
        found, without_row = (_measured(original, released, origin, names, rng) if names else None), None
        by_numbers = _numbers_matched(original, released, origin, numbers)
    else:
        found, without_row = _expected(original, released, names, rng)
        by_numbers = _numbers_unmatched(original, released, numbers, rng)
    return LinkageSuccess(
        "keys" if origin is None else "rows",
        found,
        None if found is None else found[0] * fraction,
        fraction,
        without_row,
        by_numbers,
    )


def row_ids(table: pa.Table, name: str, whose: str) -> list[str]:
    """The values of the column that numbers the rows.

    Raises:
        InputError: There is no such column, or a number is missing or doubled.
    """
    if name not in table.column_names:
        raise InputError(f"{whose} has no column {name!r} that numbers the rows.")
    column = code_column(name, table.column(name))
    if (column.codes < 0).any() or len(column.texts) < len(column.codes):
        raise InputError(f"{whose}: row numbers in {name!r} are missing or doubled.", remedy="Number every row once.")
    texts = np.array(column.texts, object)
    return [str(text) for text in texts[column.codes]]


def origin_of(table: pa.Table, name: str, ids: list[str], whose: str) -> NDArray[np.int64]:
    """For each row of a protected file the row of the data that has its number.

    Raises:
        InputError: A number is missing, doubled, or not among the data's.
    """
    place = {text: row for row, text in enumerate(ids)}
    own = row_ids(table, name, whose)
    strange = sum(text not in place for text in own)
    if strange:
        raise InputError(f"{whose}: {strange} of {len(own)} row numbers in {name!r} are not in the data.")
    return np.array([place[text] for text in own], np.int64)


def _measured(
    original: WorkingFile,
    released: WorkingFile,
    origin: NDArray[np.int64],
    names: list[str],
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """The linkage attack on the keys, by someone who knows the originals in the release's categories."""
    columns = {}
    for name in names:
        before = original.coded([name])[0]
        before = before.with_codes(before.codes[origin])
        after = released.coded([name])[0]
        codes = np.asarray(category_map(before, after)[before.codes], np.int32)
        columns[name] = after.with_codes(codes).decode()
    text = {name: released.coded([name])[0].decode() for name in names}
    truth = np.arange(released.rows)
    found = linkage_attack(pa.table(columns), pa.table(text), names, truth=truth, rng=rng, targets=TARGETS).main
    return found.value, found.low, found.high


def _expected(
    original: WorkingFile, released: WorkingFile, names: list[str], rng: np.random.Generator
) -> tuple[tuple[float, float, float] | None, float | None]:
    """Expected success by the keys with its interval, and the share of persons whom no row fits."""
    if not names:
        return None, None
    before = {name: original.coded([name])[0] for name in names}
    after = {name: released.coded([name])[0] for name in names}
    hierarchies = {}
    for name in names:
        spec = original.policy.by_name[name].hierarchy
        texts = before[name].texts
        plain = Hierarchy(name, tuple(texts), ())
        hierarchies[name] = plain if spec is None else resolve_hierarchy(name, spec, original.policy, texts)
    targets = min(TARGETS, max(50, COMPARISONS // max(released.rows, 1)))
    found = match_by_keys(before, after, hierarchies, rng, targets=targets)
    half = NORMAL_95 * found.deviation / np.sqrt(max(found.targets, 1))
    value = found.expected
    return (value, max(0.0, float(value - half)), min(1.0, float(value + half))), found.without_row


def _numbers(original: WorkingFile, released: WorkingFile) -> list[str]:
    """Numbers of both files that are neither keys nor weights."""
    skip = {*original.keys, original.policy.weight, original.policy.household}
    both = [name for name in original.table.column_names if name in released.table.column_names and name not in skip]
    return [name for name in both if all(_is_number(file.table.column(name)) for file in (original, released))]


def _is_number(column: pa.ChunkedArray) -> bool:
    return is_number_type(column.type) and not (pa.types.is_integer(column.type) and beyond_exact(column))


def _numbers_matched(
    original: WorkingFile, released: WorkingFile, origin: NDArray[np.int64], names: list[str]
) -> float | None:
    if not names:
        return None
    rows = np.linspace(0, released.rows - 1, min(released.rows, NUMERIC_ROWS)).astype(np.int64)
    before = np.column_stack([original.numbers(name)[origin][rows] for name in names])
    return linkage_risk(before, np.column_stack([released.numbers(name)[rows] for name in names])).share


def _numbers_unmatched(
    original: WorkingFile, released: WorkingFile, names: list[str], rng: np.random.Generator
) -> float | None:
    if not names:
        return None
    before = np.column_stack([original.numbers(name) for name in names])
    after = np.column_stack([released.numbers(name) for name in names])
    rows = np.sort(rng.choice(released.rows, min(released.rows, NUMERIC_ROWS), replace=False))
    return expected_linkage(before, after, rows)
