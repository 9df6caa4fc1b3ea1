"""Decisions that change between a request and its job, while a job works, and between approval and publication."""

from __future__ import annotations

import datetime as dt
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from service_support import PROJECT, REGISTER, Service
from test_authorized_acts import held, refusals, store
from test_release_rules import Desk

from conftest import live_copy
from wasl.compliance.acts import ACTS
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import AuthorizationError, StaleError
from wasl.service import packages
from wasl.service.access import Role
from wasl.service.held_acts import held_options, require_same_decisions
from wasl.service.job_handlers import HANDLERS
from wasl.service.jobs import job_caller
from wasl.service.ports import Office
from wasl.service.records import Job, JobKind, Release, Submission, SubmissionKind
from wasl.service.states import ReleaseStatus
from wasl.workflow.act import RunOptions
from wasl.workflow.microdata_spec import MicrodataSpec

RUNS = f"/v1/projects/{PROJECT}/linkage-runs"


class Day:
    """A clock that is set by hand."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at


class Authority:
    """An authority that gives one decision after another on a project with a resolved run."""

    registers: list[str]
    keys: list[str]
    variables: list[str]

    def __init__(self, desk: Desk) -> None:
        self.desk, self.service, self.given = desk, desk.service, 0
        self.scope: dict[str, Any] = {}

    @property
    def today(self) -> dt.date:
        return self.service.installation.office.now().date()

    def decide(self, **changes: Any) -> None:
        scope = {**self.scope, **changes.pop("scope", {})}
        self.given += 1
        store(
            self.service.installation, held(self.today, decision=f"D-{self.given}", scope=scope, **changes), self.given
        )

    def cover(self) -> None:
        """A decision that covers all that the project does."""
        self.scope = {
            "registers": self.registers,
            "interconnections": [self.registers],
            "keys": self.keys,
            "variables": self.variables,
            "outputs": ["microdata", "tables"],
            "recipients": ["public"],
        }
        self.decide()


CHANGES: dict[str, Callable[[Authority], dict[str, Any]]] = {
    "revoked": lambda one: {"revoked": one.today},
    "expired": lambda one: {"expires": one.today - dt.timedelta(days=1)},
    "narrowed": lambda one: {"scope": {"variables": one.variables[:1], "keys": one.keys[:1]}},
    "register removed": lambda one: {
        "scope": {
            "registers": [name for name in one.registers if name != REGISTER],
            "interconnections": [],
            "variables": one.variables[:1],
        }
    },
}
"""What the authority decides after it had covered everything."""


@pytest.fixture(scope="module")
def approved(
    resolved_template: tuple[Any, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Authority, str]]:
    """A project with an approved release under a decision that covers it; the release's id."""
    with live_copy(resolved_template, tmp_path_factory.mktemp("decisions") / "data") as made:
        desk = Desk(*made)
        release = desk.approved()["id"]
        authority = Authority(desk)
        with desk.service.installation.ledger.reading() as state:
            sent = state.select(Submission, project=PROJECT, kind=SubmissionKind.DELIVERY)
            kept = state.get(Release, release)
        names = MicrodataSpec.model_validate(kept.specification).columns
        authority.registers = sorted({one.register for one in sent})
        authority.keys = sorted({part["name"] for one in sent for part in one.header["passes"]})
        authority.variables = sorted({*names, *DisclosurePolicy.model_validate(kept.policy).released(names)})
        yield authority, release


def last_excess(service: Service, before: int) -> tuple[str, list[str]]:
    found = refusals(service)[before:]
    assert len(found) == 1, found
    return found[0]


def test_every_gated_job_looks_again_before_it_keeps_its_result() -> None:
    for kind in {kind for act in ACTS.values() for kind in act.jobs}:
        handler = HANDLERS[JobKind(kind)]
        commit = getattr(sys.modules[handler.__module__], "_commit", None)
        source = inspect.getsource(handler) + (inspect.getsource(commit) if commit else "")
        assert "require_same_decisions(" in source, kind


