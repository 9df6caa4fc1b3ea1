"""Review of the grey zone: one masked pair a page, the queue with its disagreements, progress and agreement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, get_args

from starlette.responses import Response

from wasl.errors import NotFoundError
from wasl.locale import N_, Messages
from wasl.registers.known_names import known_name
from wasl.service import linkages, reviews
from wasl.service.access import Action
from wasl.service.evidence import Evidence, Step, pair_evidence
from wasl.service.records import Run
from wasl.service.reviews import ReviewedPair, ReviewState, Verdict
from wasl.service.states import RunStatus
from wasl.web.console.charts import Bar, Chart, waterfall
from wasl.web.console.forms import PageFault
from wasl.web.console.pages import AnyPage, Page, Pages

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/review"
RUN = BASE + "/{run}"
SHOWN = 100
RUNS = 20
LONGEST_PLACE = 9
"""Digits of a place in the queue."""
LEAST_SHOWN = 0.05
"""Bits that are shown with a sign: less is written as 0."""

STATE_TEXTS = {
    "missing": N_("missing in one of the records"),
    "equal": N_("equal"),
    "different": N_("different"),
}


@pages("GET", BASE, Action.REVIEW_READ)
def show_runs(page: AnyPage, project: str) -> Response:
    """The runs that have a review queue."""
    with page.office.ledger.reading() as state:
        runs = [run for run in state.select(Run, project=project, limit=RUNS, descending=True) if run.pairs]
        queues = {run.id: reviews.review_queue(state, run.id) for run in runs}
    rows = [(run, len(queues[run.id]), _progress(page, queues[run.id])) for run in runs]
    return page.render("review_runs.html", rows=rows)


@pages("GET", RUN, Action.REVIEW_READ, logged_as="review queue")
def show_queue(page: AnyPage, project: str, run: str) -> Response:
    """The queue of a run, by state; reviewers do not see what others said before they spoke themselves."""
    asked = page.request.query_params.get("state", "")
    wanted = ReviewState(asked) if asked in set(ReviewState) else None
    with page.office.ledger.reading() as state:
        found = linkages.find_run(state, project, run)
        queue = reviews.review_queue(state, run)
    chosen = [one for one in queue if wanted is None or one.state is wanted]
    place = page.request.query_params.get("from", "")
    first = min(int(place), len(chosen)) if place.isdecimal() and len(place) < LONGEST_PLACE else 0
    rows = [(one, reviews.masked(one, page.caller)) for one in chosen[first : first + SHOWN]]
    counts = {one.value: sum(pair.state is one for pair in queue) for one in ReviewState}
    return page.render(
        "review_queue.html",
        run=found,
        rows=rows,
        first=first,
        earlier=max(first - SHOWN, 0),
        later=first + SHOWN if first + SHOWN < len(chosen) else 0,
        chosen=len(chosen),
        wanted=wanted.value if wanted else "",
        counts=counts,
        progress=_progress(page, queue),
        agreement=reviews.agreement(queue),
        open_run=found.status is RunStatus.SCORED,
    )


@pages("GET", RUN + "/next", Action.REVIEW_DECIDE)
def show_next(page: AnyPage, project: str, run: str) -> Response:
    """Go to the next pair that waits for this reviewer."""
    after = page.request.query_params.get("after", "")
    with page.office.ledger.reading() as state:
        linkages.find_run(state, project, run)
        queue = reviews.review_queue(state, run)
    waiting = _waiting(page, queue)
    following = [one for one in waiting if one.pair.id > after] or waiting
    base = f"/console/projects/{project}/review/{run}"
    said = page.request.query_params.get("said", "")
    if not following:
        return page.go(base, said=said)
    return page.go(f"{base}/pairs/{following[0].pair.id}", **({"said": said} if said else {}))


@pages("GET", RUN + "/pairs/{pair}", Action.REVIEW_READ, logged_as="masked pair")
def show_pair(page: AnyPage, project: str, run: str, pair: str) -> Response:
    """One masked pair: levels, weights and the waterfall."""
    with page.office.ledger.reading() as state:
        found = linkages.find_run(state, project, run)
        queue = reviews.review_queue(state, run)
    whole = next((one for one in queue if one.pair.id == pair), None)
    if whole is None:
        raise NotFoundError("there is no such pair in this queue.")
    evidence = pair_evidence(page.office, found, whole.pair)
    mine = next((one for one in whole.decisions if one.reviewer == page.actor.name), None)
    return page.render(
        "review_pair.html",
        run=found,
        pair=whole.pair,
        state=whole.state.value,
        decisions=reviews.masked(whole, page.caller).decisions,
        mine=mine,
        evidence=evidence,
        steps=[(step, _comparison(page.language, step), _level(page.language, step)) for step in evidence.steps],
        chart=_chart(page, evidence, whole.pair.weight),
        progress=_progress(page, queue),
        total=len(queue),
        last=_last_own(page, queue),
        open_run=found.status is RunStatus.SCORED,
    )


@pages("POST", RUN + "/pairs/{pair}", Action.REVIEW_DECIDE)
def decide(page: AnyPage, project: str, run: str, pair: str) -> Response:
    """Say whether a pair is one person, and go on to the next."""
    verdict = page.form.text("verdict", most=20)
    if verdict not in get_args(Verdict):
        raise PageFault(422, N_("Choose one of the answers."))
    page.once(
        lambda caller: reviews.decide(
            page.office, caller, project=project, run=run, pair=pair, verdict=cast(Verdict, verdict)
        )
    )
    return page.go(f"/console/projects/{project}/review/{run}/next", after=pair, said="decided")


@pages("POST", RUN + "/pairs/{pair}/undo", Action.REVIEW_DECIDE)
def undo(page: AnyPage, project: str, run: str, pair: str) -> Response:
    """Take one's own decision back, and show the pair again."""
    page.once(lambda caller: reviews.take_back(page.office, caller, project=project, run=run, pair=pair))
    return page.go(f"/console/projects/{project}/review/{run}/pairs/{pair}", said="taken-back")


