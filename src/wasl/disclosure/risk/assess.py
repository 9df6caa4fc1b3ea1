"""Assessment: every risk the policy speaks of, measured on a file, and the rules that fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes, pack_keys
from wasl.disclosure.keys.coding import CodedColumn, Frame
from wasl.disclosure.keys.frequencies import Frequencies, frequencies, k_map, violations
from wasl.disclosure.keys.working_file import WorkingFile, prepare
from wasl.disclosure.policy import DisclosurePolicy, Role, SensitiveRule, require_thresholds
from wasl.disclosure.risk.diversity import (
    alpha_k,
    beta_likeness,
    class_counts,
    compatible_counts,
    delta_disclosure,
    diversity,
)
from wasl.disclosure.risk.loglinear import loglinear_risk
from wasl.disclosure.risk.reidentification import (
    GlobalRisk,
    global_risk,
    household_risk,
    individual_risk,
    outlying_risks,
    risk_threshold,
)
from wasl.disclosure.risk.risk_report import Failure, RiskReport, SensitiveMeasure
from wasl.disclosure.risk.sensitive import class_distance, sensitive_column
from wasl.disclosure.risk.suda2 import MAX_VARIABLES, SudaScores, suda2
from wasl.disclosure.risk.uniqueness import population_uniques
from wasl.errors import InputError

__all__ = [
    "Failure",
    "RiskReport",
    "SensitiveMeasure",
    "assess",
    "assess_file",
    "class_distance",
    "sensitive_column",
]

SUDA_MAX_KEYS = MAX_VARIABLES
"""SUDA2 looks at every subset of keys; beyond this many it is left out of the assessment and the report says so."""

ASSUMED_FRACTION = 0.01
"""Sampling fraction assumed for DIS scores where neither weights nor the policy tell it: the tools' custom."""


def assess(table: Frame, policy: DisclosurePolicy, *, population: Frame | None = None) -> RiskReport:
    """The disclosure risk of microdata under a policy.

    Args:
        table: The microdata, a pyarrow table or a pandas frame.
        policy: What each variable is and what must hold.
        population: The linked register or a census table with the same keys, for k-map.

    Raises:
        InputError: The data do not fit the policy, or the policy limits no risk.
    """
    require_thresholds(policy)
    return assess_file(prepare(table, policy), population=population)


