"""What every screen is checked for: rules of accessibility by axe-core, and that Tab reaches everything.

axe-core 4.14.1 (MPL-2.0) lies in ``vendor``; it is used by these tests alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
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


def violations(page: Page) -> list[str]:
    """The violations of WCAG 2.2 AA that axe-core finds."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(RUN, RULES)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


def faults_of_tab(page: Page) -> list[str]:
    """What Tab does not reach, and where the focus is not seen."""
    count, reached, unseen = walk(page)
    missed = sorted(set(range(count)) - reached)
    faults = [f"{len(missed)} of {count} not reached, first {missed[:3]}"] if missed or not count else []
    return faults + ([f"focus not seen at {unseen[:3]}"] if unseen else [])