@pytest.mark.parametrize("change", CHANGES)
def test_publication_is_refused_where_the_decision_changed_after_the_approval(
    approved: tuple[Authority, str], change: str
) -> None:
    authority, release = approved
    authority.cover()
    before = len(refusals(authority.service))
    authority.decide(**CHANGES[change](authority))
    answer = authority.desk.step(authority.desk.read(release), "publish")
    assert answer.status_code == 403, answer.text
    act, excess = last_excess(authority.service, before)
    assert (act, bool(excess)) == ("publish", True)
    assert authority.desk.read(release)["status"] == "approved"


@pytest.mark.parametrize("change", CHANGES)
def test_a_linkage_is_refused_where_the_decision_changed_after_the_request(
    approved: tuple[Authority, str], change: str
) -> None:
    authority, _ = approved
    authority.cover()
    before = len(refusals(authority.service))
    asked = authority.service.client(Role.LINKAGE).post(RUNS, json={"plan": {"name": "morocco"}})
    assert asked.status_code == 202, asked.text
    authority.decide(**CHANGES[change](authority))
    authority.service.work()
    run = authority.service.client(Role.LINKAGE).get(f"{RUNS}/{asked.json()['id']}").json()
    assert run["status"] == "failed"
    act, excess = last_excess(authority.service, before)
    assert act == "link"
    if change == "register removed":
        assert f"register:{REGISTER}" in excess


@pytest.mark.parametrize("change", CHANGES)
def test_a_package_is_not_kept_where_the_decision_changed_while_it_was_made(
    approved: tuple[Authority, str], change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job begins anew, and is held to the decision of then."""
    authority, release = approved
    authority.cover()
    asked = authority.desk.step(authority.desk.read(release), "publish")
    assert asked.status_code == 202, asked.text
    changed: list[str] = []

    def overtaken(office: Office, job: Job) -> Any:
        if not changed:
            changed.append(change)
            authority.decide(**CHANGES[change](authority))
        return job_caller(office, job)

    monkeypatch.setattr(packages, "job_caller", overtaken)
    before = len(refusals(authority.service))
    authority.service.work()
    assert changed
    assert last_excess(authority.service, before)[0] == "publish"
    shown = authority.desk.read(release)
    assert (shown["status"], shown.get("published_at") or "") == ("approved", "")
    with authority.service.installation.ledger.reading() as state:
        assert state.get(Release, release).package == ""


def test_a_decision_that_ends_while_a_job_works(approved: tuple[Authority, str]) -> None:
    """The last day of the decision ends between the look at the decision and the end of the work."""
    authority, release = approved
    authority.cover()
    authority.decide(expires=authority.today)
    office = authority.service.installation.office
    clock = Day(office.now())
    later = replace(office, now=clock)
    with office.ledger.reading() as state:
        options = held_options(later, state, PROJECT, RunOptions())
        require_same_decisions(later, state, PROJECT, options)
        clock.at += dt.timedelta(days=1)
        with pytest.raises(StaleError):
            require_same_decisions(later, state, PROJECT, options)
        kept = state.get(Release, release)
        with pytest.raises(AuthorizationError):
            packages.require_publishable(later, state, kept)
    assert kept.status is ReleaseStatus.APPROVED


@pytest.mark.parametrize("days", [1, 30])
def test_a_new_day_under_the_same_decision_changes_nothing(approved: tuple[Authority, str], days: int) -> None:
    """A job that works over midnight would never end otherwise."""
    authority, _ = approved
    authority.cover()
    office = authority.service.installation.office
    clock = Day(office.now())
    later = replace(office, now=clock)
    with office.ledger.reading() as state:
        options = held_options(later, state, PROJECT, RunOptions())
        clock.at += dt.timedelta(days=days)
        require_same_decisions(later, state, PROJECT, options)
