"""Threat: the clock of the machine is set back while the service works, and what was dated before lies ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from service_support import (
    PATIENCE_SECONDS,
    PROJECT,
    REGISTER,
    Service,
    Template,
    give_token,
    make_settings,
    random_files,
    send,
    serving,
    wait_until,
)

from wasl.service import job_handlers as duties
from wasl.service.access import Actor, Role
from wasl.service.pins import last_sent
from wasl.service.ports import Office, Progress
from wasl.service.records import Job, JobKind, JobStatus, Submission
from wasl.service.users import token_actor
from wasl.storage.leases import LONGEST_WAIT_SECONDS
from wasl.storage.tables import jobs as jobs_table
from wasl.web.condition import SILENT_SECONDS
from wasl.web.console.sessions import Sessions
from wasl.web.installation import Installation

DAY = timedelta(days=1)


@dataclass
class Clock:
    """The machine's clock, and by how much it is wrong."""

    off: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


@dataclass
class World:
    clock: Clock
    service: Service

    @property
    def now(self) -> float:
        return self.clock().timestamp()


@pytest.fixture
def world(sqlite_template: Template, tmp_path: Path) -> Iterator[World]:
    clock, folder = Clock(), tmp_path / "data"
    opened = Installation.open(make_settings(folder, sqlite_template.copy(folder), lease_seconds=60))
    installation = replace(opened, office=replace(opened.office, now=clock))
    with serving(installation) as address:
        service = Service(address, installation, dict(sqlite_template.tokens))
        yield World(clock, service)
        service.close()
    opened.close()


def erasure(world: World) -> str:
    """A job that waits."""
    answer = world.service.client(Role.ADMIN, None).post(f"/v1/projects/{PROJECT}/erasures")
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def job_of(world: World, name: str) -> Job:
    with world.service.installation.ledger.reading() as state:
        return state.get(Job, name)


@pytest.mark.parametrize("back", [timedelta(hours=1), DAY, 400 * DAY])
def test_the_job_of_a_dead_worker_goes_to_another_within_a_lease(world: World, back: timedelta) -> None:
    leases = world.service.installation.leases
    name = erasure(world)
    assert leases.take("dead", world.now) is not None
    later = world.now - back.total_seconds()
    assert leases.take("heir", later) is None, "the holder may live: it has one lease to say so"
    assert leases.take("heir", later + leases.lease_seconds / 2) is None
    heir = leases.take("heir", later + leases.lease_seconds + 1)
    assert heir is not None
    assert (heir.id, heir.attempt) == (name, 2)


