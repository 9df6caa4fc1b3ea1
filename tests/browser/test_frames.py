"""No page of the service can be shown in a frame of another site, and markup in what people write stays text."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser_support import BASE, World
from screens import screens

pytestmark = pytest.mark.browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Another site, with files of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", tmp_path
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_screen_is_shown_in_a_frame_of_another_site(world: World, other_site: tuple[str, Path]) -> None:
    site, folder = other_site
    (folder / "own.html").write_text("<p>of the site itself</p>", encoding="utf-8")
    shown: list[str] = []
    for role, paths in screens(world).items():
        page = world.page(role, "fr")
        frames = "".join(f'<iframe src="{world.address}{path}"></iframe>' for path in paths)
        (folder / "trap.html").write_text(f'<iframe src="{site}/own.html"></iframe>{frames}', encoding="utf-8")
        page.goto(f"{site}/trap.html", wait_until="load")
        inner = page.frames[1:]
        assert inner[0].locator("p").inner_text() == "of the site itself", "frames are shown at all"
        shown += [f"{role}: {one.url}" for one in inner[1:] if one.locator("main").count()]
        assert len(inner) == len(paths) + 1
        page.close()
    assert not shown


HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>{{7*7}}'


def test_markup_in_what_people_write_stays_text(world: World) -> None:
    """A project's title, which every user reads, and a holder's name inside a register's schema."""
    page = world.page("admin")
    world.go(page, BASE)
    form = page.locator("form", has=page.locator("#title"))
    before = page.locator("#title").input_value()
    page.fill("#title", HOSTILE)
    form.get_by_role("button").first.click()
    for role in ("admin", "holder", "auditor", "approver"):
        reader = world.page(role)
        world.go(reader, "/console")
        assert reader.title() not in ("1", "2")
        assert reader.locator("main img, main script").count() == 0
        reader.close()
    world.go(page, BASE)
    assert page.locator("#title").input_value() == HOSTILE
    assert "49" not in page.locator("h1").inner_text()
    page.fill("#title", before)
    form.get_by_role("button").first.click()
    page.close()
