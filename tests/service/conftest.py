"""A live service on each database."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import structlog

from wasl.registers.delivery import SCHEME_VERSION, Delivery, DeliveryHeader, PassSummary
from wasl.registers.digests import digest_table
from wasl.registers.join_map import JOIN_MAP_SCHEMA, JoinMap
from wasl.registers.payload import Payload
from wasl.web.installation import Installation

sys.path.insert(0, str(Path(__file__).parent))

from service_support import (
    PROJECT,
    REGISTER,
    Sent,
    Service,
    Template,
    encode_registers,
    make_settings,
    make_template,
    new_database,
    schema_of,
    serving,
    start_postgres,
)


@pytest.fixture(scope="session", autouse=True)
def quiet_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Log lines into a file the canary can search."""
    path = tmp_path_factory.mktemp("log") / "service.log"
    with path.open("a", encoding="utf-8", buffering=1) as file:
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            logger_factory=structlog.PrintLoggerFactory(file=file),
        )
        yield path
        structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server, with the database's name left out."""
    yield from start_postgres()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'wasl.db'}"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template") / "sqlite"
    return make_template(folder, f"sqlite:///{folder / 'wasl.db'}")


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Template:
    return make_template(tmp_path_factory.mktemp("template") / "postgres", new_database(postgres))


@pytest.fixture(params=["sqlite", "postgresql"])
def template(request: pytest.FixtureRequest) -> Template:
    """A populated installation on each database."""
    name = "sqlite_template" if request.param == "sqlite" else "postgres_template"
    found: Template = request.getfixturevalue(name)
    return found


@pytest.fixture
def installation(request: pytest.FixtureRequest, tmp_path: Path, template: Template) -> Iterator[Installation]:
    """An installation of a test's own: two projects, two registers each, users of every role."""
    postgres = "" if template.url.startswith("sqlite") else request.getfixturevalue("postgres")
    url = template.copy(tmp_path / "data", postgres)
    opened = Installation.open(make_settings(tmp_path / "data", url))
    yield opened
    opened.close()


@pytest.fixture
def service(installation: Installation, template: Template) -> Iterator[Service]:
    """The same, live."""
    with serving(installation) as address:
        running = Service(address, installation, template.tokens)
        yield running
        running.close()


@pytest.fixture(scope="session")
def outboxes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Really encoded registers, made once."""
    return encode_registers(tmp_path_factory.mktemp("outboxes"), PROJECT)


@pytest.fixture
def make_files(tmp_path: Path) -> Callable[..., Sent]:
    """Makes small well-formed files of random labels: right in form, meaningless in content."""

    def make(
        register: str = REGISTER,
        project: str = PROJECT,
        *,
        rows: int = 40,
        seed: int = 1,
        header: dict[str, Any] | None = None,
    ) -> Sent:
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
            profile_digest="sha256:" + "1" * 64,
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
            content_digest=digest_table(table),
            created="2026-01-01T00:00:00+00:00",
        )
        delivery = Delivery(dataclasses.replace(made, **(header or {})), table)
        record_ids = labels()
        join_rows = pa.table([record_ids, passes.cast(JOIN_MAP_SCHEMA.field("pass").type), row_ids], JOIN_MAP_SCHEMA)
        names = [f.standard or f.name for f in schema.fields if f.role.value == "payload"][:2]
        columns = {name: pa.array([str(draws.integers(3)) for _ in range(rows)]) for name in names}
        payload = Payload(
            register, schema.holder, "2025", schema.digest, pa.table({"record_id": record_ids, **columns})
        )
        places = [tmp_path / f"{kind}-{seed}-{register}.parquet" for kind in ("delivery", "join", "payload")]
        delivery.write(places[0])
        JoinMap(register, delivery.digest, join_rows).write(places[1])
        payload.write(places[2])
        return Sent(*(place.read_bytes() for place in places))

    return make
