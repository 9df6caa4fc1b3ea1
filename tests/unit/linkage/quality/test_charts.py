"""Charts of a linkage report in both directions of writing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.unit.mirrored_charts import assert_mirrored

from wasl.linkage.quality.charts import WIDTH, bars, curve, histogram, match_weights, waterfall
from wasl.locale import Messages, messages

DRAWN: dict[str, Callable[[Messages], str]] = {
    "histogram": lambda words: histogram([(w, 10.0 + w, 2.0) for w in range(-3, 4)], [("a", 1.0)], words),
    "weights": lambda words: match_weights([("a", 0.9, 0.1, 3.0), ("b", 0.1, 0.9, -3.0)], words),
    "bars": lambda words: bars([("a", 3.0), ("b", 1.0)], "s", words),
    "curve": lambda words: curve([("a", [(0.1, 0.2), (0.9, 0.8)])], "x", diagonal=True, words=words),
    "waterfall": lambda words: waterfall(-4.0, [("a", 6.0), ("b", -1.0)], words),
}


@pytest.mark.parametrize("name", DRAWN)
def test_charts_are_mirrored_in_arabic(name: str) -> None:
    assert_mirrored(DRAWN[name](messages("fr")), DRAWN[name](messages("ar")), WIDTH)


def test_a_curve_is_mirrored_with_its_points() -> None:
    lines = [re.search(r'points="([^"]+)"', DRAWN["curve"](messages(one))) for one in ("fr", "ar")]
    plain, mirrored = ([point.split(",") for point in found[1].split()] for found in lines if found)
    for (x, y), (other, same) in zip(plain, mirrored, strict=True):
        assert float(other) == pytest.approx(WIDTH - float(x), abs=0.11)
        assert y == same
