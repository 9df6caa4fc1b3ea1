"""Every screen in every language: no violation of WCAG 2.2 AA that axe-core finds, at most 100 kB, one
direction, nothing wider than a telephone or a page at a zoom of 200 %, charts whose letters can be read.

In French each screen is also walked through by Tab: all of it is reached, and the focus is seen.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from browser_support import World
from checks_of_a_page import faults_of_print, faults_of_tab, faults_of_width, violations
from playwright.sync_api import Page
from screens import screens

from wasl.web.console.templates import STATIC

pytestmark = pytest.mark.browser

MOST_BYTES = 100_000


def files_of(page: Page) -> int:
    """Bytes of the style sheet, scripts and pictures that a page loads, whether or not the browser had them already."""
    names = page.evaluate("() => performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)")
    return sum((STATIC / Path(name).name).stat().st_size for name in set(names) if "/static/" in name)


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_every_screen(world: World, language: str) -> None:
    faults: list[str] = []
    for role, paths in screens(world).items():
        page = world.page(role, language)
        said: list[str] = []
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("console", lambda line, said=said: said.append(line.text) if "Security Policy" in line.text else None)
        for path in paths:
            answer = page.goto(world.address + path)
            assert answer is not None
            weight = len(answer.body()) + files_of(page)
            if weight > MOST_BYTES:
                faults.append(f"{role} {path}: {weight} bytes")
            html = page.locator("html")
            expected = (language, "rtl" if language == "ar" else "ltr")
            if (html.get_attribute("lang"), html.get_attribute("dir")) != expected:
                faults.append(f"{role} {path}: not in {language}")
            found = violations(page) + faults_of_width(page) + faults_of_print(page)
            if language == "fr":  # the keyboard is the same in every language
                found += faults_of_tab(page)
            faults += [f"{role} {path}: {one}" for one in found]
        faults += [f"{role}: {line}" for line in said]
        page.close()
    assert not faults, "\n".join(faults)
