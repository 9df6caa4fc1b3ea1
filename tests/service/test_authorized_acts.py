"""Every route, page and method of the client that links or releases is held to the decisions, for every role."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pages_support import PlainBrowser
from service_support import PROJECT, REGISTER, Service, Template, make_settings, serving

from wasl.audit.events import ProjectChanged
from wasl.client import Client
from wasl.compliance.acts import ACTS
from wasl.compliance.authorization import Authorization
from wasl.errors import AccessError
from wasl.linkage.plan import LinkagePlan
from wasl.service.access import PERMISSIONS, Action, Actor, Role
from wasl.service.documents import accept_description, accept_menu, accept_policy, accept_specification
from wasl.service.job_handlers import HANDLERS
from wasl.service.ports import Caller
from wasl.service.records import (
    DossierFile,
    JobKind,
    Release,
    Run,
    StoredAuthorization,
    Submission,
    SubmissionKind,
    TableMenu,
    TableOrder,
)
from wasl.service.states import MenuStatus, ReleaseStatus, RunStatus
from wasl.tables.menu import TableRequest, order_tables
from wasl.web.app import TOPICS
from wasl.web.console.routes import PAGE_TOPICS
from wasl.web.installation import Installation
from wasl.workflow.microdata_spec import MicrodataSpec

GATED = frozenset().union(*(act.actions for act in ACTS.values()))
ID = "0" * 31 + "1"
NOT_GATED_JOBS = {
    JobKind.ERASE: "erases",
    JobKind.COMPARE: "measures policies for the release desk; nothing leaves",
}
NOT_GATED_ACTIONS = {
    "project": "declares, or shows what is declared",
    "register": "declares, or shows what is declared",
    "delivery": "a holder's own files, or what was received",
    "join-map": "a holder's own files, or what was received",
    "payload": "a holder's own files, or what was received",
    "review": "decides on pairs of a run that went through the gate",
    "catalogue": "what is public",
    "audit": "the log",
    "retention": "keeps or erases",
    "objection": "takes persons out",
    "dossier": "asks for the decision",
    "authorization": "stores it",
    "user": "users",
    "invitation": "users",
    "whoami": "users",
    "job": "work under way",
    "status": "the service",
    "metrics": "the service",
}
"""Actions by the word before the dot that no authorization has to cover, and why."""

FETCHED_UNDER_THE_GATE = "shows; its files are fetched under the gate (tests/service/test_fetched_files.py)"

NOT_GATED_STEPS = {
    "linkage.cancel": "stops",
    "linkage.read": "shows counts and measures",
    "pairs.read": FETCHED_UNDER_THE_GATE,
    "links.read": FETCHED_UNDER_THE_GATE,
    "spine.read": FETCHED_UNDER_THE_GATE,
    "return.read": FETCHED_UNDER_THE_GATE,
    "release.read": FETCHED_UNDER_THE_GATE,
    "release.risk": "the confidential report",
    "release.internal": "the confidential report",
    "release.refuse": "stops",
    "release.revoke": "stops",
    "release.withdraw": "stops",
    "package.read": "what is public",
    "menu.close": "stops",
    "menu.read": "shows what may be ordered",
    "tables.read": FETCHED_UNDER_THE_GATE,
    "tables.inspect": "the confidential report",
    "tables.internal": "the confidential report",
}

NOT_GATED_ROUTES = {"request_comparison", "ask"}
"""Routes under a gated permission that measure policies for the release desk; nothing leaves."""


def test_every_action_is_in_the_table_of_acts_or_has_a_reason_not_to_be() -> None:
    free = {one.value for one in Action if one.value.partition(".")[0] in NOT_GATED_ACTIONS} | set(NOT_GATED_STEPS)
    assert free.isdisjoint(GATED)
    assert free | GATED == {one.value for one in Action}


def test_every_job_is_in_the_table_of_acts_or_has_a_reason_not_to_be() -> None:
    gated = {JobKind(kind) for act in ACTS.values() for kind in act.jobs}
    assert gated | set(NOT_GATED_JOBS) == set(HANDLERS) == set(JobKind)


def test_every_job_of_the_table_hands_the_decisions_to_its_act() -> None:
    """A job runs later than it was asked for: it takes the decisions of that day along."""
    for kind in {kind for act in ACTS.values() for kind in act.jobs}:
        assert "held_options(" in inspect.getsource(HANDLERS[JobKind(kind)]), kind


def action_of(route: APIRoute) -> str:
    return str((route.openapi_extra or {})["x-wasl-action"])


def gated_routes(topics: Any, attribute: str) -> list[APIRoute]:
    found = [route for topic in topics for route in getattr(topic, attribute).router.routes]
    wanted = [one for one in found if action_of(one) in GATED and "POST" in one.methods]
    return [one for one in wanted if one.endpoint.__name__ not in NOT_GATED_ROUTES]


ROUTES = gated_routes(TOPICS, "routes")
PAGES = gated_routes(PAGE_TOPICS, "pages")


def path_of(route: APIRoute) -> str:
    path = route.path.replace("{project}", PROJECT).replace("{register}", REGISTER)
    for name in ("run", "release", "menu", "order"):
        path = path.replace(f"{{{name}}}", ID)
    return path


POLICY, SPECIFICATION = accept_policy({"name": "public-use"}), accept_specification({"name": "foreign-workers"})
DESCRIPTION = accept_description({"name": "foreign-workers-puf"})
MENU, HIERARCHIES = accept_menu({"name": "foreign-workers"}, {})
WANTED = TableRequest(dimensions=("sex",))

BODIES: dict[str, dict[str, Any]] = {
    "request_linkage": {"plan": {"name": "morocco"}},
    "prepare_release": {
        "run": ID,
        "title": "t",
        "specification": {"name": "foreign-workers"},
        "policy": {"name": "public-use"},
        "description": {"name": "foreign-workers-puf"},
    },
    "offer_menu": {
        "run": ID,
        "title": "t",
        "specification": {"name": "foreign-workers"},
        "menu": {"name": "foreign-workers"},
    },
    "order_tables": {"menu": ID, "dimensions": ["sex"]},
}
"""Bodies of routes that need one, by the name of their function."""

FIELDS: dict[str, dict[str, object]] = {
    "start_run": {"plan": "morocco"},
    "prepare": {
        "run": ID,
        "specification": 'name = "foreign-workers"',
        "policy": 'name = "public-use"',
        "description": 'name = "foreign-workers-puf"',
    },
    "protect_again": {"policy": json.dumps(POLICY), "act": "protect"},
    "offer": {
        "run": ID,
        "title": "t",
        "specification": 'name = "foreign-workers"',
        "menu": 'name = "foreign-workers"',
    },
    "order": {"dimension": "sex"},
}
"""Fields of forms that need some, by the name of their function."""

CALLS: dict[str, Callable[[Client], object]] = {
    "request_linkage": lambda client: client.request_linkage(PROJECT, {"name": "morocco"}),
    "request_resolution": lambda client: client.request_resolution(PROJECT, ID),
    "request_reproduction": lambda client: client.request_reproduction(PROJECT, ID),
    "request_return": lambda client: client.request_return(PROJECT, ID, REGISTER),
    "prepare_release": lambda client: client.prepare_release(PROJECT, **BODIES["prepare_release"]),
    "protect_again": lambda client: client.step(client.release(PROJECT, ID), "protect", {}),
    "take_step": lambda client: client.step(client.release(PROJECT, ID), "request"),
    "take_with_reason": lambda client: client.step(client.release(PROJECT, ID), "approve", {"reason": "r"}),
    "offer_menu": lambda client: client.offer_menu(PROJECT, **BODIES["offer_menu"]),
    "open_menu": lambda client: client.open_menu(client.menu(PROJECT, ID)),
    "order_tables": lambda client: client.order_tables(PROJECT, ID, dimensions=["sex"]),
    "protect_order_again": lambda client: client.step_tables(client.table_order(PROJECT, ID), "protect"),
    "decide": lambda client: client.step_tables(client.table_order(PROJECT, ID), "approve", "r"),
    "publish_tables": lambda client: client.step_tables(client.table_order(PROJECT, ID), "publish"),
}
"""The client's method for each route, by the name of the route's function."""

WIDE: dict[str, Any] = {
    "registers": [REGISTER],
    "variables": ["shoe_size"],
    "outputs": ["microdata", "tables"],
}


def held(today: dt.date, **changes: Any) -> Authorization:
    days = {"decided": today - dt.timedelta(days=100), "expires": today + dt.timedelta(days=200)}
    fields = {"project": PROJECT, "decision": "D-1", "scope": WIDE, **days}
    return Authorization.model_validate(fields | changes)


STATES: dict[str, Callable[[dt.date], Authorization | None]] = {
    "expired": lambda day: held(day, expires=day - dt.timedelta(days=1)),
    "not yet in force": lambda day: held(day, decided=day + dt.timedelta(days=1)),
    "revoked": lambda day: held(day, revoked=day),
    "no decision stored": lambda day: None,
}
"""Why every act is refused, whatever it asks for."""


def store(installation: Installation, authorization: Authorization, number: int = 0) -> None:
    """Store a decision, with a dossier it was given on."""
    office = installation.office
    by = {"created_at": "2026-01-01T00:00:00Z", "created_by": "amina", "project": PROJECT}
    content = {
        "number": number + 1,
        "digest": "",
        "statements": 0,
        "holes": [],
        "document": {},
        "particulars": {},
        "files": {},
    }
    days = {"decided": str(authorization.decided), "expires": str(authorization.expires)}
    name = f"{number + 1:032x}"
    document = {"dossier": name, "document": authorization.model_dump(mode="json")}
    caller = Caller(Actor("amina", Role.ADMIN), office.now())
    with office.ledger.writing(caller) as ledger:
        event = caller.event(ProjectChanged(closed=False), project=PROJECT, subject=ID)
        stored = StoredAuthorization(id=name, **by, decision=authorization.decision, **days, **document)
        ledger.save(DossierFile(id=name, **by, **content), stored, event=event)


def fill(installation: Installation, authorization: Authorization | None, purpose: str = "") -> None:
    """A project in which every thing that an act can be about is there, under a decision."""
    office = installation.office
    by = {"created_at": "2026-01-01T00:00:00Z", "created_by": "amina", "project": PROJECT}
    plan = LinkagePlan.load("morocco")
    specification = order_tables(MENU, WANTED).model_dump(mode="json")
    run = {"id": ID, **by, "plan": plan.model_dump(mode="json"), "plan_digest": plan.digest}
    made: list[Any] = [
        Run(
            **run,
            status=RunStatus.SCORED,
            spine="0" * 64,
            report={"sources": [{"register": "r", "project": PROJECT}]},
            purpose=purpose,
        ),
        Release(
            id=ID,
            **by,
            run=ID,
            title="t",
            specification=SPECIFICATION,
            policy=POLICY,
            description=DESCRIPTION,
            seed=1,
            status=ReleaseStatus.PROTECTED,
            purpose=purpose,
        ),
        TableMenu(
            id=ID,
            **by,
            run=ID,
            title="t",
            specification=SPECIFICATION,
            menu=MENU.model_dump(mode="json"),
            menu_digest=MENU.digest,
            hierarchies=HIERARCHIES,
            status=MenuStatus.OPEN,
        ),
        TableOrder(
            id=ID,
            **by | {"created_by": f"analyst-{PROJECT}"},
            menu=ID,
            run=ID,
            title="t",
            request=WANTED.model_dump(mode="json"),
            specification=specification,
            seed=1,
            status=ReleaseStatus.REQUESTED,
            purpose=purpose,
        ),
    ]
    caller = Caller(Actor("amina", Role.ADMIN), office.now())
    with office.ledger.writing(caller) as ledger:
        for one in made:
            ledger.save(one, event=caller.event(ProjectChanged(closed=False), project=PROJECT, subject=ID))
    if authorization is not None:
        store(installation, authorization)


def refusals(service: Service) -> list[tuple[str, list[str]]]:
    """Act and excess of each refusal in the log."""
    found = service.client(Role.AUDITOR).get(
        "/v1/audit/entries", params={"kind": "AuthorizationExceeded", "limit": 200}
    )
    return [(one["detail"]["act"], list(one["detail"]["excess"])) for one in found.json()["items"]]


@pytest.fixture(scope="module", params=STATES)
def refusing(
    request: pytest.FixtureRequest, sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, str]]:
    """A live service whose project has no decision in force, and why."""
    folder: Path = tmp_path_factory.mktemp("refusing") / "data"
    settings = make_settings(folder, sqlite_template.copy(folder), require_authorization=True)
    installation = Installation.open(settings)
    fill(installation, STATES[request.param](installation.office.now().date()))
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        yield running, request.param
        running.close()
    installation.close()


def roles_of(route: APIRoute) -> list[Role]:
    return sorted(PERMISSIONS[Action(action_of(route))])


EACH_ROUTE = [
    (route, role) for route in ROUTES if route.endpoint.__name__ != "import_pairs" for role in roles_of(route)
]
EACH_PAGE = [(page, role) for page in PAGES for role in roles_of(page)]


def named(value: Any) -> str:
    return value.path.split("{project}")[-1] if isinstance(value, APIRoute) else str(value)


@pytest.mark.parametrize(("route", "role"), EACH_ROUTE, ids=named)
def test_every_route_refuses_and_logs(refusing: tuple[Service, str], route: APIRoute, role: Role) -> None:
    service, why = refusing
    before = len(refusals(service))
    answer = service.client(role).post(
        path_of(route), json=BODIES.get(route.endpoint.__name__, {}), headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 403, answer.text
    assert answer.json()["type"].endswith("authorization-error"), answer.text
    added = refusals(service)[before:]
    assert [excess for _, excess in added] == [[why]]
    assert added[0][0] in {name for name, act in ACTS.items() if action_of(route) in act.actions}


@pytest.mark.parametrize(("page", "role"), EACH_PAGE, ids=named)
def test_every_page_refuses_and_logs(refusing: tuple[Service, str], page: APIRoute, role: Role) -> None:
    service, why = refusing
    before = len(refusals(service))
    browser = PlainBrowser(service.address, language="en")
    token = service.token(role)
    assert browser.sign_in(token).status_code == 303
    fields = {**FIELDS.get(page.endpoint.__name__, {}), "version": "1", "confirmation": token}
    if "{release}/request" in page.path or "{order}" in page.path:
        fields |= {"reason": "r"}
    answer = browser.send(path_of(page), fields)
    assert answer.status_code == 403, answer.text[-2000:]
    assert [excess for _, excess in refusals(service)[before:]] == [[why]]
    shown = browser.get(f"/console/projects/{PROJECT}").text
    assert ("alarm" if why != "not yet in force" else "caution") in shown  # every page of the project says it


@pytest.mark.parametrize("name", CALLS)
def test_every_method_of_the_client_is_refused(refusing: tuple[Service, str], name: str) -> None:
    service, why = refusing
    route = next(one for one in ROUTES if one.endpoint.__name__ == name)
    before = len(refusals(service))
    for role in roles_of(route):
        with (
            Client(service.address, service.token(role, PROJECT)) as client,
            pytest.raises(AccessError, match="authorization"),
        ):
            CALLS[name](client)
    assert [excess for _, excess in refusals(service)[before:]] == [[why]] * len(roles_of(route))


def test_the_client_has_a_method_for_every_gated_route() -> None:
    assert set(CALLS) | {"import_pairs"} == {one.endpoint.__name__ for one in ROUTES}


@pytest.fixture(scope="module")
def narrow(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A live service whose decision is in force and covers none of the variables, recipients or registers."""
    folder: Path = tmp_path_factory.mktemp("narrow") / "data"
    installation = Installation.open(make_settings(folder, sqlite_template.copy(folder)))
    scope = {**WIDE, "recipients": ["holder:elsewhere"], "purposes": ["labour", "health"]}
    fill(installation, held(installation.office.now().date(), scope=scope))
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        yield running
        running.close()
    installation.close()


