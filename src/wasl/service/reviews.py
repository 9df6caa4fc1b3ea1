"""Clerical review of the grey zone: masked pairs, two reviewers, disagreements settled by a third."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from wasl.audit.events import PairDecided
from wasl.errors import NotFoundError, StateError
from wasl.service.access import Action, Role
from wasl.service.linkages import find_run
from wasl.service.ports import Caller, Office, Reader
from wasl.service.projects import open_project
from wasl.service.records import Decision, ReviewPair
from wasl.service.states import RunStatus

__all__ = [
    "ReviewState",
    "ReviewedPair",
    "Verdict",
    "decide",
    "decision_id",
    "is_blind",
    "masked",
    "review_queue",
    "settled",
]

Verdict = Literal["same", "different", "unsure"]

REVIEWERS = 2
"""Opinions a pair needs."""


class ReviewState(StrEnum):
    """Where a pair stands."""

    OPEN = "open"
    AGREED = "agreed"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class ReviewedPair:
    """A pair and what was said of it.

    Attributes:
        pair: The masked pair.
        decisions: What reviewers said, in the order they said it.
    """

    pair: ReviewPair
    decisions: tuple[Decision, ...]

    @property
    def state(self) -> ReviewState:
        """Open until two have spoken; disputed while no verdict has the majority of those who are sure."""
        if len(self.decisions) < REVIEWERS:
            return ReviewState.OPEN
        return ReviewState.AGREED if self.verdict else ReviewState.DISPUTED

    @property
    def verdict(self) -> str:
        """What two reviewers at least, and more than say otherwise, agree on; empty when there is no such thing."""
        same, different = (sum(d.verdict == word for d in self.decisions) for word in ("same", "different"))
        if max(same, different) < REVIEWERS or same == different:
            return ""
        return "same" if same > different else "different"


def review_queue(
    ledger: Reader, run: str, *, state: ReviewState | None = None, after: str = "", limit: int | None = None
) -> list[ReviewedPair]:
    """The run's pairs to review, the least certain first, beginning after a pair."""
    said: dict[str, list[Decision]] = defaultdict(list)
    for decision in sorted(ledger.select(Decision, run=run), key=lambda d: (d.created_at, d.id)):
        said[decision.pair].append(decision)
    pairs = ledger.select(ReviewPair, run=run, after=after, limit=limit if state is None else None)
    reviewed = [ReviewedPair(pair, tuple(said[pair.id])) for pair in pairs]
    return [one for one in reviewed if state is None or one.state is state][:limit]


def masked(reviewed: ReviewedPair, caller: Caller) -> ReviewedPair:
    """The pair as this caller may see it: a reviewer who has not spoken yet does not see what others said."""
    spoken = any(d.reviewer == caller.actor.name for d in reviewed.decisions)
    blind = is_blind(caller) and not spoken and reviewed.state is not ReviewState.DISPUTED
    return ReviewedPair(reviewed.pair, ()) if blind else reviewed


def is_blind(caller: Caller) -> bool:
    """Whether the caller is to judge without knowing what others said."""
    return caller.actor.role is Role.REVIEWER


def decision_id(pair: str, caller: Caller) -> str:
    """The id of the caller's decision on a pair: made of both, so nobody decides twice."""
    return f"{pair}-{caller.actor.name}"


def decide(office: Office, caller: Caller, *, project: str, run: str, pair: str, verdict: Verdict) -> Decision:
    """Say whether a pair is one person.

    Raises:
        NotFoundError: The pair is not in this run's queue.
        StateError: The run is resolved already, or this reviewer has decided on the pair.
    """
    caller.check(Action.REVIEW_DECIDE, project=project)
    with office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        found = find_run(ledger, project, run)
        if found.status is not RunStatus.SCORED:
            raise StateError(f"run {run} is {found.status}; pairs are reviewed between scoring and resolution.")
        if not ledger.select(ReviewPair, id=pair, run=run):
            raise NotFoundError(f"there is no pair {pair!r} in the review queue of this run.")
        decision = Decision(
            id=decision_id(pair, caller),
            created_at=caller.stamp,
            created_by=caller.actor.name,
            run=run,
            project=project,
            pair=pair,
            reviewer=caller.actor.name,
            verdict=verdict,
        )
        event = caller.event(PairDecided(run=run, verdict=verdict), project=project, subject=pair)
        ledger.save(decision, event=event)
        return ledger.get(Decision, decision.id)


def settled(reviewed: Sequence[ReviewedPair]) -> dict[int, str]:
    """The row in the pairs file of each pair that reviewers agree on, and their verdict."""
    return {one.pair.place: one.verdict for one in reviewed if one.verdict}
