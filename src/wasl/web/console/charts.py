"""Charts of the pages as SVG: no script, no inline style, colours by class; the numbers stand in a table beside.

Every chart is drawn for wide and for narrow pages. In a language that is written from right to left, it is mirrored:
bars and axes begin on the right, and labels stand on the right.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from wasl.web.console.chart_sheets import Chart, Sheet, drawn

__all__ = ["Bar", "Chart", "Point", "bars", "columns", "scatter", "waterfall"]

BAR = 18
PLOT_HEIGHT = 220
NAMED_POINTS = 12
LEAST_LABEL_SPACE = 56
"""Width for a number under a column: seven digits of 7.6 units, the widest of the fonts that the pages name."""


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

    def draw(sheet: Sheet) -> tuple[list[Markup], float]:
        body = []
        for place, row in enumerate(rows):
            _, y = sheet.row(place)
            wide, shown = max(min(row.value / top, 1.0) * sheet.space, 1.0), chart.number(row.value)
            body += [
                sheet.named(place, row.label),
                sheet.rect(sheet.label, y, wide, BAR, row.tone, chart.hint(row.label, shown)),
                sheet.text(sheet.label + wide + 6, y + 14, shown, "start"),
            ]
        height = sheet.tall(len(rows))
        if limit is not None:
            x = sheet.label + limit / top * sheet.space
            body.append(sheet.line(x, 2, x, height - 6, "limit"))
        return body, height

    return drawn(chart, draw)


def waterfall(chart: Chart, start: Bar, steps: Sequence[Bar], total: Bar) -> Markup:
    """The way from a first value to a total, one bar for each step; what adds is green, what takes away red."""
    rows = [start, *steps]
    levels = [0.0]
    for row in rows:
        levels.append(levels[-1] + row.value)
    low, high = min(levels), max(levels)
    ends = [*itertools.pairwise(levels), (0.0, levels[-1])]

    def draw(sheet: Sheet) -> tuple[list[Markup], float]:
        scale = sheet.space / max(high - low, 1e-9)
        zero, height = sheet.label - low * scale, sheet.tall(len(rows) + 1)
        body = [sheet.line(zero, 2, zero, height - 6, "axis")]
        for place, (row, (begin, end)) in enumerate(zip([*rows, total], ends, strict=True)):
            plain = row.tone != "main" or place == len(rows)
            tone = row.tone if plain else ("good" if row.value >= 0 else "bad")
            _, y = sheet.row(place)
            left, wide = sheet.label + (min(begin, end) - low) * scale, max(abs(end - begin) * scale, 1.5)
            shown = chart.number(row.value)
            body += [
                sheet.named(place, row.label),
                sheet.rect(left, y, wide, BAR, tone, chart.hint(row.label, shown)),
                sheet.text(left + wide + 6, y + 14, shown, "start"),
            ]
        return body, height

    return drawn(chart, draw)


def columns(chart: Chart, rows: Sequence[tuple[float, float, float]], *, x_name: str) -> Markup:
    """A histogram of counts on a logarithmic scale, a part of each column filled.

    Args:
        chart: Title and language.
        rows: (place on the axis, count, part of the count), equally spaced.
        x_name: What the horizontal axis shows.
    """
    if not rows:
        return Markup("")
    left, base = 70, PLOT_HEIGHT + 8
    top = math.log10(max(count for _, count, _ in rows) + 1) or 1.0

    def tall(count: float) -> float:
        return math.log10(max(count, 0.0) + 1) / top * PLOT_HEIGHT

    def draw(sheet: Sheet) -> tuple[list[Markup], float]:
        body = []
        right = sheet.width - 10
        wide = (right - left) / len(rows)
        for power in range(int(top) + 1):
            y = base - tall(10.0**power)
            body += [
                sheet.line(left, y, right, y, "grid"),
                sheet.text(left - 6, y + 4, chart.number(10.0**power), "end"),
            ]
        step = math.ceil(LEAST_LABEL_SPACE / wide)
        for place, (x, count, part) in enumerate(rows):
            at = left + place * wide
            gap = min(1.5, wide / 4)
            hint = chart.hint(chart.number(x), f"{chart.number(count)} / {chart.number(part)}")
            body += [sheet.rect(at, base - tall(count), wide - gap, tall(count), "soft", hint)]
            body += [sheet.rect(at, base - tall(part), wide - gap, tall(part), "main", hint)]
            if place % step == 0:
                body.append(sheet.text(at + wide / 2, base + 15, chart.number(x), "middle"))
        body.append(sheet.text(left + (sheet.width - left) / 2, base + 32, x_name, "middle"))
        return body, PLOT_HEIGHT + 48

    return drawn(chart, draw)


def scatter(chart: Chart, points: Sequence[Point], *, x_name: str, y_name: str) -> Markup:
    """Points in the plane, both axes from 0.

    Args:
        chart: Title and language.
        points: The points; each is named beside its mark.
        x_name: What the horizontal axis shows.
        y_name: What the vertical axis shows.
    """
    left, base = 64, PLOT_HEIGHT + 22
    most_x = max((p.x for p in points), default=1.0) or 1.0
    most_y = max((p.y for p in points), default=1.0) or 1.0

    def draw(sheet: Sheet) -> tuple[list[Markup], float]:
        beside = bool(sheet.label)  # room for names on the far side of the last point
        wide, body = sheet.width - left - (120 if beside else 20), []
        for tick in range(5):
            share = tick / 4
            y, x = base - share * PLOT_HEIGHT, left + share * wide
            body += [
                sheet.line(left, y, left + wide, y, "grid"),
                sheet.text(left - 6, y + 4, chart.number(share * most_y), "end"),
                *(
                    [sheet.text(x, base + 16, chart.number(share * most_x), "middle")]
                    if beside or tick % 2 == 0
                    else []
                ),
            ]
        for place, point in enumerate(points[:NAMED_POINTS]):
            x, y = left + point.x / most_x * wide, base - point.y / most_y * PLOT_HEIGHT
            hint = chart.hint(point.label, chart.number(point.x), chart.number(point.y))
            before = not beside and point.x > most_x / 2
            body.append(sheet.circle(x, y, point.tone, hint))
            side, anchor = (x - 10, "end") if before else (x + 10, "start")
            body.append(sheet.text(side, y + 4 + (place % 2) * 4, sheet.short(point.label), anchor))
        body.append(sheet.text(left + wide / 2, base + 34, x_name, "middle"))
        body.append(sheet.text(left if beside else 2, 12, y_name, "start"))
        return body, PLOT_HEIGHT + 64

    return drawn(chart, draw)
