"""Deliveries to scored pairs: lay out each pass, choose levels, count patterns, fit the model, score what is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError, MismatchError
from wasl.linkage import kernels
from wasl.linkage.layout import PassLayout, Source, Tasks, lay_out, pass_names, sources_of, tasks_of
from wasl.linkage.levels import choose_limits, limit_table, uses_dice
from wasl.linkage.model import MatchModel, PassModel, fit_pass
from wasl.linkage.pairs import ScoredPairs, pairs_table
from wasl.linkage.patterns import PatternCounts, comparisons_of
from wasl.linkage.plan import LinkagePlan
from wasl.registers.delivery import Delivery, require_comparable

__all__ = ["score_pairs"]

TABLE_SLOTS = 1 << 18
"""Distinct patterns a sweep can hold before its table grows, twice over."""
ROOM = 1 << 16
"""Pairs written out before a sweep pauses."""
CHUNK_PAIRS = 1 << 25
"""Pairs of a chunk of tasks, about: enough work to hide the cost of starting it."""
LEVEL_SAMPLE_PAIRS = 4_000_000
EXAMPLES = 12

ProgressCallback = Callable[[int, int], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep over tasks found: codes and their counts, and the pairs kept."""

    codes: NDArray[np.uint64] = field(repr=False)
    counts: NDArray[np.int64] = field(repr=False)
    left: NDArray[np.int32] = field(repr=False)
    right: NDArray[np.int32] = field(repr=False)
    pair_codes: NDArray[np.uint64] = field(repr=False)


def sweep_tasks(
    layout: PassLayout,
    table: NDArray[np.int64],
    limits: NDArray[np.int32],
    dice: NDArray[np.int32],
    kept: NDArray[np.uint64] | None = None,
    known: NDArray[np.uint64] | None = None,
) -> Swept:
    """Compare the pairs of some tasks.

    Args:
        layout: The rows.
        table: (tasks, 5) int64.
        limits: See :func:`wasl.linkage.kernels.sweep`.
        dice: See there.
        kept: Codes whose pairs are written out; None writes none.
        known: Codes seen in training; a code not among them is written out for the model to judge.
    """
    slots = TABLE_SLOTS
    keys, counts, keep = np.zeros(slots, np.uint64), np.zeros(slots, np.int64), np.zeros(slots, np.uint8)
    state = np.array([0, -1, -1, 0, 0], np.int64)
    if known is not None and kept is not None:
        while 4 * len(known) > slots:
            slots *= 2
        keys, counts, keep = np.zeros(slots, np.uint64), np.zeros(slots, np.int64), np.zeros(slots, np.uint8)
        places = kernels.enter_codes(keys, known)
        keep[places] = np.isin(known, kept)
        state[3] = len(known)
    room = ROOM if kept is not None else 0
    out: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint64]]] = []
    left, right = np.empty(max(room, kernels.LANES), np.int32), np.empty(max(room, kernels.LANES), np.int32)
    code = np.empty(max(room, kernels.LANES), np.uint64)
    while state[0] < len(table):
        written = kernels.sweep(
            table, layout.words, layout.offsets, layout.bits, layout.present, layout.tokens, limits, dice,
            keys, counts, keep, kept is not None, state, left, right, code,
        )  # fmt: skip
        if written:
            out.append((left[:written].copy(), right[:written].copy(), code[:written].copy()))
        if 2 * state[3] > len(keys):
            held = keys != 0
            old = keys[held] - np.uint64(1)
            old_counts, old_keep = counts[held], keep[held]
            slots = 4 * len(keys)
            keys, counts, keep = np.zeros(slots, np.uint64), np.zeros(slots, np.int64), np.zeros(slots, np.uint8)
            places = kernels.enter_codes(keys, old)
            counts[places], keep[places] = old_counts, old_keep
    met = counts > 0
    parts = out or [(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint64))]
    return Swept(
        keys[met] - np.uint64(1),
        counts[met],
        *(np.concatenate([part[k] for part in parts]) for k in range(3)),
    )