EXCEEDS = {
    "request_resolution": {"register:r"},
    "request_return": {f"recipient:holder:{REGISTER}"},
    "prepare_release": {"variable:sex", "variable:region", "purpose:none named"},
    "protect_again": {"variable:sex", "purpose:none named"},
    "take_step": {"variable:sex", "recipient:public"},
    "take_with_reason": {"variable:sex", "recipient:public"},
    "offer_menu": {"variable:sex", "recipient:analysts"},
    "open_menu": {"variable:sex", "recipient:analysts"},
    "order_tables": {"variable:sex", "recipient:analysts", "purpose:none named"},
    "protect_order_again": {"variable:sex", "recipient:analysts"},
    "decide": {"variable:sex", "recipient:analysts"},
    "publish_tables": {"variable:sex", "recipient:public"},
}
"""What each route exceeds of the narrow scope, at least; a linkage needs deliveries, as does its repetition."""


@pytest.mark.parametrize("name", EXCEEDS)
def test_every_route_compares_what_it_asks_for(narrow: Service, name: str) -> None:
    for route in (one for one in ROUTES if one.endpoint.__name__ == name):
        for role in roles_of(route):
            answer = narrow.client(role).post(path_of(route), json=BODIES.get(name, {}), headers={"If-Match": '"1"'})
            assert answer.status_code == 403, answer.text
            assert EXCEEDS[name] <= set(refusals(narrow)[-1][1])


