"""One console for the browser tests: filled once, copied for each worker and for tests that change it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))
sys.path.insert(0, str(Path(__file__).parent))

from browser_support import ARGUMENTS, World, fill, served


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
