"""Assessment: every risk the policy speaks of, measured on a file, and the rules that fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
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
from wasl.disclosure.risk.explanations import (
    categories_of_keys,
    contributions_of_keys,
    special_uniques,
    uniqueness,
)
from wasl.disclosure.risk.findings import Findings
from wasl.disclosure.risk.reidentification import (
    global_risk,
    household_risk,
    individual_risk,
    individual_risk_approximate,
    outlying_risks,
    risk_threshold,
)
from wasl.disclosure.risk.risk_report import Failure, RiskReport, SensitiveMeasure
from wasl.disclosure.risk.sensitive import class_distance, sensitive_column
from wasl.disclosure.risk.suda2 import MAX_VARIABLES, SudaScores, suda2
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
    keys = file.coded_keys()
    weights = file.weights
    found = frequencies(keys, weight=weights, missing=policy.missing.meaning)
    risks = individual_risk(found.sample, found.population)
    rough = global_risk(np.asarray(risks))
    findings = Findings.of(file.rows)
    findings.hold_rows("thresholds.k", found.sample, limits.k, least=True)
    findings.hold_rows("thresholds.individual_risk", risks, limits.individual_risk, least=False)
    of_households = _household_risks(file, risks, findings)
    findings.hold_share("thresholds.global_risk", rough.share, limits.global_risk)
    named = _combinations(file, keys, findings)
    close = numeric or {}
    findings.hold_share("thresholds.interval_risk", close.get("interval_risk", 1.0), limits.interval_risk)
    findings.hold_share("thresholds.linkage_risk", close.get("linkage_risk", 1.0), limits.linkage_risk)
    mapped = _k_map(file, population, findings)
    measures, left_out = _sensitive(file, found, findings)
    fraction, source = _sampling_fraction(file, weights)
    scores = _dis_scores(file, keys, fraction, findings, depth=depth)
    _hold_losses(file, keys, removed, findings)

    explained = depth and bool(file.keys)
    levels = sorted({2, 3, 5, 10, *([limits.k] if limits.k else [])})
    meaning = policy.missing.meaning
    return RiskReport(
        rows=file.rows,
        keys=file.keys,
        missing="category" if meaning.alpha is None else f"wildcard, alpha = {meaning.alpha:g}",
        weighted=weights is not None,
        classes=len(found.classes),
        k=float(found.sample.min()),
        violating={str(level): violations(found.sample, level) for level in levels},
        individual=rough,
        approximate=global_risk(individual_risk_approximate(found.sample, found.population)),
        outlying=int(outlying_risks(risks).sum()),
        household=None if of_households is None else global_risk(of_households),
        thresholds={f"{share:g}": risk_threshold(risks, share) for share in (0.001, 0.005, 0.01, 0.05)},
        combinations=named,
        sensitive=measures,
        contributions=contributions_of_keys(keys, weights, file, scores) if explained else {},
        categories=categories_of_keys(keys, risks, found.sample, limits.k or 2) if explained else {},
        suda=special_uniques(scores, len(file.keys), fraction, source) if depth else {},
        uniqueness=uniqueness(keys, found, weights) if explained else {},
        k_map=mapped,
        failures=tuple(findings.failures),
        frequency=found.sample,
        population=found.population,
        risk=risks,
        household_risks=of_households,
        dis=None if scores is None else scores.dis,
        violating_rows=findings.violating,
        left_out=left_out,
        no_thresholds="" if limits.bound_risk else policy.no_thresholds,
    )


def _household_risks(file: WorkingFile, risks: NDArray[np.float64], findings: Findings) -> NDArray[np.float64] | None:
    """The risk of each row's household, where the file has households.

    Raises:
        InputError: The policy bounds it, but the file has none.
    """
    limit = file.policy.thresholds.household_risk
    numbers = file.households
    if numbers is None:
        if limit is not None:
            raise InputError("the policy bounds household risk, but the data have no household variable.")
        return None
    values = household_risk(risks, numbers)
    findings.hold_rows("thresholds.household_risk", values, limit, least=False)
    return values


def _combinations(file: WorkingFile, keys: Sequence[CodedColumn], findings: Findings) -> dict[str, dict[str, float]]:
    """The least class of every combination of keys that the policy names, beside what it asks for."""
    limits, meaning = file.policy.thresholds, file.policy.missing.meaning
    named: dict[str, dict[str, float]] = {}
    for rule in limits.combinations:
        part = [column for column in keys if column.name in rule.keys]
        if not part:
            continue
        counts = frequencies(part, missing=meaning).sample
        named[rule.name] = {"k": float(counts.min()), "required": rule.k, "violating": violations(counts, rule.k)}
        findings.hold_rows(f"thresholds.combinations.{rule.name}", counts, rule.k, least=True)
    if (every := limits.all_combinations) is not None:
        size = min(every.size, len(keys))
        least = np.full(file.rows, np.inf)
        for chosen in combinations(keys, size):
            least = np.minimum(least, frequencies(chosen, missing=meaning).sample)
        name = f"all combinations of up to {size} keys"
        named[name] = {"k": float(least.min()), "required": every.k, "violating": violations(least, every.k)}
        findings.hold_rows("thresholds.all_combinations", least, every.k, least=True)
    return named


def _k_map(file: WorkingFile, population: Frame | None, findings: Findings) -> float | None:
    """The fewest persons of the population that a row could be, where the population is known.

    Raises:
        InputError: The policy bounds it, but no population is given.
    """
    limit = file.policy.thresholds.k_map
    if population is None:
        if limit is not None:
            raise InputError(
                "the policy asks for k-map, but no population table was given.", remedy="Give --population."
            )
        return None
    counts = k_map(file.table, population, file.keys, missing=file.policy.missing.meaning)
    findings.hold_rows("thresholds.k_map", counts, limit, least=True)
    return float(counts.min())


def _sensitive(
    file: WorkingFile, found: Frequencies, findings: Findings
) -> tuple[tuple[SensitiveMeasure, ...], tuple[str, ...]]:
    """What classes tell about every sensitive variable; and the variables of rules that the file does not have."""
    limits = file.policy.thresholds
    stated = [rule for rule in limits.sensitive if file.present([rule.variable])]
    ruled = {rule.variable for rule in stated}
    # A sensitive variable without a rule is measured, too; nothing is required of it.
    stated += [
        SensitiveRule.model_construct(variable=name)
        for name in file.present(file.policy.named(Role.SENSITIVE))
        if name not in ruled
    ]
    left_out = [rule.variable for rule in limits.sensitive if not file.present([rule.variable])]
    left_out += [key for rule in limits.combinations for key in rule.keys if not file.present([key])]
    return tuple(_measure(file, found, rule, findings) for rule in stated), tuple(dict.fromkeys(left_out))


def _dis_scores(
    file: WorkingFile, keys: Sequence[CodedColumn], fraction: float, findings: Findings, *, depth: bool
) -> SudaScores | None:
    """Scores of special uniques, where they are wanted and the keys are few enough.

    Raises:
        InputError: The policy bounds them, but the keys are too many.
    """
    limit = file.policy.thresholds.suda_dis
    scores = None
    if (depth or limit is not None) and file.keys and len(keys) <= MAX_VARIABLES:
        # In a complete register a match on a unique is correct: the largest fraction below 1 gives DIS 1.
        scores = suda2(keys, fraction=min(fraction, float(np.nextafter(1.0, 0.0))))
    if limit is not None:
        if scores is None:
            raise InputError(f"the policy bounds DIS scores, but SUDA2 takes at most {MAX_VARIABLES} keys.")
        findings.hold_rows("thresholds.suda_dis", scores.dis, limit, least=False)
    return scores


def _hold_losses(file: WorkingFile, keys: Sequence[CodedColumn], removed: int, findings: Findings) -> None:
    """Hold suppressed cells of each key, and rows removed from the file, to what the policy allows."""
    limits = file.policy.thresholds
    for column in keys:
        empty = int(np.count_nonzero(column.codes < 0))
        findings.hold_share(
            f"thresholds.suppressed_cells ({column.name})", empty / file.rows, limits.suppressed_cells, empty
        )
    if removed:
        findings.hold_share("thresholds.removed_rows", removed / (file.rows + removed), limits.removed_rows, removed)


def _sampling_fraction(file: WorkingFile, weights: NDArray[np.float64] | None) -> tuple[float, str]:
    """The share of the population in the file, for DIS scores, and where it comes from."""
    if file.policy.sampling_fraction is not None:
        return file.policy.sampling_fraction, "stated in the policy"
    if weights is not None:
        return min(1.0, file.rows / float(weights.sum())), "rows over the sum of weights"
    return ASSUMED_FRACTION, "assumed: the file has no weights and the policy states none"


def _measure(
    file: WorkingFile,
    found: Frequencies,
    rule: SensitiveRule,
    findings: Findings,
) -> SensitiveMeasure:
    """All measures of one sensitive variable, held to what its rule asks for."""
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
    checks: tuple[tuple[str, NDArray[Any], float | None, bool], ...] = (
        ("l_distinct", spread.distinct, rule.l_distinct, True),
        ("l_entropy", spread.entropy, rule.l_entropy, True),
        ("l_recursive", spread.recursive, rule.l_recursive, True),
        ("t", distance, rule.t, False),
        ("alpha", largest, rule.alpha, False),
        ("beta", gain, rule.beta, False),
        ("delta", ratio, rule.delta, False),
    )
    over: dict[str, int] = {}
    for name, values, limit, least in checks:
        title = f"thresholds.sensitive.{rule.variable}.{name}"
        rows = findings.hold_classes(title, values, limit, classes.ids, least=least)
        if rows is not None:
            over[name] = rows
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