PURPOSES = [
    (("labour", "health"), False),
    (("labour",), False),
    (("taxes", "health"), True),
    (("taxes",), True),
    ((), True),
]
"""Purposes of the decision that is in force by now, and whether what was asked for "labour" exceeds them."""


@pytest.fixture(params=PURPOSES, ids=lambda one: "+".join(one[0]) or "none")
def amended(
    request: pytest.FixtureRequest, sqlite_template: Template, tmp_path: Path
) -> Iterator[tuple[Service, bool]]:
    """A live service where all was asked for one purpose; the decision has since been replaced."""
    names, exceeds = request.param
    folder = tmp_path / "data"
    installation = Installation.open(make_settings(folder, sqlite_template.copy(folder)))
    scope = {**WIDE, "recipients": ["holder:elsewhere"], "purposes": names}
    fill(installation, held(installation.office.now().date(), scope=scope), "labour")
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        try:
            yield running, exceeds
        finally:
            running.close()
    installation.close()


def test_each_step_is_held_to_the_purpose_of_what_it_moves(amended: tuple[Service, bool]) -> None:
    """No route or page after the first asks for the purpose again: it is that of the run, release or order."""
    service, exceeds = amended
    expected = ["purpose:labour"] if exceeds else []
    for name in EXCEEDS:
        for route in (one for one in ROUTES if one.endpoint.__name__ == name):
            for role in roles_of(route):
                service.client(role).post(path_of(route), json=BODIES.get(name, {}), headers={"If-Match": '"1"'})
                stated = [one for one in refusals(service)[-1][1] if one.startswith("purpose")]
                assert stated == expected, (path_of(route), role)
    compared = 0
    for page in PAGES:
        if page.endpoint.__name__ == "start_run" or action_of(page) == "linkage.reproduce":
            continue
        token = service.token(roles_of(page)[0])
        browser = PlainBrowser(service.address, language="en")
        assert browser.sign_in(token).status_code == 303
        fields = {**FIELDS.get(page.endpoint.__name__, {}), "version": "1", "confirmation": token, "reason": "r"}
        before = len(refusals(service))
        answer = browser.send(path_of(page), fields)
        added = refusals(service)[before:]
        assert len(added) == 1, (path_of(page), answer.status_code)
        assert [one for one in added[0][1] if one.startswith("purpose")] == expected, path_of(page)
        compared += 1
    assert compared > 8


