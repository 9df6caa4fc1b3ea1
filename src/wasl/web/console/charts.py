"""Charts of the pages as SVG: no script, no inline style, colours by class; the numbers stand in a table beside.

In a language that is written from right to left, every chart is mirrored: bars and axes begin on the right, and labels
stand on the right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

__all__ = ["Bar", "Chart", "Point", "bars", "columns", "scatter", "waterfall"]

WIDTH = 640
ROW = 26
LABEL = 210
VALUE = 84
PLOT_HEIGHT = 220
NAMED_POINTS = 12
LETTERS_OF_LABEL = 32
RIGHT_TO_LEFT, FIRST_LETTER, END = "\u2067", "\u2068", "\u2069"
ARABIC = re.compile("[\u0600-\u06ff]")


@dataclass(frozen=True, slots=True)
class Chart:
    """Title and language of a chart.

    Attributes:
        title: What it shows; read out by screen readers.
        description: How to read it.
        rtl: Whether the language is written from right to left.
        number: Writes a value.
    """

    title: str
    description: str
    rtl: bool
    number: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Bar:
    """A named value, and its colour by class: ``main``, ``good``, ``bad``, ``warn`` or ``soft``."""

    label: str
    value: float
    tone: str = "main"


@dataclass(frozen=True, slots=True)
class Point:
    """A named point, and its class."""

    label: str
    x: float
    y: float
    tone: str = "main"


def bars(chart: Chart, rows: Sequence[Bar], *, most: float | None = None, limit: float | None = None) -> Markup:
    """Horizontal bars.

    Args:
        chart: Title and language.
        rows: The bars.
        most: The value that fills the width; default: the largest.
        limit: A value that is marked by a line.
    """
    top = most or max([*(row.value for row in rows), limit or 0.0], default=1.0) or 1.0
    space = WIDTH - LABEL - VALUE
    body = []
    for place, row in enumerate(rows):
        y = 6 + place * ROW
        wide = max(min(row.value / top, 1.0) * space, 1.0)
        body += [
            _text(LABEL - 8, y + 14, _short(row.label), "end", chart),
            _rect(LABEL, y, wide, ROW - 8, row.tone, chart, f"{row.label}: {chart.number(row.value)}"),
            _text(LABEL + wide + 6, y + 14, chart.number(row.value), "start", chart),
        ]
    height = 12 + ROW * len(rows)
    if limit is not None:
        x = _mirror(LABEL + limit / top * space, chart)
        body.append(_line(x, 2, x, height - 6, "limit"))
    return _svg(chart, body, height)


def waterfall(chart: Chart, start: Bar, steps: Sequence[Bar], total: Bar) -> Markup:
    """The way from a first value to a total, one bar for each step; what adds is green, what takes away red."""
    rows = [start, *steps]
    levels = [0.0]
    for row in rows:
        levels.append(levels[-1] + row.value)
    low, high = min(levels), max(levels)
    scale = (WIDTH - LABEL - VALUE) / max(high - low, 1e-9)
    body = []

    def draw(place: int, row: Bar, begin: float, end: float, tone: str) -> None:
        y = 6 + place * ROW
        left = LABEL + (min(begin, end) - low) * scale
        wide = max(abs(end - begin) * scale, 1.5)
        shown = chart.number(row.value)
        body.extend(
            [
                _text(LABEL - 8, y + 14, _short(row.label), "end", chart),
                _rect(left, y, wide, ROW - 8, tone, chart, f"{row.label}: {shown}"),
                _text(left + wide + 6, y + 14, shown, "start", chart),
            ]
        )

    for place, row in enumerate(rows):
        tone = row.tone if row.tone != "main" else ("good" if row.value >= 0 else "bad")
        draw(place, row, levels[place], levels[place + 1], tone)
    draw(len(rows), total, 0.0, levels[-1], "main")
    zero = _mirror(LABEL - low * scale, chart)
    height = 12 + ROW * (len(rows) + 1)
    return _svg(chart, [_line(zero, 2, zero, height - 6, "axis"), *body], height)


def columns(chart: Chart, rows: Sequence[tuple[float, float, float]], *, x_name: str) -> Markup:
    """A histogram of counts on a logarithmic scale, a part of each column filled.

    Args:
        chart: Title and language.
        rows: (place on the axis, count, part of the count), equally spaced.
        x_name: What the horizontal axis shows.
    """
    if not rows:
        return Markup("")
    left, base = 56, PLOT_HEIGHT + 8
    top = math.log10(max(count for _, count, _ in rows) + 1) or 1.0
    wide = (WIDTH - left - 10) / len(rows)

    def tall(count: float) -> float:
        return math.log10(max(count, 0.0) + 1) / top * PLOT_HEIGHT

    body = []
    for power in range(int(top) + 1):
        y = base - tall(10.0**power)
        body += [
            _line(_mirror(left, chart), y, _mirror(WIDTH - 10, chart), y, "grid"),
            _text(left - 6, y + 4, chart.number(10.0**power), "end", chart),
        ]
    step = max(1, len(rows) // 10)
    for place, (x, count, part) in enumerate(rows):
        at = left + place * wide
        hint = f"{chart.number(x)}: {chart.number(count)} / {chart.number(part)}"
        body += [_rect(at, base - tall(count), wide - 1.5, tall(count), "soft", chart, hint)]
        body += [_rect(at, base - tall(part), wide - 1.5, tall(part), "main", chart, hint)]
        if place % step == 0:
            body.append(_text(at + wide / 2, base + 15, chart.number(x), "middle", chart))
    body.append(_text(left + (WIDTH - left) / 2, base + 32, x_name, "middle", chart))
    return _svg(chart, body, PLOT_HEIGHT + 48)


def scatter(chart: Chart, points: Sequence[Point], *, x_name: str, y_name: str) -> Markup:
    """Points in the plane, both axes from 0.

    Args:
        chart: Title and language.
        points: The points; each is named beside its mark.
        x_name: What the horizontal axis shows.
        y_name: What the vertical axis shows.
    """
    left, base, wide = 64, PLOT_HEIGHT + 22, WIDTH - 64 - 120
    most_x = max((p.x for p in points), default=1.0) or 1.0
    most_y = max((p.y for p in points), default=1.0) or 1.0
    body = []
    for tick in range(5):
        share = tick / 4
        y, x = base - share * PLOT_HEIGHT, left + share * wide
        body += [
            _line(_mirror(left, chart), y, _mirror(left + wide, chart), y, "grid"),
            _text(left - 6, y + 4, chart.number(share * most_y), "end", chart),
            _text(x, base + 16, chart.number(share * most_x), "middle", chart),
        ]
    for place, point in enumerate(points[:NAMED_POINTS]):
        x, y = left + point.x / most_x * wide, base - point.y / most_y * PLOT_HEIGHT
        hint = f"{point.label}: {chart.number(point.x)}; {chart.number(point.y)}"
        body.append(
            Markup('<circle class="mark {}" cx="{:.1f}" cy="{:.1f}" r="6"><title>{}</title></circle>').format(
                point.tone, _mirror(x, chart), y, hint
            )
        )
        body.append(_text(x + 10, y + 4 + (place % 2) * 4, _short(point.label), "start", chart))
    body.append(_text(left + wide / 2, base + 34, x_name, "middle", chart))
    body.append(_text(left, 12, y_name, "start", chart))
    return _svg(chart, body, PLOT_HEIGHT + 64)


def _svg(chart: Chart, body: Sequence[Markup], height: float) -> Markup:
    name = f"c{abs(hash((chart.title, height, len(body)))) % 10**8}"
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {:.0f}" role="img" aria-labelledby="{}-t {}-d" direction="ltr">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>'
    ).format(WIDTH, height, name, name, name, chart.title, name, chart.description, Markup("").join(body))


def _mirror(x: float, chart: Chart) -> float:
    return WIDTH - x if chart.rtl else x


def _rect(x: float, y: float, wide: float, tall: float, tone: str, chart: Chart, hint: str) -> Markup:
    return _box(WIDTH - x - wide if chart.rtl else x, y, wide, tall, tone, hint)


def _box(x: float, y: float, wide: float, tall: float, tone: str, hint: str) -> Markup:
    return Markup(
        '<rect class="mark {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
    ).format(tone, x, y, max(wide, 0.0), max(tall, 0.0), hint)


def _text(x: float, y: float, words: str, anchor: str, chart: Chart) -> Markup:
    if chart.rtl:
        x, anchor = WIDTH - x, {"start": "end", "end": "start"}.get(anchor, anchor)
    return _plain(x, y, _in_order(words, chart), anchor)


def _in_order(words: str, chart: Chart) -> str:
    """A text in the direction of its first letter: the frame of a chart is one of numbers, from left to right.

    Source: Unicode Standard Annex 9, isolates (FSI, PDI); a label that begins with a name of a variable and goes on in
    Arabic is set from right to left (RLI).
    """
    if not chart.rtl:
        return words
    return f"{RIGHT_TO_LEFT if ARABIC.search(words) else FIRST_LETTER}{words}{END}"


def _plain(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, words)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(kind, x1, y1, x2, y2)


def _short(label: str) -> str:
    return label if len(label) <= LETTERS_OF_LABEL else f"{label[: LETTERS_OF_LABEL - 1]}…"
