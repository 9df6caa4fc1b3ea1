"""A holder follows its objections in the browser, without scripts: what it sent, what they changed, the certificate."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pages_support import CLIENT, PlainBrowser
from service_support import OTHER_REGISTER, PROJECT, REGISTER, Service
from test_release_rules import Desk

from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.objections import ObjectionList, ObjectionLists
from wasl.registers.exchange.payload import Payload
from wasl.service import objection_effects
from wasl.service.access import Role
from wasl.service.objections import records_in_file
from wasl.service.records import Objection
from wasl.web.console import retention, uploads
from wasl.web.scanner import Verdict

PAGE = f"/console/projects/{PROJECT}/objections"
ID = "ab" * 16


def browser(service: Service, register: str = REGISTER, language: str = "en") -> PlainBrowser:
    made = PlainBrowser(service.address, language=language)
    assert made.sign_in(service.token(Role.HOLDER, register=register)).status_code == 303
    return made


def upload(made: PlainBrowser, name: str, data: bytes) -> Any:
    cookies = "; ".join(f"{key}={value}" for key, value in made.jar.items())
    fields = {"form_token": made.token("/console/account")}
    headers = {"cookie": cookies, "accept-language": made.language}
    return CLIENT.post(made.address + PAGE + "/file", data=fields, files={"file": (name, data)}, headers=headers)


FILES = {
    "ids.txt": f"{ID}\r\n{'cd' * 16}\n".encode(),
    "list.csv": f"\ufeffregister;record_id\n{REGISTER};{ID}\n{REGISTER};{'cd' * 16}\n".encode(),
    "list.json": b"",
}
BAD = {
    "empty.txt": b"",
    "names.csv": "nom;prénom\nAlaoui;Amina\n".encode(),
    "other.csv": f"register,record_id\n{OTHER_REGISTER},{ID}\n".encode(),
    "short.txt": b"abab\n",
    "binary.bin": b"\xff\xfe\x00PAR1",
}


@pytest.mark.parametrize("name", FILES)
def test_a_list_is_sent_as_a_file(service: Service, name: str) -> None:
    lists = ObjectionLists((ObjectionList(REGISTER, (ID, "cd" * 16)),))
    data = FILES[name] or json.dumps(lists.to_json()).encode()
    made = browser(service)
    answer = upload(made, name, data)
    assert answer.status_code == 303, answer.text
    with service.installation.office.ledger.reading() as state:
        assert [one.records for one in state.select(Objection, project=PROJECT)] == [[ID, "cd" * 16]]
    shown = made.get(PAGE).text
    assert ID not in shown
    assert "No linkage was asked for since." in shown


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_list_is_refused_without_its_content(service: Service, name: str) -> None:
    answer = upload(browser(service), name, BAD[name])
    assert answer.status_code == 422, answer.text
    for word in ("Alaoui", "Amina", ID):
        assert word not in answer.text
    with service.installation.office.ledger.reading() as state:
        assert state.select(Objection, project=PROJECT) == []


@pytest.mark.parametrize(("verdict", "status"), [(Verdict.REFUSED, 422), (Verdict.FAILED, 503), (Verdict.TAKEN, 303)])
def test_a_file_of_a_form_is_shown_to_the_scanner(
    service: Service, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, status: int
) -> None:
    seen: list[bytes] = []

    async def scan(path: Path, *_: object) -> Verdict:
        seen.append(path.read_bytes())
        return verdict

    monkeypatch.setattr(uploads, "scan", scan)
    answer = upload(browser(service), "ids.txt", FILES["ids.txt"])
    assert (answer.status_code, seen) == (status, [FILES["ids.txt"]])
    with service.installation.office.ledger.reading() as state:
        assert len(state.select(Objection, project=PROJECT)) == (status == 303)


def test_only_lists_of_the_own_register_are_taken() -> None:
    with pytest.raises(Exception, match="another register"):
        records_in_file(BAD["other.csv"], REGISTER)
    assert records_in_file(BAD["other.csv"], OTHER_REGISTER) == [ID]


def test_lists_beyond_one_reading_of_the_log_are_kept_and_those_not_shown_are_counted(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objection_effects, "ENTRIES_AT_A_TIME", 2)
    monkeypatch.setattr(retention, "SHOWN", 3)
    made = browser(service)
    for number in range(5):
        assert upload(made, "ids.txt", f"{number:032x}\n".encode()).status_code == 303
    shown = made.get(PAGE).text
    assert len(re.findall(r"/objections/\w+\">Entry", shown)) == 3
    assert "Shown are the 3 latest of 5 lists." in shown


@pytest.fixture
def desk(resolved: tuple[Service, str]) -> Desk:
    return Desk(*resolved)


def test_what_was_published_before_a_list_is_told_apart(desk: Desk) -> None:
    published = desk.approved()
    assert desk.step(published, "publish").status_code == 202
    desk.service.work()
    made = browser(desk.service)
    assert made.send(PAGE, {"records": ID, "once": "1"}).status_code == 303
    shown = made.get(PAGE).text
    assert "published before the objection" in shown
    place = re.search(rf'href="({PAGE}/[0-9a-f]+)"', shown)
    assert place is not None
    assert "the list has removed nobody" in made.get(place[1]).text, "a certificate says that it removed nobody"


def test_a_holder_sees_what_its_lists_changed_and_gets_a_certificate(desk: Desk, outboxes: dict[str, Path]) -> None:
    service = desk.service
    waiting = desk.prepare()
    column = Payload.read(outboxes[REGISTER] / "payload.parquet").rows["record_id"]
    objectors = [one.hex() for one in column.to_pylist()[:25]]
    made = browser(service)
    assert made.send(PAGE, {"records": "\n".join(objectors), "once": "1"}).status_code == 303

    shown = made.get(PAGE).text
    assert "void: it has to be protected again" in shown
    assert "1 run is older than the list" in shown
    assert not any(one in shown for one in objectors)

    again = desk.step(desk.read(waiting["id"]), "protect")
    assert again.status_code == 202, again.text
    service.client(Role.LINKAGE).post(f"/v1/projects/{PROJECT}/linkage-runs", json={"plan": {"name": "morocco"}})
    service.work()
    risk = service.client(Role.RELEASE).get(f"/v1/projects/{PROJECT}/releases/{waiting['id']}/risk").json()["risk"]
    assert risk["records_objected"] > 0
    shown = made.get(PAGE).text
    assert "1 linkage run leaves these records out" in shown
    assert "25 of 25 records stand in files of this register" in shown
    row = re.search(r"<tr>(?:(?!</tr>).)*made without these persons.*?</tr>", shown, re.DOTALL)
    assert row is not None
    assert f'<td class="n">{risk["records_objected"]}</td>' in row[0]

    place = re.search(rf'href="({PAGE}/[0-9a-f]+)"', shown)
    assert place is not None
    entry = service.client(Role.AUDITOR).get("/v1/audit/entries", params={"kind": "ObjectionReceived"}).json()
    recorded = entry["items"][0]
    for language, title in (("en", "Certificate of objections"), ("fr", "oppositions"), ("ar", "شهادة الاعتراضات")):
        page = browser(service, language=language).get(place[1])
        assert page.status_code == 200
        assert title in page.text
        assert recorded["detail"]["digest"] in page.text
        assert not any(one in page.text for one in objectors)
        assert str(recorded["detail"]["linked_records"]) not in re.findall(r"<dd>(.*?)</dd>", page.text)


def test_another_holder_sees_neither_the_list_nor_what_follows_from_it(desk: Desk, outboxes: dict[str, Path]) -> None:
    """Persons who object at one holder leave the other's next run, too; how many those are is what a linkage tells."""
    service = desk.service
    ids = [one.hex() for one in JoinMap.read(outboxes[REGISTER] / "join.parquet").rows["record_id"].to_pylist()]
    objectors = list(dict.fromkeys(ids))[:200]
    made = browser(service)
    assert made.send(PAGE, {"records": "\n".join(objectors), "once": "1"}).status_code == 303
    with service.installation.office.ledger.reading() as state:
        following = state.select(Objection, project=PROJECT, register=OTHER_REGISTER)
    assert following
    other = browser(service, OTHER_REGISTER)
    shown = other.get(PAGE)
    assert "No objection was recorded for this register." in shown.text
    with service.installation.office.ledger.reading() as state:
        every = state.select(Objection, project=PROJECT)
    assert [other.get(f"{PAGE}/{one.id}").status_code for one in every] == [404] * len(every)
    assert {made.get(f"{PAGE}/{one.id}").status_code for one in every if one.register == REGISTER} == {200}