def assess_file(
    file: WorkingFile,
    *,
    population: Frame | None = None,
    removed: int = 0,
    depth: bool = True,
    numeric: Mapping[str, float] | None = None,
) -> RiskReport:
    """The same for a file already prepared.

    Args:
        file: The file.
        population: Population table for k-map.
        removed: Rows already removed from the file, for the cap on removals.
        depth: Whether explanations (contributions, SUDA2, uniqueness) are wanted beside the thresholds.
        numeric: ``interval_risk`` and ``linkage_risk`` of the numbers against their originals; default 1 each, which
            is what they are in a file that was not masked.

    Raises:
        InputError: The policy asks for k-map, but no population is given.
    """
    policy = file.policy
    limits = policy.thresholds
    meaning = policy.missing.meaning
    keys = file.coded_keys()
    weights = file.weights
    found = frequencies(keys, weight=weights, missing=meaning)
    risks = individual_risk(found.sample, found.population)
    rough = global_risk(np.asarray(risks))
    household_numbers = file.households
    household_values = None if household_numbers is None else household_risk(risks, household_numbers)
    failures: list[Failure] = []
    violating = np.zeros(file.rows, np.bool_)

    def bound(rule: str, values: NDArray[np.float64], limit: float | None, *, least: bool) -> None:
        """Record a failure when a row lies on the wrong side of a limit."""
        if limit is None:
            return
        wrong = values < limit if least else values > limit
        if wrong.any():
            violating[wrong] = True
            worst = float(values.min() if least else values.max())
            failures.append(Failure(rule, worst, float(limit), int(np.count_nonzero(wrong))))

    bound("thresholds.k", found.sample, limits.k, least=True)
    bound("thresholds.individual_risk", risks, limits.individual_risk, least=False)
    if limits.household_risk is not None:
        if household_values is None:
            raise InputError("the policy bounds household risk, but the data have no household variable.")
        bound("thresholds.household_risk", household_values, limits.household_risk, least=False)
    if limits.global_risk is not None and rough.share > limits.global_risk:
        failures.append(Failure("thresholds.global_risk", rough.share, limits.global_risk))

    named: dict[str, dict[str, float]] = {}
    for rule in limits.combinations:
        part = [column for column in keys if column.name in rule.keys]
        if not part:
            continue
        counts = frequencies(part, missing=meaning).sample
        named[rule.name] = {"k": float(counts.min()), "required": rule.k, "violating": violations(counts, rule.k)}
        bound(f"thresholds.combinations.{rule.name}", counts, rule.k, least=True)
    if (every := limits.all_combinations) is not None:
        size = min(every.size, len(keys))
        least_of = np.full(file.rows, np.inf)
        for chosen in combinations(keys, size):
            least_of = np.minimum(least_of, frequencies(chosen, missing=meaning).sample)
        name = f"all combinations of up to {size} keys"
        named[name] = {"k": float(least_of.min()), "required": every.k, "violating": violations(least_of, every.k)}
        bound("thresholds.all_combinations", least_of, every.k, least=True)
    close = {"interval_risk": 1.0, "linkage_risk": 1.0} if numeric is None else numeric
    for name, limit in (("interval_risk", limits.interval_risk), ("linkage_risk", limits.linkage_risk)):
        if limit is not None and close.get(name, 1.0) > limit:
            failures.append(Failure(f"thresholds.{name}", close.get(name, 1.0), limit))

    mapped = None
    if limits.k_map is not None and population is None:
        raise InputError("the policy asks for k-map, but no population table was given.", remedy="Give --population.")
    if population is not None:
        in_population = k_map(file.table, population, file.keys, missing=meaning)
        mapped = float(in_population.min())
        bound("thresholds.k_map", in_population, limits.k_map, least=True)

    stated = [rule for rule in limits.sensitive if file.present([rule.variable])]
    left_out = [rule.variable for rule in limits.sensitive if not file.present([rule.variable])]
    left_out += [key for rule in limits.combinations for key in rule.keys if not file.present([key])]
    ruled = {rule.variable for rule in stated}
    unruled = [name for name in file.present(policy.named(Role.SENSITIVE)) if name not in ruled]
    # A sensitive variable without a rule is measured, too; nothing is required of it.
    stated += [SensitiveRule.model_construct(variable=name) for name in unruled]
    measures = [_measure(file, found, rule, failures, violating) for rule in stated]

    fraction, source = _sampling_fraction(file, weights)
    wanted = (depth or limits.suda_dis is not None) and bool(file.keys) and len(keys) <= SUDA_MAX_KEYS
    # In a complete register a match on a unique is correct: the largest fraction below 1 gives DIS 1.
    scores = suda2(keys, fraction=min(fraction, float(np.nextafter(1.0, 0.0)))) if wanted else None
    if limits.suda_dis is not None:
        if scores is None:
            raise InputError(f"the policy bounds DIS scores, but SUDA2 takes at most {SUDA_MAX_KEYS} keys.")
        bound("thresholds.suda_dis", scores.dis, limits.suda_dis, least=False)
    if limits.suppressed_cells is not None:
        for column in keys:
            share = float(np.mean(column.codes < 0))
            if share > limits.suppressed_cells:
                rows = int(np.count_nonzero(column.codes < 0))
                failures.append(
                    Failure(f"thresholds.suppressed_cells ({column.name})", share, limits.suppressed_cells, rows)
                )
    if limits.removed_rows is not None and removed > limits.removed_rows * (file.rows + removed):
        failures.append(
            Failure("thresholds.removed_rows", removed / (file.rows + removed), limits.removed_rows, removed)
        )

    household = None if household_values is None else global_risk(household_values)
    approximate = _approximate(found)
    levels = sorted({2, 3, 5, 10, *([limits.k] if limits.k else [])})
    return RiskReport(
        rows=file.rows,
        keys=file.keys,
        missing="category" if meaning.alpha is None else f"wildcard, alpha = {meaning.alpha:g}",
        weighted=weights is not None,
        classes=len(found.classes),
        k=float(found.sample.min()),
        violating={str(level): violations(found.sample, level) for level in levels},
        individual=rough,
        approximate=approximate,
        outlying=int(outlying_risks(risks).sum()),
        household=household,
        thresholds={f"{share:g}": risk_threshold(risks, share) for share in (0.001, 0.005, 0.01, 0.05)},
        combinations=named,
        sensitive=tuple(measures),
        contributions=_contributions(keys, weights, file, scores) if depth and file.keys else {},
        categories=_categories(keys, risks, found.sample, limits.k or 2) if depth and file.keys else {},
        suda=_suda_summary(scores, len(file.keys), fraction, source) if depth else {},
        uniqueness=_uniqueness(keys, found, weights) if depth and file.keys else {},
        k_map=mapped,
        failures=tuple(failures),
        frequency=found.sample,
        population=found.population,
        risk=risks,
        household_risks=household_values,
        dis=None if scores is None else scores.dis,
        violating_rows=violating,
        left_out=tuple(dict.fromkeys(left_out)),
        no_thresholds="" if limits.bound_risk else policy.no_thresholds,
    )


