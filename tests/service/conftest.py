"""A live service on each database."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import structlog

from wasl.web.installation import Installation

sys.path.insert(0, str(Path(__file__).parent))

from service_support import (
    PROJECT,
    Sent,
    Service,
    Template,
    drop_database,
    encode_registers,
    folder_in_memory,
    link_and_resolve,
    make_settings,
    make_template,
    new_database,
    random_files,
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


@pytest.fixture(autouse=True)
def logging_as_it_was(quiet_log: Path) -> Iterator[None]:
    """Verbs that run in this process write log lines to a stream that ends with them; later tests keep theirs."""
    kept, root = structlog.get_config(), logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    structlog.configure(**kept)
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server, with the database's name left out."""
    yield from start_postgres(folder_in_memory())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'wasl.db'}"
        return
    postgres = request.getfixturevalue("postgres")
    url = new_database(postgres)
    yield url
    drop_database(postgres, url)


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
    if postgres:
        drop_database(postgres, url)


@pytest.fixture
def service(installation: Installation, template: Template) -> Iterator[Service]:
    """The same, live."""
    with serving(installation) as address:
        running = Service(address, installation, template.tokens)
        yield running
        running.close()


@contextmanager
def live(template: Template, folder: Path) -> Iterator[Service]:
    """A live copy of a template."""
    installation = Installation.open(make_settings(folder, template.copy(folder)))
    with serving(installation) as address:
        running = Service(address, installation, template.tokens)
        yield running
        running.close()
    installation.close()


@pytest.fixture(scope="module")
def shared_service(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A live service that all tests of one file share."""
    with live(sqlite_template, tmp_path_factory.mktemp("shared") / "data") as service:
        yield service


@pytest.fixture
def own_service(sqlite_template: Template, tmp_path: Path) -> Iterator[Service]:
    """A live service of one test, on SQLite."""
    with live(sqlite_template, tmp_path / "data") as service:
        yield service


@pytest.fixture(scope="session")
def outboxes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Really encoded registers, made once."""
    return encode_registers(tmp_path_factory.mktemp("outboxes"), PROJECT)


@pytest.fixture
def make_files(tmp_path: Path) -> Callable[..., Sent]:
    """Makes small well-formed files of random labels."""
    return partial(random_files, tmp_path)


def resolve_template(folder: Path, url: str, template: Template, outboxes: dict[str, Path]) -> tuple[Template, str]:
    """A copy of a populated installation whose holders have sent, with a linked and resolved run; its id, too."""
    installation = Installation.open(make_settings(folder, url))
    with serving(installation) as address:
        running = Service(address, installation, template.tokens)
        run = link_and_resolve(running, outboxes)
        running.close()
    installation.close()
    return Template(folder, url, template.tokens), run


@contextmanager
def live_copy(made: tuple[Template, str], folder: Path, postgres: str = "") -> Iterator[tuple[Service, str]]:
    """A live copy of a resolved installation, and the run."""
    template, run = made
    url = template.copy(folder, postgres)
    installation = Installation.open(make_settings(folder, url))
    with serving(installation) as address:
        running = Service(address, installation, template.tokens)
        yield running, run
        running.close()
    installation.close()
    if postgres:
        drop_database(postgres, url)


@pytest.fixture(scope="session")
def resolved_template(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Template, outboxes: dict[str, Path]
) -> tuple[Template, str]:
    """A populated installation whose holders have sent, with a linked and resolved run; gives its id, too."""
    folder = tmp_path_factory.mktemp("resolved") / "data"
    return resolve_template(folder, sqlite_template.copy(folder), sqlite_template, outboxes)


@pytest.fixture(scope="session")
def resolved_postgres_template(
    tmp_path_factory: pytest.TempPathFactory, postgres_template: Template, postgres: str, outboxes: dict[str, Path]
) -> tuple[Template, str]:
    """The same on PostgreSQL."""
    folder = tmp_path_factory.mktemp("resolved-postgres") / "data"
    return resolve_template(folder, postgres_template.copy(folder, postgres), postgres_template, outboxes)


@pytest.fixture
def resolved(tmp_path: Path, resolved_template: tuple[Template, str]) -> Iterator[tuple[Service, str]]:
    """A live copy of it, and the run."""
    with live_copy(resolved_template, tmp_path / "data") as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def resolved_on_each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Service, str]]:
    """A live copy of it on each database, and the run."""
    name = "resolved_template" if request.param == "sqlite" else "resolved_postgres_template"
    server = "" if request.param == "sqlite" else request.getfixturevalue("postgres")
    with live_copy(request.getfixturevalue(name), tmp_path / "data", server) as made:
        yield made
