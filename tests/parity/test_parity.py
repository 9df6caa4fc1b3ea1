"""Every act gives the same through the library, the command line and the service: artifacts by digest, events by value.

The service runs first. The library and the command line then get the same inputs, the same run name and the same seed.
"""

from __future__ import annotations

import dataclasses
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wasl
from wasl.audit.events import KINDS, AuditEvent, Happening
from wasl.audit.notes import NoteSigner
from wasl.audit.reproduction import find_run
from wasl.cli.audit_trail import open_log
from wasl.cli.disclosure import assess_data, protect_data
from wasl.cli.linkage import link_files
from wasl.cli.microdata import assemble_files
from wasl.cli.publication import publish_folder
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.linkage.plan import LinkagePlan
from wasl.publication.description import DatasetDescription
from wasl.publication.log_proofs import LOG_FOLDER, PROVEN
from wasl.registers.documents import validate_document
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.digests import digest_bytes, digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.service.access import Role
from wasl.service.ports import Area
from wasl.service.records import Release, Run
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.microdata import MicrodataSpec
from wasl.workflow.protect import INTERNAL_PAGES, internal_pages, public_report
from wasl.workflow.publish import publish
from wasl.workflow.reproduce import reproduce

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from service_support import (
    PROJECT,
    Service,
    encode_registers,
    make_settings,
    open_installation,
    populate,
    release_documents,
    send,
    serving,
)

SEED = 7
PLAN = "morocco"
TIMED = ("report.json", "report.html")
"""Linkage reports carry the seconds each stage took, so their bytes differ from run to run."""
ASSEMBLED = ("microdata.parquet", "quality.csv", "concordance.csv")
"""Artifacts of the act `assemble`."""
DATED = ("data/", "metadata/dictionary.csv", "report/")
"""Files of a package that carry neither a time nor the publisher's key."""
KINDS_SENT = {"deliveries": "delivery", "join-maps": "join", "payloads": "payload"}


@dataclasses.dataclass(frozen=True)
class ServiceRun:
    """What the service made: digests of its artifacts by act, its events by kind, and the records themselves."""

    run: Run
    release: Release
    artifacts: Mapping[str, Mapping[str, str]]
    events: Mapping[str, AuditEvent]
    log: list[AuditEvent]
    package: Mapping[str, bytes]


@pytest.fixture(scope="module")
def outboxes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return encode_registers(tmp_path_factory.mktemp("outboxes"), PROJECT, persons=1500)


@pytest.fixture(scope="module")
def through_service(tmp_path_factory: pytest.TempPathFactory, outboxes: dict[str, Path]) -> Iterator[ServiceRun]:
    folder = tmp_path_factory.mktemp("service")
    installation = open_installation(make_settings(folder, f"sqlite:///{folder / 'wasl.db'}"))
    tokens = populate(installation)
    with serving(installation) as address:
        service = Service(address, installation, tokens)
        yield _run_service(service, outboxes)
        service.close()
    installation.close()


