"""Clerical review: the queue of masked pairs, what speaks for and against a pair, decisions and taking one back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from wasl.service import linkages, reviews
from wasl.service.access import Action
from wasl.service.evidence import pair_evidence
from wasl.service.ports import Office
from wasl.service.records import Decision
from wasl.web.api.linkages import RUN
from wasl.web.api.pagination import Cursor, Page, Paging, ReviewPage
from wasl.web.api.parameters import Identifier, ProjectName
from wasl.web.api.versions import tag
from wasl.web.api.views import DecisionView, ReviewView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.idempotency import once

routes = Routes("review")

QUEUE = RUN + "/review-queue"
DECISIONS = RUN + "/decisions"


class NewDecision(BaseModel):
    """A reviewer's word on a pair."""

    pair: str = Field(max_length=80, examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3-000000"])
    verdict: reviews.Verdict = Field(examples=["same"])


class StepView(BaseModel):
    """One comparison of a pair: the degree of likeness and its weight in bits, never an encoding."""

    model_config = ConfigDict(from_attributes=True)

    comparison: str = Field(
        description="its name; empty for the effect of all comparisons taken together", examples=["name"]
    )
    state: str = Field(description="missing, different, equal, level or together", examples=["level"])
    level: int
    levels: int
    weight: float


class EvidenceView(ReviewView):
    """A masked pair with what speaks for and against it."""

    prior: float = Field(description="log2 odds before comparing")
    steps: list[StepView]


@routes("GET", QUEUE, Action.REVIEW_READ, logged_as="review queue")
def read_review_queue(
    request: Request,
    caller: AnyCaller,
    project: ProjectName,
    run: Identifier,
    paging: Paging,
    state: Annotated[reviews.ReviewState | None, Query(description="only pairs in this state")] = None,
) -> ReviewPage:
    """The masked pairs of the grey zone, the least certain first; disagreements with ``state=disputed``."""
    with office_of(request).ledger.reading() as reader:
        found = linkages.find_run(reader, project, run)
        pairs = reviews.review_queue(reader, found.id, state=state, after=paging.after, limit=paging.limit + 1)
    items = [_reviewed(reviews.masked(one, caller), one) for one in pairs[: paging.limit]]
    more = len(pairs) > paging.limit
    return ReviewPage(items=items, next=Cursor.write(items[-1].id) if more else None)


@routes("GET", QUEUE + "/{pair}", Action.REVIEW_READ, logged_as="masked pair")
def read_review_pair(
    request: Request, caller: AnyCaller, project: ProjectName, run: Identifier, pair: Identifier
) -> EvidenceView:
    """One masked pair: degrees of likeness and their weights."""
    office = office_of(request)
    with office.ledger.reading() as reader:
        found = linkages.find_run(reader, project, run)
        whole = reviews.find_pair(reader, found.id, pair)
    evidence = pair_evidence(office, found, whole.pair)
    view = _reviewed(reviews.masked(whole, caller), whole)
    steps = [StepView.model_validate(step) for step in evidence.steps]
    return EvidenceView(**view.model_dump(), prior=evidence.prior, steps=steps)


@routes("GET", DECISIONS, Action.REVIEW_READ, logged_as="decisions")
def list_decisions(
    request: Request, caller: AnyCaller, project: ProjectName, run: Identifier, paging: Paging
) -> Page[DecisionView]:
    """Decisions: a reviewer sees his own, the linkage unit all. A verdict that was taken back is empty."""
    own: dict[str, Any] = {"reviewer": caller.actor.name} if reviews.is_blind(caller) else {}
    with office_of(request).ledger.reading() as state:
        found = linkages.find_run(state, project, run)
        decisions = state.select(Decision, after=paging.after, limit=paging.limit + 1, run=found.id, **own)
    return paging.page(DecisionView, decisions)


@routes("POST", DECISIONS, Action.REVIEW_DECIDE, status=201)
def decide(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, run: Identifier, body: NewDecision
) -> DecisionView:
    """Say whether a pair is one person."""
    office = office_of(request)
    name = once(request, caller, lambda: reviews.decide(office, caller, project=project, run=run, **body.model_dump()))
    return _decision(office, response, f"/v1/projects/{project}/linkage-runs/{run}/review-queue/{body.pair}", name)


@routes("POST", DECISIONS + "/{pair}/take-back", Action.REVIEW_DECIDE)
def take_decision_back(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, run: Identifier, pair: Identifier
) -> DecisionView:
    """Take the caller's own decision on a pair back, so that he can decide anew; both stand in the log."""
    office = office_of(request)
    name = once(request, caller, lambda: reviews.take_back(office, caller, project=project, run=run, pair=pair))
    return _decision(office, response, "", name)


def _decision(office: Office, response: Response, at: str, name: str) -> DecisionView:
    with office.ledger.reading() as state:
        found = state.get(Decision, name)
    tag(response, found, at=at)
    return DecisionView.of(found)


def _reviewed(shown: reviews.ReviewedPair, whole: reviews.ReviewedPair) -> ReviewView:
    decisions = [DecisionView.of(decision) for decision in shown.decisions]
    return ReviewView(
        **{name: getattr(shown.pair, name) for name in ReviewView.model_fields if hasattr(shown.pair, name)},
        state=whole.state.value,
        verdict=shown.verdict,
        decisions=decisions,
    )
