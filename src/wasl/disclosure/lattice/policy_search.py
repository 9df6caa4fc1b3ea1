"""Lattice search as a policy asks for it: goals from the thresholds, the optimum applied to the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import CodedColumn, Frame, code_columns, code_together
from wasl.disclosure.keys.hierarchy import Hierarchy, generalize
from wasl.disclosure.keys.working_file import WorkingFile, resolve_hierarchy
from wasl.disclosure.lattice.goals import Goal, k_goal, k_map_goal, risk_goal, sensitive_goal
from wasl.disclosure.lattice.search import LatticeResult, search_lattice
from wasl.disclosure.methods.steps.step import Change
from wasl.disclosure.policy import SearchSpec, SensitiveRule
from wasl.disclosure.risk.diversity import (
    ClassCounts,
    alpha_k,
    beta_likeness,
    class_counts,
    delta_disclosure,
    diversity,
)
from wasl.disclosure.risk.sensitive import class_distance, sensitive_column
from wasl.errors import InputError

__all__ = ["Generalized", "generalize_to", "search_policy"]

Check = Callable[[ClassCounts], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Generalized:
    """A file at the optimum.

    Attributes:
        file: Generalized, violating rows removed.
        kept: Rows that are left.
        changes: What was done.
        result: The search's result.
    """

    file: WorkingFile
    kept: NDArray[np.int64] = field(repr=False)
    changes: tuple[Change, ...]
    result: LatticeResult

    @property
    def levels(self) -> dict[str, int]:
        """The level of each key."""
        return dict(zip(self.result.variables, self.result.best.levels, strict=True))

    def to_json(self) -> dict[str, Any]:
        """The search's result as a JSON value."""
        return self.result.to_json()


def search_policy(file: WorkingFile, population: Frame | None = None) -> Generalized:
    """Search the lattice of the policy's hierarchies for its thresholds and apply the optimum.

    Keys without a hierarchy stay as they are. The goals are k, k-map, the sensitive rules and individual risk.

    Raises:
        InputError: The policy has no threshold a search could aim at, or k-map lacks a population.
        PolicyError: No generalization meets the thresholds.
    """
    policy = file.policy
    spec = policy.search or SearchSpec()
    columns: list[CodedColumn] = list(file.coded(file.keys))
    own_rows = file.rows
    sample = np.ones(own_rows, np.bool_)
    if policy.thresholds.k_map is not None:
        if population is None:
            raise InputError(
                "the policy asks for k-map, but no population table was given.", remedy="Give --population."
            )
        columns = code_together(columns, code_columns(population, file.keys))
        sample = np.arange(len(columns[0].codes)) < own_rows
    hierarchies = [_hierarchy(file, column) for column in columns]
    goals = _goals(file, columns, sample)
    if not goals:
        raise InputError(
            f"policy {policy.name!r}: a lattice search needs thresholds.k, k_map, sensitive rules or individual_risk."
        )
    result = search_lattice(
        columns,
        hierarchies,
        goals,
        objective=spec.objective,
        suppression_limit=spec.suppression_limit,
        max_nodes=spec.max_nodes,
        sample=sample,
    )
    changes = []
    for column, hierarchy, level in zip(file.coded(file.keys), hierarchies, result.best.levels, strict=True):
        if level:
            coarse = generalize(column, hierarchy, level)
            counts = {"categories_before": len(column.labels), "categories_after": len(coarse.labels)}
            sentence = f"{column.name}: values are grouped; number of categories: {len(coarse.labels)}."
            changes.append(Change("recode", (column.name,), {"level": level}, counts, sentence))
            file = file.with_column(column.name, coarse.decode())
    kept = np.flatnonzero(~result.suppressed_rows[:own_rows])
    if len(kept) < own_rows:
        removed = {"rows": own_rows - len(kept)}
        changes.append(Change("suppress_records", (), {}, removed, "Records with rare combinations are removed."))
        file = file.with_rows(pa.array(kept))
    return Generalized(file, kept, tuple(changes), result)


def generalize_to(others: WorkingFile, levels: Mapping[str, int]) -> WorkingFile:
    """A population table at the levels found for the file."""
    for column in others.coded(others.present(list(levels))):
        coarse = generalize(column, _hierarchy(others, column), levels[column.name])
        others = others.with_column(column.name, coarse.decode())
    return others


def _hierarchy(file: WorkingFile, column: CodedColumn) -> Hierarchy:
    spec = file.policy.by_name[column.name].hierarchy
    if spec is None:
        return Hierarchy(column.name, tuple(column.texts), ())
    return resolve_hierarchy(column.name, spec, file.policy, column.texts)


def _goals(file: WorkingFile, columns: list[CodedColumn], sample: NDArray[np.bool_]) -> list[Goal]:
    limits = file.policy.thresholds
    goals: list[Goal] = []
    if limits.k is not None:
        goals.append(k_goal(len(sample), limits.k, sample=sample))
    if limits.k_map is not None:
        goals.append(k_map_goal(sample, limits.k_map))
    if limits.individual_risk is not None:
        weights = file.weights
        own = np.ones(file.rows) if weights is None else weights
        goals.append(_own_rows(risk_goal(own, limits.individual_risk), sample))
    for rule in limits.sensitive:
        if file.present([rule.variable]):
            goals += _sensitive_goals(file, rule, columns, sample)
    return goals


def _own_rows(goal: Goal, sample: NDArray[np.bool_]) -> Goal:
    """The goal with nothing summed over rows that are not the file's own."""
    amounts = np.zeros((len(sample), goal.amounts.shape[1]))
    amounts[sample] = goal.amounts
    return Goal(goal.name, amounts, goal.violated, goal.monotone, goal.monotone_complete, goal.needs_members)


def _sensitive_goals(
    file: WorkingFile, rule: SensitiveRule, columns: list[CodedColumn], sample: NDArray[np.bool_]
) -> list[Goal]:
    if not sample.all():
        raise InputError("a lattice search takes either k-map or rules for sensitive variables, not both.")
    classes = equivalence_classes(columns)
    column = sensitive_column(file, rule)
    counts = class_counts(classes, column)
    checks: list[tuple[str, Check, bool]] = []
    tiny = 1e-12
    if (least := rule.l_distinct) is not None:
        checks.append(("l_distinct", lambda c: diversity(c).distinct < least, True))
    if (effective := rule.l_entropy) is not None:
        checks.append(("l_entropy", lambda c: diversity(c).entropy < effective - tiny, False))
    if (recursive := rule.l_recursive) is not None:
        checks.append(("l_recursive", lambda c: diversity(c, c=rule.recursive_c).recursive < recursive, False))
    if (farthest := rule.t) is not None:
        checks.append(("t", lambda c: class_distance(file, rule, c, column) > farthest + tiny, False))
    if (share := rule.alpha) is not None:
        checks.append(("alpha", lambda c: alpha_k(c) > share + tiny, False))
    if (gain := rule.beta) is not None:
        checks.append(("beta", lambda c: beta_likeness(c) > gain + tiny, False))
    if (ratio := rule.delta) is not None:
        checks.append(("delta", lambda c: delta_disclosure(c) > ratio + tiny, False))
    return [
        sensitive_goal(f"{rule.variable}.{name}", classes, counts, check, merges=merges)
        for name, check, merges in checks
    ]
