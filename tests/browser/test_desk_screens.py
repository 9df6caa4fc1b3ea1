"""Every screen of the desk in every language: WCAG 2.2 AA, one direction, narrow windows, paper, Tab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_support import BASE, World
from checks_of_a_page import faults_of_print, faults_of_tab, faults_of_width, violations
from desk_support import DeskWorld, desk_running
from screens import DESK_SCREENS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(world: World, filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    """A desk with a case of every kind; what it opens comes from the console of the demo."""
    folder = tmp_path_factory.mktemp("desk")
    page = world.page("holder")
    place = f"{BASE}/files/cnss-employees/returns/{world.ids['run resolved']}"
    world.go(page, place)
    with page.expect_download() as download:
        page.locator(f"a[href='{place}/file']").click()
    download.value.save_as(folder / "cnss-employees.return")
    page.close()
    with desk_running(folder / "home", filled / "demo", world.browser) as made:
        made.check_a_register()
        made.describe_an_own_register()
        made.compare_two_registers()
        made.open_a_return(folder / "cnss-employees.return")
        yield made


def test_every_screen_of_the_desk(desk: DeskWorld) -> None:
    faults: list[str] = []
    for name in (*DESK_SCREENS.values(), "own"):
        for language in ("fr", "ar", "en"):
            page = desk.page(getattr(desk, name), language)
            html = page.locator("html")
            if html.get_attribute("dir") != ("rtl" if language == "ar" else "ltr"):
                faults.append(f"{name} {language}: direction")
            if page.locator("[role=alert]").count():
                faults.append(f"{name} {language}: {page.locator('[role=alert]').first.inner_text()}")
            found = violations(page) + faults_of_width(page) + faults_of_print(page)
            if language == "fr":
                found += faults_of_tab(page)
            faults += [f"{name} {language}: {one}" for one in found]
            page.close()
    assert not faults, "\n".join(faults)
