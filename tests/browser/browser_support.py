"""The console in Chromium, filled with a small synthetic Morocco."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from wasl.audit.events import ObjectionReceived
from wasl.cli.demo import HOLDERS, Demo
from wasl.cli.demo_service import fill_installation
from wasl.registers.exchange.digests import digest_json
from wasl.service.access import Actor, Role
from wasl.service.ports import Caller
from wasl.service.records import Job, Objection, Release, Run, TableMenu, TableOrder
from wasl.web.app import create_app
from wasl.web.connection import server_config
from wasl.web.installation import Installation
from wasl.web.settings import ServiceSettings

PERSONS = 1500
PROJECT = "wasl-demo"
BASE = f"/console/projects/{PROJECT}"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 60_000


def settings_of(folder: Path) -> ServiceSettings:
    return ServiceSettings(
        data_dir=folder,
        min_free_bytes=0,
        threads=1,
        poll_seconds=0.1,
        requests_per_minute=1_000_000,
        anonymous_requests_per_minute=1_000_000,
        concurrent_requests=1000,
    )


def fill(folder: Path, persons: int = PERSONS) -> None:
    """The demo of `wasl demo --serve`, smaller."""
    home = os.environ.get("WASL_HOME")
    demo = Demo(folder / "demo", quiet=True)
    demo.population(None, persons)
    demo.encode()
    if home is None:
        os.environ.pop("WASL_HOME")
    else:
        os.environ["WASL_HOME"] = home
    installation = Installation.open(settings_of(folder / "service"))
    outboxes = {name: demo.holder(name) / "outbox" for name in HOLDERS}
    tokens = fill_installation(installation, outboxes, project=PROJECT, title="Maroc synthétique")
    record_objection(installation)
    installation.close()
    (folder / "tokens.json").write_text(json.dumps(tokens), encoding="utf-8")


def record_objection(installation: Installation) -> None:
    """A list of objections for the screens of its holder; the files of the demo stay as they are."""
    office = installation.office
    caller = Caller(Actor("cnss-employees", Role.HOLDER, PROJECT, "cnss-employees"), office.now())
    records = ["ab" * 16, "cd" * 16]
    by = {"created_at": caller.stamp, "created_by": caller.actor.name, "project": PROJECT}
    made = Objection(id=office.new_id(), **by, register="cnss-employees", records=records)
    happening = ObjectionReceived(register=made.register, records=len(records), digest=digest_json(records))
    with office.ledger.writing(caller) as ledger:
        ledger.save(made, event=caller.event(happening, project=PROJECT, subject=made.id))


def names_by_state(installation: Installation) -> dict[str, str]:
    """Ids of runs, releases and orders by their state, as the screens name them."""
    with installation.ledger.reading() as state:
        found = {f"run {one.status}": one.id for one in state.select(Run)}
        found |= {f"release {one.status}": one.id for one in state.select(Release)}
        found |= {f"order {one.status}": one.id for one in state.select(TableOrder)}
        found["objection"] = state.select(Objection)[0].id
        return found | {"menu": state.select(TableMenu)[0].id, "job": state.select(Job)[0].id}


@dataclass
class World:
    """A running console.

    Attributes:
        address: Where it listens.
        installation: What is behind it.
        tokens: The token of each role's user.
        outbox: The encoded files of each register, at their holder's.
    """

    address: str
    installation: Installation
    tokens: dict[str, str]
    outbox: Callable[[str], Path]
    _chromium: Browser | None
    ids: dict[str, str] = field(default_factory=dict)
    _contexts: dict[tuple[str, str], BrowserContext] = field(default_factory=dict)
    _visits: list[BrowserContext] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Name things by their state at the start: tests change states, in any order."""
        self.ids |= names_by_state(self.installation)

    @property
    def browser(self) -> Browser:
        """Chromium."""
        assert self._chromium is not None
        return self._chromium

    def page(self, role: str | None, language: str = "fr") -> Page:
        """A page of somebody who is signed in, in a language; of a new visitor, who keeps nothing, without a role."""
        if role is None:
            self._visits.append(self._context(language))
            return self._visits[-1].new_page()
        key = (role, language)
        if key not in self._contexts:
            self._contexts[key] = self._context(language)
            page = self._contexts[key].new_page()
            self.sign_in(page, self.tokens[role])
            page.close()
        return self._contexts[key].new_page()

    def _context(self, language: str) -> BrowserContext:
        context = self.browser.new_context(locale=language, viewport={"width": 1180, "height": 860})
        context.set_default_timeout(PATIENCE_MS)
        return context

    def sign_in(self, page: Page, token: str) -> None:
        page.goto(f"{self.address}/console/sign-in")
        page.fill("#token", token)
        page.click("main form button")
        page.wait_for_url("**/console")

    def go(self, page: Page, path: str) -> None:
        page.goto(self.address + path)

    def close(self) -> None:
        for context in (*self._contexts.values(), *self._visits):
            context.close()


@contextmanager
def served(filled: Path, own: Path, browser: Browser | None) -> Iterator[World]:
    """A copy of the filled installation that listens."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    shutil.copytree(filled / "service", own)
    installation = Installation.open(settings_of(own))
    config = server_config(
        create_app(installation), installation.settings, port=0, log_level="error", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    def outbox(register: str) -> Path:
        return filled / "demo" / "holders" / HOLDERS[register] / "outbox"

    made = World(address, installation, json.loads((filled / "tokens.json").read_text()), outbox, browser)
    yield made
    made.close()
    server.should_exit = True
    thread.join(60)
    installation.close()
    structlog.reset_defaults()
