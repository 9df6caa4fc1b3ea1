"""Threat: a holder withdraws, a person objects or a term ends, and the data are still there, or still published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pages_support import PlainBrowser
from service_support import PROJECT, REGISTER, Sent, Service, send
from test_release_rules import Desk

from wasl.cli.purge import purge_installation
from wasl.errors import NotFoundError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.payload import Payload
from wasl.service.access import Role
from wasl.service.erasure import named_files
from wasl.service.ports import Area
from wasl.service.records import Release, Run, Submission

HERE = f"/v1/projects/{PROJECT}"
RUNS = f"{HERE}/linkage-runs"


def bytes_of(service: Service) -> set[bytes]:
    folders = service.installation.files.folders.values()
    return {path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def erase(service: Service) -> dict[str, Any]:
    admin = service.client(Role.ADMIN, None)
    asked = admin.post(f"{HERE}/erasures")
    assert asked.status_code == 202, asked.text
    service.work()
    job = admin.get(asked.headers["location"]).json()
    assert job["status"] == "done", job["failure"]
    return dict(job["result"])


def certificates(service: Service) -> list[dict[str, Any]]:
    with service.installation.ledger.reading() as state:
        entries = state.log_entries(first=0, limit=99, kind="FilesErased")
    return [json.loads(entry.data) for entry in entries]


def withdraw(service: Service, plural: str) -> str:
    holder = service.client(Role.HOLDER)
    path = f"{HERE}/registers/{REGISTER}/{plural}"
    sent = holder.get(path).json()["items"][0]
    answer = holder.post(f"{path}/{sent['id']}/withdraw", headers={"If-Match": f'"v{sent["version"]}"'})
    assert answer.status_code == 200, answer.text
    return str(sent["id"])


@pytest.fixture
def desk(resolved_on_each: tuple[Service, str]) -> Desk:
    return Desk(*resolved_on_each)


def test_a_withdrawn_file_is_deleted_with_a_certificate(service: Service, make_files: Callable[..., Sent]) -> None:
    sent = make_files()
    digest = send(service.client(Role.HOLDER), "deliveries", sent.delivery).json()["file"]
    name = withdraw(service, "deliveries")
    assert erase(service) == {"submissions": 1, "releases": 0, "orders": 0, "runs": 0, "records": 0, "files": 1}
    assert sent.delivery not in bytes_of(service)
    first = certificates(service)[0]
    assert (first["subject"], first["detail"]["files"]) == (name, [digest])
    assert "withdrawn" in first["detail"]["reason"]
    with service.installation.ledger.reading() as state:
        kept = state.get(Submission, name)
    assert (kept.purged, kept.file) == (True, digest), "the record and the digest stay"
    assert len(certificates(service)) == 1, "one for each thing that was erased"
    assert erase(service)["submissions"] == 0, "once"
    assert len(certificates(service)) == 1, "an erasure without files certifies nothing"
    with service.installation.ledger.reading() as state:
        said = state.log_entries(first=0, limit=99, kind="NothingErased")
    assert len(said) == 1, "and says so"
    browser = PlainBrowser(service.address, language="en")
    browser.sign_in(service.token(Role.AUDITOR))
    shown = browser.get(f"/console/projects/{PROJECT}/retention").text
    assert "Nothing was due, so nothing was erased." in shown
    assert shown.count("/console/log/entries/") == 1


@pytest.mark.parametrize(("register", "days", "gone"), [("", 0, True), (REGISTER, 0, True), (REGISTER, 365, False)])
def test_a_retention_rule_ends_a_file(
    service: Service, make_files: Callable[..., Sent], register: str, days: int, gone: bool
) -> None:
    sent = make_files()
    send(service.client(Role.HOLDER), "payloads", sent.payload)
    admin = service.client(Role.ADMIN, None)
    if days:
        assert admin.post(f"{HERE}/retention-rules", json={"days": 0}).status_code == 201, "the rule for all"
    rule = {"register": register, "days": days}
    assert admin.post(f"{HERE}/retention-rules", json=rule).status_code == 201
    erase(service)
    assert (sent.payload not in bytes_of(service)) is gone
    shown = service.client(Role.AUDITOR).get(f"{HERE}/retention-rules").json()["items"]
    assert rule["days"] in {one["days"] for one in shown}


def test_withdrawal_voids_what_was_made_but_not_released(desk: Desk) -> None:
    service = desk.service
    shown = desk.approved()
    with service.installation.ledger.reading() as state:
        before = state.get(Release, shown["id"])
    withdraw(service, "payloads")
    assert erase(service)["releases"] == 1
    after = desk.read(shown["id"])
    assert (after["status"], "erased" in after["failure"]) == ("unsafe", True)
    assert desk.step(after, "publish").status_code == 409
    for digest in (before.microdata, before.protected):
        assert not (service.installation.files.folders[Area.RELEASE] / digest[7:9] / digest[7:]).exists()
    with service.installation.ledger.reading() as state:
        assert not {before.microdata, before.protected} & named_files(state)


def test_a_process_that_dies_before_the_deletion_leaves_it_to_the_sweep(
    service: Service, make_files: Callable[..., Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = make_files()
    send(service.client(Role.HOLDER), "deliveries", sent.delivery)
    withdraw(service, "deliveries")
    with monkeypatch.context() as patch:
        patch.setattr("wasl.storage.files.FileStore.erase", lambda *_: None)
        erase(service)
    assert sent.delivery in bytes_of(service)
    assert len(service.installation.sweep().deleted) == 1
    assert sent.delivery not in bytes_of(service)


def test_persons_who_object_are_left_out(desk: Desk, outboxes: dict[str, Path]) -> None:
    service = desk.service
    records = [one.hex() for one in Payload.read(outboxes[REGISTER] / "payload.parquet").rows["record_id"].to_pylist()]
    approved = desk.approved()
    body = {"records": records[:40]}
    answer = service.client(Role.HOLDER).post(f"{HERE}/registers/{REGISTER}/objections", json=body)
    assert (answer.status_code, answer.json()["count"]) == (201, 40)
    assert not [record for record in records[:40] if record in answer.text]
    void = desk.read(approved["id"])
    assert (void["status"], "objected" in void["failure"]) == ("unsafe", True)
    again = desk.step(void, "protect", policy=None)
    assert again.status_code == 202, again.text
    service.work()
    with service.installation.ledger.reading() as state:
        release = state.get(Release, approved["id"])
        run = release.run
    folder = service.installation.files
    microdata = pq.read_table(folder.path(Area.RELEASE, release.microdata))
    with service.installation.ledger.reading() as state:
        spine = pq.read_table(folder.path(Area.SPINE, state.get(Run, run).spine))
    rows = spine.to_pylist()
    objected = {row["person_id"] for row in rows if row["record_id"].hex() in set(records[:40])}
    assert objected
    assert not objected & set(microdata["person_id"].to_pylist())


@pytest.mark.parametrize("records", [[], ["x"], ["00" * 15], ["g" * 32], [5]])
def test_a_list_of_objections_holds_record_ids(service: Service, records: list[Any]) -> None:
    path = f"{HERE}/registers/{REGISTER}/objections"
    assert service.client(Role.HOLDER).post(path, json={"records": records}).status_code == 422


def test_only_the_holder_objects_and_only_administrators_erase(service: Service) -> None:
    for role in set(Role) - {Role.ADMIN, Role.OFFICER}:
        assert service.client(role).post(f"{HERE}/erasures").status_code == 403
    path = f"{HERE}/registers/{REGISTER}/objections"
    for role in set(Role) - {Role.HOLDER}:
        assert service.client(role).post(path, json={"records": ["0" * 32]}).status_code == 403


def objected(service: Service, outboxes: dict[str, Path], count: int = 40) -> list[bytes]:
    records = Payload.read(outboxes[REGISTER] / "payload.parquet").rows["record_id"].to_pylist()[:count]
    path = f"{HERE}/registers/{REGISTER}/objections"
    body = {"records": [one.hex() for one in records]}
    assert service.client(Role.HOLDER).post(path, json=body).status_code == 201
    return list(records)


def link_again(service: Service) -> Run:
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    name = service.client(Role.LINKAGE).post(RUNS, json={"plan": plan}).json()["id"]
    service.work()
    service.client(Role.SPINE).post(f"{RUNS}/{name}/resolution")
    service.work()
    with service.installation.ledger.reading() as state:
        run = state.get(Run, name)
    assert run.status == "resolved", run.failure
    return run


def spine_of(service: Service, run: Run) -> dict[bytes, bytes]:
    """Person by record id."""
    table = pq.read_table(service.installation.files.path(Area.SPINE, run.spine))
    return dict(zip(table["record_id"].to_pylist(), table["person_id"].to_pylist(), strict=True))


def test_the_next_run_leaves_objectors_out(resolved: tuple[Service, str], outboxes: dict[str, Path]) -> None:
    """Neither compared nor resolved, in any register where the last spine knows them; and the run is reproduced."""
    service, first = resolved
    with service.installation.ledger.reading() as state:
        before = spine_of(service, state.get(Run, first))
    records = objected(service, outboxes)
    persons = {before[one] for one in records}
    theirs = {one for one, person in before.items() if person in persons}
    assert len(theirs) > len(records), "some of them stand in the other register, too"
    run = link_again(service)
    after = spine_of(service, run)
    assert not set(records) & set(after)
    assert not theirs & set(after)
    assert run.report["rows_of_objectors"] > 0
    pairs = pq.read_table(service.installation.files.path(Area.LINKAGE, run.pairs))
    join = pq.read_table(outboxes[REGISTER] / "join.parquet")
    rows = {one["row_id"] for one in join.to_pylist() if one["record_id"] in set(records)} - {None}
    assert rows
    assert not rows & {*pairs["left_row_id"].to_pylist(), *pairs["right_row_id"].to_pylist()}
    asked = service.client(Role.AUDITOR).post(f"{RUNS}/{run.id}/reproduction")
    service.work()
    assert service.client(Role.AUDITOR).get(asked.headers["location"]).json()["result"]["same"] is True


def test_persons_who_object_while_a_file_is_protected_are_not_in_it(
    resolved: tuple[Service, str], outboxes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wasl.service import releases

    service, run = resolved
    honest = releases.protect

    def protect(*given: Any, **named: Any) -> Any:
        made = honest(*given, **named)
        objected(service, outboxes)
        return made

    monkeypatch.setattr(releases, "protect", protect)
    shown = Desk(service, run).prepare()
    assert (shown["status"], "objected" in shown["failure"]) == ("unsafe", True)


def test_erasure_takes_the_records_out_of_spine_links_and_pairs(
    resolved: tuple[Service, str], outboxes: dict[str, Path]
) -> None:
    service, name = resolved
    with service.installation.ledger.reading() as state:
        before = state.get(Run, name)
    records = set(Payload.read(outboxes[REGISTER] / "payload.parquet").rows["record_id"].to_pylist())
    known = len(records & set(spine_of(service, before)))
    assert known
    withdraw(service, "deliveries")
    result = erase(service)
    assert (result["runs"], result["records"]) == (1, known)
    with service.installation.ledger.reading() as state:
        after = state.get(Run, name)
        named = named_files(state)
    assert not records & set(spine_of(service, after))
    assert spine_of(service, after), "the other register's records stay"
    files = service.installation.files
    for file in (after.links, after.conflicts):
        table = pq.read_table(files.path(Area.SPINE, file))
        ids = [one for column in table.column_names if "record_id" in column for one in table[column].to_pylist()]
        assert not records & set(ids)
    pairs = pq.read_table(files.path(Area.LINKAGE, after.pairs))
    assert REGISTER not in {str(one) for side in ("left", "right") for one in pairs[f"{side}_register"].to_pylist()}
    old = {before.spine, before.links, before.pairs}
    assert not old & named
    for area in (Area.LINKAGE, Area.SPINE):
        for digest in old:
            assert not (files.folders[area] / digest[7:9] / digest[7:]).exists()
    assert old <= {file for one in certificates(service) for file in one["detail"]["files"]}
    assert service.client(Role.AUDITOR).post(f"{RUNS}/{name}/reproduction").status_code == 409


def test_what_is_due_is_erased_on_schedule(service: Service, make_files: Callable[..., Sent]) -> None:
    """The worker asks by itself, once; the state is visible."""
    sent = make_files()
    send(service.client(Role.HOLDER), "deliveries", sent.delivery)
    withdraw(service, "deliveries")
    auditor = service.client(Role.AUDITOR)
    shown = auditor.get(f"{HERE}/erasures").json()
    assert (shown["due"], shown["jobs"], shown["every_hours"]) == (1, [], 24)
    worker = service.installation.worker()
    worker._erase_when_due()
    worker._erase_when_due()
    browser = PlainBrowser(service.address, language="en")
    browser.sign_in(service.token(Role.AUDITOR))
    assert browser.get(f"/console/projects/{PROJECT}/retention").status_code == 200, "while the job waits"
    service.work()
    shown = auditor.get(f"{HERE}/erasures").json()
    assert (shown["due"], [one["status"] for one in shown["jobs"]]) == (0, ["done"])
    assert shown["jobs"][0]["created_by"] == "service"
    assert sent.delivery not in bytes_of(service)
    service.installation.worker()._erase_when_due()
    assert len(auditor.get(f"{HERE}/erasures").json()["jobs"]) == 1, "nothing is due, so nothing is asked for"


def test_the_command_line_erases_what_is_due_and_waits(service: Service, make_files: Callable[..., Sent]) -> None:
    sent = make_files()
    send(service.client(Role.HOLDER), "deliveries", sent.delivery)
    assert purge_installation(service.installation) == []
    withdraw(service, "deliveries")
    ended = purge_installation(service.installation, PROJECT)
    assert [(one["project"], one["status"], one["files"]) for one in ended] == [(PROJECT, "done", 1)]
    assert sent.delivery not in bytes_of(service)
    assert purge_installation(service.installation) == []
    with pytest.raises(NotFoundError):
        purge_installation(service.installation, "no-such-project")


def test_an_erasure_beside_which_files_keep_becoming_due_waits_and_does_not_fail(
    service: Service, make_files: Callable[..., Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wasl.service import erasure

    send(service.client(Role.HOLDER), "deliveries", make_files().delivery)
    withdraw(service, "deliveries")
    commit = erasure._commit
    tried: list[int] = []

    def overtaken(*arguments: Any) -> Any:
        tried.append(1)
        return None if len(tried) <= erasure.MOST_ATTEMPTS else commit(*arguments)

    monkeypatch.setattr(erasure, "_commit", overtaken)
    assert erase(service)["submissions"] == 1
    assert len(tried) == erasure.MOST_ATTEMPTS + 1
