"""Reports as pages over the API: in the reader's language, under strict headers, for whom the table allows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from pages_support import PlainBrowser
from service_support import OTHER_PROJECT, OTHER_REGISTER, PROJECT, REGISTER, Service, Template, make_settings, serving

from wasl.audit.events import ProjectChanged
from wasl.client import Client
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import AccessError
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.score import score_pairs
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.plain_json import plain_json
from wasl.service.access import PERMISSIONS, REGISTER_BOUND, Action, Actor, Role
from wasl.service.artifacts import keep_artifacts
from wasl.service.ports import Area, Caller
from wasl.service.records import Release, Run
from wasl.service.states import ReleaseStatus, RunStatus
from wasl.web.installation import Installation
from wasl.web.middleware import SECURITY_HEADERS
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import internal_pages, protect

ID, BARE = "0" * 31 + "1", "0" * 31 + "2"
RUNS, RELEASES = f"/v1/projects/{PROJECT}/linkage-runs", f"/v1/projects/{PROJECT}/releases"
REPORTS = {
    f"{RUNS}/{ID}/report.html": Action.LINKAGE_READ,
    f"{RELEASES}/{ID}/internal-report.html": Action.RISK_READ,
}
PAGES = {path.replace("/v1/", "/console/").replace("linkage-runs", "runs"): action for path, action in REPORTS.items()}
LANGUAGES = {
    "fr": ("fr", "ltr"),
    "ar": ("ar", "rtl"),
    "en": ("en", "ltr"),
    "de;q=1, ar;q=0.5": ("ar", "rtl"),
    "": ("en", "ltr"),
}


@pytest.fixture(scope="module")
def reporting(
    sqlite_template: Template, outboxes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A live service with a run and a release that have reports, and others that have none."""
    folder: Path = tmp_path_factory.mktemp("reports") / "data"
    installation = Installation.open(make_settings(folder, sqlite_template.copy(folder)))
    office = installation.office
    plan = LinkagePlan.load("morocco")
    scored = score_pairs(plan, [Delivery.read(outboxes[REGISTER] / "delivery.parquet")])
    policy = DisclosurePolicy.model_validate(
        {"name": "p", "variables": [{"name": "sex", "role": "key"}], "thresholds": {"k": 3}}
    )
    safe = protect(pa.table({"sex": ["1", "2"] * 20}), policy, RunOptions(seed=1), attack=False).result
    by = {"created_at": "2026-01-01T00:00:00Z", "created_by": "amina", "project": PROJECT}
    run = {**by, "plan": plan.model_dump(mode="json"), "plan_digest": plan.digest, "status": RunStatus.SCORED}
    documents = {"specification": {}, "policy": policy.model_dump(mode="json"), "description": {}}
    release = {**by, **documents, "run": ID, "title": "t", "seed": 1, "status": ReleaseStatus.PROTECTED}
    caller = Caller(Actor("amina", Role.ADMIN), office.now())
    files = keep_artifacts(office, Area.RELEASE, internal_pages(safe))
    made = [
        Run(id=ID, **run, report=plain_json({**scored.report, "model": scored.model.to_json()})),
        Run(id=BARE, **run),
        Release(id=ID, **release, artifacts=files),
        Release(id=BARE, **release),
    ]
    with office.ledger.writing(caller) as ledger:
        for one in made:
            ledger.save(one, event=caller.event(ProjectChanged(closed=False), project=PROJECT, subject=one.id))
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        yield running
        running.close()
    installation.close()


def tags(text: str) -> tuple[str, str]:
    """Language and direction of a page."""
    head = text[: text.index(">", text.index("<html"))]
    direction = "rtl" if 'dir="rtl"' in head else "ltr"
    return head.partition('lang="')[2][:2], direction


def looked(service: Service, kind: str) -> int:
    found = service.client(Role.AUDITOR).get("/v1/audit/entries", params={"kind": kind, "limit": 200})
    return len(found.json()["items"])


@pytest.mark.parametrize("wish", LANGUAGES)
@pytest.mark.parametrize("path", REPORTS)
def test_a_report_comes_in_the_language_of_its_reader(reporting: Service, path: str, wish: str) -> None:
    answer = reporting.client(Role.AUDITOR).get(path, headers={"Accept-Language": wish} if wish else {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert tags(answer.text) == LANGUAGES[wish]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "accept-language" in answer.headers["vary"].lower()
    _require_strict(answer)


def _require_strict(answer: httpx.Response) -> None:
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value, name
    assert "<script" not in answer.text
    assert not re.search(r"""(src|href)=["']?(https?:)?//|url\(""", answer.text.replace("url(#", ""))


@pytest.mark.parametrize("path", PAGES)
def test_the_console_sends_the_same_file(reporting: Service, path: str) -> None:
    browser = PlainBrowser(reporting.address, language="ar")
    assert browser.sign_in(reporting.token(Role.AUDITOR)).status_code == 303
    answer = browser.get(path)
    assert tags(answer.text) == ("ar", "rtl")
    api = next(one for one in REPORTS if one.rsplit("/", 1)[-1] == path.rsplit("/", 1)[-1])
    assert reporting.client(Role.AUDITOR).get(api, headers={"Accept-Language": "ar"}).text == answer.text
    _require_strict(answer)


def test_every_look_at_a_confidential_report_is_an_entry(reporting: Service) -> None:
    for path in REPORTS:
        before = looked(reporting, "RecordRead") + looked(reporting, "FileRead")
        assert reporting.client(Role.AUDITOR).get(path).status_code == 200
        assert looked(reporting, "RecordRead") + looked(reporting, "FileRead") > before


@pytest.mark.parametrize("path", REPORTS)
def test_what_has_no_report_yet_says_so(reporting: Service, path: str) -> None:
    answer = reporting.client(Role.AUDITOR).get(path.replace(ID, BARE), headers={"Accept-Language": "fr"})
    assert answer.status_code == 404
    assert "yet" not in answer.json()["detail"]  # in French


@pytest.mark.parametrize("path", REPORTS)
def test_reports_are_for_the_roles_of_the_table_in_their_project_and_no_holder(reporting: Service, path: str) -> None:
    for role, register, project in product(Role, (REGISTER, OTHER_REGISTER), (PROJECT, OTHER_PROJECT)):
        if (role, project, register if role in REGISTER_BOUND else None) not in reporting.tokens:
            continue
        answer = reporting.client(role, project, register).get(path)
        allowed = role in PERMISSIONS[REPORTS[path]] and project == PROJECT
        assert answer.status_code == (200 if allowed else 403), (role, project, register)
    assert reporting.client(None).get(path).status_code == 401


def test_the_client_asks_in_a_language(reporting: Service) -> None:
    with Client(reporting.address, reporting.token(Role.AUDITOR)) as client:
        assert tags(client.report_page(PROJECT, ID, "ar")) == ("ar", "rtl")
        assert tags(client.risk_page(PROJECT, ID, "fr")) == ("fr", "ltr")
    with Client(reporting.address, reporting.token(Role.HOLDER)) as holder, pytest.raises(AccessError):
        holder.report_page(PROJECT, ID)