def _sampling_fraction(file: WorkingFile, weights: NDArray[np.float64] | None) -> tuple[float, str]:
    """The share of the population in the file, for DIS scores, and where it comes from."""
    if file.policy.sampling_fraction is not None:
        return file.policy.sampling_fraction, "stated in the policy"
    if weights is not None:
        return min(1.0, file.rows / float(weights.sum())), "rows over the sum of weights"
    return ASSUMED_FRACTION, "assumed: the file has no weights and the policy states none"


def _approximate(found: Frequencies) -> GlobalRisk:
    from wasl.disclosure.risk.reidentification import individual_risk_approximate

    return global_risk(individual_risk_approximate(found.sample, found.population))


def _measure(
    file: WorkingFile,
    found: Frequencies,
    rule: SensitiveRule,
    failures: list[Failure],
    violating: NDArray[np.bool_],
) -> SensitiveMeasure:
    """All measures of one sensitive variable; failing rules are added to ``failures``, their rows marked."""
    column = sensitive_column(file, rule)
    keys = file.coded_keys()
    classes = found.classes
    if rule.variable in file.keys:
        # Inside a class of all keys a key has one value: what the other keys tell about it is measured.
        others = [key for key in keys if key.name != rule.variable]
        keys = tuple(others) or (CodedColumn("", np.zeros(file.rows, np.int32), pa.array([""])),)
        classes = equivalence_classes(keys)
    packed = pack_keys(keys).take(classes.first)
    counts = compatible_counts(class_counts(classes, column), packed, file.policy.missing.meaning)
    spread = diversity(counts, c=rule.recursive_c)
    distance = class_distance(file, rule, counts, column)
    largest, gain, ratio = alpha_k(counts), beta_likeness(counts), delta_disclosure(counts)
    over: dict[str, int] = {}
    checks: tuple[tuple[str, NDArray[Any], float | None, bool], ...] = (
        ("l_distinct", spread.distinct, rule.l_distinct, True),
        ("l_entropy", spread.entropy, rule.l_entropy, True),
        ("l_recursive", spread.recursive, rule.l_recursive, True),
        ("t", distance, rule.t, False),
        ("alpha", largest, rule.alpha, False),
        ("beta", gain, rule.beta, False),
        ("delta", ratio, rule.delta, False),
    )
    for name, values, limit, least in checks:
        if limit is None:
            continue
        # A hair of tolerance: shares and entropies are sums of rounded numbers.
        wrong = values < limit - 1e-12 if least else values > limit + 1e-12
        rows = wrong[classes.ids]
        over[name] = int(np.count_nonzero(rows))
        if over[name]:
            violating |= rows
            worst = float(values.min() if least else values.max())
            failures.append(Failure(f"thresholds.sensitive.{rule.variable}.{name}", worst, float(limit), over[name]))
    return SensitiveMeasure(
        variable=rule.variable,
        l_distinct=int(spread.distinct.min()),
        l_entropy=float(spread.entropy.min()),
        l_recursive=int(spread.recursive.min()),
        t=float(distance.max()),
        alpha=float(largest.max()),
        beta=float(gain.max()),
        delta=float(ratio.max()) if np.isfinite(ratio).all() else None,
        violating_rows=over,
    )