def _run_service(service: Service, outboxes: dict[str, Path]) -> ServiceRun:
    for register, place in outboxes.items():
        holder = service.client(Role.HOLDER, register=register)
        for plural, kind in KINDS_SENT.items():
            answer = send(holder, plural, (place / f"{kind}.parquet").read_bytes(), register=register)
            assert answer.status_code == 201, answer.text
    runs, releases = (f"/v1/projects/{PROJECT}/{name}" for name in ("linkage-runs", "releases"))
    linkage, spine = service.client(Role.LINKAGE), service.client(Role.SPINE)
    run = linkage.post(runs, json={"plan": {"name": PLAN}}).json()
    service.work()
    spine.post(f"{runs}/{run['id']}/resolution").raise_for_status()
    service.work()
    service.client(Role.AUDITOR).post(f"{runs}/{run['id']}/reproduction").raise_for_status()
    service.work()
    desk, approver = service.client(Role.RELEASE), service.client(Role.APPROVER)
    body = {"run": run["id"], "title": "t", "seed": SEED, **release_documents()}
    release = desk.post(releases, json=body).json()
    service.work()
    place = f"{releases}/{release['id']}"
    for step, client in (("request", desk), ("approve", approver), ("publish", desk)):
        shown = desk.get(place).json()
        assert shown["status"] not in ("unsafe", "failed"), shown["failure"]
        answer = client.post(f"{place}/{step}", json={"reason": "ok"}, headers={"If-Match": f'"v{shown["version"]}"'})
        assert answer.status_code < 300, answer.text
        service.work()
    office = service.installation.office
    with office.ledger.reading() as state:
        kept_run, kept = state.get(Run, run["id"]), state.get(Release, release["id"])
        log = [AuditEvent.parse(entry.data) for entry in state.log_entries(first=0, limit=10_000)]
    with zipfile.ZipFile(office.files.path(Area.PUBLIC, kept.package)) as archive:
        package = {name: archive.read(name) for name in archive.namelist()}
    assessment = {
        name.removeprefix("assessment/"): digest
        for name, digest in kept.artifacts.items()
        if name.startswith("assessment/")
    }
    released = {name: digest for name, digest in kept.artifacts.items() if not name.startswith("assessment/")}
    artifacts = {
        "link": _stored(office, Area.LINKAGE, {"pairs.parquet": kept_run.pairs}),
        "resolve": _stored(office, Area.SPINE, kept_run.artifacts),
        "assess": _stored(office, Area.RELEASE, assessment),
        "release": _stored(office, Area.RELEASE, released),
    }
    return ServiceRun(kept_run, kept, artifacts, {event.kind: event for event in log}, log, package)


def _stored(office: Any, area: Area, files: Mapping[str, str]) -> dict[str, str]:
    return {name: digest_of(name, office.files.path(area, digest).read_bytes()) for name, digest in files.items()}


def digest_of(name: str, data: bytes) -> str:
    """The digest of an artifact read back from its file: of a table's values, or of the bytes."""
    return digest_table(pq.read_table(pa.BufferReader(data))) if name.endswith(".parquet") else digest_bytes(data)


def digests_in(folder: Path, names: Mapping[str, str]) -> dict[str, str]:
    return {name: digest_of(name, (folder / name).read_bytes()) for name in names}


def same_event(event: Happening, in_service: AuditEvent) -> None:
    assert event == in_service.happening


