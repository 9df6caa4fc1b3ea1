"""Checks that a chart in a language written from right to left mirrors one written from left to right."""

from __future__ import annotations

import re

import pytest

__all__ = ["assert_mirrored"]


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
