"""What every screen is checked for: rules of accessibility by axe-core, Tab reaches everything, it fits narrow windows.

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

WIDTHS = (360, 590, 768)
"""Widths of windows in CSS pixels: a telephone, a page of 1180 pixels at a zoom of 200 %, a tablet."""
LEAST_LETTERS = 9
"""Least size of the letters of a chart in CSS pixels."""
MEASURE = """() => {
  const root = document.documentElement, charts = [], outside = [], cut = [];
  for (const text of document.querySelectorAll('svg text')) {
    if (!text.checkVisibility()) continue;
    const svg = text.ownerSVGElement, sheet = svg.viewBox.baseVal, box = text.getBBox();
    charts.push(svg.getBoundingClientRect().width / sheet.width * parseFloat(getComputedStyle(text).fontSize));
    if (box.x < -1 || box.x + box.width > sheet.width + 1) outside.push(text.textContent);
  }
  for (const one of document.querySelectorAll('button, .button, .state, h1, h2, h3, label')) {
    if (!one.checkVisibility() || !one.clientWidth) continue;
    if (one.scrollWidth > one.clientWidth + 1) cut.push(one.textContent.trim());
  }
  return {wide: root.scrollWidth - root.clientWidth, least: Math.min(...charts, 99), outside, cut};
}"""
"""What a width does to a page: pixels that it is too wide, least letters of charts, texts off their chart or button."""


def faults_of_width(page: Page) -> list[str]:
    """What does not fit into narrow windows."""
    before, faults = page.viewport_size, []
    assert before is not None
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found: dict[str, Any] = page.evaluate(MEASURE)
        if found["wide"] > 0:
            faults.append(f"{found['wide']} pixels too wide for {width}")
        if found["least"] < LEAST_LETTERS:
            faults.append(f"letters of {found['least']:.1f} pixels in a chart at {width}")
        faults += [f"off its chart at {width}: {text}" for text in found["outside"]]
        faults += [f"wider than its place at {width}: {text[:60]}" for text in found["cut"]]
    page.set_viewport_size(before)
    return faults


SHEET = 688
"""Width of an A4 sheet between margins of 14 mm, in CSS pixels."""
ON_PAPER = """() => {
  const seen = one => one.checkVisibility({visibilityProperty: true}), faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`${root.scrollWidth - root.clientWidth} pixels too wide for A4`);
  for (const one of document.querySelectorAll('nav, button, .button, input:not([type=hidden]), textarea, progress'))
    if (seen(one) && !one.closest('td, th')) faults.push(`printed: ${one.outerHTML.slice(0, 60)}`);
  for (const part of document.querySelectorAll('section, article')) {
    if (!seen(part) || part.querySelector('section')) continue;
    const rest = [...part.children].filter(one => seen(one) && !/^H[1-6]$/.test(one.tagName) && one.innerText.trim());
    if (!rest.length) faults.push(`a heading without content: ${part.innerText.slice(0, 40)}`);
  }
  for (const one of document.querySelectorAll('table, .figures, dl, figure, .notice, .alarm, .caution'))
    if (!seen(one) && !one.closest('nav, details, [hidden]'))
      faults.push(`not printed: ${one.textContent.slice(0, 60)}`);
  for (const table of document.querySelectorAll('table')) {
    const head = table.tHead;
    if (head && getComputedStyle(head).display !== 'table-header-group') faults.push('a heading is not repeated');
  }
  for (const one of document.querySelectorAll('.scroll'))
    if (getComputedStyle(one).overflowX !== 'visible') faults.push('a table is cut at its edge');
  return faults;
}"""
"""What is wrong with a page on paper."""


def faults_of_print(page: Page) -> list[str]:
    """What is wrong with a page on A4: menus and forms, results that are left out, cut tables."""
    before = page.viewport_size
    assert before is not None
    page.emulate_media(media="print")
    page.set_viewport_size({"width": SHEET, "height": 900})
    faults: list[str] = page.evaluate(ON_PAPER)
    page.emulate_media(media="screen")
    page.set_viewport_size(before)
    return [f"on paper: {one}" for one in faults]


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
