"""Masked numbers that other released numbers tell: a turnover follows from value added and wages.

So does an income from the income per head and the size of the household. A whole number follows from itself with little
noise: it is rounded.

In the original, sums, differences and products hold for nearly all records. A reader who knows such a relation, or sees
it in the records that were not changed, puts the released numbers in it and has the masked one.

*Does not protect against* relations that hold for less than nine of ten records, or products of four numbers and more
where one of them can be zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import beyond_exact
from wasl.disclosure.keys.variable_types import is_number_type
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.risk.relation_of_all import relation_of_all

__all__ = ["told_numbers"]

Values = NDArray[np.float64]

MOST_TERMS = 3
MOST_COLUMNS = 16
"""Numbers of which sets of up to ``MOST_TERMS`` are tried: 696 sets, which take a quarter of a second. One relation of
all of them together is looked for beside these, which takes a tenth of a second."""

SAMPLE = 300
"""Records on which a relation is looked for; a share of nine tenths has a standard error of 2 % there."""

GUESSES = 5
"""Relations that are guessed for each set, each from as few records as determine it. If one in ten records is an
exception, the chance that each guess meets one is (1 - .9^4)^5 = .5 %."""

HOLDS = 0.9
"""Share of the records for which a relation must hold."""

CLOSE = 1e-3
"""A relation holds for a record if it errs by less than this share of the number's median deviation: rounding only."""

UNDONE = 0.01
"""A masked number is told if the relation errs by at most this share of the change that masking made."""

STEPS = tuple(digit * 10.0**power for power in range(6, -4, -1) for digit in (5, 1))
"""Steps in which numbers are written, the widest first; a reader knows it, or sees it in similar files."""

EXACT = 1e-6
"""Share of a step by which a multiple of it may be off: floating-point error only."""

MOST_TOLD = 0.5
"""Share of those changed cells that may be told for which the other numbers are released as they were."""


def told_numbers(original: WorkingFile, file: WorkingFile, kept: NDArray[np.int64]) -> list[str]:
    """The masked numbers that other released numbers tell, as sentences.

    Args:
        original: The file before protection.
        file: The protected file.
        kept: For each row of the protected file its row in the original.
    """
    before = {name: original.numbers(name)[kept] for name in _numbers(original, file)}
    after = {name: file.numbers(name) for name in before}
    dates = _days(original, file, kept)
    before |= dates
    after |= dates
    failures = []
    for name in (name for name in before if name not in dates):
        changed = np.isfinite(before[name]) & np.isfinite(after[name]) & (before[name] != after[name])
        if not changed.any():
            continue
        others = [other for other in before if other != name and _told(before, after, [other], changed).any()]
        sources, count, of = _worst(name, others[:MOST_COLUMNS], before, after, changed)
        if count > MOST_TOLD * of:
            failures.append(
                f"release.numbers: {count} of {of} changed values of {name} follow from {', '.join(sources)}, which "
                "are released as they are; drop one of these, or change it in the same records"
            )
    noisy = {name for method in file.policy.methods if method.kind == "noise" for name in method.variables}
    for name in (name for name in before if name in noisy):
        count, of, step = _by_rounding(before[name], after[name])
        if count > MOST_TOLD * of:
            width = f"{step:g}"
            failures.append(
                f"release.numbers: {count} of {of} changed values of {name} follow if they are rounded to multiples of "
                f"{width}; add more noise"
            )
    return failures


def _by_rounding(original: Values, released: Values) -> tuple[int, int, float]:
    """How many values are right once they are rounded, of how many changed ones, and the step of the original."""
    known = np.isfinite(original) & np.isfinite(released)
    original, released = original[known], released[known]
    changed = original != released
    for step in STEPS:
        if np.all(np.abs(original / step - np.round(original / step)) <= EXACT):
            back = np.abs(np.round(released / step) - original / step) <= EXACT
            return int(np.count_nonzero(back & changed)), int(np.count_nonzero(changed)), step
    return 0, 0, 0.0


def _numbers(original: WorkingFile, file: WorkingFile) -> list[str]:
    """The columns that are numbers in both files; no household numbers."""
    names = [name for name in file.table.column_names if name != file.policy.household]
    return [name for name in names if _exact(original, name) and _exact(file, name)]


def _exact(file: WorkingFile, name: str) -> bool:
    column = file.table.column(name)
    return is_number_type(column.type) and not (pa.types.is_integer(column.type) and beyond_exact(column))