def _contributions(
    keys: Sequence[CodedColumn], weights: NDArray[np.float64] | None, file: WorkingFile, scores: SudaScores | None
) -> dict[str, dict[str, float | None]]:
    """For each key: expected re-identifications, sample uniques and k without it, and its share of SUDA2 scores."""
    result: dict[str, dict[str, float | None]] = {}
    meaning = file.policy.missing.meaning
    for position, column in enumerate(keys):
        others = [other for other in keys if other is not column]
        entry: dict[str, float | None] = {"categories": len(column.labels), "missing": int((column.codes < 0).sum())}
        if others:
            left = frequencies(others, weight=weights, missing=meaning)
            entry["expected_without"] = global_risk(individual_risk(left.sample, left.population)).expected
            entry["uniques_without"] = violations(left.sample, 2)
        entry["suda_contribution"] = None if scores is None else float(scores.contributions[position])
        result[column.name] = entry
    return result


def _categories(
    keys: Sequence[CodedColumn], risks: NDArray[np.float64], sample: NDArray[np.float64], k: int
) -> dict[str, list[dict[str, object]]]:
    """For each key, its categories by expected re-identifications, at most 25."""
    result: dict[str, list[dict[str, object]]] = {}
    for column in keys:
        known = column.codes >= 0
        codes = column.codes[known]
        width = len(column.labels)
        rows = np.bincount(codes, minlength=width)
        expected = np.bincount(codes, weights=risks[known], minlength=width)
        wrong = np.bincount(codes, weights=sample[known] < k, minlength=width)
        order = np.argsort(-expected, kind="stable")[:25]
        texts = column.texts
        result[column.name] = [
            {
                "category": texts[c],
                "rows": int(rows[c]),
                "violating": int(wrong[c]),
                "expected": float(expected[c]),
                "mean_risk": float(expected[c] / rows[c]),
            }
            for c in order
            if rows[c]
        ]
    return result


def _suda_summary(scores: SudaScores | None, keys: int, fraction: float, source: str) -> dict[str, Any]:
    if scores is None:
        return {"left_out": f"{keys} keys; SUDA2 is computed for at most {SUDA_MAX_KEYS}"}
    positive = scores.dis[scores.scores > 0]
    edges = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0]
    counts = pd.cut(pd.Series(positive), edges, include_lowest=False).value_counts(sort=False).tolist()
    return {
        "sampling_fraction": fraction,
        "sampling_fraction_from": source,
        "special_uniques": int(np.count_nonzero(scores.scores > 0)),
        "largest_score": float(scores.scores.max(initial=0.0)),
        "largest_dis": float(scores.dis.max(initial=0.0)),
        "mean_dis": float(scores.dis.mean()),
        "dis_rows": {f"({low:g}, {high:g}]": int(c) for low, high, c in zip(edges, edges[1:], counts, strict=False)},
    }


def _uniqueness(keys: Sequence[CodedColumn], found: Frequencies, weights: NDArray[np.float64] | None) -> dict[str, Any]:
    """Estimated population uniques by the size models and by a log-linear model of the keys' main effects."""
    size = float(weights.sum()) if weights is not None else None
    if size is None or size <= len(found.sample):
        return {"left_out": "the file has no weights above 1: it is taken as the whole population"}
    model = loglinear_risk(keys, fraction=len(found.sample) / size, model="main")
    return {
        **asdict(population_uniques(found.classes.sizes, size)),
        "loglinear": {
            "model": model.model,
            "population_uniques": model.population_uniques,
            "correct_matches": model.correct_matches,
            "dispersion": model.dispersion,
        },
    }
