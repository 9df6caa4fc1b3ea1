"""The console by keyboard alone: an errand is done without a mouse. That Tab reaches all is tested with each screen."""

from __future__ import annotations

import pytest
from browser_support import BASE, PATIENCE_MS, World
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE_MS)


def to(page: Page, text: str, most: int = 200) -> None:
    """Press Tab until the element with this text, label or id has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        name = page.evaluate("() => (document.activeElement.id || '') + ' ' + (document.activeElement.innerText || '')")
        if text in name:
            return
    raise AssertionError(f"Tab never reaches {text!r}")


def test_an_analyst_signs_in_and_orders_a_table_without_a_mouse(world: World) -> None:
    context = world.browser.new_context(locale="fr")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    world.go(page, "/console/sign-in")
    to(page, "token")
    page.keyboard.type(world.tokens["analyst"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")
    world.go(page, f"{BASE}/tables/menus/{world.ids['menu']}")
    to(page, "Commander")
    page.keyboard.press("Enter")
    expect(page.locator("main .lead .state")).to_have_text("approuvée")
    to(page, "Télécharger les tableaux")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".zip")
    context.close()