def _waiting(page: Page, queue: Sequence[ReviewedPair]) -> list[ReviewedPair]:
    """The pairs on which this reviewer has not spoken and that are not settled, in the order of the queue."""
    name = page.actor.name
    return [
        one
        for one in queue
        if one.state is not ReviewState.AGREED and not any(d.reviewer == name for d in one.decisions)
    ]


def _last_own(page: Page, queue: Sequence[ReviewedPair]) -> str:
    """The pair on which this reviewer decided last and can take it back; empty where there is none.

    It is read from the decisions and not from the address, so that one decision after the other can be undone, also
    after the browser was closed.
    """
    mine = [
        (decision.created_at, one.pair.id)
        for one in queue
        if one.state is not ReviewState.DISPUTED
        for decision in one.decisions
        if decision.reviewer == page.actor.name
    ]
    return max(mine)[1] if mine else ""


def _progress(page: Page, queue: Sequence[ReviewedPair]) -> dict[str, int]:
    """How many pairs this reviewer has decided on, how many wait for him, how many are settled."""
    name = page.actor.name
    return {
        "done": sum(any(d.reviewer == name for d in one.decisions) for one in queue),
        "waiting": len(_waiting(page, queue)),
        "settled": sum(one.state is ReviewState.AGREED for one in queue),
        "total": len(queue),
    }


def _comparison(language: Messages, step: Step) -> str:
    known = known_name(step.comparison)
    return language.text(known) if known else step.comparison or language.text("comparisons taken together")


def _level(language: Messages, step: Step) -> str:
    """A state in words, never an encoding."""
    if step.state == "together":
        return ""
    if step.state != "level":
        return language.text(STATE_TEXTS[step.state])
    if step.level == step.levels:
        return language.text(N_("as alike as can be"))
    if step.level == 0:
        return language.text(N_("unlike"))
    return language.text(N_("level {level} of {levels}"), level=step.level, levels=step.levels)


def _chart(page: Page, evidence: Evidence, weight: float) -> object:
    _ = page.language.text
    chart = Chart(
        _("What speaks for and against one person"),
        _("Bars from the prior to the total: green speaks for one person, red against. In bits."),
        page.language,
        lambda value: ("+" if value > LEAST_SHOWN else "") + page.language.number(round(value, 1) + 0.0, 1),
    )
    steps = [
        Bar(
            page.language.colon.join(filter(None, (_comparison(page.language, step), _level(page.language, step)))),
            step.weight,
        )
        for step in evidence.steps
    ]
    total = Bar(_("total"), evidence.prior + weight)
    return waterfall(chart, Bar(_("before comparing"), evidence.prior, "soft"), steps, total)
