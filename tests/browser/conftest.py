"""One console for the browser tests: filled once, copied for each worker and for tests that change it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
import uvicorn
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from wasl.cli.demo import HOLDERS
from wasl.web.app import create_app
from wasl.web.connection import server_config
from wasl.web.installation import Installation

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))
sys.path.insert(0, str(Path(__file__).parent))

from browser_support import ARGUMENTS, World, fill, settings_of


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a filled installation, made once for all workers."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder = shared / "console"
    with FileLock(shared / "console.lock"):
        if not (folder / "tokens.json").exists():
            folder.mkdir()
            fill(folder)
    return folder


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


@pytest.fixture(scope="session")
def world(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A console, and Chromium."""
    chromium = os.environ.get("WASL_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium, or set WASL_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        with served(filled, tmp_path_factory.mktemp("console") / "service", browser) as made:
            yield made
        browser.close()


@pytest.fixture
def spare_world(filled: Path, tmp_path: Path) -> Iterator[World]:
    """A console of the test's own, without Chromium: what it does to states, no other test sees."""
    with served(filled, tmp_path / "service", None) as made:
        yield made
