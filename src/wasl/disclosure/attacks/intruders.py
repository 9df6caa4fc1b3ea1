"""Attacks on a released or synthetic file by someone who knows part of some persons' records.

Each attack is made on persons the release was made from and, with a control set, on persons it was not made from.
Success on both is knowledge about the population, not a leak of the release.

Source of the three criteria: Article 29 Working Party (2014), Opinion 05/2014 on anonymisation techniques (singling
out, linkability, inference). The evaluators are our own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.attacks.rates import AttackRisk, Rate, attack_risk, rate
from wasl.disclosure.attacks.records import Records, comparable_records, nearest_rows
from wasl.disclosure.keys.coding import Frame, as_arrow
from wasl.errors import InputError

__all__ = ["inference_attack", "linkability_attack", "linkage_attack", "singling_out_attack"]

TOLERANCE = 0.05
"""A guessed number is right within this share of the variable's range."""


def linkage_attack(
    known: Frame,
    released: Frame,
    variables: Sequence[str],
    *,
    truth: NDArray[np.int64],
    rng: np.random.Generator,
    targets: int = 2000,
) -> AttackRisk:
    """Measure the share of persons whose nearest released row is their own.

    Ties are broken by chance, so a person among m equally near rows is found with probability 1/m.

    Args:
        known: What the intruder knows, in the release's categories.
        released: The release.
        variables: What is compared.
        truth: For each released row, the row of ``known`` it was made from, -1 for none.
        rng: Draws targets and breaks ties.
        targets: How many persons are attacked at most.

    Source: Domingo-Ferrer, Torra (2001), in Doyle et al., Confidentiality, Disclosure and Data Access, ch. 6.
    """
    mine, theirs = comparable_records([known, released], variables)
    chosen = _draw(len(mine), targets, rng)
    shuffled = rng.permutation(len(theirs))
    found, _ = nearest_rows(mine.take(chosen), theirs.take(shuffled), 1)
    hits = int(np.sum(truth[shuffled[found[:, 0]]] == chosen))
    naive = rate(round(len(chosen) / max(len(theirs), 1)), len(chosen))
    return attack_risk("linkage", rate(hits, len(chosen)), None, naive)


def linkability_attack(
    original: Frame,
    released: Frame,
    left: Sequence[str],
    right: Sequence[str],
    rng: np.random.Generator,
    *,
    control: Frame | None = None,
    neighbours: int = 1,
    targets: int = 1000,
) -> AttackRisk:
    """Measure the share of persons of whom two half records point to the same released row.

    An intruder who holds the variables ``left`` of a person in one file and ``right`` in another joins them when the
    released rows nearest to each have one in common.

    Raises:
        InputError: The halves overlap or are empty.
    """
    if set(left) & set(right) or not left or not right:
        raise InputError("linkability needs two disjoint, non-empty sets of variables.")

    def success(frame: Frame) -> Rate:
        a, released_a = comparable_records([frame, released], left)
        b, released_b = comparable_records([frame, released], right)
        chosen = _draw(len(a), targets, rng)
        order = rng.permutation(len(released_a))
        near_a, _ = nearest_rows(a.take(chosen), released_a.take(order), neighbours)
        near_b, _ = nearest_rows(b.take(chosen), released_b.take(order), neighbours)
        hits = (near_a[:, :, None] == near_b[:, None, :]).any(axis=(1, 2))
        return rate(int(hits.sum()), len(chosen))

    rows = as_arrow(released).num_rows
    chance = 1.0 - (1.0 - neighbours / max(rows, 1)) ** neighbours
    main = success(original)
    naive = rate(round(chance * main.attempts), main.attempts)
    return attack_risk("linkability", main, None if control is None else success(control), naive)


def inference_attack(
    original: Frame,
    released: Frame,
    known: Sequence[str],
    secret: str,
    rng: np.random.Generator,
    *,
    control: Frame | None = None,
    targets: int = 1000,
) -> AttackRisk:
    """Measure the share of persons whose secret equals that of the released row nearest to their known values.

    Numbers count as right within 5 % of the range. Guessing (``naive``) takes the release's most frequent value.

    Raises:
        InputError: The secret is among the known variables.
    """
    if secret in known:
        raise InputError(f"the secret {secret!r} is among the known variables.")

    def success(frame: Frame) -> tuple[Rate, Rate]:
        mine, theirs = comparable_records([frame, released], known)
        own, other = comparable_records([frame, released], [secret])
        chosen = _draw(len(mine), targets, rng)
        order = rng.permutation(len(theirs))
        near, _ = nearest_rows(mine.take(chosen), theirs.take(order), 1)
        guessed = other.take(order[near[:, 0]])
        right = _agree(own.take(chosen), guessed)
        usual = _most_frequent(other)
        naive = _agree(own.take(chosen), usual.take(np.zeros(len(chosen), np.int64)))
        return rate(int(right.sum()), len(chosen)), rate(int(naive.sum()), len(chosen))

    main, naive = success(original)
    return attack_risk(f"inference of {secret}", main, None if control is None else success(control)[0], naive)