def untimed(digests: Mapping[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in digests.items() if name not in TIMED}


@dataclasses.dataclass(frozen=True)
class Through:
    """Acts done through the library or the command line: digests by act, events by kind."""

    artifacts: dict[str, dict[str, str]]
    events: dict[str, Happening]
    package: Mapping[str, bytes]


@pytest.fixture(scope="module")
def policy() -> DisclosurePolicy:
    return validate_document(DisclosurePolicy, dict(release_documents()["policy"]), "policy")


@pytest.fixture(scope="module")
def library(through_service: ServiceRun, outboxes: dict[str, Path], policy: DisclosurePolicy) -> Through:
    deliveries = [Delivery.read(place / "delivery.parquet") for place in outboxes.values()]
    joins = [JoinMap.read(place / "join.parquet") for place in outboxes.values()]
    payloads = [Payload.read(place / "payload.parquet") for place in outboxes.values()]
    linked = wasl.link(deliveries, LinkagePlan.load(PLAN), joins=joins, run=through_service.run.id, threads=1)
    documents = release_documents()
    specification = MicrodataSpec.model_validate(documents["specification"])
    resolved = linked.resolved
    assembled = wasl.assemble(linked, payloads, specification)
    assessed = wasl.assess(assembled.result.table, policy)
    safe = wasl.protect(assembled.result.table, policy, seed=SEED)
    description = DatasetDescription.model_validate(documents["description"])
    signer = NoteSigner.generate("wasl.release/test")
    published = publish(
        safe.result.table,
        public_report(safe.result),
        description,
        RunOptions(),
        signer=signer,
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert wasl.publish(safe, description, signer=signer, created=datetime(2026, 1, 1, tzinfo=UTC)) == dict(
        published.artifacts
    )
    acts: dict[str, Act[Any, Any]] = {
        "link": linked.linked,
        "resolve": resolved,
        "assess": assessed,
        "assemble": assembled,
        "protect": safe,
        "publish": published,
    }
    digests = {name: dict(act.digests()) for name, act in acts.items()}
    # The service keeps the confidential page in every language, for readers to come.
    digests["protect"] |= {name: digest_bytes(page) for name, page in internal_pages(safe.result).items()}
    return Through(digests, {act.event.kind: act.event for act in acts.values()}, published.result)


@pytest.fixture(scope="module")
def command_line(
    through_service: ServiceRun, outboxes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Through]:
    folder = tmp_path_factory.mktemp("cli")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WASL_HOME", str(folder / "home"))
        yield _run_command_line(through_service, outboxes, folder)


def _run_command_line(through_service: ServiceRun, outboxes: dict[str, Path], folder: Path) -> Through:
    documents = release_documents()
    for name in ("specification", "policy", "description"):
        (folder / f"{name}.toml").write_text(_toml(documents[name]), encoding="utf-8")
    hierarchies = documents["policy"]["hierarchy_texts"]
    for name, text in hierarchies.items():
        (folder / name).write_text(text, encoding="utf-8")
    deliveries = [place / "delivery.parquet" for place in outboxes.values()]
    joins = [place / "join.parquet" for place in outboxes.values()]
    link_files(PLAN, deliveries, joins, folder / "linked", run=through_service.run.id, threads=1)
    assemble_files(
        folder / "linked" / "spine.parquet",
        [place / "payload.parquet" for place in outboxes.values()],
        str(folder / "specification.toml"),
        folder / "microdata.parquet",
    )
    (folder / "microdata").mkdir()
    (folder / "microdata.parquet").rename(folder / "microdata" / "microdata.parquet")
    for name in ("quality", "concordance"):
        (folder / f"microdata.{name}.csv").rename(folder / "microdata" / f"{name}.csv")
    micro = folder / "microdata" / "microdata.parquet"
    assess_data(micro, str(folder / "policy.toml"), out=folder / "risk")
    protect_data(micro, str(folder / "policy.toml"), folder / "safe", seed=SEED)
    publish_folder(folder / "safe", folder / "description.toml", folder / "release")
    written = {
        "link": folder / "linked",
        "resolve": folder / "linked",
        "assess": folder / "risk",
        "assemble": folder / "microdata",
        "protect": folder / "safe",
    }
    stored = through_service.artifacts
    # The command line writes the confidential page in the reader's language alone.
    one_page = [name for name in _protected_names(stored) if name not in {INTERNAL_PAGES["fr"], INTERNAL_PAGES["ar"]}]
    names = {**stored, "assemble": ASSEMBLED, "protect": one_page}
    package = {
        path.relative_to(folder / "release").as_posix(): path.read_bytes()
        for path in (folder / "release").rglob("*")
        if path.is_file()
    }
    events = (AuditEvent.parse(data) for data in open_log().events())
    return Through(
        {act: digests_in(place, names[act]) for act, place in written.items()},
        {event.kind: event.happening for event in events if isinstance(event.happening, Happening)},
        package,
    )


def _protected_names(stored: Mapping[str, Mapping[str, str]]) -> list[str]:
    return [name for name in stored["release"] if name not in ASSEMBLED]


def _toml(value: Mapping[str, Any]) -> str:
    """A document as TOML: keys without a value are left out."""
    tomli_w = pytest.importorskip("tomli_w")
    text: str = tomli_w.dumps(_without_none(value))
    assert tomllib.loads(text)
    return text


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


ACTS = ("link", "resolve", "assemble", "assess", "protect")
EVENTS = {
    "link": "LinkageCompleted",
    "resolve": "SpineResolved",
    "assemble": "MicrodataAssembled",
    "assess": "RiskAssessed",
    "protect": "ProtectionApplied",
}


def service_digests(through_service: ServiceRun, act: str) -> Mapping[str, str]:
    stored = through_service.artifacts
    if act in stored:
        return stored[act]
    names = ASSEMBLED if act == "assemble" else _protected_names(stored)
    return {name: stored["release"][name] for name in names}


@pytest.mark.parametrize("act", ACTS)
def test_library_and_service_give_equal_artifacts(act: str, library: Through, through_service: ServiceRun) -> None:
    stored = untimed(service_digests(through_service, act))
    assert stored
    assert {name: library.artifacts[act][name] for name in stored} == stored


@pytest.mark.parametrize("act", ACTS)
def test_command_line_and_library_give_equal_artifacts(act: str, library: Through, command_line: Through) -> None:
    written = untimed(command_line.artifacts[act])
    assert written
    assert written == {name: library.artifacts[act][name] for name in written}


@pytest.mark.parametrize("act", ACTS)
def test_all_three_tell_the_same_event(
    act: str, library: Through, command_line: Through, through_service: ServiceRun
) -> None:
    kind = EVENTS[act]
    assert library.events[kind] == through_service.events[kind].happening
    told = command_line.events[kind]
    if act in ("assess", "protect"):  # a policy in a file has no order of absent keys, but the same meaning
        assert told.detail() == library.events[kind].detail()
    assert told == library.events[kind]


def test_packages_are_equal_but_for_time_and_key(
    library: Through, command_line: Through, through_service: ServiceRun
) -> None:
    proofs = {f"{LOG_FOLDER}{name}.json" for name in PROVEN}  # only the service has a log with an approval
    assert set(library.package) == set(command_line.package) == set(through_service.package) - proofs
    assert proofs <= set(through_service.package)
    for name in library.package:
        if name.startswith(DATED) and not name.endswith((".sav", ".dta")):
            assert library.package[name] == command_line.package[name] == through_service.package[name], name


def test_the_published_events_differ_in_key_and_manifest_only(
    library: Through, command_line: Through, through_service: ServiceRun
) -> None:
    told = [library.events, command_line.events, {k: e.happening for k, e in through_service.events.items()}]
    details = [{**events["ReleasePublished"].detail(), "manifest_digest": "", "key_id": ""} for events in told]
    details[2]["files"] -= len(PROVEN)  # the proofs in the log
    assert details[0] == details[1] == details[2]


def test_the_spine_keeps_what_assembly_needs(through_service: ServiceRun) -> None:
    kept = {"spine.parquet", "links.parquet", "conflicts.parquet", "changes.parquet", "review.parquet"}
    assert kept <= set(through_service.run.artifacts)
    assert "quality.csv" in through_service.release.artifacts


def test_a_run_of_the_service_is_reproduced_from_its_log(
    through_service: ServiceRun, outboxes: dict[str, Path]
) -> None:
    recorded = find_run(through_service.log, run=through_service.run.id)
    by_digest = {Delivery.read(place / "delivery.parquet").digest: place for place in outboxes.values()}
    places = [by_digest[digest] for digest in recorded.delivery_digests]
    act = reproduce(
        recorded,
        LinkagePlan.load(PLAN),
        [Delivery.read(place / "delivery.parquet") for place in places],
        [JoinMap.read(place / "join.parquet") for place in places],
        RunOptions(threads=1),
    )
    assert act.result.differing == ()
    assert act.event == through_service.events["LinkageReproduced"].happening


def test_every_event_of_an_act_is_a_kind(through_service: ServiceRun) -> None:
    assert {event.kind for event in through_service.log} <= set(KINDS)


def test_a_refusal_carries_its_event(library: Through, policy: DisclosurePolicy) -> None:
    table = pa.table({variable.name: pa.array(["x"]) for variable in policy.variables})
    with pytest.raises((PolicyError, wasl.errors.InputError)) as caught:
        wasl.protect(table, policy, seed=1)
    assert caught.value.event is not None
    assert caught.value.event.kind in ("ProtectionRefused", "ProtectionFailed")
    assert caught.value.event.detail()["policy_digest"] == policy.digest
