"""An auditor makes runs and releases of a service again from the export of its log and the holders' files.

The run left out persons who objected, two reviewers decided pairs of it, it was built onto an earlier spine, and the
key of the log was changed since. The release was made after more persons had objected. The log holds digests and counts
of the objections, never a record id.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from service_support import OTHER_REGISTER, PROJECT, REGISTER, Service, release_documents
from test_lifecycle import reviewers
from test_release_rules import Desk
from test_tables_on_demand import ORDERS, SPECIFICATION
from test_tables_on_demand import Desk as TablesDesk
from typer.testing import CliRunner

from wasl.audit.reproduction import find_run
from wasl.cli.app import build_app
from wasl.cli.log_entries import read_entries
from wasl.errors import InputError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.objections import ObjectionLists
from wasl.registers.exchange.payload import Payload
from wasl.service.access import Role
from wasl.workflow.protect import seed_digest

HERE = f"/v1/projects/{PROJECT}"


def object_to(service: Service, outboxes: dict[str, Path], register: str, places: slice) -> None:
    column = Payload.read(outboxes[register] / "payload.parquet").rows["record_id"]
    records = [one.hex() for one in column.to_pylist()[places]]
    answer = service.client(Role.HOLDER, register=register).post(
        f"{HERE}/registers/{register}/objections", json={"records": records}
    )
    assert answer.is_success, answer.text


def decided_run(service: Service, onto: str) -> str:
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    body = {"plan": plan, "onto": onto}
    run = str(service.client(Role.LINKAGE).post(f"{HERE}/linkage-runs", json=body).json()["id"])
    service.work()
    path = f"{HERE}/linkage-runs/{run}"
    first = service.client(Role.REVIEWER)
    queue = first.get(f"{path}/review-queue", params={"limit": 200}).json()["items"]
    others = list(reviewers(service, "said", "tahar"))
    for number, pair in enumerate(queue[:12]):
        for client in (first, others[number % 2]):
            verdict = "same" if number % 3 else "different"
            assert client.post(f"{path}/decisions", json={"pair": pair["id"], "verdict": verdict}).is_success
    assert others[0].post(f"{path}/decisions/{queue[0]['id']}/take-back").is_success  # in the log, no longer said
    service.client(Role.SPINE).post(f"{path}/resolution")
    service.work()
    return run


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    for name, document in release_documents().items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def reproduce(*words: str | Path, refused: bool = False) -> Any:
    given = ["audit", "reproduce", *map(str, words), "--json"]
    result = CliRunner().invoke(build_app(["wasl.cli.audit"]), given)
    if refused:
        assert isinstance(result.exception, InputError), (result.output, result.exception)
        return result.exception
    assert result.exit_code == 0, (result.output, result.exception)
    report = json.loads(result.stdout)
    assert report["reproduced"], report
    return report


def released_after_objections(service: Service, outboxes: dict[str, Path], first: str) -> tuple[str, str]:
    """A run that left persons out and was decided upon, and a release of it that leaves more out."""
    object_to(service, outboxes, REGISTER, slice(0, 25))
    run = decided_run(service, first)
    object_to(service, outboxes, OTHER_REGISTER, slice(5, 9))
    desk = Desk(service, run)
    shown = desk.step(desk.approved(), "publish").json()
    service.work()
    assert desk.read(shown["id"])["status"] == "published"
    return run, str(shown["id"])


def inputs_of(outboxes: dict[str, Path]) -> Sequence[str | Path]:
    return [word for folder in outboxes.values() for word in ("--inputs", folder)]


def test_a_run_and_a_release_with_objections_decisions_and_an_earlier_spine(
    resolved: tuple[Service, str],
    outboxes: dict[str, Path],
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "auditor"))
    service, first = resolved
    run, release = released_after_objections(service, outboxes, first)
    later = [REGISTER, slice(40, 43)]
    object_to(service, outboxes, *later)  # type: ignore[arg-type]  # after both; the file has these, too
    service.installation.rotate_key(reason="yearly")
    auditor, keeper = service.client(Role.AUDITOR, None), service.client(Role.SPINE)
    log, whole = tmp_path / "log.jsonl", tmp_path / "objections.json"
    log.write_bytes(auditor.get("/v1/audit/export").content)
    whole.write_bytes(keeper.get(f"{HERE}/objections").content)
    package = tmp_path / "release"
    package.mkdir()
    archive = service.client(Role.RELEASE).get(f"{HERE}/releases/{release}/package").content
    unpack(archive, package)

    lists = ObjectionLists.parse(whole.read_bytes(), "objections.json")
    assert len(lists.lists) >= 3
    text = log.read_text(encoding="utf-8")
    assert not [one for some in lists.lists for one in some.records if one in text]
    recorded = find_run((event for _, event in read_entries(log)), run=run)
    assert (recorded.objected >= 25, recorded.decided >= 8, bool(recorded.onto_digest)) == (True, True, True)

    common = ["--plan", "morocco", *inputs_of(outboxes), "--log", log]
    spines = [*common, "--out", tmp_path / "first"]
    assert reproduce(first, *spines)["run"] == first  # the earlier spine, made again for the later run
    common += ["--inputs", tmp_path / "first"]
    refused = reproduce(run, *common, refused=True)
    assert recorded.objections_digest in str(refused)
    assert "--objections" in refused.remedy
    other = tmp_path / "other.csv"
    other.write_text("register,record_id\n" + f"{REGISTER},{'ab' * 16}\n", encoding="utf-8")
    assert "no list of objections" in str(reproduce(run, *common, "--objections", other, refused=True))
    assert reproduce(run, *common, "--objections", other, "--objections", whole)["run"] == run
    without = [word for word in common if word != tmp_path / "first"][:-1]
    missing = reproduce(run, *without, "--objections", whole, refused=True)
    assert recorded.onto_digest in str(missing)

    seed = seed_from_the_desk(service, f"{HERE}/releases/{release}")
    documents = ["--spec", files / "specification.json", "--policy", files / "policy.json", "--seed", seed]
    documents += ["--description", files / "description.json"]
    refused = reproduce(package, *common, *documents, refused=True)
    assert "persons who object" in str(refused)
    report = reproduce(package, *common, *documents, "--objections", whole)
    assert report["files_compared"] > 8
    assert report["run"] == run


def seed_from_the_desk(service: Service, release: str) -> str:
    """The seed, which the release desk alone is shown; other roles see its digest."""
    told = service.client(Role.RELEASE).get(f"{release}/internal-report.json").json()
    assert told["seed"] == 7
    for role in (Role.RELEASE, Role.APPROVER, Role.AUDITOR):
        reader = service.client(role, None if role is Role.AUDITOR else PROJECT)
        assert reader.get(release).json()["seed_digest"] == seed_digest(7)
        assert "seed" not in reader.get(release).json()
        assert "seed" not in reader.get(f"{release}/risk").json()["risk"]
        assert (reader.get(f"{release}/internal-report.json").status_code == 200) == (role is Role.RELEASE)
    return str(told["seed"])


def unpack(archive: bytes, folder: Path) -> None:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(folder)


def test_a_file_that_the_service_no_longer_has_is_named(
    resolved: tuple[Service, str], outboxes: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "auditor"))
    service, run = resolved
    holder = service.client(Role.HOLDER)
    sent = holder.get(f"{HERE}/registers/{REGISTER}/deliveries").json()["items"][-1]
    headers = {"If-Match": f'"v{sent["version"]}"'}
    assert holder.post(f"{HERE}/registers/{REGISTER}/deliveries/{sent['id']}/withdraw", headers=headers).is_success
    service.client(Role.ADMIN, None).post(f"{HERE}/erasures")
    service.work()
    log = tmp_path / "log.jsonl"
    log.write_bytes(service.client(Role.AUDITOR, None).get("/v1/audit/export").content)
    words = [run, "--plan", "morocco", "--log", log]
    refused = reproduce(*words, "--inputs", outboxes[OTHER_REGISTER], refused=True)
    assert f"register {REGISTER}" in str(refused)
    assert "erased in entry" in str(refused)
    reproduce(*words, *inputs_of(outboxes))  # the holder still has what it sent


def test_published_tables_with_objections_and_earlier_answers(
    resolved: tuple[Service, str], outboxes: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables ordered, audited against an earlier answer, and published; made again from the deliveries on."""
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "auditor"))
    service, run = resolved
    object_to(service, outboxes, REGISTER, slice(0, 12))
    desk = TablesDesk(service, run)
    menu = desk.menu()
    first = desk.order(menu, table="by-activity")
    second = desk.order(menu, dimensions=["birth_year", "sex"])
    assert desk.step(second, "approve", reason="x").is_success
    assert desk.step(desk.read(second["id"]), "publish", Role.RELEASE).is_success
    service.work()
    shown = desk.read(second["id"])
    assert shown["status"] == "published", shown["failure"]
    object_to(service, outboxes, REGISTER, slice(20, 22))  # after both

    log, whole = tmp_path / "log.jsonl", tmp_path / "objections.json"
    log.write_bytes(service.client(Role.AUDITOR, None).get("/v1/audit/export").content)
    whole.write_bytes(service.client(Role.SPINE).get(f"{HERE}/objections").content)
    report = service.client(Role.AUDITOR).get(f"{ORDERS}/{shown['id']}/report").json()
    (tmp_path / "tables.json").write_text(json.dumps(report["specification"]), encoding="utf-8")
    (tmp_path / "microdata.json").write_text(json.dumps(SPECIFICATION), encoding="utf-8")
    package, before, inside = tmp_path / "package", tmp_path / "before", tmp_path / "inside"
    for folder in (package, before, inside):
        folder.mkdir()
    unpack(service.client(Role.RELEASE).get(f"{ORDERS}/{shown['id']}/package").content, package)
    unpack(service.client(Role.RELEASE).get(f"{ORDERS}/{first['id']}/internal").content, before)
    unpack(service.client(Role.RELEASE).get(f"{ORDERS}/{shown['id']}/internal").content, inside)
    seed = json.loads((inside / "report.json").read_text(encoding="utf-8"))["seed"]
    assert "seed" not in report["report"]  # more people read it than the desk, and it undoes rounding in part

    words = [package, "--tables", tmp_path / "tables.json", "--seed", seed, "--log", log]
    words += ["--plan", "morocco", "--spec", tmp_path / "microdata.json", *inputs_of(outboxes)]
    assert "persons who object" in str(reproduce(*words, refused=True))
    words += ["--objections", whole]
    assert "1 of 1 earlier releases" in str(reproduce(*words, refused=True))
    words += ["--earlier", before]
    found = reproduce(*words)
    assert (found["run"], found["from_deliveries"]) == (run, True)
    assert found["files_compared"] >= 6
    assert reproduce(shown["id"], *words[1:])["files_compared"] == 0
    kinds = [event.kind for _, event in read_entries(log) if event.subject == shown["id"]]
    assert kinds.index("MicrodataAssembled") < kinds.index("TablesProtected") < kinds.index("TablesPublished")
