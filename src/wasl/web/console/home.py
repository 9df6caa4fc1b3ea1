"""The first page after signing in: what waits for this person, most urgent first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.responses import Response

from wasl.locale import N_
from wasl.locale.code_words import ROLE_WORDS
from wasl.service import reviews
from wasl.service.access import Action, Role
from wasl.service.held_acts import decisions_of
from wasl.service.ports import Reader
from wasl.service.records import (
    Job,
    JobStatus,
    Project,
    Register,
    Release,
    RetentionRule,
    Run,
    Submission,
    SubmissionKind,
    TableMenu,
    TableOrder,
    Token,
    TokenStatus,
)
from wasl.service.retention import due_submissions
from wasl.service.states import MenuStatus, ReleaseStatus, RunStatus
from wasl.web.console.authority import held_by
from wasl.web.console.next_steps import next_steps
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.titles import title_in, title_of_register

__all__ = ["Task", "pages", "tasks"]

pages = Pages()

LATEST = 20
"""Runs and releases of each project that are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the caller.

    Attributes:
        text: Key of a message: what to do.
        address: Where to do it.
        why: Key of a message: why it waits.
        tone: ``bad``, ``warn``, or empty.
        values: What stands in the places of both.
    """

    text: str
    address: str
    why: str = ""
    tone: str = ""
    values: dict[str, Any] = field(default_factory=dict)


@pages("GET", "/console", Action.WHOAMI)
def show_home(page: AnyPage) -> Response:
    """What waits for the caller in every project that he reaches."""
    waiting = tasks(page)
    return page.render("home.html", tasks=waiting, steps=[] if waiting else next_steps(page))


def tasks(page: Page) -> list[Task]:
    """What waits for the caller."""
    found: list[Task] = []
    with page.office.ledger.reading() as state:
        for project in page.projects():
            if project.closed:
                continue
            for look in _LOOKS.get(page.actor.role or Role.AUDITOR, ()):
                found += look(page, state, project)
        if page.actor.role is Role.ADMIN:
            found += _administration(page, state)
    return found


def _holder(page: Page, state: Reader, project: Project) -> list[Task]:
    register = page.actor.register or ""
    base = f"/console/projects/{project.id}/files/{register}"
    sent = state.select(Submission, project=project.id, register=register, withdrawn=False, purged=False)
    kinds = {one.kind for one in sent}
    missing = [kind.value for kind in SubmissionKind if kind not in kinds]
    if not missing:
        return []
    names = [page.language.text(_KINDS[kind]) for kind in missing]
    return [
        Task(
            N_("Send for {register}: {kinds}"),
            base,
            N_("The project “{project}” cannot link or publish your register without them."),
            "warn",
            {
                "register": title_of_register(state, project.id, register, page.language.language),
                "kinds": page.language.list(names),
                "project": project.title,
            },
        )
    ]


def _linkage(page: Page, state: Reader, project: Project) -> list[Task]:
    base = f"/console/projects/{project.id}/runs"
    found: list[Task] = []
    runs = state.select(Run, project=project.id, limit=LATEST, descending=True)
    last = max((run.created_at for run in runs), default="")
    sent = state.select(Submission, project=project.id, kind=SubmissionKind.DELIVERY, withdrawn=False, purged=False)
    new = [one for one in sent if (one.sent_at or one.created_at) > last]
    if new:
        found.append(
            Task(
                N_("Deliveries that arrived since the last run: {count}"),
                f"{base}/new",
                N_("Read them by round and start a run."),
                values={"count": len(new)},
            )
        )
    for run in runs:
        if run.status is RunStatus.FAILED:
            found.append(
                Task(
                    N_("A run of {day} failed"),
                    f"{base}/{run.id}",
                    N_("Read why, then start another."),
                    "bad",
                    {"day": _day(page, run.created_at)},
                )
            )
        elif run.failed_checks and run is runs[0]:
            found.append(
                Task(
                    N_("Self-checks of the run of {day} did not pass"),
                    f"{base}/{run.id}",
                    N_("Read the report before anybody uses the result."),
                    "bad",
                    {"day": _day(page, run.created_at)},
                )
            )
    return found


def _reviewer(page: Page, state: Reader, project: Project) -> list[Task]:
    found: list[Task] = []
    for run in state.select(Run, project=project.id, status=RunStatus.SCORED, limit=LATEST, descending=True):
        queue = reviews.review_queue(state, run.id)
        mine = [one for one in queue if not any(d.reviewer == page.actor.name for d in one.decisions)]
        disputed = [one for one in mine if one.state is reviews.ReviewState.DISPUTED]
        waiting = [one for one in mine if one.state is reviews.ReviewState.OPEN]
        base = f"/console/projects/{project.id}/review/{run.id}"
        values = {"day": _day(page, run.created_at)}
        if waiting:
            found.append(
                Task(
                    N_("Pairs to review in the run of {day}: {count}"),
                    f"{base}/next",
                    N_("Two opinions settle a pair."),
                    values={"count": len(waiting), **values},
                )
            )
        if disputed:
            found.append(
                Task(
                    N_("Pairs on which two reviewers differ: {count}"),
                    f"{base}?state=disputed",
                    N_("A third opinion settles them."),
                    "warn",
                    {"count": len(disputed), **values},
                )
            )
    return found


def _keeper(page: Page, state: Reader, project: Project) -> list[Task]:
    return [
        Task(
            N_("The run of {day} is scored and waits for its resolution"),
            f"/console/projects/{project.id}/runs/{run.id}",
            N_("Resolve it when the reviewers have finished."),
            values={"day": _day(page, run.created_at)},
        )
        for run in state.select(Run, project=project.id, status=RunStatus.SCORED, limit=LATEST, descending=True)
    ]


def _desk(_page: Page, state: Reader, project: Project) -> list[Task]:
    texts = {
        ReleaseStatus.UNSAFE: (
            N_("“{title}” misses its thresholds"),
            N_("Change the policy and protect again."),
            "bad",
        ),
        ReleaseStatus.PROTECTED: (N_("“{title}” is protected"), N_("Read its risks, then request publication."), ""),
        ReleaseStatus.REFUSED: (N_("“{title}” was refused"), N_("Read the reason, then protect again."), "warn"),
        ReleaseStatus.APPROVED: (N_("“{title}” is approved"), N_("Publish it."), ""),
    }
    failed = (N_("“{title}” could not be protected"), N_("Read the reason, then protect again."), "bad")

    def said(one: Release) -> tuple[str, str, str]:
        job = state.find(Job, one.job) if one.status is ReleaseStatus.UNSAFE and one.job else None
        return failed if job is not None and job.failure else texts[one.status]

    found = [
        Task(
            said(one)[0],
            f"/console/projects/{project.id}/releases/{one.id}",
            *said(one)[1:],
            values={"title": one.title},
        )
        for one in state.select(Release, project=project.id, status=tuple(texts), limit=LATEST, descending=True)
    ]
    resolved = state.select(Run, project=project.id, status=RunStatus.RESOLVED, limit=1, descending=True)
    if resolved and not state.select(Release, project=project.id, run=resolved[0].id, limit=1):
        found.append(
            Task(
                N_("A new table of persons is ready"),
                f"/console/projects/{project.id}/releases/new",
                N_("Prepare a file from it."),
            )
        )
    return found


def _approver(_page: Page, state: Reader, project: Project) -> list[Task]:
    return [
        Task(
            N_("Decide on “{title}”"),
            f"/console/projects/{project.id}/releases/{one.id}",
            N_("Requested by {user}."),
            values={"title": one.title, "user": one.requested_by},
        )
        for one in state.select(
            Release, project=project.id, status=ReleaseStatus.REQUESTED, limit=LATEST, descending=True
        )
    ]


def _menus(page: Page, state: Reader, project: Project) -> list[Task]:
    return [
        Task(
            N_("Open the menu “{title}” for orders"),
            f"/console/projects/{project.id}/tables/menus/{one.id}",
            N_("Prepared by {user}."),
            values={"title": one.title, "user": one.created_by},
        )
        for one in state.select(TableMenu, project=project.id, status=MenuStatus.OFFERED, limit=LATEST)
    ] + [
        Task(
            N_("Decide on the tables “{title}”"),
            f"/console/projects/{project.id}/tables/orders/{one.id}",
            N_("Requested by {user}."),
            values={"title": title_in(one, page.language), "user": one.requested_by},
        )
        for one in state.select(TableOrder, project=project.id, status=ReleaseStatus.REQUESTED, limit=LATEST)
    ]


def _analyst(page: Page, state: Reader, project: Project) -> list[Task]:
    answered = (ReleaseStatus.APPROVED, ReleaseStatus.PUBLISHED)
    mine = state.select(
        TableOrder, project=project.id, created_by=page.actor.name, status=answered, limit=LATEST, descending=True
    )
    return [
        Task(
            N_("Your tables “{title}” are answered"),
            f"/console/projects/{project.id}/tables/orders/{one.id}",
            N_("Read or download them."),
            values={"title": title_in(one, page.language)},
        )
        for one in mine
    ]


def _auditor(page: Page, state: Reader, project: Project) -> list[Task]:
    denied = state.log_entries(first=max(state.log_size() - 500, 0), limit=500, kind="AccessDenied")
    if not denied or project is not page.projects()[0]:
        return []
    return [
        Task(
            N_("Denied attempts among the last 500 entries: {count}"),
            "/console/log?kind=AccessDenied",
            N_("Read who was denied what."),
            "warn",
            {"count": len(denied)},
        )
    ]


def _administration(page: Page, state: Reader) -> list[Task]:
    found = [
        Task(
            N_("Agree to a token for {user}, role {role}"),
            f"/console/users/{one.user}",
            N_("Asked for by {asker}; another administrator must agree."),
            "warn",
            {"user": one.user, "role": page.language.text(ROLE_WORDS[one.role]), "asker": one.created_by},
        )
        for one in state.select(Token, status=TokenStatus.REQUESTED, revoked=False)
        if page.actor.name not in (one.created_by, one.user)
    ]
    parked = state.select(Job, status=JobStatus.PARKED)
    if parked:
        found.append(
            Task(
                N_("Jobs set aside: {count}"),
                "/console/queue",
                N_("They broke down every time. Mend the cause, then queue them again."),
                "bad",
                {"count": len(parked)},
            )
        )
    found += [
        Task(
            N_("The project “{project}” has no register"),
            f"/console/projects/{project.id}",
            N_("Declare the registers that take part."),
            "warn",
            {"project": project.title},
        )
        for project in page.projects()
        if not state.select(Register, project=project.id, limit=1)
    ]
    return found


def _day(page: Page, stamp: str) -> str:
    return page.language.date(datetime.fromisoformat(stamp).date())


_KINDS = {"delivery": N_("delivery"), "join-map": N_("join map"), "payload": N_("payload")}


def _officer(page: Page, state: Reader, project: Project) -> list[Task]:
    base = f"/console/projects/{project.id}"
    found: list[Task] = []
    values = {"project": project.title}
    held = held_by(decisions_of(page.office, state, project.id), page.caller.at.date())
    if held.days_left is None:
        why = N_("Without one, nothing holds linkages and releases of “{project}” to a scope.")
        found.append(Task(N_("No decision of the authority is stored"), f"{base}/dossier", why, "warn", values))
    else:
        numbers = {"decision": held.decision, "days": max(held.days_left, 0)}
        if held.said:
            why = N_("Linking and releasing are refused until another decision is stored.")
            found.append(Task(held.said[1], f"{base}/dossier", why, "bad", numbers))
        elif held.state == "ends":
            text = N_("The decision {decision} ends: {days} days are left")
            why = N_("After its last day linking and releasing are refused.")
            found.append(Task(text, f"{base}/dossier", why, "warn", numbers))
    rules = state.select(RetentionRule, project=project.id)
    sent = state.select(Submission, project=project.id, purged=False)
    due = len(due_submissions(sent, rules, page.caller.at))
    if due:
        why = N_("Erase them; the log keeps a certificate.")
        found.append(Task(N_("Files past their retention: {count}"), f"{base}/retention", why, "warn", {"count": due}))
    return found


_LOOKS = {
    Role.HOLDER: (_holder,),
    Role.LINKAGE: (_linkage,),
    Role.REVIEWER: (_reviewer,),
    Role.SPINE: (_keeper,),
    Role.RELEASE: (_desk,),
    Role.APPROVER: (_approver, _menus),
    Role.ANALYST: (_analyst,),
    Role.AUDITOR: (_auditor,),
    Role.OFFICER: (_officer,),
}
