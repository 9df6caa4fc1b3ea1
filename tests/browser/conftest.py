"""One console for the browser tests: built once, copied for each worker."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import uvicorn
from filelock import FileLock
from playwright.sync_api import sync_playwright

from wasl.cli.demo import HOLDERS
from wasl.web.app import create_app
from wasl.web.connection import server_config
from wasl.web.installation import Installation

sys.path.insert(0, str(Path(__file__).parent))

from browser_support import ARGUMENTS, World, fill, settings_of


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    chromium = os.environ.get("WASL_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium, or set WASL_TEST_CHROMIUM")
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder = shared / "console"
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with FileLock(shared / "console.lock"):
        if not (folder / "tokens.json").exists():
            folder.mkdir()
            fill(folder)
    own = tmp_path_factory.mktemp("console") / "service"
    shutil.copytree(folder / "service", own)
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
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)

        def outbox(register: str) -> Path:
            return folder / "demo" / "holders" / HOLDERS[register] / "outbox"

        made = World(address, installation, json.loads((folder / "tokens.json").read_text()), outbox, browser)
        yield made
        made.close()
        browser.close()
    server.should_exit = True
    thread.join(60)
    installation.close()
    structlog.reset_defaults()
