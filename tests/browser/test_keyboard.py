"""The console by keyboard alone: all of it is reached, the focus is seen, and an errand is done without a mouse."""

from __future__ import annotations

import pytest
from browser_support import BASE, PATIENCE_MS, World
from playwright.sync_api import Page, expect
from screens import screens

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE_MS)

MARK = """() => {
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  const groups = new Set();
  let count = 0;
  for (const one of document.querySelectorAll(wanted)) {
    if (one.disabled || one.tabIndex < 0 || !one.checkVisibility({visibilityProperty: true})) continue;
    if (one.type === 'radio') {  // of a group, the browser stops at one
      const group = `${one.form?.action} ${one.name}`;
      if (groups.has(group)) continue;
      groups.add(group);
      one.form.querySelectorAll(`[name="${one.name}"]`).forEach(other => other.dataset.stop = count);
    }
    one.dataset.stop = count++;
  }
  return count;
}"""
"""Numbers what a keyboard must reach."""

HERE = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return [null, true];
  const style = getComputedStyle(one);
  const seen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  return [one.dataset.stop ?? null, seen];
}"""
"""Which of them has the focus, and whether that is seen."""


def walk(page: Page) -> tuple[int, set[int], list[int]]:
    """How many stops there are, those that Tab reaches, and those whose focus is not seen."""
    count = page.evaluate(MARK)
    reached: set[int] = set()
    unseen: list[int] = []
    for _ in range(2 * count + 4):
        page.keyboard.press("Tab")
        stop, seen = page.evaluate(HERE)
        if stop is not None:
            reached.add(int(stop))
            if not seen:
                unseen.append(int(stop))
        if len(reached) == count:
            break
    return count, reached, unseen


def test_tab_reaches_everything_and_the_focus_is_seen(world: World) -> None:
    faults: list[str] = []
    for role, paths in screens(world).items():
        page = world.page(role, "fr")
        for path in paths:
            world.go(page, path)
            count, reached, unseen = walk(page)
            missed = sorted(set(range(count)) - reached)
            if missed or not count:
                faults.append(f"{role} {path}: {len(missed)} of {count} not reached, first {missed[:3]}")
            if unseen:
                faults.append(f"{role} {path}: focus not seen at {unseen[:3]}")
        page.close()
    assert not faults, "\n".join(faults)


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