def _chunks(tasks: Tasks, chosen: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut chosen tasks into runs of about equal numbers of pairs."""
    if len(chosen) == 0:
        return []
    ends = np.cumsum(tasks.pairs[chosen] + 8)
    return np.split(chosen, np.flatnonzero(np.diff(ends // CHUNK_PAIRS)) + 1)


def _draw(tasks: Tasks, budget: int, seed: int) -> NDArray[np.int64]:
    """Tasks to train on: all, or a seeded draw of tasks that holds about `budget` pairs."""
    total = int(tasks.pairs.sum())
    if total <= budget:
        return np.arange(len(tasks.table))
    order = np.random.default_rng(seed).permutation(len(tasks.table))
    upto = int(np.searchsorted(np.cumsum(tasks.pairs[order]), budget)) + 1
    return np.sort(order[:upto])


def run_in_threads(work: Callable[[T], Swept], items: Sequence[T], threads: int) -> list[Swept]:
    """Run the work on all items, in threads; results in the order of the items."""
    if threads == 1 or len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def _capacity(tasks: Tasks, chosen: NDArray[np.int64], once: Sequence[bool]) -> NDArray[np.float64]:
    """Most matches possible per stratum: between duplicate-free registers the smaller side, else every pair."""
    table = tasks.table[chosen]
    smaller = np.minimum(table[:, 1] - table[:, 0], table[:, 3] - table[:, 2])
    one_to_one = np.array([a != b and once[a] and once[b] for a, b, _ in tasks.strata], np.bool_)
    most = np.where(one_to_one[table[:, 4]], smaller, tasks.pairs[chosen])
    return np.bincount(table[:, 4], weights=most, minlength=len(tasks.strata)).astype(np.float64)


def _levels_of(
    plan: LinkagePlan, layout: PassLayout, tasks: Tasks, earlier: PassModel | None
) -> tuple[list[list[int]], NDArray[np.int32]]:
    dice = uses_dice(layout)
    if earlier is not None:
        known = {comparison.name: list(comparison.limits) for comparison in earlier.comparisons}
        if {*layout.groups, *layout.token_names} != set(known):
            raise MismatchError(
                f"the earlier model of pass {layout.name!r} was fitted on other comparisons.",
                remedy="Use a model of deliveries made under the same profile, or fit a new one.",
            )
        return [known[group] for group in layout.groups], dice
    longest = int(np.diff(layout.offsets).max(initial=0)) * 64
    histogram = np.zeros((len(layout.groups), longest + 1), np.int64)
    sample = _draw(tasks, LEVEL_SAMPLE_PAIRS, plan.model.seed)
    kernels.distance_counts(
        tasks.table[sample], layout.words, layout.offsets, layout.bits, layout.present, dice, histogram
    )
    return choose_limits(layout, histogram, dice, plan.model.levels), dice


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
    if not deliveries:
        raise InputError("no delivery to link.", remedy="Give one delivery to deduplicate it, or two or more to link.")
    headers = [delivery.header for delivery in deliveries]
    require_comparable(headers)
    plan.require_accepts(headers)
    digests = [delivery.digest for delivery in deliveries]
    if len(set(digests)) != len(digests):
        raise MismatchError("the same delivery is given twice.", remedy="Give it once.")
    workers = threads or os.cpu_count() or 1
    sources = sources_of(deliveries)
    within = [plan.is_deduplicated(source.register, len(sources)) for source in sources]
    names = pass_names(deliveries)
    earlier = {part.name: part for part in model.passes} if model else {}
    models: list[PassModel] = []
    tables: list[pa.Table] = []
    flow: list[dict[str, Any]] = []
    for done, name in enumerate(names):
        if progress:
            progress(done, len(names))
        result = _score_pass(plan, sources, name, within, workers, earlier.get(name))
        if result is not None:
            models.append(result[0])
            tables.append(result[1])
            flow.append(result[2])
    if progress:
        progress(len(names), len(names))
    return ScoredPairs.assemble(plan, sources, MatchModel(tuple(models)), tables, flow)


def _score_pass(
    plan: LinkagePlan,
    sources: tuple[Source, ...],
    name: str,
    within: list[bool],
    workers: int,
    earlier: PassModel | None,
) -> tuple[PassModel, pa.Table, dict[str, Any]] | None:
    clock = [perf_counter()]
    layout = lay_out(sources, name)
    tasks = tasks_of(layout, within, plan.candidates.block_pairs)
    clock.append(perf_counter())
    limits, dice = _levels_of(plan, layout, tasks, earlier)
    comparisons = comparisons_of(layout, limits)
    table_of_limits = limit_table(limits)
    training = _draw(tasks, plan.candidates.training_pairs, plan.model.seed)

    def count(chosen: NDArray[np.int64]) -> Swept:
        return sweep_tasks(layout, tasks.table[chosen], table_of_limits, dice)

    swept = run_in_threads(count, _chunks(tasks, training), workers)
    if not swept:
        return None
    patterns = PatternCounts.of(
        np.concatenate([part.codes for part in swept]), np.concatenate([part.counts for part in swept]), comparisons
    )
    clock.append(perf_counter())
    strata = tuple((sources[a].label, sources[b].label, size) for a, b, size in tasks.strata)
    once = [plan.is_duplicate_free(source.register) for source in sources]
    model = fit_pass(name, patterns, comparisons, strata, _capacity(tasks, training, once), plan.model, earlier)
    weight, probability = model.score(patterns.states, patterns.stratum)
    kept = patterns.codes[probability >= plan.resolution.keep]
    clock.append(perf_counter())

    def emit(chosen: NDArray[np.int64]) -> Swept:
        return sweep_tasks(layout, tasks.table[chosen], table_of_limits, dice, kept, patterns.codes)

    swept = run_in_threads(emit, _chunks(tasks, np.arange(len(tasks.table))), workers)
    left, right, codes = (
        np.concatenate([getattr(part, name) for part in swept]) for name in ("left", "right", "pair_codes")
    )
    table = pairs_table(plan, sources, layout, model, left, right, codes)
    clock.append(perf_counter())
    seconds = np.diff(clock)
    counts = {
        "pass": name,
        "rows": len(layout.row),
        "blocks": len(np.unique(layout.block)),
        "pairs_compared": int(tasks.pairs.sum()),
        "pairs_trained_on": patterns.pairs,
        "patterns": len(patterns.codes),
        "pairs_kept": table.num_rows,
        "expected_below": float((patterns.counts * probability)[probability < plan.resolution.keep].sum()),
        "weights": _weight_histogram(weight, probability, patterns),
        "examples": _examples(model, weight, probability, patterns),
        "hot_blocks": tasks.hot_blocks,
        "hot_pairs": tasks.hot_pairs,
        "seconds": dict(zip(("layout", "counting", "model", "scoring"), seconds.round(3).tolist(), strict=True)),
    }
    return model, table, counts


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
