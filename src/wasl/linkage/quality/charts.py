"""Charts of a linkage report as inline SVG: no script, no font, nothing fetched."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape

from wasl.locale import N_, Messages, messages

__all__ = ["WIDTH", "bars", "curve", "histogram", "match_weights", "waterfall"]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 240, 64, 40, 14, 14
ENGLISH = messages("en")
HINT = N_("weight {weight}: {pairs} pairs, {matches} expected matches")
WEIGHT_AXIS, WEIGHTS_TITLE = N_("match weight (log2)"), N_("Pairs by match weight")
STATES_TITLE, WATERFALL = N_("Match weights"), N_("Waterfall")
PRIOR, TOTAL = N_("prior"), N_("total")
ARABIC = re.compile("[\u0600-\u06ff]")
INK, SOFT, GOOD, BAD, WARN = "#1f2933", "#9aa5b1", "#1b7f79", "#b23a48", "#c98a1b"


class _Frame:
    """Draws on a sheet of ``WIDTH``, which is mirrored in a language that is written from right to left.

    Args:
        words: The language of the labels.
    """

    def __init__(self, words: Messages) -> None:
        self._mirrored = words.direction == "rtl"

    def at(self, x: float, width: float = 0.0) -> float:
        """Where something of this width begins that begins at x from the side where reading begins."""
        return WIDTH - x - width if self._mirrored else x

    def text(self, x: float, y: float, words: str, *, anchor: str = "middle", colour: str = INK) -> str:
        """A text; ``anchor`` is in the direction of reading."""
        if self._mirrored:
            anchor = {"start": "end", "end": "start"}.get(anchor, anchor)
        place = f'x="{self.at(x):.1f}" y="{y:.1f}" font-size="11" fill="{colour}" text-anchor="{anchor}"'
        return f"<text {place}>{escape(_in_order(words))}</text>"

    def rect(self, x: float, y: float, width: float, height: float, colour: str, hint: str = "") -> str:
        """A filled rectangle, and what is read at its side."""
        tip = f"<title>{escape(hint)}</title>" if hint else ""
        wide, tall = max(width, 0), max(height, 0)
        place = f'x="{self.at(x, wide):.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{colour}"'
        return f"<rect {place}>{tip}</rect>"

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = SOFT, dash: str = "") -> str:
        """A line, whole or dashed."""
        style = f' stroke-dasharray="{dash}"' if dash else ""
        ends = f'x1="{self.at(x1):.1f}" y1="{y1:.1f}" x2="{self.at(x2):.1f}" y2="{y2:.1f}"'
        return f'<line {ends} stroke="{colour}"{style}/>'


def _svg(body: Sequence[str], height: int, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" direction="ltr" '
        f'style="max-width:{WIDTH}px;width:100%">{"".join(body)}</svg>'
    )


def _in_order(words: str) -> str:
    """A label with Arabic letters, set from right to left: the frame of a chart runs from left to right.

    Source: Unicode Standard Annex 9, isolates (RLI, PDI).
    """
    return f"\u2067{words}\u2069" if ARABIC.search(words) else words


def _count(value: float, words: Messages) -> str:
    return words.number(round(value))


def _signed(value: float, words: Messages) -> str:
    rounded = round(value, 1) + 0.0  # no minus before a zero
    return ("+" if rounded > 0 else "") + words.number(rounded, 1)


def histogram(
    bins: Sequence[tuple[float, float, float]], thresholds: Sequence[tuple[str, float]] = (), words: Messages = ENGLISH
) -> str:
    """Pairs by match weight on a logarithmic scale, the expected matches among them filled.

    Args:
        bins: (weight, pairs, expected matches), equally spaced.
        thresholds: (name, weight) drawn as vertical lines.
        words: The language of the labels.
    """
    frame = _Frame(words)
    if not bins:
        return ""
    low, high = bins[0][0], bins[-1][0] + 1
    top = math.log10(max(pairs for _, pairs, _ in bins) + 1)
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(weight: float) -> float:
        return LEFT + (weight - low) / max(high - low, 1e-9) * plot_width

    def tall(pairs: float) -> float:
        return math.log10(pairs + 1) / max(top, 1e-9) * plot_height

    base = HEIGHT - BOTTOM
    body = []
    for power in range(int(top) + 1):
        level = base - tall(10.0**power)
        body += [
            frame.line(LEFT, level, WIDTH - RIGHT, level, "#e4e7eb"),
            frame.text(LEFT - 6, level + 4, _count(10.0**power, words), anchor="end"),
        ]
    for weight, pairs, matches in bins:
        hint = words.text(HINT, weight=f"{weight:.0f}", pairs=_count(pairs, words), matches=_count(matches, words))
        wide = x(weight + 1) - x(weight) - 1
        body.append(frame.rect(x(weight), base - tall(pairs), wide, tall(pairs), SOFT, hint))
        body.append(frame.rect(x(weight), base - tall(matches), wide, tall(matches), GOOD, hint))
    for place, (name, weight) in enumerate(thresholds):
        if low <= weight <= high:
            body.append(frame.line(x(weight), TOP, x(weight), base, BAD, "4 3"))
            body.append(frame.text(x(weight) + 4, TOP + 8 + 13 * place, name, anchor="start", colour=BAD))
    step = max(1, round((high - low) / 10))
    for weight in range(int(low), int(high) + 1, step):
        body.append(frame.text(x(weight), base + 16, str(weight)))
    body.append(frame.text(LEFT + plot_width / 2, HEIGHT - 6, words.text(WEIGHT_AXIS)))
    return _svg(body, HEIGHT, words.text(WEIGHTS_TITLE))


def match_weights(rows: Sequence[tuple[str, float, float, float]], words: Messages = ENGLISH) -> str:
    """Match weight of every state of every comparison, with its m- and u-probability.

    Args:
        rows: (comparison and state, m, u, weight).
        words: The language of the labels.
    """
    frame = _Frame(words)
    row_height, label = 18, 190
    height = 30 + row_height * len(rows)
    most = max((abs(weight) for *_, weight in rows), default=1.0) or 1.0
    middle = label + (WIDTH - label - 130) / 2
    scale = (WIDTH - label - 130) / 2 / most
    body = [frame.line(middle, 18, middle, height - 8), frame.text(WIDTH - 62, 12, "m / u")]
    for place, (name, m, u, weight) in enumerate(rows):
        y = 22 + place * row_height
        start = middle if weight >= 0 else middle + weight * scale
        body.append(frame.text(label - 8, y + 11, name, anchor="end"))
        body.append(
            frame.rect(
                start, y, abs(weight) * scale, row_height - 5, GOOD if weight >= 0 else BAD, _signed(weight, words)
            )
        )
        body.append(
            frame.text(
                WIDTH - 4,
                y + 11,
                f"{_signed(weight, words)}  {words.significant(m, 3)} / {words.significant(u, 2)}",
                anchor="end",
            )
        )
    return _svg(body, height, words.text(STATES_TITLE))


def bars(rows: Sequence[tuple[str, float]], unit: str, words: Messages = ENGLISH) -> str:
    """Horizontal bars.

    Args:
        rows: (name, value).
        unit: What the values count.
        words: The language of the numbers.
    """
    frame = _Frame(words)
    row_height, label = 22, 190
    height = 8 + row_height * len(rows)
    most = max((value for _, value in rows), default=1.0) or 1.0
    body = []
    for place, (name, value) in enumerate(rows):
        y = 4 + place * row_height
        wide = value / most * (WIDTH - label - 110)
        body.append(frame.text(label - 8, y + 13, name, anchor="end"))
        body.append(frame.rect(label, y, max(wide, 1), row_height - 6, GOOD))
        shown = words.number(value, 2) if unit == "s" else _count(value, words)
        body.append(frame.text(label + wide + 6, y + 13, f"{shown} {unit}", anchor="start"))
    return _svg(body, height, unit)


def curve(
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    x_name: str,
    *,
    diagonal: bool = False,
    lows: tuple[float, float] = (0.0, 0.0),
    words: Messages = ENGLISH,
) -> str:
    """Curves in the unit square, or in its upper right corner.

    Args:
        lines: (name, points).
        x_name: What the horizontal axis shows.
        diagonal: Whether the diagonal (perfect calibration) is drawn.
        lows: Where the horizontal and the vertical axis begin.
        words: The language of the numbers.
    """
    frame = _Frame(words)
    plot_width, plot_height = WIDTH - LEFT - RIGHT - 120, HEIGHT - TOP - BOTTOM
    base = HEIGHT - BOTTOM
    body = []

    def across(value: float) -> float:
        return LEFT + (value - lows[0]) / (1 - lows[0]) * plot_width

    def up(value: float) -> float:
        return base - (value - lows[1]) / (1 - lows[1]) * plot_height

    for tick in range(6):
        x, y = (low + tick / 5 * (1 - low) for low in lows)
        body += [
            frame.line(LEFT, up(y), LEFT + plot_width, up(y), "#e4e7eb"),
            frame.text(LEFT - 6, up(y) + 4, words.significant(y, 3), anchor="end"),
            frame.text(across(x), base + 16, words.significant(x, 3)),
        ]
    if diagonal:
        body.append(frame.line(LEFT, base, LEFT + plot_width, TOP, SOFT, "4 3"))
    for place, (name, points) in enumerate(lines):
        colour = (GOOD, BAD, WARN, INK)[place % 4]
        path = " ".join(f"{frame.at(across(x)):.1f},{up(y):.1f}" for x, y in points)
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [
            f'<circle cx="{frame.at(across(x)):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>'
            for x, y in points
            if len(points) <= 20
        ]
        body.append(frame.text(WIDTH - 4, TOP + 14 + 16 * place, name, anchor="end", colour=colour))
    body.append(frame.text(LEFT + plot_width / 2, HEIGHT - 6, x_name))
    return _svg(body, HEIGHT, x_name)


def waterfall(start: float, steps: Sequence[tuple[str, float]], words: Messages = ENGLISH) -> str:
    """Chart of a pair's weight, from the prior to the total: levels and weights, never an encoding.

    Args:
        start: Prior weight (log2 odds).
        steps: (comparison and state in words, weight).
        words: The language of the labels.
    """
    frame = _Frame(words)
    rows = [(words.text(PRIOR), start), *steps]
    levels = [0.0]
    for _, weight in rows:
        levels.append(levels[-1] + weight)
    low, high = min(levels), max(levels)
    row_height, label = 20, 200
    height = 12 + row_height * (len(rows) + 1)
    scale = (WIDTH - label - 70) / max(high - low, 1e-9)
    body = []
    for place, (name, weight) in enumerate(rows):
        y = 6 + place * row_height
        start_x = label + (min(levels[place], levels[place + 1]) - low) * scale
        body.append(frame.text(label - 8, y + 12, name, anchor="end"))
        body.append(frame.rect(start_x, y, abs(weight) * scale, row_height - 6, GOOD if weight >= 0 else BAD))
        body.append(frame.text(WIDTH - 4, y + 12, _signed(weight, words), anchor="end"))
    body.append(frame.text(label - 8, height - 8, words.text(TOTAL), anchor="end"))
    body.append(frame.text(WIDTH - 4, height - 8, _signed(levels[-1], words), anchor="end"))
    return _svg(body, height, words.text(WATERFALL))
