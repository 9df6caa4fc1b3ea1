"""Charts and pages of a report: axes begin where the values are, patterns read back, thresholds shown."""

from __future__ import annotations

import re

import pytest

from wasl.linkage.comparison.patterns import Comparison, read_pattern, spell
from wasl.linkage.quality.charts import curve, histogram
from wasl.linkage.quality.report import render_report
from wasl.linkage.resolve import resolve
from wasl.linkage.score import score_pairs
from wasl.locale import messages


def test_axes_can_begin_in_the_upper_corner():
    whole, corner = curve([("a", [(0.9, 0.95)])], "x"), curve([("a", [(0.9, 0.95)])], "x", lows=(0.8, 0.9))
    ticks = [set(re.findall(r">([0-9.]+)</text>", chart)) for chart in (whole, corner)]
    assert {"0", "0.2", "1"} <= ticks[0]
    assert {"0.8", "0.9", "0.92", "1"} <= ticks[1]
    assert "0.2" not in ticks[1]
    # Halfway along both axes.
    (x, y) = re.search(r'cx="([\d.]+)" cy="([\d.]+)"', corner).groups()
    assert 64 < float(x) < 510
    assert 14 < float(y) < 200


def test_thresholds_are_drawn_where_they_fall():
    bins = [(w, 10.0, 1.0) for w in range(-5, 6)]
    assert ">link</text>" in histogram(bins, [("link", 3.0)])
    assert ">link</text>" not in histogram(bins, [("link", 30.0)])


@pytest.mark.parametrize("states", [[0, 0], [3, 1], [1, 2]])
def test_spelled_patterns_read_back(states):
    import numpy as np

    comparisons = (Comparison("names", "filter", 5, (1, 2, 3)), Comparison("pass:port", "token", 3))
    (text,) = spell(np.array([states], np.int8), comparisons)
    assert read_pattern(text, comparisons) == states


def test_a_report_shows_estimates_thresholds_and_registers(three_registers, plan):
    scored = score_pairs(plan, [part.delivery for part in three_registers])
    found = resolve(plan, scored, [part.join for part in three_registers], run="r")
    page = render_report(found.report)
    for text in ("precision, estimated", "False matches", "Missed matches", ">review</text>", "Records per person"):
        assert text in page
    assert "precision, true" not in page
    assert "http" not in re.sub(r"http://www.w3.org/\S+", "", page)


@pytest.mark.parametrize(("language", "direction"), [("fr", "ltr"), ("ar", "rtl")])
def test_a_report_is_said_in_the_language_of_its_reader(three_registers, plan, language, direction):
    scored = score_pairs(plan, [part.delivery for part in three_registers])
    found = resolve(plan, scored, [part.join for part in three_registers], run="r")
    failed = {"name": "sizes", "passed": False, "message": "3 of 9 records are in persons of more than 2 records; the "}
    failed["message"] += "largest has 5. Different people were chained together."
    report = {**found.report, "checks": [failed], "records": 4271}
    page, english = render_report(report, language), render_report(report)
    assert f'<html lang="{language}" dir="{direction}">' in page
    names = re.compile(r"<(?:th|h1|h2|h3|span|summary|b)>([^<]*[A-Za-z]{3}[^<]*)<|<text[^>]*>([^<]*)<")
    words = messages(language)
    said = {text for pair in names.findall(english) for text in pair if text and words.sentence(text) != text}
    assert len(said) > 25
    shown = {text for pair in names.findall(page) for text in pair if text}
    assert not said & shown
    assert "Different people" not in page
    assert words.number(4271) in page, "a blank would turn the groups round in a text from right to left"
    assert "direction: ltr" in page, "charts keep their axes; their labels are in the language"
