"""Plots of the disclosure reports as inline SVG, without fonts or files of their own."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wasl.locale import N_, Messages, messages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bars", "frequency_histogram", "risk_curve", "risk_utility_map", "scaling_lines"]

BEFORE, AFTER, INK = "#b5651d", "#1d5f8a", "#333333"
ENGLISH = messages("en")
ARABIC_LABEL = re.compile(r">([^<>]*[\u0600-\u06ff][^<>]*)</text>")
SHADES = (N_("before"), N_("after"))


def _svg(
    draw: Callable[[Axes], None],
    *,
    width: float = 6.4,
    height: float = 3.2,
    labels: int = 8,
    words: Messages = ENGLISH,
    mirrored: bool = False,
) -> str:
    """The SVG element of a figure; the same drawing gives the same bytes.

    Args:
        draw: Draws on the axes.
        width: In inches.
        height: In inches.
        labels: Characters of the longest label at the side; margins are set from it, which is faster than measuring.
        words: The language of the labels.
        mirrored: Whether bars grow from the right and names stand there, in a language written from right to left.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "svg.hashsalt": "wasl",
        "svg.fonttype": "none",
        "font.size": 9,
        "font.family": "sans-serif",
    }
    mirrored = mirrored and words.direction == "rtl"
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width, height))
        side = (0.35 + 0.075 * labels) / width
        begin = 0.03 if mirrored else side
        axes = figure.add_axes((begin, 0.55 / height, 0.97 - side, 1.0 - 0.7 / height))
        for spine in ("top", "left" if mirrored else "right"):
            axes.spines[spine].set_visible(False)
        draw(axes)
        _write_numbers(axes, words)
        if mirrored:
            axes.invert_xaxis()
            axes.yaxis.tick_right()
        buffer = io.StringIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})  # type: ignore[no-untyped-call]
    text = buffer.getvalue()
    # Each Arabic label keeps its own direction; the anchors of labels count from the left.
    return ARABIC_LABEL.sub(">\u2067\\1\u2069</text>", text[text.index("<svg") :])


def _write_numbers(axes: Axes, words: Messages) -> None:
    """Write the numbers of both axes with the decimal mark of the language, as the text beside them.

    A logarithmic axis has a number at each power of ten and nothing between. Powers in raised type and the small marks
    take three quarters of the time of such a plot.
    """
    from matplotlib.ticker import FuncFormatter, NullLocator, ScalarFormatter

    mark = words.number(0.5, 1)[1]
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda value, _place: words.number(value, _decimals(value))))
        usual = axis.get_major_formatter()
        if mark != "." and isinstance(usual, ScalarFormatter):
            usual.set_locs([float(place) for place in axis.get_majorticklocs()])
            axis.set_major_formatter(FuncFormatter(lambda value, at, usual=usual: usual(value, at).replace(".", mark)))


def _decimals(power: float) -> int:
    """Decimals that a power of ten needs."""
    return max(0, -math.floor(math.log10(power)))


def frequency_histogram(
    before: NDArray[np.float64], after: NDArray[np.float64] | None, *, k: int | None, words: Messages = ENGLISH
) -> str:
    """Rows by the frequency of their key combination, before and after, with the threshold marked."""
    _ = words.text
    edges = np.array([1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, np.inf])
    names = [
        f"{int(a)}" if b - a == 1 else (f"{int(a)}+" if np.isinf(b) else f"{int(a)}–{int(b) - 1}")
        for a, b in pairwise(edges)
    ]

    def draw(axes: Axes) -> None:
        place = np.arange(len(names))
        series = [(values, colour) for values, colour in ((before, BEFORE), (after, AFTER)) if values is not None]
        step = 0.8 / len(series)
        for number, (values, colour) in enumerate(series):
            counts = np.histogram(values, bins=edges)[0]
            where = place + (number - (len(series) - 1) / 2) * step
            axes.bar(where, counts, step, label=_(SHADES[number]), color=colour)
        if k is not None:
            axes.axvline(float(np.searchsorted(edges, k)) - 0.5, color=INK, linestyle="--", linewidth=1)
        axes.set_xticks(place, names)
        axes.set_xlabel(_("rows sharing the key combination"))
        axes.set_ylabel(_("rows"))
        axes.legend(frameon=False)

    return _svg(draw, words=words)


def risk_curve(before: NDArray[np.float64], after: NDArray[np.float64] | None, words: Messages = ENGLISH) -> str:
    """The share of rows whose individual risk is above a value, on a logarithmic axis."""
    _ = words.text

    def draw(axes: Axes) -> None:
        for label, values, colour in zip(SHADES, (before, after), (BEFORE, AFTER), strict=True):
            if values is None or not len(values):
                continue
            ordered = np.sort(values)
            points = np.unique(np.linspace(0, len(ordered) - 1, 400).astype(np.int64))
            above = 1.0 - (points + 1) / len(ordered)
            axes.plot(np.maximum(ordered[points], 1e-6), above, label=_(label), color=colour)
        axes.set_xscale("log")
        axes.set_xlabel(_("individual risk"))
        axes.set_ylabel(_("share of rows above"))
        axes.set_ylim(-0.02, 1.02)
        axes.legend(frameon=False)

    return _svg(draw, words=words)


def bars(values: Mapping[str, float], *, label: str, words: Messages = ENGLISH) -> str:
    """Horizontal bars, one per name; from the right in a language that is written so."""

    def draw(axes: Axes) -> None:
        place = np.arange(len(values))
        axes.barh(place, list(values.values()), color=AFTER)
        axes.set_yticks(place, list(values))
        axes.invert_yaxis()
        axes.set_xlabel(label)

    longest = max(map(len, values), default=8)
    return _svg(draw, height=0.8 + 0.3 * max(len(values), 1), labels=longest, words=words, mirrored=True)


def risk_utility_map(
    points: Mapping[str, tuple[float, float]], words: Messages = ENGLISH, *, risk_name: str | None = None
) -> str:
    """One point per scenario: utility to the right, risk upwards.

    Args:
        points: Utility and risk per scenario, the original first.
        words: The language.
        risk_name: What the risk is; default: expected re-identifications.
    """
    _ = words.text

    def draw(axes: Axes) -> None:
        for number, (name, (utility, risk)) in enumerate(points.items()):
            axes.plot([utility], [risk], "o", color=BEFORE if number == 0 else AFTER)
            axes.annotate(name, (utility, risk), textcoords="offset points", xytext=(5, 4), fontsize=8)
        axes.set_xlim(-0.02, 1.15)
        axes.set_ylim(bottom=-0.02 * max((risk for _utility, risk in points.values()), default=1.0))
        axes.set_xlabel(_("utility (detail kept in what is left)"))
        axes.set_ylabel(risk_name or _("risk (expected re-identifications, share)"))

    return _svg(draw, height=4.2, words=words)


def scaling_lines(series: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str) -> str:
    """One line per name on logarithmic axes: cost against size."""

    def draw(axes: Axes) -> None:
        for name, points in series.items():
            axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", markersize=3, label=name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.legend(frameon=False, fontsize=7)

    return _svg(draw, height=4.2)
