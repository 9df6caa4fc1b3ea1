"""Threat: files are withdrawn and erased while a job works with them, and their records come back with its result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from service_support import PROJECT, REGISTER, Service
from test_release_rules import Desk
from test_tables_on_demand import Desk as TablesDesk

from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.service import linkages, packages, releases, resolutions, returns, scenarios, table_jobs
from wasl.service.access import Role
from wasl.service.erasure import named_files
from wasl.service.ports import Area
from wasl.service.records import Job, JobKind, Release, Run, Submission

HERE = f"/v1/projects/{PROJECT}"
RUNS = f"{HERE}/linkage-runs"

BESIDE: dict[JobKind, tuple[Any, str]] = {
    JobKind.SCORE: (linkages, "link"),
    JobKind.RESOLVE: (resolutions, "resolve"),
    JobKind.REPRODUCE: (resolutions, "run_again"),
    JobKind.PROTECT: (releases, "protect"),
    JobKind.COMPARE: (scenarios, "compare"),
    JobKind.PACKAGE: (packages, "publish"),
    JobKind.TABULATE: (table_jobs, "tabulate"),
    JobKind.PACKAGE_TABLES: (table_jobs, "publish_tables"),
    JobKind.RETURN: (returns, "holder_return"),
}
"""The long work of each kind of job, beside which the files are erased."""

WORDS = ("erased", "withdrawn", "missing", "not in the area", "unsafe", "has no register")
"""What the failure of a job says of files that are not there any more."""

Asked = Callable[[Service, str], None]


def withdraw_and_erase(service: Service) -> None:
    """A holder withdraws the delivery, and with it join map and payload; another worker erases them at once."""
    holder = service.client(Role.HOLDER)
    path = f"{HERE}/registers/{REGISTER}/deliveries"
    for sent in holder.get(path).json()["items"]:
        answer = holder.post(f"{path}/{sent['id']}/withdraw", headers={"If-Match": f'"v{sent["version"]}"'})
        assert answer.status_code == 200, answer.text
    assert service.client(Role.ADMIN, None).post(f"{HERE}/erasures").status_code == 202
    assert service.installation.worker().work_once()
    with service.installation.ledger.reading() as state:
        (job,) = state.select(Job, kind=JobKind.ERASE)
        sent = state.select(Submission, project=PROJECT, register=REGISTER)
    assert job.status.value == "done", job.failure
    assert all(one.purged for one in sent)


def ask_score(service: Service, _run: str) -> None:
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    assert service.client(Role.LINKAGE).post(RUNS, json={"plan": plan}).status_code == 202


def ask_resolve(service: Service, run: str) -> None:
    ask_score(service, run)
    assert service.installation.worker().work_once()
    with service.installation.ledger.reading() as state:
        scored = max(one.id for one in state.select(Run, project=PROJECT))
    assert service.client(Role.SPINE).post(f"{RUNS}/{scored}/resolution").status_code == 202


def ask_reproduce(service: Service, run: str) -> None:
    assert service.client(Role.AUDITOR).post(f"{RUNS}/{run}/reproduction").status_code == 202


def ask_protect(service: Service, run: str) -> None:
    desk = Desk(service, run)
    desk.service = Waiting(service)  # type: ignore[assignment]
    desk.prepare()


def ask_compare(service: Service, run: str) -> None:
    desk = Desk(service, run)
    shown = desk.prepare()
    body = {"scenarios": [{"name": "a", "policy": {"name": "public-use"}}]}
    answer = service.client(Role.RELEASE).post(f"{HERE}/releases/{shown['id']}/scenarios", json=body)
    assert answer.status_code == 202, answer.text


def ask_package(service: Service, run: str) -> None:
    desk = Desk(service, run)
    assert desk.step(desk.approved(), "publish").status_code in (200, 202)


def ask_tabulate(service: Service, run: str) -> None:
    desk = TablesDesk(service, run)
    menu = desk.menu()
    answer = service.client(Role.ANALYST).post(f"{HERE}/tables", json={"menu": menu, "table": "by-activity"})
    assert answer.status_code == 202, answer.text


def ask_return(service: Service, run: str) -> None:
    assert service.client(Role.HOLDER).post(f"{RUNS}/{run}/returns/{REGISTER}").status_code == 202


class Waiting:
    """A service whose jobs wait."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def work(self) -> None:
        """Nothing is done."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)


ASKED: dict[JobKind, Asked] = {
    JobKind.SCORE: ask_score,
    JobKind.RESOLVE: ask_resolve,
    JobKind.REPRODUCE: ask_reproduce,
    JobKind.PROTECT: ask_protect,
    JobKind.COMPARE: ask_compare,
    JobKind.PACKAGE: ask_package,
    JobKind.TABULATE: ask_tabulate,
    JobKind.RETURN: ask_return,
}


def erased_records(outboxes: dict[str, Path]) -> set[bytes]:
    ids = Payload.read(outboxes[REGISTER] / "payload.parquet").rows["record_id"].to_pylist()
    return set(ids) | set(JoinMap.read(outboxes[REGISTER] / "join.parquet").rows["record_id"].to_pylist())


def named_values(service: Service) -> tuple[set[bytes], set[str]]:
    """Every record id, and every register of a pair, in the Parquet files that records name."""
    with service.installation.ledger.reading() as state:
        named = named_files(state)
    ids: set[bytes] = set()
    registers: set[str] = set()
    files = service.installation.files
    for area in (Area.LINKAGE, Area.SPINE, Area.RELEASE):
        for digest in named:
            place = files.folders[area] / digest[7:9] / digest[7:]
            if not place.is_file() or place.read_bytes()[:4] != b"PAR1":
                continue
            table = pq.read_table(place)
            for column in table.column_names:
                if "record_id" in column:
                    ids |= set(table[column].to_pylist())
                if column in ("left_register", "right_register"):
                    registers |= {str(one) for one in table[column].to_pylist()}
    return ids, registers


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ASKED, ids=str)
def test_what_was_erased_does_not_come_back(
    resolved_on_each: tuple[Service, str],
    outboxes: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    kind: JobKind,
    when: str,
) -> None:
    """Before: the job holds the files and reads them after they were erased. After: it is about to commit."""
    service, run = resolved_on_each
    ASKED[kind](service, run)
    module, name = BESIDE[kind]
    honest, erased = getattr(module, name), []

    def beside(*given: Any, **named: Any) -> Any:
        if when == "before" and not erased:
            erased.append(withdraw_and_erase(service))
        made = honest(*given, **named)
        if when == "after" and not erased:
            erased.append(withdraw_and_erase(service))
        return made

    monkeypatch.setattr(module, name, beside)
    service.work()
    assert erased, "the work was reached"
    with service.installation.ledger.reading() as state:
        jobs = state.select(Job)
        made = state.select(Release)
        parked = [one.failure for one in jobs if one.status.value == "parked"]
        ended = [one for one in jobs if one.kind is kind][-1]
    assert not parked, "a job whose files were erased ends with words, not by breaking down"
    assert ended.status.value in ("done", "failed")
    if ended.status.value == "failed":
        said = ended.failure
        assert any(word in said for word in WORDS), said
    ids, registers = named_values(service)
    assert not ids & erased_records(outboxes)
    assert REGISTER not in registers
    assert all((one.microdata, one.package, one.artifacts) == ("", "", {}) for one in made)


def test_every_kind_of_job_is_erased_beside() -> None:
    """Jobs that read no file of a holder are named here."""
    assert set(JobKind) - set(ASKED) == {JobKind.ERASE, JobKind.PACKAGE_TABLES}
