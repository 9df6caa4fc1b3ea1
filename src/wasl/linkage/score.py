"""Deliveries to scored pairs, pass by pass."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from wasl.errors import InputError, MismatchError
from wasl.linkage.comparison.engine import Engine, Threads
from wasl.linkage.comparison.pass_layout import Source, columns_held, columns_of, pass_names, sources_of
from wasl.linkage.model.borrowing import ENOUGH_COMPARISONS, lenders
from wasl.linkage.model.doubles import most_doubles
from wasl.linkage.model.labels import Labels
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.model.scored_pass import ScoredPass, score_pass
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.quality.union_meter import check_union, measure_union, usable_passes
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.delivery_header import require_comparable
from wasl.registers.exchange.spilled_arrays import ArrayStore

__all__ = ["score_pairs", "score_sources"]

ProgressCallback = Callable[[int, int], None]


def score_pairs(
    plan: LinkagePlan,
    deliveries: Sequence[Delivery],
    *,
    threads: int = 0,
    progress: ProgressCallback | None = None,
    model: MatchModel | None = None,
    labels: Labels | None = None,
    store: ArrayStore | None = None,
) -> ScoredPairs:
    """Score the pairs of two or more deliveries, or of one delivery with itself.

    Args:
        plan: How.
        deliveries: Made under one key, project and profile.
        threads: Threads; 0 means one per processor. The result does not depend on it.
        progress: Called with (passes done, passes).
        model: An earlier model: its levels and m- and u-probabilities are kept, only the priors are fitted.
        labels: Decided pairs of an earlier run under the same profile, which train m-probabilities.
        store: Where the pairs of a pass wait while the next one is compared; in memory if not said.

    Returns:
        The pairs worth a look, the model, and a report. Equal for equal plan and deliveries, bit for bit.

    Raises:
        MismatchError: The deliveries were not made to be compared, or the plan does not accept their profile.
        InputError: No delivery was given.
    """
    sources = sources_of(deliveries)
    threads = threads or os.cpu_count() or 1
    engine = Threads(sources, threads)
    return score_sources(
        plan, sources, engine, threads=threads, progress=progress, model=model, labels=labels, store=store
    )


def score_sources(
    plan: LinkagePlan,
    sources: Sequence[Source],
    engine: Engine,
    *,
    threads: int = 1,
    progress: ProgressCallback | None = None,
    model: MatchModel | None = None,
    labels: Labels | None = None,
    store: ArrayStore | None = None,
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
    leaks = [measure_union(name, sources, threads) for name in pass_names(deliveries)]
    names = usable_passes(leaks, plan.candidates.union_leak)
    _check_unused([leak.name for leak in leaks if leak.name not in names], sources)
    earlier = {part.name: part for part in model.passes} if model else {}
    decided = dict(labels.by_pass) if labels else {}
    scored: dict[str, ScoredPass] = {}
    for done, name in enumerate(_rich_first(names, sources)):
        if progress:
            progress(done, len(names))
        borrowed = lenders([part.model for part in scored.values()])
        doubted = most_doubles([part.report for part in scored.values()])
        result = score_pass(plan, sources, engine, name, earlier.get(name), borrowed, decided.get(name), doubted)
        if result is not None:
            scored[name] = result if store is None else result.set_aside(store)
        del result
    if progress:
        progress(len(names), len(names))
    passes = [scored[name] for name in names if name in scored]
    assembled = ScoredPairs.assemble(
        plan,
        sources,
        MatchModel(tuple(part.model for part in passes)),
        [part.pairs for part in passes],
        [part.report for part in passes],
    )
    if labels is not None:
        assembled.report["labels"] = {
            "decided": labels.decided,
            "elsewhere": sum(len(part.patterns) for name, part in decided.items() if name not in scored),
            "passes": {part.model.name: part.report["labels"] for part in passes if part.report["labels"]},
        }
    assembled.report["union_leak"] = [leak.to_json() for leak in leaks]
    assembled.report["checks"].append(check_union(leaks, plan.candidates.union_leak).to_json())
    return assembled


def _check_unused(names: Sequence[str], sources: Sequence[Source]) -> None:
    """Check the parts of passes that are not linked: those of the others are checked when they are laid out.

    Raises:
        DeliveryError: A part was changed.
    """
    for name in names:
        for source in sources:
            for number in source.delivery.source.numbers_of(name):
                source.delivery.source.read(number)


def _rich_first(names: Sequence[str], sources: Sequence[Source]) -> list[str]:
    """The passes in the order they are fitted: those that lend m-probabilities first.

    Passes with enough comparisons to determine a model come first. Of the others, those with more comparisons, and then
    those with smaller blocks.
    """
    rows, known = [source.delivery.source for source in sources], columns_of(sources)
    summaries = [summary for source in sources for summary in source.delivery.header.passes]

    def place(name: str) -> tuple[bool, int, float, str]:
        widths, tokens = columns_held(rows, name, *known)
        count = len(widths) + len(tokens)
        own = [(summary.rows, summary.blocks) for summary in summaries if summary.name == name]
        mean = sum(held for held, _ in own) / max(sum(blocks for _, blocks in own), 1)
        few = count < ENOUGH_COMPARISONS
        return few, -count * few, mean * few, name

    return sorted(names, key=place)
