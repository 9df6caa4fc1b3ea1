"""The desk in Chromium, with a register that was checked and one of a kind that does not ship."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import uvicorn
from browser_support import PATIENCE_MS
from playwright.sync_api import Browser, BrowserContext, Page

from wasl.desk.app import Desk, create_desk
from wasl.desk.guard import Guard
from wasl.desk.workspace import Workspace

ROWS = 300
WORK_MS = 5 * PATIENCE_MS


@dataclass
class DeskWorld:
    """A running desk, and the browser that opened its address.

    Attributes:
        address: Where it listens.
        desk: What is behind it.
        holders: The registers of a demo, by holder.
        home, register, own, comparison, pair, opened: Addresses; empty until the case was begun.
    """

    address: str
    desk: Desk
    holders: Path
    _context: BrowserContext
    home: str = "/"
    register: str = ""
    own: str = ""
    comparison: str = ""
    pair: str = ""
    opened: str = ""

    def page(self, path: str = "/", language: str = "fr") -> Page:
        """A page of the desk in a language."""
        page = self._context.new_page()
        page.goto(f"{self.address}{path}?lang={language}")
        return page

    def check_a_register(self) -> None:
        """Check a register of a shipped kind."""
        self.register = self._sent("/registers", {"#file": self._sample("cnss", "cnss-employees")}, "cnss-employees")

    def describe_an_own_register(self) -> None:
        """Let a description be proposed for a register of another kind."""
        self.own = self._sent("/registers", {"#file": self._sample("training", "training")}, "-")

    def compare_two_registers(self) -> None:
        """Compare two registers of one office."""
        files = {f"#file_{side}": self._sample("anapec", f"anapec-{name}") for side, name in SIDES}
        self.comparison = self._sent("/merges", files, *(f"anapec-{name}" for _, name in SIDES))
        self.pair = f"{self.comparison}/pairs/1"

    def open_a_return(self, returned: Path) -> None:
        """Open what came back with the keep map of the demo."""
        files = {"#returned": returned, "#keep_map": self.holders / "cnss" / "keep-map-cnss-employees.csv"}
        self.opened = self._sent("/returns", files)

    def _sample(self, holder: str, register: str) -> Path:
        """The first rows of a register, as French Excel writes them."""
        path = self.desk.home / f"{register}.csv"
        frame = pd.read_csv(self.holders / holder / f"{register}.csv", dtype=str, keep_default_na=False)
        frame.head(ROWS).to_csv(path, index=False, sep=";", encoding="utf-8-sig")
        return path

    def _sent(self, action: str, files: dict[str, Path], *kinds: str) -> str:
        """Fill in a form of the first page and send it; the address of what it made."""
        page = self.page()
        form = page.locator(f"form[action='{action}']")
        for place, path in files.items():
            form.locator(place).set_input_files(path)
        for place, kind in zip(form.locator("select").all(), kinds, strict=True):
            place.select_option(kind)
        form.locator("button").click()
        page.wait_for_url(re.compile(rf"{self.address}{action}/\w+"), timeout=WORK_MS)
        made = page.url.removeprefix(self.address)
        page.close()
        return made


SIDES = (("a", "certificates"), ("b", "projects"))


@contextmanager
def desk_running(home: Path, demo: Path, browser: Browser) -> Iterator[DeskWorld]:
    """A desk that listens, opened in a browser."""
    home.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = listener.getsockname()[1]
        desk = Desk(home, Guard(frozenset({f"127.0.0.1:{place}"})), Workspace(home))
        server = uvicorn.Server(uvicorn.Config(create_desk(desk), log_level="critical", lifespan="off"))
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
        thread.start()
        address = f"http://127.0.0.1:{place}"
        context = browser.new_context(viewport={"width": 1180, "height": 860})
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{address}/open/{desk.guard.ticket}")
        page.close()
        try:
            yield DeskWorld(address, desk, demo / "holders", context)
        finally:
            context.close()
            server.should_exit = True
            thread.join()
            desk.close()
