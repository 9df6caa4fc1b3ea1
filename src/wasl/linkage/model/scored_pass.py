"""One pass scored: survey its rows, choose levels, count patterns, fit the model, write the pairs that are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import MismatchError
from wasl.linkage.comparison.engine import Engine, PassSums, Steps
from wasl.linkage.comparison.levels import choose_limits, limit_table, uses_dice
from wasl.linkage.comparison.pass_layout import Source
from wasl.linkage.comparison.patterns import MISSING, Comparison, PatternCounts, comparisons_of
from wasl.linkage.comparison.tasks import stratum_of
from wasl.linkage.model.block_excess import BlockExcess, count_excess
from wasl.linkage.model.borrowing import ENOUGH_COMPARISONS
from wasl.linkage.model.checks import find_misfit
from wasl.linkage.model.doubles import Doubles, find_doubles
from wasl.linkage.model.evidence import Decided
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.model.frequency import adjust_for_frequency
from wasl.linkage.model.known_nonmatches import Strangers, expect_strangers, tells_of_strangers
from wasl.linkage.model.labels import LabelledPatterns, use_labels
from wasl.linkage.model.match_model import PassModel
from wasl.linkage.model.pairs import pairs_table
from wasl.linkage.model.pass_report import compared_by, examples_of, weight_histogram
from wasl.linkage.model.trust_in_counts import is_faint
from wasl.linkage.model.unfound import count_unfound
from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.spilled_arrays import ArrayStore
from wasl.registers.exchange.spilled_table import SpilledTable
from wasl.registers.known_names import in_words

__all__ = ["ScoredPass", "score_pass"]


@dataclass(frozen=True, slots=True)
class ScoredPass:
    """A pass after scoring.

    Attributes:
        model: Its model.
        pairs: Table of ``PAIRS_SCHEMA``, in memory or set aside.
        report: Counts and seconds as a JSON value.
    """

    model: PassModel
    pairs: pa.Table | SpilledTable = field(repr=False)
    report: dict[str, Any]

    def set_aside(self, store: ArrayStore) -> ScoredPass:
        """The same, with its pairs in a store."""
        return dataclasses.replace(self, pairs=SpilledTable.of(self.pairs, store))


@dataclass(frozen=True, slots=True)
class _Counted:
    """The counted patterns of a pass.

    Attributes:
        patterns: With counts.
        strata: Labels of the two sources and size class of each stratum.
        capacity: (strata) most matches possible.
        strangers: Pairs of different people to be expected, where that is known.
        doubles: Pairs within registers that look like one person.
        excess: Pairs of two registers beyond strangers.
    """

    patterns: PatternCounts
    strata: tuple[tuple[str, str, int], ...]
    capacity: NDArray[np.float64] = field(repr=False)
    strangers: Strangers | None
    doubles: tuple[Doubles, ...] = ()
    excess: tuple[BlockExcess, ...] = ()


class _Clock:
    """Seconds of the stages of a pass."""

    def __init__(self) -> None:
        self._last = perf_counter()
        self.seconds: dict[str, float] = {}

    def stage(self, name: str) -> None:
        """End a stage."""
        now = perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now


def score_pass(
    plan: LinkagePlan,
    sources: Sequence[Source],
    engine: Engine,
    name: str,
    earlier: PassModel | None = None,
    borrowed: Sequence[PassModel] = (),
    labels: LabelledPatterns | None = None,
    doubted: Collection[str] = (),
) -> ScoredPass | None:
    """Score one pass; None where no two rows share a block.

    Args:
        plan: How.
        sources: The deliveries.
        engine: Where the rows are.
        name: The pass.
        earlier: The pass in an earlier model: its levels and probabilities are kept.
        borrowed: Models of this run whose m-probabilities help a pass with few comparisons.
        labels: Decided pairs of the pass.
        doubted: Labels of registers that hold persons twice, as other passes show: their pairs are no non-matches.
    """
    clock = _Clock()
    lent = any(len(model.comparisons) >= ENOUGH_COMPARISONS for model in borrowed)
    steps = _first_steps(plan, sources, engine, name, lent, doubted)
    sums = engine.survey(steps)
    if sums.pairs == 0:
        return None
    clock.stage("layout")
    steps, comparisons = _choose_levels(plan, steps, sums, earlier)
    counted = _count(engine, sources, steps, comparisons, plan.model.personal)
    clock.stage("counting")
    decided, told = use_labels(labels, name, comparisons)
    model, drift = _fit(plan, name, comparisons, counted, earlier, borrowed, decided)
    patterns = counted.patterns
    faint = counted.strangers is not None and is_faint(counted.strangers, patterns.per_stratum, len(comparisons))
    if counted.strangers is not None:  # they are no candidates: they only taught the model
        apart = ~counted.strangers.known
        patterns = patterns.at(apart)
        model = dataclasses.replace(model.at(apart), pairs=patterns.pairs)
    weight, probability = model.score(patterns.states, patterns.stratum)
    kept = patterns.codes if plan.resolution.keep_all else patterns.codes[probability >= plan.resolution.keep]
    clock.stage("model")
    emitted = engine.emit(steps, kept, patterns.codes)
    table, hot_completeness = pairs_table(plan, sources, patterns.strata, model, emitted)
    frequent = plan.weighs_frequency(sums.blocks)
    if frequent:
        table = adjust_for_frequency(table, sources, steps.within, model, frequent, steps.dice.tolist())
    clock.stage("scoring")
    unfound = (
        count_unfound(sources, steps.once, model, patterns, probability, float(sums.pairs), plan.model.personal)
        if sums.blocks == 1 and sums.hot_blocks == 0
        else []
    )
    below = probability < (0.0 if plan.resolution.keep_all else plan.resolution.keep)
    report = {
        "pass": name,
        "rows": sums.rows,
        "blocks": sums.blocks,
        "pairs_compared": sums.pairs - sums.hot_shown + emitted.hot_compared,
        "pairs_trained_on": patterns.pairs,
        "patterns": len(patterns.codes),
        "pairs_kept": table.num_rows,
        "expected_below": float((patterns.counts * probability)[below].sum()),
        "weights": weight_histogram(weight, probability, patterns),
        "examples": examples_of(model, weight, probability, patterns),
        "compared": compared_by(comparisons, patterns),
        "faint": faint,
        "drift": drift,
        "labels": told,
        "warnings": _warnings(comparisons, borrowed, patterns) + _unused(told),
        "misfit": find_misfit(model, patterns),
        "unfound": [one.to_json() for one in unfound],
        "doubles": [one.to_json() for one in counted.doubles if one.contradict],
        "excess": [one.to_json() for one in counted.excess if sums.hot_blocks == 0],
        "hot_blocks": sums.hot_blocks,
        "hot_pairs": sums.hot_pairs,
        "hot_compared": emitted.hot_compared,
        "hot_completeness": hot_completeness,
        "seconds": clock.seconds,
    }
    return ScoredPass(model, table, report)


def _first_steps(
    plan: LinkagePlan, sources: Sequence[Source], engine: Engine, name: str, lent: bool, doubted: Collection[str]
) -> Steps:
    """The input of the steps of a pass that does not depend on its rows.

    A pass with one comparison, to which no other pass lends, shows nothing of strangers by itself. Then the pairs
    within the registers are counted as strangers, even where nobody said that a person is there once. Persons who are
    there twice make probabilities too low, but never too high.

    Args:
        plan: For what registers hold.
        sources: Of the linkage.
        engine: For the columns of the pass.
        name: The pass.
        lent: Whether other passes lend m-probabilities.
        doubted: Labels of registers whose pairs are no non-matches.
    """
    widths, tokens = engine.columns(name)
    within = tuple(plan.is_deduplicated(source.register, len(sources)) for source in sources)
    once = tuple(plan.is_duplicate_free(source.register, source.delivery.header.holds_once) for source in sources)
    unclear = not any(once) and not lent and len(widths) + len(tokens) == 1
    telling = tuple(
        (free or unclear)
        and not inside
        and source.label not in doubted
        and tells_of_strangers(name, source.delivery.header)
        for source, free, inside in zip(sources, once, within, strict=True)
    )
    return Steps(name, widths, tokens, within, once, telling, plan.candidates.block_pairs)


def _choose_levels(
    plan: LinkagePlan, steps: Steps, sums: PassSums, earlier: PassModel | None
) -> tuple[Steps, tuple[Comparison, ...]]:
    """The steps with limits of the levels and shares of the samples, and the comparisons they make."""
    steps = dataclasses.replace(
        steps,
        dice=uses_dice(steps, sums),
        training_share=plan.candidates.training_pairs / sums.pairs,
        seed=plan.model.seed,
    )
    limits = _earlier_limits(steps, earlier) if earlier else choose_limits(steps, plan.model.levels)
    return dataclasses.replace(steps, limits=limit_table(limits)), comparisons_of(steps, limits)


def _count(
    engine: Engine,
    sources: Sequence[Source],
    steps: Steps,
    comparisons: tuple[Comparison, ...],
    personal: Sequence[str],
) -> _Counted:
    """Count the patterns of the training pairs.

    Where pairs within a register contradict that it holds a person once, they are no non-matches, and not counted.
    """
    patterns, strata, capacity, share = _patterns(engine, sources, steps, comparisons)
    rows = {source.label: _rows_in(source, steps.name) for source in sources}
    labels = [
        source.label for source, tells, once in zip(sources, steps.strangers, steps.once, strict=True) if tells and once
    ]
    doubles = find_doubles(labels, patterns, strata, comparisons, personal, rows, share)
    contradicted = {one.register for one in doubles if one.contradict}
    if contradicted:
        telling = tuple(
            tells and source.label not in contradicted for source, tells in zip(sources, steps.strangers, strict=True)
        )
        steps = dataclasses.replace(steps, strangers=telling)
        patterns, strata, capacity, share = _patterns(engine, sources, steps, comparisons)
    strangers = expect_strangers(
        steps.name,
        [source.delivery.header for source in sources],
        [source.label for source in sources],
        steps.strangers,
        strata,
        patterns.per_stratum,
        capacity,
        share,
    )
    both = np.logical_and(steps.strangers, steps.once).tolist()
    told = {source.label for source, tells in zip(sources, both, strict=True) if tells}
    excess = count_excess(strangers, told, strata, patterns.per_stratum, share)
    return _Counted(patterns, strata, capacity, strangers, tuple(doubles), tuple(excess))


def _patterns(
    engine: Engine, sources: Sequence[Source], steps: Steps, comparisons: tuple[Comparison, ...]
) -> tuple[PatternCounts, tuple[tuple[str, str, int], ...], NDArray[np.float64], float]:
    """The patterns of the training pairs, the labels and capacities of their strata, and the share that was counted."""
    codes, counts, capacity = engine.count(steps)
    if len(codes) == 0:  # a fair draw from few tasks can come out empty: then all are taken
        steps = dataclasses.replace(steps, training_share=1.0)
        codes, counts, capacity = engine.count(steps)
    patterns = PatternCounts.of(codes, counts, comparisons)
    strata = tuple(
        (sources[a].label, sources[b].label, size) for a, b, size in (stratum_of(int(k)) for k in patterns.strata)
    )
    share = min(1.0, steps.training_share)
    return patterns, strata, _bounded(capacity[patterns.strata], strata, sources, steps, share), share


def _bounded(
    capacity: NDArray[np.float64],
    strata: Sequence[tuple[str, str, int]],
    sources: Sequence[Source],
    steps: Steps,
    share: float,
) -> NDArray[np.float64]:
    """Capacities scaled down where together they exceed the rows of the smaller of two duplicate-free registers.

    Tasks cut a large block into pieces, and the smaller side of each piece is counted, so that their sum can exceed
    what one-to-one allows.
    """
    rows = {source.label: _rows_in(source, steps.name) for source in sources}
    free = {source.label for source, once in zip(sources, steps.once, strict=True) if once}
    bounded = capacity.copy()
    for left, right in {(left, right) for left, right, _ in strata}:
        if left == right or not {left, right} <= free:
            continue
        here = np.array([(a, b) == (left, right) for a, b, _ in strata])
        most = share * min(rows[left], rows[right])
        bounded[here] *= min(1.0, most / max(float(capacity[here].sum()), 1e-9))
    return bounded


def _rows_in(source: Source, name: str) -> int:
    return sum(summary.rows for summary in source.delivery.header.passes if summary.name == name)


def _fit(
    plan: LinkagePlan,
    name: str,
    comparisons: tuple[Comparison, ...],
    counted: _Counted,
    earlier: PassModel | None,
    borrowed: Sequence[PassModel],
    decided: Decided | None,
) -> tuple[PassModel, dict[str, float]]:
    """The model of the pass, and how far matches have drifted since an earlier one."""
    evidence = name, counted.patterns, comparisons, counted.strata, counted.capacity, plan.model
    model = fit_pass(*evidence, earlier, counted.strangers, borrowed, decided)
    if earlier is None:
        return model, {}
    return model, _drift(fit_pass(*evidence, None, counted.strangers, borrowed, decided), earlier)


MOSTLY_MISSING = 0.5
"""A comparison missing in more than this share of the pairs is named in the report."""


def _warnings(comparisons: Sequence[Comparison], borrowed: Sequence[PassModel], patterns: PatternCounts) -> list[str]:
    """Warnings about the fit of the model, for the reader of the report."""
    warnings = []
    count = len(comparisons)
    if 0 < count < ENOUGH_COMPARISONS:
        steps = ", ".join(in_words(model.name) for model in borrowed) or "a prior opinion"
        warnings.append(
            f"only {count} comparison{'s' if count > 1 else ''}: the pass alone does not determine its model. "
            f"m-probabilities are borrowed from {steps}."
        )
    for c, comparison in enumerate(comparisons):
        missing = float(patterns.counts[patterns.states[:, c] == MISSING].sum()) / max(patterns.pairs, 1)
        if comparison.kind == "filter" and missing > MOSTLY_MISSING:
            warnings.append(f"{comparison.name} is missing in {missing:.0%} of the pairs.")
    return warnings


def _unused(told: dict[str, Any]) -> list[str]:
    """That reviewers' decisions were not used, and why."""
    if not told or told["used"]:
        return []
    return [f"{told['matches'] + told['non_matches']} decided pairs were not used: {told['reason']}."]


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
        step = in_words(steps.name)
        raise MismatchError(
            f"the earlier model of pass {step} was fitted on other comparisons.",
            remedy="Use a model of deliveries made under the same profile, or fit a new one.",
        )
    return [known[group] for group in steps.widths]