def singling_out_attack(
    original: Frame,
    released: Frame,
    variables: Sequence[str],
    rng: np.random.Generator,
    *,
    control: Frame | None = None,
    attempts: int = 1000,
    width: int = 3,
) -> AttackRisk:
    """Measure the share of descriptions read off the release that fit exactly one person of the original file.

    A description takes ``width`` variables of a random released row: its category, or for a number the half-line away
    from the release's median. Only descriptions that fit exactly one released row are tried. The chance that a
    description fits one person depends on the number of persons. So original and control are cut to the same number of
    rows: give a control set of the original's size.

    Args:
        original: The file the release was made from, in the release's categories.
        released: The release.
        variables: What descriptions may use.
        rng: Draws descriptions.
        control: Other persons of the same population.
        attempts: How many descriptions are tried at most.
        width: Variables per description.
    """
    frames = [original, released] if control is None else [original, released, control]
    records = comparable_records(frames, variables)
    predicates = _predicates(records[1], rng, attempts, min(width, len(variables)))
    rows = min(len(file) for file in records if file is not records[1])
    main = _isolated(records[0].take(_draw(len(records[0]), rows, rng)), predicates)
    chance = _margins(records[1], predicates, rows)
    naive = rate(round(float(chance.sum())), len(chance))
    other = None if control is None else _isolated(records[2].take(_draw(len(records[2]), rows, rng)), predicates)
    return attack_risk("singling out", main, other, naive)


Predicates = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int8]]
"""Per description: the variables, their values (codes or bounds), and the sense (0 equal, 1 at least, -1 at most)."""


def _draw(rows: int, targets: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(rng.choice(rows, min(rows, targets), replace=False)).astype(np.int64)


def _agree(a: Records, b: Records) -> NDArray[np.bool_]:
    if a.categorical:
        return np.asarray((a.codes[:, 0] == b.codes[:, 0]) & (a.codes[:, 0] >= 0))
    return np.asarray(np.abs(a.numbers[:, 0] - b.numbers[:, 0]) <= TOLERANCE)


def _most_frequent(secret: Records) -> Records:
    """One row with the most frequent category, or the median."""
    if secret.categorical:
        known = secret.codes[secret.codes[:, 0] >= 0, 0]
        value = int(np.bincount(known).argmax()) if len(known) else -1
        return Records(secret.variables, np.array([[value]], np.int32), np.empty((1, 0)))
    middle = np.nanmedian(secret.numbers) if np.isfinite(secret.numbers).any() else np.nan
    return Records(secret.variables, np.empty((1, 0), np.int32), np.array([[middle]]))


def _predicates(released: Records, rng: np.random.Generator, attempts: int, width: int) -> Predicates:
    """Descriptions of single released rows, without repeats, that fit no other released row."""
    count = len(released.variables)
    rows = rng.integers(0, len(released), 4 * attempts)
    variables = np.argsort(rng.random((4 * attempts, count)), axis=1)[:, :width].astype(np.int64)
    split = released.categorical
    medians = np.nanmedian(released.numbers, axis=0) if released.numbers.shape[1] else np.zeros(0)
    table = np.column_stack([released.codes.astype(np.float64), released.numbers])
    values = table[rows[:, None], variables]
    numeric = variables >= split
    upper = values >= np.concatenate([np.full(split, -np.inf), medians])[variables]
    sense = np.where(numeric, np.where(upper, 1, -1), 0).astype(np.int8)
    usable = ~np.isnan(values).any(axis=1) & ((values >= 0) | numeric).all(axis=1)
    chosen = np.flatnonzero(usable)
    single = _matches(released, variables[chosen], values[chosen], sense[chosen]) == 1
    chosen = chosen[single][:attempts]
    return variables[chosen], values[chosen], sense[chosen]


def _matches(
    records: Records, variables: NDArray[np.int64], values: NDArray[np.float64], sense: NDArray[np.int8]
) -> NDArray[np.int64]:
    """How many rows each description fits."""
    table = np.column_stack([records.codes.astype(np.float64), records.numbers])
    counts = np.zeros(len(variables), np.int64)
    for number in range(len(variables)):
        fits = np.ones(len(table), np.bool_)
        for v, value, direction in zip(variables[number], values[number], sense[number], strict=True):
            column = table[:, v]
            if direction == 0:
                fits &= column == value
            elif direction > 0:
                fits &= column >= value
            else:
                fits &= column <= value
        counts[number] = np.count_nonzero(fits)
    return counts


def _isolated(records: Records, predicates: Predicates) -> Rate:
    counts = _matches(records, *predicates)
    return rate(int(np.sum(counts == 1)), len(counts))


def _margins(released: Records, predicates: Predicates, rows: int) -> NDArray[np.float64]:
    """Probability that a description fits exactly one of ``rows`` persons if variables were independent."""
    variables, values, sense = predicates
    table = np.column_stack([released.codes.astype(np.float64), released.numbers])
    weight = np.ones(len(variables))
    for position in range(variables.shape[1] if len(variables) else 0):
        columns = table[:, variables[:, position]]
        value, direction = values[:, position], sense[:, position]
        fits = np.where(direction == 0, columns == value, np.where(direction > 0, columns >= value, columns <= value))
        weight *= fits.mean(axis=0)
    return np.asarray(rows * weight * (1.0 - weight) ** (rows - 1))
