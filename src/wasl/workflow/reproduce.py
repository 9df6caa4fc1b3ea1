"""The act that runs a recorded linkage again from its inputs and compares the digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from wasl.audit.events import LinkageReproduced
from wasl.audit.reproduction import RecordedRun, Reproduction
from wasl.errors import InputError
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.link import link
from wasl.workflow.resolve import resolve

__all__ = ["reproduce"]


def reproduce(
    recorded: RecordedRun,
    plan: LinkagePlan,
    deliveries: Sequence[Delivery],
    joins: Sequence[JoinMap],
    options: RunOptions,
    *,
    onto: pa.Table | None = None,
    model: MatchModel | None = None,
    decisions: Mapping[int, str] | None = None,
) -> Act[Reproduction, LinkageReproduced]:
    """Run a recorded linkage again and compare its pairs and its spine with the log's digests.

    Args:
        recorded: What the log says of the run.
        plan: The plan it followed.
        deliveries: Its deliveries, in the order of the log.
        joins: Their join maps, in the same order.
        options: Threads and progress.
        onto: The spine the run was built onto.
        model: The model of an earlier run it used.
        decisions: The reviewers' decisions it used, by row of the scored pairs.

    Raises:
        InputError: The plan is not the one the run followed.
    """
    if plan.digest != recorded.plan_digest:
        raise InputError(f"the plan is not the one run {recorded.run} followed.", remedy="Give that plan.")
    linked = link(plan, deliveries, options, model=model)
    resolved = resolve(plan, linked.result, joins, RunOptions(), run=recorded.run, onto=onto, decisions=decisions)
    result = Reproduction(recorded, pairs_digest=linked.event.pairs_digest, spine_digest=resolved.event.spine_digest)
    event = LinkageReproduced(
        run=recorded.run,
        plan_digest=plan.digest,
        pairs_digest=result.pairs_digest,
        spine_digest=result.spine_digest,
        reproduced=not result.differing,
    )
    return Act({"spine.parquet": resolved.result.spine}, event, result.to_json(), result)
