"""Suppression as steps of a policy: single cells, and whole records."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wasl.disclosure.keys.frequencies import frequencies
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.methods.local_suppression import Combination, Suppression, local_suppression, suppress_above_risk
from wasl.disclosure.methods.recode import suppress_records
from wasl.disclosure.methods.steps.step import Applied, Change, Step, perform
from wasl.disclosure.policy import method_documents as m
from wasl.disclosure.risk.assess import assess_file
from wasl.disclosure.risk.reidentification import individual_risk
from wasl.errors import InputError

__all__: list[str] = []


@perform.register
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


@perform.register
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
