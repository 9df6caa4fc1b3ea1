"""Deliveries to scored pairs: survey each pass, choose levels, count patterns, fit the model, score what is kept."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError, MismatchError
from wasl.linkage.comparison.engine import LEVEL_SAMPLE_PAIRS, Engine, Steps, Threads
from wasl.linkage.comparison.levels import choose_limits, limit_table, uses_dice
from wasl.linkage.comparison.pass_layout import Source, pass_names, sources_of
from wasl.linkage.comparison.patterns import PatternCounts, comparisons_of
from wasl.linkage.comparison.tasks import stratum_of
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.model.frequency import adjust_for_frequency
from wasl.linkage.model.known_nonmatches import expect_strangers, tells_of_strangers
from wasl.linkage.model.match_model import MatchModel, PassModel
from wasl.linkage.model.pairs import ScoredPairs, pairs_table
from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.delivery import Delivery, require_comparable

__all__ = ["score_pairs", "score_sources"]

EXAMPLES = 12

ProgressCallback = Callable[[int, int], None]


def score_pairs(
    plan: LinkagePlan,
    deliveries: Sequence[Delivery],
    *,
    threads: int = 0,
    progress: ProgressCallback | None = None,
    model: MatchModel | None = None,
) -> ScoredPairs:
    """Score the pairs of two or more deliveries, or of one delivery with itself.

    Args:
        plan: How.
        deliveries: Made under one key, project and profile.
        threads: Threads; 0 means one per processor. The result does not depend on it.
        progress: Called with (passes done, passes).
        model: An earlier model: its levels and m- and u-probabilities are kept, only the priors are fitted.

    Returns:
        The pairs worth a look, the model, and a report. Equal for equal plan and deliveries, bit for bit.

    Raises:
        MismatchError: The deliveries were not made to be compared, or the plan does not accept their profile.
        InputError: No delivery was given.
    """
    sources = sources_of(deliveries)
    engine = Threads(sources, threads or os.cpu_count() or 1)
    return score_sources(plan, sources, engine, progress=progress, model=model)


def score_sources(
    plan: LinkagePlan,
    sources: Sequence[Source],
    engine: Engine,
    *,
    progress: ProgressCallback | None = None,
    model: MatchModel | None = None,
) -> ScoredPairs:
    """Score the pairs of sources on an engine; see :func:`score_pairs`."""
    if not sources:
        raise InputError("no delivery to link.", remedy="Give one delivery to deduplicate it, or two or more to link.")
    deliveries = [source.delivery for source in sources]
    headers = [delivery.header for delivery in deliveries]
    require_comparable(headers)
    plan.require_accepts(headers)
    digests = [delivery.digest for delivery in deliveries]
    if len(set(digests)) != len(digests):
        raise MismatchError("the same delivery is given twice.", remedy="Give it once.")
    names = pass_names(deliveries)
    earlier = {part.name: part for part in model.passes} if model else {}
    models: list[PassModel] = []
    tables: list[pa.Table] = []
    flow: list[dict[str, Any]] = []
    for done, name in enumerate(names):
        if progress:
            progress(done, len(names))
        result = _score_pass(plan, sources, engine, name, earlier.get(name))
        if result is not None:
            models.append(result[0])
            tables.append(result[1])
            flow.append(result[2])
    if progress:
        progress(len(names), len(names))
    return ScoredPairs.assemble(plan, sources, MatchModel(tuple(models)), tables, flow)


def _score_pass(
    plan: LinkagePlan, sources: Sequence[Source], engine: Engine, name: str, earlier: PassModel | None
) -> tuple[PassModel, pa.Table, dict[str, Any]] | None:
    clock = [perf_counter()]
    widths, tokens = engine.columns(name)
    within = tuple(plan.is_deduplicated(source.register, len(sources)) for source in sources)
    once = tuple(plan.is_duplicate_free(source.register) for source in sources)
    telling = tuple(
        free and not inside and tells_of_strangers(name, source.delivery.header)
        for source, free, inside in zip(sources, once, within, strict=True)
    )
    steps = Steps(name, widths, tokens, within, once, telling, plan.candidates.block_pairs)
    sums = engine.survey(steps)
    if sums.pairs == 0:
        return None
    clock.append(perf_counter())
    steps = dataclasses.replace(
        steps,
        dice=uses_dice(steps, sums),
        level_share=LEVEL_SAMPLE_PAIRS / max(sums.sample_pairs, 1),
        training_share=plan.candidates.training_pairs / sums.pairs,
        seed=plan.model.seed,
    )
    limits = (
        _earlier_limits(steps, earlier) if earlier else choose_limits(steps, engine.histogram(steps), plan.model.levels)
    )
    steps = dataclasses.replace(steps, limits=limit_table(limits))
    comparisons = comparisons_of(steps, limits)
    codes, counts, capacity = engine.count(steps)
    if len(codes) == 0:  # a fair draw from few tasks can come out empty: then all are taken
        codes, counts, capacity = engine.count(dataclasses.replace(steps, training_share=1.0))
    patterns = PatternCounts.of(codes, counts, comparisons)
    clock.append(perf_counter())
    strata = tuple(
        (sources[a].label, sources[b].label, size) for a, b, size in (stratum_of(int(k)) for k in patterns.strata)
    )
    capacity = capacity[patterns.strata]
    strangers = expect_strangers(
        name,
        [source.delivery.header for source in sources],
        [source.label for source in sources],
        telling,
        strata,
        patterns.per_stratum,
        capacity,
        min(1.0, steps.training_share),
    )
    model = fit_pass(name, patterns, comparisons, strata, capacity, plan.model, earlier, strangers)
    fresh = None
    if earlier is not None:
        fresh = fit_pass(name, patterns, comparisons, strata, capacity, plan.model, strangers=strangers)
    if strangers is not None:  # they have taught what they know
        patterns = patterns.at(~strangers.known)
        model = dataclasses.replace(model.at(~strangers.known), pairs=patterns.pairs)
    weight, probability = model.score(patterns.states, patterns.stratum)
    kept = patterns.codes[probability >= plan.resolution.keep]
    clock.append(perf_counter())
    emitted = engine.emit(steps, kept, patterns.codes)
    table, hot_completeness = pairs_table(plan, sources, patterns.strata, model, emitted)
    if plan.model.term_frequency:
        table = adjust_for_frequency(table, sources, within, model, plan.model.term_frequency, steps.dice.tolist())
    clock.append(perf_counter())
    below = probability < plan.resolution.keep
    drift = _drift(fresh, earlier) if fresh is not None and earlier is not None else {}
    report = {
        "pass": name,
        "rows": sums.rows,
        "blocks": sums.blocks,
        "pairs_compared": sums.pairs - sums.hot_shown + emitted.hot_compared,
        "pairs_trained_on": patterns.pairs,
        "patterns": len(patterns.codes),
        "pairs_kept": table.num_rows,
        "expected_below": float((patterns.counts * probability)[below].sum()),
        "weights": _weight_histogram(weight, probability, patterns),
        "examples": _examples(model, weight, probability, patterns),
        "drift": drift,
        "hot_blocks": sums.hot_blocks,
        "hot_pairs": sums.hot_pairs,
        "hot_compared": emitted.hot_compared,
        "hot_completeness": hot_completeness,
        "seconds": dict(zip(("layout", "counting", "model", "scoring"), np.diff(clock).round(3).tolist(), strict=True)),
    }
    return model, table, report


def _drift(fresh: PassModel, earlier: PassModel) -> dict[str, float]:
    """How far what matches look like has moved since an earlier model: total variation of m, by comparison."""
    return {
        comparison.name: round(0.5 * float(np.abs(now[1:] - before[1:]).sum()), 4)
        for comparison, now, before in zip(fresh.comparisons, fresh.m, earlier.m, strict=True)
    }


def _earlier_limits(steps: Steps, earlier: PassModel) -> list[list[int]]:
    """The limits of an earlier model.

    Raises:
        MismatchError: It was fitted on other comparisons.
    """
    known = {comparison.name: list(comparison.limits) for comparison in earlier.comparisons}
    if {*steps.widths, *steps.tokens} != set(known):
        raise MismatchError(
            f"the earlier model of pass {steps.name!r} was fitted on other comparisons.",
            remedy="Use a model of deliveries made under the same profile, or fit a new one.",
        )
    return [known[group] for group in steps.widths]


def _weight_histogram(
    weight: NDArray[np.float64], probability: NDArray[np.float64], patterns: PatternCounts
) -> list[tuple[int, float, float]]:
    """Pairs and expected matches by whole match weight, for the report."""
    if len(weight) == 0:
        return []
    place = np.clip(np.floor(weight), -40, 60).astype(np.int64)
    low = int(place.min())
    pairs = np.bincount(place - low, weights=patterns.counts)
    matches = np.bincount(place - low, weights=patterns.counts * probability)
    return [(low + k, float(pairs[k]), round(float(matches[k]), 3)) for k in range(len(pairs))]


def _examples(
    model: PassModel, weight: NDArray[np.float64], probability: NDArray[np.float64], patterns: PatternCounts
) -> list[dict[str, Any]]:
    """The patterns behind most pairs around the threshold: what a reviewer's waterfalls show."""
    doubt = patterns.counts * probability * (1 - probability)
    chosen = np.argsort(-doubt, kind="stable")[:EXAMPLES]
    return [
        {
            "states": patterns.states[k].tolist(),
            "pairs": int(patterns.counts[k]),
            "weight": float(weight[k]),
            "prior": model.prior_weight(int(patterns.stratum[k])),
            "probability": float(probability[k]),
        }
        for k in chosen.tolist()
    ]
