"""Pictures of the console and the desk for the documentation: the main screen of every role.

Usage: python tests/browser/figures.py [--filled FOLDER] [--out docs/figures]

The command fills an installation with the synthetic Morocco as `wasl demo --serve` does, serves it on this machine,
and photographs it with the system's Chromium. It takes about two minutes. ``--filled`` keeps the filled installation in
a folder and takes it from there the next time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from browser_support import ARGUMENTS, BASE, World, fill, served
from desk_support import DeskWorld, desk_running
from PIL import Image
from playwright.sync_api import Page, sync_playwright

SIZE = {"width": 1080, "height": 760}
COLOURS = 48
"""Colours of a picture: pages are flat, so that a palette loses nothing one sees and takes a third of the bytes."""
MOST_BYTES = 2_500_000
LANGUAGES = ("fr", "ar", "en")


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        name: Of its file.
        role: Who sees the screen; None for everybody.
        path: Address of the screen.
        languages: In which it is taken.
        heading: The part of the screen that stands at the top of the picture; empty for its beginning.
    """

    name: str
    role: str | None
    path: str
    languages: tuple[str, ...] = ("fr",)
    heading: str = ""


def figures(ids: dict[str, str]) -> list[Figure]:
    """The main screen of every role, in the order of docs/console.md."""
    scored, resolved = ids["run scored"], ids["run resolved"]
    both = ("fr", "ar")
    return [
        Figure("catalogue", None, "/", LANGUAGES),
        Figure("landing", None, f"/catalogue/{ids['release published']}", both),
        Figure("sign-in", None, "/console/sign-in", both),
        Figure("holder", "holder", f"{BASE}/files/cnss-employees", both),
        Figure("return", "holder", f"{BASE}/files/cnss-employees/returns/{resolved}"),
        Figure("linkage", "linkage", f"{BASE}/runs/{resolved}", both),
        Figure("linkage-charts", "linkage", f"{BASE}/runs/{resolved}", both, "figure"),
        Figure("review", "reviewer", f"{BASE}/review/{scored}/next", LANGUAGES),
        Figure("spine", "spine", f"{BASE}/runs/{resolved}/conflicts", both),
        Figure("scenarios", "release", f"{BASE}/releases/{ids['release unsafe']}/scenarios", LANGUAGES),
        Figure("policy", "release", f"{BASE}/releases/{ids['release unsafe']}/policy"),
        Figure("release", "approver", f"{BASE}/releases/{ids['release requested']}", LANGUAGES),
        Figure("tables", "analyst", f"{BASE}/tables/orders/{ids['order published']}", both),
        Figure("log", "auditor", "/console/log", both),
        Figure("visit", "auditor", "/console/log/visit"),
        Figure("dossier", "officer", f"{BASE}/dossier", both),
        Figure("retention", "officer", f"{BASE}/retention"),
        Figure("users", "admin", "/console/users", both),
        Figure("queue", "admin", "/console/queue"),
    ]


def photograph(page: Page, path: Path, heading: str = "") -> None:
    """Write the visible part of a page, from a heading on, with a palette."""
    if heading:
        page.locator(f"main {heading}").first.evaluate("one => one.closest('section').scrollIntoView()")
    page.screenshot(path=path)
    with Image.open(path) as shot:
        shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def console(world: World, out: Path) -> Iterator[Path]:
    """The pictures of the console; scenarios are compared first, so that there is a map to show.

    They are scenarios of the release whose thresholds were missed, once its policy is that of public use again.
    """
    page = world.page("release")
    world.go(page, f"{BASE}/releases/{world.ids['release unsafe']}/policy")
    for name, value in {"k": "5", "suppressed_cells": "", "removed_rows": "0,1"}.items():
        page.fill(f"#t_{name}", value)
    page.get_by_role("button", name="Protéger le fichier").click()
    page.get_by_role("button", name="Demander la publication").wait_for()
    world.go(page, f"{BASE}/releases/{world.ids['release unsafe']}/scenarios")
    for name, value in {"name1": "k = 3", "k1": "3", "name2": "k = 10", "k2": "10"}.items():
        page.fill(f"#{name}", value)
    page.locator("main form[method=post] button").last.click()
    page.wait_for_selector("main figure")
    page.close()
    for one in figures(world.ids):
        for language in one.languages:
            page = world.page(one.role, language)
            page.set_viewport_size(SIZE)
            world.go(page, one.path)
            yield out / f"{one.name}-{language}.png"
            photograph(page, out / f"{one.name}-{language}.png", one.heading)
            page.close()


def desk(made: DeskWorld, out: Path) -> Iterator[Path]:
    """The pictures of the desk: its first page, a register that was checked, an own one, two that were compared."""
    for name in ("home", "register", "own", "comparison"):
        for language in ("fr", "ar"):
            if name == "register" and not made.register:
                made.check_a_register()
                made.describe_an_own_register()
                made.compare_two_registers()
            page = made.page(getattr(made, name), language)
            page.set_viewport_size(SIZE)
            yield out / f"{name}-{language}.png"
            photograph(page, out / f"{name}-{language}.png")
            page.close()


def main() -> None:
    """Fill, serve, photograph; fails when the pictures together are too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filled", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs" / "figures")
    asked = parser.parse_args()
    chromium = os.environ.get("WASL_TEST_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="wasl-figures-") as name, sync_playwright() as playwright:
        filled = asked.filled or Path(name) / "filled"
        if not (filled / "tokens.json").exists():
            filled.mkdir(parents=True, exist_ok=True)
            fill(filled)
        taken: list[Path] = []
        for folder in ("console", "desk"):
            shutil.rmtree(asked.out / folder, ignore_errors=True)
            (asked.out / folder).mkdir(parents=True)
        browser = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, "--lang=fr"])
        with served(filled, Path(name) / "service", browser) as world:
            taken += console(world, asked.out / "console")
        with desk_running(Path(name) / "desk", filled / "demo", browser) as made:
            taken += desk(made, asked.out / "desk")
        browser.close()
    size = sum(path.stat().st_size for path in taken)
    sys.stdout.write(f"{len(taken)} pictures, {size:,} bytes\n")
    if size > MOST_BYTES:
        raise SystemExit(f"more than {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    main()