def test_what_is_asked_for_keeps_the_purpose_that_the_decision_was_compared_with(
    resolved: tuple[Service, str],
) -> None:
    service, run = resolved
    office = service.installation.office
    path = f"/v1/projects/{PROJECT}"
    today = office.now().date()
    with office.ledger.reading() as state:
        source = state.get(Run, run).report["sources"]
    registers = sorted({one["register"] for one in source})
    keys = sorted({one["name"] for part in _headers(service) for one in part["passes"]})
    variables = list(MicrodataSpec.model_validate(SPECIFICATION).columns)  # the derived ones leave the office, too
    whole = {
        "registers": registers,
        "interconnections": [registers],
        "keys": keys,
        "variables": variables,
        "outputs": ["microdata", "tables"],
    }
    cases = [(["labour"], "", "labour"), (["labour", "health"], "health", "health")]
    for number, (names, stated, kept) in enumerate(cases):
        store(service.installation, held(today, decision=f"D-{number}", scope={**whole, "purposes": names}), number)
        asked = service.client(Role.LINKAGE).post(
            f"{path}/linkage-runs", json={"plan": {"name": "morocco"}, "purpose": stated}
        )
        made = service.client(Role.RELEASE).post(
            f"{path}/releases", json={**BODIES["prepare_release"], "run": run, "purpose": stated}
        )
        assert (asked.status_code, made.status_code) == (202, 202), (asked.text, made.text)
        with office.ledger.reading() as state:
            assert state.get(Run, asked.json()["id"]).purpose == kept
            assert state.get(Release, made.json()["id"]).purpose == kept


