"""Pages say what is so now and what comes next: no notice outlives its work, and no advice leads nowhere."""

from __future__ import annotations

import html
import itertools
import re
from pathlib import Path

import pyarrow as pa
import pytest
from pages_support import CLIENT, PlainBrowser
from service_support import OTHER_REGISTER, PROJECT, REGISTER, Service
from test_authorized_acts import ID, fill

from wasl.errors import InputError
from wasl.locale import LANGUAGES, Language, messages
from wasl.locale.pages import begun
from wasl.publication.description import DatasetDescription
from wasl.registers.schema import RegisterSchema
from wasl.service.access import Role
from wasl.service.pins import require_persons
from wasl.web.console.sayings import NOTICES, UNDER_WAY

BASE = f"/console/projects/{PROJECT}"


@pytest.fixture
def service(own_service: Service) -> Service:
    """What pages say does not depend on the database."""
    return own_service


def browser_of(service: Service, role: Role, language: str = "en", **which: str) -> PlainBrowser:
    made = PlainBrowser(service.address, language=language)
    assert made.sign_in(service.token(role, **which)).status_code == 303
    return made


def text_of(page: str) -> str:
    return re.sub("[\u2066-\u2069]", "", html.unescape(page))


def test_a_notice_of_a_run_ends_with_the_run(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    browser = browser_of(service, Role.LINKAGE)
    for name in UNDER_WAY:
        page = text_of(browser.get(f"{BASE}/runs/{run}?said={name}").text)
        assert NOTICES[name] not in page
        assert "Next: the release desk prepares files and menus of tables from this run." in page
    assert NOTICES["decided"] in text_of(browser.get(f"{BASE}/runs/{run}?said=decided").text)


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.RELEASE, f"releases/{ID}"), (Role.RELEASE, f"tables/orders/{ID}")],
)
def test_a_notice_of_work_under_way_ends_with_the_work(service: Service, role: Role, path: str) -> None:
    fill(service.installation, None)
    browser = browser_of(service, role)
    for name in UNDER_WAY:
        page = browser.get(f"{BASE}/{path}?said={name}")
        assert page.status_code == 200
        assert NOTICES[name] not in text_of(page.text)
    assert NOTICES["decided"] in text_of(browser.get(f"{BASE}/{path}?said=decided").text)


