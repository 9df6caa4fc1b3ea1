"""Charts of the pages in both directions of writing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.mirrored_charts import assert_mirrored

from wasl.locale import messages
from wasl.web.console.chart_sheets import NARROW, WIDE
from wasl.web.console.charts import Bar, Chart, Point, bars, columns, scatter, waterfall

LABELS = ["région", "birth: المستوى 4 من 10", "sex", "الجنس", "names"]


def chart(language: str) -> Chart:
    words = messages(language)  # type: ignore[arg-type]
    return Chart("title", "description", words, words.number)


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


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_what_is_read_at_a_mark_has_the_colon_of_the_language(language: str) -> None:
    hints = [hint for svg in drawn(language) for hint in re.findall(r"<title>([^<]*)</title>", svg)]
    colon = messages(language).colon  # type: ignore[arg-type]
    assert hints
    for hint in hints:
        assert colon in hint
        assert language != "fr" or not re.search(r"[^\u00a0]: \d", hint), hint


def sheets(chart: str) -> list[str]:
    return re.findall("<svg.*?</svg>", chart)


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_charts_are_mirrored_in_arabic(kind: int) -> None:
    for sheet, left, right in zip((WIDE, NARROW), sheets(drawn("fr")[kind]), sheets(drawn("ar")[kind]), strict=True):
        assert f'viewBox="0 0 {sheet.width} ' in left
        assert_mirrored(left, right, sheet.width)


def ends_of_texts(svg: str) -> list[tuple[float, float, str]]:
    """About where each text begins and ends: of 12 units a digit takes 7.6, a letter of a label 6.6, a space 3."""
    found = []
    for x, anchor, text in re.findall(r'<text x="([-\d.]+)"[^>]*text-anchor="(\w+)">([^<]*)<', svg):
        long = sum(7.6 if one.isdigit() else 3.0 if one.isspace() else 6.6 for one in text)
        begin = float(x) - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
        found.append((begin, begin + long, text))
    return found


@given(
    st.lists(
        st.tuples(st.text("abcdeéf ", min_size=1, max_size=60), st.floats(-40, 40), st.floats(0, 1e7)),
        min_size=1,
        max_size=30,
    )
)
def test_every_text_stands_on_its_sheet(rows: list[tuple[str, float, float]]) -> None:
    words = messages("fr")
    one = Chart("title", "description", words, lambda value: words.number(round(value)))
    charts = [
        bars(one, [Bar(label, count) for label, _, count in rows]),
        waterfall(one, Bar("a", -12.0), [Bar(label, step) for label, step, _ in rows], Bar("b", 1.0)),
        columns(one, [(place, count, count / 2) for place, (_, _, count) in enumerate(rows)], x_name="poids"),
    ]
    for chart in charts:
        for sheet, svg in zip((WIDE, NARROW), sheets(str(chart)), strict=True):
            for begin, end, text in ends_of_texts(svg):
                assert -8 <= begin <= end <= sheet.width + 8, (sheet.kind, begin, end, text)