def _headers(service: Service) -> list[Any]:
    with service.installation.office.ledger.reading() as state:
        return [one.header for one in state.select(Submission, project=PROJECT, kind=SubmissionKind.DELIVERY)]


def test_the_exceptions_are_no_more_than_there_are() -> None:
    assert set(EXCEEDS) | {"request_linkage", "request_reproduction"} == set(CALLS)
    assert {one.value.partition(".")[0] for one in Action} >= set(NOT_GATED_ACTIONS)


@pytest.mark.slow
def test_a_decision_that_was_revoked_after_the_request_stops_the_job(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    path = f"/v1/projects/{PROJECT}/linkage-runs"
    asked = service.client(Role.LINKAGE).post(path, json={"plan": {"name": "morocco"}})
    returned = service.client(Role.HOLDER).post(f"{path}/{run}/returns/{REGISTER}")
    assert (asked.status_code, returned.status_code) == (202, 202)
    today = service.installation.office.now().date()
    store(service.installation, held(today, revoked=today))
    service.work()
    assert service.client(Role.LINKAGE).get(f"{path}/{asked.json()['id']}").json()["status"] == "failed"
    acts = dict(refusals(service))
    assert set(acts) == {"link", "return"}
    assert all(excess[0] == "revoked" for excess in acts.values())
