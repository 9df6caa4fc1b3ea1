"""Charts of a linkage report in both directions of writing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from wasl.linkage.quality.charts import WIDTH, bars, curve, histogram, match_weights, waterfall
from wasl.locale import Messages, messages


def places(svg: str, kind: str) -> list[tuple[float, float]]:
    """Left and right ends of every drawn thing of a kind, from the left."""
    ends = []
    for tag in re.findall(rf"<{kind}[^>]*>", svg):
        value = {name: float(text) for name, text in re.findall(r'\b(x|x1|x2|cx|width)="([-\d.]+)"', tag)}
        pair = (value["x1"], value["x2"]) if kind == "line" else (value["cx"],) * 2 if kind == "circle" else None
        ends.append(pair or (value["x"], value["x"] + value.get("width", 0.0)))
    return ends


def assert_mirrored(left: str, right: str, width: float) -> None:
    for kind in ("rect", "line", "circle", "text"):
        plain, mirrored = places(left, kind), places(right, kind)
        assert len(plain) == len(mirrored)
        for one, other in zip(plain, mirrored, strict=True):
            assert sorted(other) == pytest.approx(sorted(width - x for x in one), abs=0.21), kind
    swapped = {"start": "end", "end": "start", "middle": "middle"}
    anchors = [re.findall(r'text-anchor="(\w+)"', svg) for svg in (left, right)]
    assert anchors[1] == [swapped[anchor] for anchor in anchors[0]]
    assert 'direction="ltr"' in right  # else the anchors would be turned a second time


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
