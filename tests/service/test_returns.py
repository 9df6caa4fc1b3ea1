"""J11, the service's half: each holder fetches what concerns its own records, and nothing else.

Threats: a holder who asks for another register's return; a register that gets nothing back; a person who objected.
"""

from __future__ import annotations

import html
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pages_support import PlainBrowser
from service_support import OTHER_PROJECT, OTHER_REGISTER, PROJECT, REGISTER, Service

from wasl.audit.events import ProjectChanged, RegisterDeclared
from wasl.registers.exchange.payload import Payload
from wasl.registers.schema import RegisterSchema
from wasl.service.access import Role
from wasl.service.projects import register_id
from wasl.service.records import Register, Run
from wasl.service.states import RunStatus

HERE = f"/v1/projects/{PROJECT}"


def place(run: str, register: str = REGISTER, project: str = PROJECT) -> str:
    return f"/v1/projects/{project}/linkage-runs/{run}/returns/{register}"


def prepare(service: Service, run: str, register: str = REGISTER) -> dict[str, Any]:
    holder = service.client(Role.HOLDER, register=register)
    asked = holder.post(place(run, register))
    assert asked.status_code == 202, asked.text
    service.work()
    job = holder.get(asked.headers["location"]).json()
    assert job["status"] == "done", job["failure"]
    return dict(holder.get(place(run, register)).json())


def test_a_holder_gets_its_own_records_back(resolved: tuple[Service, str], outboxes: dict[str, Path]) -> None:
    service, run = resolved
    holder = service.client(Role.HOLDER)
    assert holder.get(place(run)).status_code == 404, "nothing was prepared yet"
    shown = prepare(service, run)
    sent = Payload.read(outboxes[REGISTER] / "payload.parquet").rows
    assert (shown["register"], shown["summary"]["records"]) == (REGISTER, sent.num_rows)
    assert {one["register"] for one in shown["summary"]["registers"]} == {OTHER_REGISTER}
    assert any(one["rate"] is not None for one in shown["summary"]["agreement"])
    assert [one["run"] for one in shown["summary"]["rounds"]] == [run]
    rows = pq.read_table(io.BytesIO(holder.get(place(run) + "/file").content))
    assert set(rows["record_id"].to_pylist()) <= set(sent["record_id"].to_pylist())
    assert "person_id" not in rows.column_names