def test_microdata_without_a_person_are_refused_with_the_way_on(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    nobody = {"name": "t", "include": [REGISTER], "minimum_registers": 3, "variables": [{"name": "sex"}]}
    asked = {"title": "t", "specification": nobody, "policy": {"name": "public-use"}, "run": run}
    made = service.client(Role.RELEASE).post(
        f"/v1/projects/{PROJECT}/releases", json={**asked, "description": {"name": "foreign-workers-puf"}}
    )
    assert made.status_code == 202, made.text
    service.work()
    page = text_of(browser_of(service, Role.RELEASE).get(f"{BASE}/releases/{made.json()['id']}").text)
    assert "The specification leaves no person in the microdata." in page
    assert "The thresholds are not met" not in page
    assert f"{BASE}/releases/new?from={made.json()['id']}" in page


def test_a_description_that_does_not_fit_is_told_before_anybody_decides(resolved: tuple[Service, str]) -> None:
    """Behind the approval nobody could change it any more, and the file could never be published."""
    service, run = resolved
    own = {"name": "own-specification", "include": [REGISTER, OTHER_REGISTER], "variables": [{"name": "nationality"}]}
    roles = [{"name": "nationality", "role": "key"}, {"name": "registers", "role": "drop"}]
    methods = [{"kind": "local_suppression"}, {"kind": "suppress_records", "max_share": 0.9}]
    policy = {"name": "p", "variables": roles, "methods": methods, "thresholds": {"k": 2}}
    path = f"/v1/projects/{PROJECT}/releases"
    desk = service.client(Role.RELEASE)
    asked = {"title": "own title", "run": run, "specification": own, "policy": policy, "seed": 1}
    described = DatasetDescription.load("foreign-workers-puf").model_dump(mode="json", by_alias=True)
    described["variables"] = [one for one in described["variables"] if one["name"] != "nationality"]
    made = desk.post(path, json={**asked, "description": described})
    assert made.status_code == 202, made.text
    made = made.json()
    service.work()
    found = desk.get(f"{path}/{made['id']}")
    assert found.json()["status"] == "protected", found.text
    browser = browser_of(service, Role.RELEASE)
    page = text_of(browser.get(f"{BASE}/releases/{made['id']}").text)
    assert "The description does not fit the file" in page
    assert "Request publication" not in page
    answer = desk.post(f"{path}/{made['id']}/request", headers={"If-Match": found.headers["ETag"]})
    assert answer.status_code == 409, answer.text
    assert begun(answer.json()["detail"]) in page
    again = text_of(browser.get(f"{BASE}/releases/new?from={made['id']}").text)
    assert '"own-specification"' in again
    assert 'value="own title"' in again


def test_rows_are_let_through() -> None:
    require_persons(pa.table({"sex": ["1"]}))
    with pytest.raises(InputError) as refusal:
        require_persons(pa.table({"sex": pa.array([], pa.string())}))
    for language in ("fr", "ar"):
        known = messages(language).known
        assert known(refusal.value.message) is not None
        assert known(refusal.value.remedy) is not None


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize(
    ("what", "kind"),
    list(itertools.product(["delivery", "join map", "payload"], ["register", "project", "schema"])),
)
def test_files_of_something_else_are_named_in_the_language(what: str, kind: str, language: str) -> None:
    words = messages(language)
    for english in (f"the {what} was made for another {kind}.", f"Encode it anew for the {kind} declared here (x)."):
        said = str(words.known(english))
        assert words.text(kind) in said
        assert kind not in said or (language == "fr" and words.text(kind) == kind)


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_a_file_of_another_register_is_refused_under_the_title(
    service: Service, outboxes: dict[str, Path], language: str
) -> None:
    browser = browser_of(service, Role.HOLDER, language)
    token = browser.token(f"{BASE}/files/{REGISTER}")
    data = (outboxes[OTHER_REGISTER] / "delivery.parquet").read_bytes()
    answer = CLIENT.post(
        f"{service.address}{BASE}/files/{REGISTER}/deliveries",
        data={"form_token": token},
        files={"file": ("d.parquet", data)},
        headers=browser._headers({}),
    )
    assert answer.status_code in (409, 422), answer.text[-500:]
    assert RegisterSchema.load(REGISTER).title_in(language) in text_of(answer.text)


@pytest.mark.parametrize("role", [Role.LINKAGE, Role.SPINE, Role.HOLDER])
def test_only_the_holder_is_told_what_to_send(service: Service, role: Role) -> None:
    fill(service.installation, None)
    page = text_of(browser_of(service, role).get(f"{BASE}/files/{REGISTER}").text)
    assert ("Names never leave your office" in page) is (role is Role.HOLDER)
    assert ("in your register" in page) is (role is Role.HOLDER and "What the last run found" in page)


def test_a_refused_token_keeps_what_was_chosen(service: Service) -> None:
    browser = browser_of(service, Role.ADMIN, project=None)  # type: ignore[arg-type]
    path = "/console/users/linkage-" + PROJECT
    chosen = {"role": "holder", "project": PROJECT, "register": "", "days": "17"}
    answer = browser.send(f"{path}/tokens", chosen)
    page = text_of(answer.text)
    assert answer.status_code == 422
    assert "A token for the role data holder names a project and a register." in page
    assert '<option value="holder" selected>' in page
    assert f'<option value="{PROJECT}" selected>' in page
    assert 'value="17"' in page
    refused = browser.send("/console/users", {"name": "Not A Name", "title": "Office of names"})
    assert refused.status_code == 422
    assert 'value="Not A Name"' in refused.text
    assert 'value="Office of names"' in refused.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_own_session_and_tasks_name_register_and_project_by_title(service: Service, language: Language) -> None:
    browser = browser_of(service, Role.HOLDER, language)
    title = RegisterSchema.load(REGISTER).title_in(language)
    account = text_of(browser.get("/console/account").text)
    assert f"<bdi>{title}</bdi>" in account
    assert f"<bdi>Project {PROJECT}</bdi>" in account
    assert f"<bdi>{REGISTER}</bdi>" not in account
    assert title in text_of(browser.get("/console").text)
