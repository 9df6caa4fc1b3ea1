"""What every screen is checked for: rules of accessibility by axe-core, and that Tab reaches everything.

axe-core 4.14.1 (MPL-2.0) lies in ``vendor``; it is used by these tests alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """rules => axe.run(
  document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations'], selectors: false}
)"""
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

WATCH = """() => {
  window.stops = [];
  document.addEventListener('focusin', event => {
    const one = event.target, style = getComputedStyle(one);
    const seen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
    window.stops.push([one.dataset.stop ?? null, seen]);
  });
}"""
"""Keeps each stop of the focus, and whether it is seen: one answer for many keys."""


def walk(page: Page) -> tuple[int, set[int], list[int]]:
    """How many stops there are, those that Tab reaches, and those whose focus is not seen."""
    count = page.evaluate(MARK)
    page.evaluate(WATCH)
    reached: set[int] = set()
    unseen: list[int] = []
    for _ in range(3):  # twice round, and a little more
        for _ in range(count + 2):
            page.keyboard.press("Tab")
        stops = [(int(stop), seen) for stop, seen in page.evaluate("() => window.stops.splice(0)") if stop is not None]
        reached |= {stop for stop, _ in stops}
        unseen += [stop for stop, seen in stops if not seen]
        if len(reached) == count:
            break
    return count, reached, unseen


def violations(page: Page) -> list[str]:
    """The violations of WCAG 2.2 AA that axe-core finds."""
    if page.evaluate("() => typeof axe === 'undefined'"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(RUN, RULES)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


def faults_of_tab(page: Page) -> list[str]:
    """What Tab does not reach, and where the focus is not seen."""
    count, reached, unseen = walk(page)
    missed = sorted(set(range(count)) - reached)
    faults = [f"{len(missed)} of {count} not reached, first {missed[:3]}"] if missed or not count else []
    return faults + ([f"focus not seen at {unseen[:3]}"] if unseen else [])