def _days(original: WorkingFile, file: WorkingFile, kept: NDArray[np.int64]) -> dict[str, Values]:
    """Columns of days that are released as they were, as numbers of days."""
    found = {}
    for name in file.table.column_names:
        column = file.table.column(name)
        if not pa.types.is_date(column.type) or not original.table.column(name).take(pa.array(kept)).equals(column):
            continue
        days = column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64())
        found[name] = days.to_numpy()
    return found


def _told(
    before: dict[str, Values], after: dict[str, Values], names: Sequence[str], changed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Mark the changed cells in whose rows all these columns are released as they were."""
    same = changed.copy()
    for name in names:
        same &= before[name] == after[name]
    return same


def _worst(
    name: str, others: Sequence[str], before: dict[str, Values], after: dict[str, Values], changed: NDArray[np.bool_]
) -> tuple[tuple[str, ...], int, int]:
    """The columns that tell most changed cells of a number: their names, how many are told, and of how many."""
    worst: tuple[tuple[str, ...], int, int] = ((), 0, 0)
    rng = np.random.default_rng(0)  # which records are looked at protects nothing, so the choice may be known
    for transform, back in ((_as_is, _as_is), (_logarithm, np.exp)):
        target = transform(before[name])
        for chosen, rule in _relations(target, others, [transform(before[other]) for other in others], rng):
            rows = np.flatnonzero(_told(before, after, chosen, changed))
            found = back(rule[-1] + np.column_stack([transform(before[other])[rows] for other in chosen]) @ rule[:-1])
            error = np.abs(found - before[name][rows])
            count = int(np.count_nonzero(error <= UNDONE * np.abs(before[name] - after[name])[rows]))
            if count > worst[1]:
                worst = (chosen, count, len(rows))
    return worst


def _as_is(values: Values) -> Values:
    return values


def _logarithm(values: Values) -> Values:
    """The logarithm of positive numbers; sums of logarithms are products."""
    return np.log(values, out=np.full(len(values), np.nan), where=values > 0)


def _relations(
    target: Values, names: Sequence[str], columns: Sequence[Values], rng: np.random.Generator
) -> Iterator[tuple[tuple[str, ...], Values]]:
    """The sets of columns of which a linear function gives the target in nearly all records, with its coefficients.

    Source: Fischler, Bolles (1981), Comm. ACM 24(6) (random sample consensus).
    """
    for size in range(1, min(MOST_TERMS, len(names)) + 1):
        for places in combinations(range(len(names)), size):
            known = np.flatnonzero(np.isfinite(target) & np.all([np.isfinite(columns[j]) for j in places], axis=0))
            if len(known) < 2 * (size + 2):
                continue
            rows = known if len(known) <= SAMPLE else rng.choice(known, SAMPLE, replace=False)
            design = np.column_stack([*(columns[j][rows] for j in places), np.ones(len(rows))])
            rule = _consensus(design, target[rows], rng)
            if rule is not None and (size == 1 or np.all(rule[:-1] != 0.0)):
                yield tuple(names[j] for j in places), rule
    if len(names) > MOST_TERMS and (spread := _spread(target[np.isfinite(target)])):
        found = relation_of_all(target, columns, rng, sample=SAMPLE, holds=HOLDS, close=CLOSE * spread)
        if found is not None and len(found[0]) > MOST_TERMS:
            yield tuple(names[j] for j in found[0]), found[1]


def _spread(values: Values) -> float:
    """The median deviation of a number, or its standard deviation where most values are equal."""
    if not len(values):
        return 0.0
    return float(np.median(np.abs(values - np.median(values)))) or float(values.std())


def _consensus(design: Values, target: Values, rng: np.random.Generator) -> Values | None:
    """Coefficients that fit nearly all rows, or None; rows with the most frequent target alone are no evidence."""
    rows, terms = design.shape
    spread = _spread(target)
    if spread == 0.0:
        return None
    scale = np.maximum(np.abs(design).max(axis=0), 1e-300)
    drawn = rng.integers(0, rows, (GUESSES, terms))
    systems = design[drawn] / scale
    with np.errstate(all="ignore"):
        solved = np.linalg.pinv(systems) @ target[drawn][:, :, None]
        fits = np.abs(design / scale @ solved[:, :, 0].T - target[:, None]) <= CLOSE * spread
    best = int(fits.sum(axis=0).argmax())
    inside = fits[:, best]
    if inside.mean() < HOLDS:
        return None
    fitted = np.linalg.lstsq(design[inside] / scale, target[inside], rcond=None)[0]
    fitted[np.abs(fitted) * np.append((design / scale)[:, :-1].std(axis=0), 1.0) < CLOSE * spread] = 0.0
    return np.asarray(fitted / scale)