def test_a_living_worker_keeps_its_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its heartbeat goes on by the new clock, so nobody takes the job over."""
    leases = world.service.installation.leases
    set_back, finish = threading.Event(), threading.Event()
    original = duties.HANDLERS[JobKind.ERASE]

    def work(office: Office, job: Job, progress: Progress) -> None:
        world.clock.off = -DAY
        set_back.set()
        assert finish.wait(PATIENCE_SECONDS)
        original(office, job, progress)

    monkeypatch.setitem(duties.HANDLERS, JobKind.ERASE, work)
    name = erasure(world)
    worker = threading.Thread(target=world.service.installation.worker().work_once)
    worker.start()
    assert set_back.wait(PATIENCE_SECONDS)

    def leased() -> bool:
        with world.service.installation.engine.connect() as connection:
            until = connection.execute(sa.select(jobs_table.c.lease_until)).scalar_one()
        return bool(until <= world.now + leases.lease_seconds)

    wait_until(leased, "a lease by the new clock")
    assert leases.take("heir", world.now) is None
    finish.set()
    worker.join(PATIENCE_SECONDS)
    assert (job_of(world, name).status, job_of(world, name).attempt) == (JobStatus.DONE, 1)


def test_a_job_that_was_put_off_is_not_put_off_for_the_jump(world: World) -> None:
    leases = world.service.installation.leases
    erasure(world)
    job = leases.take("first", world.now)
    assert job is not None
    leases.release(job, not_before=world.now + LONGEST_WAIT_SECONDS)
    assert leases.take("second", world.now) is None
    assert leases.take("second", world.now - DAY.total_seconds()) is not None


def test_a_worker_that_died_is_missed(world: World) -> None:
    leases = world.service.installation.leases
    leases.see("dead", world.now)
    assert leases.crew(world.now, silent_seconds=SILENT_SECONDS).workers == 1
    assert leases.crew(world.now - DAY.total_seconds(), silent_seconds=SILENT_SECONDS).workers == 0


def test_a_living_worker_is_seen_signs_and_erases(world: World, tmp_path: Path) -> None:
    """What is done from time to time is done by the new clock, not once the old time has come again."""
    installation = world.service.installation
    worker = installation.worker()
    worker.erasure_every = timedelta(hours=24)
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()

    def signed() -> str:
        with installation.ledger.reading() as state:
            return state.checkpoint_at()

    def checked_and_seen() -> bool:
        crew = installation.leases.crew(world.now, silent_seconds=SILENT_SECONDS)
        return bool(signed()) and crew.workers == 1

    wait_until(checked_and_seen, "the first checkpoint")
    wait_until(lambda: worker._looked_at is not None, "the first look for what is to be erased")
    holder = world.service.client(Role.HOLDER)
    name = send(holder, "deliveries", random_files(tmp_path).delivery).json()["id"]
    path = f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries/{name}/withdraw"
    assert holder.post(path, headers={"If-Match": '"v1"'}).status_code == 200

    def erased() -> bool:
        with installation.ledger.reading() as state:
            return state.get(Submission, name).purged

    assert not erased(), "the next look is in a day"
    world.clock.off = -DAY
    wait_until(lambda: signed() < world.clock().isoformat(), "a checkpoint by the new clock")
    wait_until(lambda: installation.leases.crew(world.now, silent_seconds=SILENT_SECONDS).workers == 1, "a worker")
    wait_until(erased, "the erasure")
    stop.set()
    thread.join(PATIENCE_SECONDS)


@pytest.mark.parametrize("back", [timedelta(minutes=5), DAY])
def test_a_confirmation_does_not_outlast_its_minutes(world: World, back: timedelta) -> None:
    """Threat: a proof of who one is counts for a day, because its time is still to come."""
    installation = world.service.installation
    sessions = Sessions(installation.engine, installation.office, installation.settings)
    secret = world.service.token(Role.ADMIN, None)
    with installation.ledger.reading() as state:
        actor: Actor = token_actor(state, secret.split("_")[1], world.clock())[0]
    cookie = sessions.open(actor, world.clock())
    found = sessions.find(cookie, world.clock())
    assert found is not None
    assert found.confirmed
    world.clock.off = -back
    again = sessions.find(cookie, world.clock())
    assert again is None or not again.confirmed


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=3)])
def test_the_file_sent_last_counts(world: World, tmp_path: Path, back: timedelta) -> None:
    holder = world.service.client(Role.HOLDER)
    first = send(holder, "deliveries", random_files(tmp_path, seed=1).delivery).json()["id"]
    world.clock.off = -back
    later = {"created": "2026-01-02T00:00:00+00:00"}
    second = send(holder, "deliveries", random_files(tmp_path, seed=2, header=later).delivery)
    assert second.status_code == 201, second.text
    with world.service.installation.ledger.reading() as state:
        sent = state.select(Submission, project=PROJECT, register=REGISTER)
    assert {one.id for one in sent} == {first, second.json()["id"]}
    assert last_sent(sent)[REGISTER].id == second.json()["id"]


def test_a_file_that_arrived_in_a_time_to_come_is_spoken_of(world: World, tmp_path: Path) -> None:
    """A clock that was ahead by years leaves files that would count as the last ones for years."""
    world.clock.off = 100 * DAY
    user = f"{Role.HOLDER}-{PROJECT}-{REGISTER}"
    holder = world.service.bearer(give_token(world.service.installation, user, Role.HOLDER, PROJECT, REGISTER))
    ahead = send(holder, "deliveries", random_files(tmp_path, seed=1).delivery)
    world.clock.off = timedelta()
    later = {"created": "2026-01-02T00:00:00+00:00"}
    data = random_files(tmp_path, seed=2, header=later).delivery
    refused = send(holder, "deliveries", data)
    assert (refused.status_code, "clock" in refused.json()["detail"]) == (409, True)
    path = f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries/{ahead.json()['id']}/withdraw"
    assert holder.post(path, headers={"If-Match": '"v1"'}).status_code == 200
    assert send(holder, "deliveries", data).status_code == 201
