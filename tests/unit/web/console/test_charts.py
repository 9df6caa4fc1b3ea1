"""Charts of the pages in both directions of writing."""

from __future__ import annotations

import re

import pytest
from tests.unit.mirrored_charts import assert_mirrored

from wasl.locale import messages
from wasl.web.console.charts import WIDTH, Bar, Chart, Point, bars, columns, scatter, waterfall

LABELS = ["région", "birth: المستوى 4 من 10", "sex", "الجنس", "names"]


def chart(language: str) -> Chart:
    words = messages(language)  # type: ignore[arg-type]
    return Chart("title", "description", words.direction == "rtl", words.number)


def drawn(language: str) -> list[str]:
    one, rows = chart(language), [Bar(label, value) for value, label in enumerate(LABELS, 1)]
    return [
        str(bars(one, rows, limit=4.0)),
        str(waterfall(one, Bar(LABELS[0], 3.0), [Bar(LABELS[1], -5.0)], Bar(LABELS[3], -2.0))),
        str(columns(one, [(-1, 10, 2), (0, 5, 1)], x_name=LABELS[3])),
        str(scatter(one, [Point(label, 1.0, 2.0) for label in LABELS], x_name=LABELS[3], y_name=LABELS[2])),
    ]


def test_every_label_of_an_arabic_chart_keeps_its_own_direction() -> None:
    """The frame of a chart runs from left to right; a label with Arabic letters is set from right to left inside it."""
    for svg in drawn("ar"):
        for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg):
            arabic = re.search("[\u0600-\u06ff]", text)
            assert not arabic or (text.startswith("\u2067") and text.endswith("\u2069")), text
            assert text.count("\u2067") + text.count("\u2068") == text.count("\u2069")


def test_charts_of_left_to_right_languages_have_no_marks() -> None:
    assert not [svg for language in ("fr", "en") for svg in drawn(language) if re.search("[\u2066-\u2069]", svg)]


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_charts_are_mirrored_in_arabic(kind: int) -> None:
    assert_mirrored(drawn("fr")[kind], drawn("ar")[kind], WIDTH)
