"""The act of the linkage unit: deliveries to scored pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from wasl.audit.events import LinkageCompleted
from wasl.linkage.model.labels import Labels
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.quality.report import render_report
from wasl.linkage.score import score_pairs
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.registers.exchange.spilled_arrays import ArrayStore
from wasl.workflow.act import Act, Artifact, RunOptions
from wasl.workflow.authorized import hold_linkage

__all__ = ["Engine", "link"]

Engine = Literal["local", "spark"]
"""Where the work runs; the result is the same."""


def link(
    plan: LinkagePlan,
    deliveries: Sequence[Delivery],
    options: RunOptions,
    *,
    engine: Engine = "local",
    model: MatchModel | None = None,
    labels: Labels | None = None,
    store: ArrayStore | None = None,
) -> Act[ScoredPairs, LinkageCompleted]:
    """Score the pairs of two or more deliveries, or of one delivery with itself.

    Args:
        plan: How pairs are compared and scored.
        deliveries: Made under one key, project and profile.
        options: Threads and progress; nothing is drawn but under the plan's own seed.
        engine: Where the work runs.
        model: A model of an earlier run, used as it is.
        labels: Reviewers' decisions on an earlier run, which train m-probabilities.
        store: Where the scored pairs wait until they are written or resolved, so that memory does not grow with them;
            in memory if not said. The artifact can be written as long as the store is open.

    Returns:
        Artifacts ``pairs.parquet``, ``report.json`` and ``report.html``.

    Raises:
        InputError: No delivery was given.
        MismatchError: The deliveries were not made to be compared, or the plan does not accept their profile.
        AuthorizationError: The authorization in the options does not cover the linkage.
    """
    standing = hold_linkage(options, [delivery.header for delivery in deliveries])
    if engine == "spark":
        from wasl.engines.spark import score_pairs_on_spark

        scored = score_pairs_on_spark(
            plan, deliveries, progress=options.progress, model=model, labels=labels, store=store
        )
    else:
        scored = score_pairs(
            plan,
            deliveries,
            threads=options.threads,
            progress=options.progress,
            model=model,
            labels=labels,
            store=store,
        )
    event = LinkageCompleted(
        plan_digest=plan.digest,
        delivery_digests=tuple(source["delivery_digest"] for source in scored.report["sources"]),
        pairs=len(scored),
        pairs_digest=scored.digest,
        engine=engine,
        labels=labels.decided if labels is not None else None,
        model_digest=model.digest if model is not None else None,
        authorization=standing.decision if standing else None,
    )
    report = plain_json({**scored.report, "model": scored.model.to_json()})
    if standing is not None:
        report["authorization"] = standing.to_json()
    artifacts: dict[str, Artifact] = {
        "pairs.parquet": scored.to_table(),
        "report.json": json_bytes(report),
        "report.html": render_report(report, options.language).encode(),
    }
    return Act(artifacts, event, report, scored)