def test_every_read_is_an_entry_of_the_log(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    prepare(service, run)
    before = service.log_size()
    holder = service.client(Role.HOLDER)
    holder.get(place(run))
    holder.get(place(run) + "/file")
    assert service.log_size() == before + 2
    kinds = [one["kind"] for one in service.client(Role.AUDITOR).get("/v1/audit/entries?limit=500").json()["items"]]
    assert {"ReturnRequested", "ReturnPrepared"} <= set(kinds)


@pytest.mark.parametrize("role", [*Role])
def test_only_the_register_itself_may(resolved: tuple[Service, str], role: Role) -> None:
    """Every role, at the own and at another register and project."""
    service, run = resolved
    for register in (REGISTER, OTHER_REGISTER):
        for project in (PROJECT, OTHER_PROJECT):
            client = service.client(role)  # a holder: of REGISTER in PROJECT
            own = role is Role.HOLDER and register == REGISTER and project == PROJECT
            for method, path in (("GET", ""), ("GET", "/file"), ("POST", "")):
                answer = client.request(method, place(run, register, project) + path)
                assert (answer.status_code != 403) is own, (role, register, project, method, path)


def declare_without_return(service: Service) -> None:
    """The schema of the register says ``return = "none"`` from now on."""
    installation = service.installation
    caller = installation.operator()
    with installation.ledger.writing(caller) as ledger:
        known = ledger.get(Register, register_id(PROJECT, REGISTER))
        fields = [
            {**one, "role": "drop"} if one["role"] == "payload" and not one["classification"] else one
            for one in known.definition["fields"]
        ]
        changed = replace(known, definition={**known.definition, "fields": fields, "return": "none"})
        happening = RegisterDeclared(schema_digest=known.schema_digest, holder=known.holder)
        ledger.save(changed, event=caller.event(happening, project=PROJECT, subject=known.id))


def test_a_register_that_gets_nothing_back_is_refused(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    prepare(service, run)
    declare_without_return(service)
    holder = service.client(Role.HOLDER)
    for method, path in (("POST", ""), ("GET", ""), ("GET", "/file")):
        answer = holder.request(method, place(run) + path)
        assert (answer.status_code, "nothing" in answer.text or "none" in answer.text) == (403, True)


def test_persons_who_objected_are_in_no_return(resolved: tuple[Service, str], outboxes: dict[str, Path]) -> None:
    service, run = resolved
    sent = Payload.read(outboxes[REGISTER] / "payload.parquet").rows["record_id"].to_pylist()
    body = {"records": [one.hex() for one in sent[:25]]}
    assert service.client(Role.HOLDER).post(f"{HERE}/registers/{REGISTER}/objections", json=body).is_success
    shown = prepare(service, run)
    assert shown["summary"]["records"] <= len(sent) - 25
    rows = pq.read_table(io.BytesIO(service.client(Role.HOLDER).get(place(run) + "/file").content))
    assert not set(rows["record_id"].to_pylist()) & set(sent[:25])


def test_a_holder_sees_the_own_jobs_only(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    asked = service.client(Role.HOLDER).post(place(run)).json()
    other = service.client(Role.HOLDER, register=OTHER_REGISTER)
    assert other.get(f"/v1/jobs/{asked['id']}").status_code == 403
    assert other.post(f"/v1/jobs/{asked['id']}/cancel").status_code == 403
    linked = service.client(Role.LINKAGE).get(f"{HERE}/linkage-runs/{run}").json()["job"]
    assert service.client(Role.HOLDER).get(f"/v1/jobs/{linked}").status_code == 403


def test_a_holder_prepares_and_opens_its_return_in_the_console(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    browser = PlainBrowser(service.address)
    browser.sign_in(service.token(Role.HOLDER))
    register = f"/console/projects/{PROJECT}/files/{REGISTER}"
    here = f"{register}/returns/{run}"
    shown = browser.get(register).text
    assert here in shown
    assert "Préparer le retour" in shown
    assert browser.get(here).status_code == 404
    asked = browser.send(here, shown_on=register)
    assert asked.headers["location"].endswith("said=return-asked")
    service.work()
    assert "Ouvrir le retour" in browser.get(register).text
    before = service.log_size()
    page = browser.get(here)
    assert service.log_size() == before + 1, "the read is an entry"
    summary = service.client(Role.HOLDER).get(place(run)).json()["summary"]
    assert RegisterSchema.load(summary["registers"][0]["register"]).title_in("fr") in html.unescape(page.text)
    assert f">{summary['records']}<" in page.text.replace("\u202f", "")
    before = service.log_size()
    file = browser.get(f"{here}/file")
    assert service.log_size() == before + 1, "the download is one entry"
    assert file.content == service.client(Role.HOLDER).get(place(run) + "/file").content
    other = PlainBrowser(service.address)
    other.sign_in(service.token(Role.LINKAGE))
    assert [other.get(one).status_code for one in (here, f"{here}/file")] == [403, 403]


def test_the_console_offers_no_return_where_the_schema_gives_none(resolved: tuple[Service, str]) -> None:
    service, run = resolved
    declare_without_return(service)
    browser = PlainBrowser(service.address)
    browser.sign_in(service.token(Role.HOLDER))
    register = f"/console/projects/{PROJECT}/files/{REGISTER}"
    shown = browser.get(register).text
    assert "rien ne lui est retourné" in shown
    assert f"{register}/returns/{run}" not in shown
    assert browser.send(f"{register}/returns/{run}").status_code == 403


@pytest.mark.parametrize("status", [RunStatus.SCORED, RunStatus.FAILED, RunStatus.RESOLVED])
def test_a_later_run_does_not_hide_the_return_of_an_earlier_one(
    resolved: tuple[Service, str], status: RunStatus
) -> None:
    service, run = resolved
    prepare(service, run)
    caller = service.installation.operator()
    with service.installation.ledger.writing(caller) as ledger:
        known = ledger.get(Run, run)
        made = replace(
            known,
            id=service.installation.office.new_id(),
            created_at=service.installation.office.now().isoformat(),
            status=status,
            version=0,
            spine=known.spine if status is RunStatus.RESOLVED else "",
            artifacts={},
        )
        happening = ProjectChanged(closed=False)
        ledger.save(made, event=caller.event(happening, project=PROJECT, subject=made.id))
    browser = PlainBrowser(service.address)
    browser.sign_in(service.token(Role.HOLDER))
    register = f"/console/projects/{PROJECT}/files/{REGISTER}"
    shown = html.unescape(browser.get(register).text)
    assert f"{register}/returns/{run}" in shown
    assert ("plus récent" in shown) == (status is not RunStatus.RESOLVED)
