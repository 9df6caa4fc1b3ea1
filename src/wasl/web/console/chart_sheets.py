"""The sheets that charts of the pages are drawn on: a wide one, and a narrow one for telephones and narrow columns.

A page holds both drawings; its style sheet shows the one for the width that the chart has
([decision 294](../../../../docs/decisions/0294-charts-are-drawn-twice.md)).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from wasl.locale import Messages

__all__ = ["NARROW", "WIDE", "Chart", "Sheet", "drawn"]

RIGHT_TO_LEFT, FIRST_LETTER, END = "\u2067", "\u2068", "\u2069"
ARABIC = re.compile("[\u0600-\u06ff]")

SMALLEST = 0.05
"""Width or height, in units of the sheet, below which a mark is written as 0."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Title and language of a chart.

    Attributes:
        title: What it shows; read out by screen readers.
        description: How to read it.
        words: The language.
        number: Writes a value.
    """

    title: str
    description: str
    words: Messages
    number: Callable[[float], str]

    @property
    def rtl(self) -> bool:
        """Whether the language is written from right to left."""
        return self.words.direction == "rtl"

    def hint(self, label: str, *values: str) -> str:
        """The text that is read at the side of a mark: the label and its values."""
        return f"{label}{self.words.colon}{self.words.parts(values)}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet to draw on; it is mirrored in a language that is written from right to left.

    Attributes:
        kind: Its class in the style sheet.
        width: Its width. Letters have 12 units, so that a chart shown 225 pixels wide for 300 units has letters of 9.
        label: Width of the labels beside bars; 0 where they stand above their bars.
        value: Width kept for the numbers after bars.
        letters: Letters that fit into a label.
        rtl: Whether it is mirrored.
    """

    kind: str
    width: int
    label: int
    value: int
    letters: int
    rtl: bool = False

    @property
    def space(self) -> int:
        """Width that bars have."""
        return self.width - self.label - self.value

    def row(self, place: int) -> tuple[float, float]:
        """Where the label and the bar of a row stand: base line of the label, upper edge of the bar."""
        if self.label:
            return 20.0 + 26 * place, 6.0 + 26 * place
        return 14.0 + 42 * place, 20.0 + 42 * place

    def tall(self, rows: int) -> float:
        """Height of so many rows."""
        return 12.0 + (26 if self.label else 42) * rows

    def mirror(self, x: float) -> float:
        """A place, from the side where reading begins."""
        return self.width - x if self.rtl else x

    def short(self, label: str) -> str:
        """A label that fits; its whole text is in the title of its bar."""
        return label if len(label) <= self.letters else f"{label[: self.letters - 1]}…"

    def named(self, place: int, label: str) -> Markup:
        """The label of a row of bars."""
        base, _ = self.row(place)
        return self.text(self.label - 8 if self.label else 2, base, self.short(label), "end" if self.label else "start")

    def rect(self, x: float, y: float, wide: float, tall: float, tone: str, hint: str) -> Markup:
        """A filled rectangle, and what is read at its side; nothing where it would have no surface to point at."""
        if min(wide, tall) < SMALLEST:
            return Markup("")
        left = self.width - x - wide if self.rtl else x
        return Markup('<rect class="mark {}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
            tone, _units(left), _units(y), _units(wide), _units(tall), hint
        )

    def circle(self, x: float, y: float, tone: str, hint: str) -> Markup:
        """A mark of a point, and what is read at its side."""
        return Markup('<circle class="mark {}" cx="{}" cy="{}" r="6"><title>{}</title></circle>').format(
            tone, _units(self.mirror(x)), _units(y), hint
        )

    def text(self, x: float, y: float, words: str, anchor: str) -> Markup:
        """A text; ``anchor`` is in the direction of reading."""
        if self.rtl:
            x, anchor = self.width - x, {"start": "end", "end": "start"}.get(anchor, anchor)
        return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
            _units(x), _units(y), anchor, self._in_order(words)
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
        """A line of a kind: ``grid``, ``axis`` or ``limit``."""
        return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
            kind, _units(self.mirror(x1)), _units(y1), _units(self.mirror(x2)), _units(y2)
        )

    def _in_order(self, words: str) -> str:
        """A text in the direction of its first letter: the frame of a chart is one of numbers, from left to right.

        Source: Unicode Standard Annex 9, isolates (FSI, PDI); a label that begins with a name of a variable and goes on
        in Arabic is set from right to left (RLI).
        """
        if not self.rtl:
            return words
        return f"{RIGHT_TO_LEFT if ARABIC.search(words) else FIRST_LETTER}{words}{END}"


WIDE = Sheet("wide", 640, 210, 84, 30)
NARROW = Sheet("narrow", 300, 0, 76, 42)


def _units(place: float) -> str:
    """A place or a length, to a tenth of a unit; charts hold a thousand of them, so a 0 after the point is left out."""
    return f"{place:.1f}".removesuffix(".0")


def drawn(chart: Chart, draw: Callable[[Sheet], tuple[Sequence[Markup], float]]) -> Markup:
    """A chart on both sheets.

    Args:
        chart: Title and language.
        draw: What stands on a sheet, and its height.
    """
    made = []
    for plain in (WIDE, NARROW):
        sheet = Sheet(plain.kind, plain.width, plain.label, plain.value, plain.letters, chart.rtl)
        body, height = draw(sheet)
        name = f"c{abs(hash((chart.title, height, len(body), sheet.width))) % 10**8}"
        made.append(
            Markup(
                '<svg class="chart {}" viewBox="0 0 {} {:.0f}" role="img" aria-labelledby="{}-t {}-d" direction="ltr">'
                '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>'
            ).format(
                sheet.kind,
                sheet.width,
                height,
                name,
                name,
                name,
                chart.title,
                name,
                chart.description,
                Markup("").join(body),
            )
        )
    return Markup('<div class="charts">{}</div>').format(Markup("").join(made))
