"""Suppression as steps of a policy: single cells, and whole records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.determined import Dependences, closed_under, dependences, suppressed_together
from wasl.disclosure.keys.frequencies import frequencies
from wasl.disclosure.keys.households import spread_missing
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.methods.local_suppression import Combination, Suppression, local_suppression, suppress_above_risk
from wasl.disclosure.methods.recode import suppress_records
from wasl.disclosure.methods.steps.step import Applied, Change, Step, perform
from wasl.disclosure.policy import method_documents as m
from wasl.disclosure.risk.assess import assess_file
from wasl.disclosure.risk.reidentification import household_risk, individual_risk
from wasl.errors import InputError

__all__: list[str] = []


@perform.register
def _local(method: m.LocalSuppression, step: Step) -> Applied:
    file = step.file
    if not file.keys:
        raise InputError("local suppression needs key variables.")
    limits = file.policy.thresholds
    k = method.k or limits.k
    goals = [] if k is None else [Combination(file.keys, k)]
    goals += [Combination(file.present(rule.keys), rule.k) for rule in limits.combinations if file.present(rule.keys)]
    if (every := limits.all_combinations) is not None:
        goals += [Combination(keys, every.k) for keys in combinations(file.keys, min(every.size, len(file.keys)))]
    if not goals:
        raise InputError(
            "local suppression needs a k: in the method, in thresholds.k, combinations or all_combinations."
        )
    goals = [Combination(goal.keys, goal.k + step.beyond) for goal in goals]
    columns = file.coded(file.keys)
    strata = file.coded([method.strata])[0] if method.strata and file.present([method.strata]) else None
    shared = file.household_level(file.keys)
    found = dependences(columns, file.importance(columns), _never(file))
    cells = dict.fromkeys(file.keys, 0)
    touched = np.zeros(file.rows, np.bool_)
    rounds = 0
    while True:
        done = local_suppression(
            columns,
            goals[0].k,
            importance=file.importance(columns),
            never=closed_under(_never(file), found),
            strata=strata,
            combinations=goals,
            missing=file.policy.missing.meaning,
            search=method.search,
        )
        rounds += done.rounds
        after = _taken_along(file, columns, done.columns, shared, found)
        for old, new in zip(columns, after, strict=True):
            struck = (new.codes < 0) & (old.codes >= 0)
            cells[new.name] += int(np.count_nonzero(struck))
            touched |= struck
        columns = after
        # Under a full wildcard further suppression cannot lower a frequency; otherwise the goals are checked again.
        if not done.total or not (shared or found) or file.policy.missing.meaning.alpha == 1.0:
            break
    done = Suppression(tuple(columns), cells, int(touched.sum()), rounds)
    change = Change("local_suppression", file.keys, _parameters(k, step.beyond, shared, found), cells, _SENTENCE)
    return _suppressed(file, done, change)


def _parameters(k: int | None, beyond: int, shared: Sequence[str], found: Dependences) -> dict[str, Any]:
    plain = {"k": k, "household_level": list(shared), **_together(found)}
    return {**plain, "beyond": beyond} if beyond else plain


def _together(found: Dependences) -> dict[str, Any]:
    """The variables that take others along, for the internal report."""
    return {"suppressed_with": found.to_json()} if found else {}


def _never(file: WorkingFile) -> list[str]:
    return [name for name in file.keys if file.policy.by_name[name].never_suppress]


_SENTENCE = "Single values of identifying variables are suppressed where combinations were rare."


@perform.register
def _by_risk(method: m.RiskSuppression, step: Step) -> Applied:
    file = step.file
    columns = file.coded(file.keys)
    ranks = dict(zip(file.keys, file.importance(columns), strict=True))
    told = dependences(columns, file.importance(columns), _never(file))
    kept = set(closed_under(_never(file), told))
    if stated := kept & set(method.variables):
        raise InputError(
            f"risk suppression names variables that must not be suppressed, or follow from one that must not: "
            f"{', '.join(sorted(stated))}."
        )
    by_rank = sorted(ranks, key=lambda name: -ranks[name])
    chosen = file.present(method.variables) or tuple(name for name in by_rank if name not in kept)
    numbers = file.households
    if method.of == "household" and numbers is None:
        raise InputError("risk suppression by household needs a household variable in the data.")
    shared = file.household_level(file.keys)
    cells = dict.fromkeys(file.keys, 0)
    touched = np.zeros(file.rows, np.bool_)
    for name in chosen:
        found = frequencies(columns, weight=file.weights, missing=file.policy.missing.meaning)
        risks = individual_risk(found.sample, found.population)
        if method.of == "household" and numbers is not None:
            risks = household_risk(risks, numbers)
        struck = suppress_above_risk(columns, name, risks, method.threshold)
        after = _taken_along(file, columns, struck.columns, shared, told)
        for old, new in zip(columns, after, strict=True):
            lost = (new.codes < 0) & (old.codes >= 0)
            touched |= lost
            cells[new.name] += int(np.count_nonzero(lost))
        columns = after
    done = Suppression(tuple(columns), cells, int(touched.sum()), 1)
    parameters = {"threshold": method.threshold, "of": method.of, "household_level": list(shared), **_together(told)}
    return _suppressed(file, done, Change("risk_suppression", _touched(chosen, cells), parameters, cells, _SENTENCE))


def _touched(chosen: Sequence[str], cells: Mapping[str, int]) -> tuple[str, ...]:
    """The variables that were chosen, and those that lost cells together with them."""
    return (*chosen, *(name for name, count in cells.items() if count and name not in chosen))


def _taken_along(
    file: WorkingFile,
    before: Sequence[CodedColumn],
    after: Sequence[CodedColumn],
    shared: Sequence[str],
    found: Dependences,
) -> tuple[CodedColumn, ...]:
    """Suppressed cells with those that would disclose them: of other members, and of variables that tell them.

    The cells taken along can follow from others in turn, so it is repeated until none does.
    """
    while True:
        spread = _whole_households(file, before, after, shared)
        together = suppressed_together(before, spread, found, _never(file))
        if all(np.array_equal(new.codes, old.codes) for new, old in zip(together, after, strict=True)):
            return together
        after = together


def _whole_households(
    file: WorkingFile, before: Sequence[CodedColumn], after: Sequence[CodedColumn], shared: Sequence[str]
) -> tuple[CodedColumn, ...]:
    """Suppressed cells of household-level variables made missing for every member of the household."""
    numbers = file.households
    if numbers is None or not shared:
        return tuple(after)
    return tuple(
        new.with_codes(spread_missing(old.codes, new.codes, numbers)) if new.name in shared else new
        for old, new in zip(before, after, strict=True)
    )


def _suppressed(file: WorkingFile, done: Suppression, change: Change) -> Applied:
    for column in done.columns:
        if done.cells[column.name]:
            file = file.with_column(column.name, column.decode())
    counts = {**change.counts, "rows": done.rows}
    sentence = change.sentence if done.total else "No value had to be suppressed."
    return file, None, Change(change.method, change.variables, change.parameters, counts, sentence)


@perform.register
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
