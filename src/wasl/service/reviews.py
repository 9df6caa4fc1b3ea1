"""Clerical review of the grey zone: masked pairs, two reviewers, disagreements settled by a third."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Literal

from wasl.audit.events import DecisionTakenBack, PairDecided
from wasl.errors import NotFoundError, StateError
from wasl.service.access import Action, Role
from wasl.service.linkages import find_run
from wasl.service.ports import Caller, Office, Reader
from wasl.service.projects import open_project
from wasl.service.records import Decision, ReviewPair
from wasl.service.states import RunStatus
from wasl.workflow.grey_zone import REVIEWERS, agreed_verdict

__all__ = [
    "Agreement",
    "ReviewState",
    "ReviewedPair",
    "Verdict",
    "agreement",
    "decide",
    "decision_id",
    "find_pair",
    "is_blind",
    "masked",
    "review_queue",
    "settled",
    "take_back",
]

Verdict = Literal["same", "different", "unsure"]


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
        return agreed_verdict([decision.verdict for decision in self.decisions])


def review_queue(
    ledger: Reader, run: str, *, state: ReviewState | None = None, after: str = "", limit: int | None = None
) -> list[ReviewedPair]:
    """The run's pairs to review, the least certain first, beginning after a pair."""
    said: dict[str, list[Decision]] = defaultdict(list)
    for decision in sorted(ledger.select(Decision, run=run), key=lambda d: (d.created_at, d.id)):
        if decision.verdict:
            said[decision.pair].append(decision)
    pairs = ledger.select(ReviewPair, run=run, after=after, limit=limit if state is None else None)
    reviewed = [ReviewedPair(pair, tuple(said[pair.id])) for pair in pairs]
    return [one for one in reviewed if state is None or one.state is state][:limit]


def find_pair(ledger: Reader, run: str, pair: str) -> ReviewedPair:
    """One pair of a run's queue.

    Raises:
        NotFoundError: There is no such pair.
    """
    pairs = ledger.select(ReviewPair, id=pair, run=run)
    if not pairs:
        raise NotFoundError("there is no such pair in this queue.")
    said = sorted(ledger.select(Decision, run=run, pair=pair), key=lambda d: (d.created_at, d.id))
    return ReviewedPair(pairs[0], tuple(one for one in said if one.verdict))


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
        _require_reviewable(ledger, project, run, pair)
        identifier = decision_id(pair, caller)
        known = ledger.find(Decision, identifier)
        if known is not None and known.verdict:
            raise StateError("you have decided on this pair already.", remedy="Take your decision back first.")
        decision = Decision(
            id=identifier,
            version=0 if known is None else known.version,
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
        return ledger.get(Decision, identifier)


def take_back(office: Office, caller: Caller, *, project: str, run: str, pair: str) -> Decision:
    """Take the caller's own decision on a pair back, so that he can decide anew. Both stand in the log.

    A disputed pair shows what others said, so a decision on it stays as it is; a third reviewer settles the pair.

    Raises:
        StateError: The run is resolved already, the pair is disputed, or there is no decision to take back.
    """
    caller.check(Action.REVIEW_DECIDE, project=project)
    with office.ledger.writing(caller) as ledger:
        _require_reviewable(ledger, project, run, pair)
        known = ledger.find(Decision, decision_id(pair, caller))
        if known is None or not known.verdict:
            raise StateError("you have not decided on this pair.")
        mine = [one for one in review_queue(ledger, run) if one.pair.id == pair]
        if mine[0].state is ReviewState.DISPUTED:
            raise StateError(
                "another reviewer decided otherwise on this pair, and that is shown.",
                remedy="Leave the pair to a third reviewer.",
            )
        event = caller.event(DecisionTakenBack(run=run, verdict=known.verdict), project=project, subject=pair)
        ledger.save(replace(known, verdict=""), event=event)
        return ledger.get(Decision, known.id)


def _require_reviewable(ledger: Reader, project: str, run: str, pair: str) -> None:
    """Check that a pair is in the queue of an open project's run that is not resolved yet.

    Raises:
        NotFoundError: The pair is not in this run's queue.
        StateError: The run is not between scoring and resolution.
    """
    open_project(ledger, project)
    found = find_run(ledger, project, run)
    if found.status is not RunStatus.SCORED:
        raise StateError(f"run {run} is {found.status}; pairs are reviewed between scoring and resolution.")
    if not ledger.select(ReviewPair, id=pair, run=run):
        raise NotFoundError(f"there is no pair {pair!r} in the review queue of this run.")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers agree on the pairs that both were sure of.

    Attributes:
        first, second: The reviewers.
        pairs: Pairs on which both said ``same`` or ``different``.
        agreed: Pairs on which both said the same.
        kappa: Agreement beyond chance (Cohen 1960); None where chance alone would agree always.
    """

    first: str
    second: str
    pairs: int
    agreed: int
    kappa: float | None


def agreement(reviewed: Sequence[ReviewedPair]) -> list[Agreement]:
    """The agreement of every two reviewers who decided on a pair in common."""
    both: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for one in reviewed:
        sure = sorted((d.reviewer, d.verdict) for d in one.decisions if d.verdict != "unsure")
        for (first, word), (second, other) in combinations(sure, 2):
            both[first, second][word, other] += 1
    found = []
    for (first, second), counts in sorted(both.items()):
        pairs = counts.total()
        agreed = counts["same", "same"] + counts["different", "different"]
        first_same = (counts["same", "same"] + counts["same", "different"]) / pairs
        second_same = (counts["same", "same"] + counts["different", "same"]) / pairs
        chance = first_same * second_same + (1 - first_same) * (1 - second_same)
        kappa = None if chance >= 1 else (agreed / pairs - chance) / (1 - chance)
        found.append(Agreement(first, second, pairs, agreed, kappa))
    return found


def settled(reviewed: Sequence[ReviewedPair]) -> dict[int, str]:
    """The row in the pairs file of each pair that reviewers agree on, and their verdict."""
    return {one.pair.place: one.verdict for one in reviewed if one.verdict}
