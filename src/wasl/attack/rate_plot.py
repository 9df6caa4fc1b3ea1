"""Re-identification rates drawn against overlap, one panel per population size, as SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence

from wasl.attack.outcomes import Outcome, wilson

__all__ = ["draw_rates"]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
"""Colours that readers who confuse red and green can tell apart (Okabe, Ito)."""


DRAWN = ("linkage", "known", "told", "joined")
"""Views that are drawn: those of deliveries, which depend on the overlap."""


def draw_rates(outcomes: Sequence[Outcome]) -> bytes:
    """The highest rate of any attack on one register, by profile and view, against overlap; SVG bytes.

    Bars are 95 % intervals. Other situations are in the tables only.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    scored = [
        outcome
        for outcome in outcomes
        if outcome.rate is not None
        and outcome.overlap is not None
        and outcome.view in DRAWN
        and outcome.periods == 1
        and " + " not in outcome.registers
    ]
    sizes = sorted({outcome.population for outcome in scored}) or [0]
    series = list(dict.fromkeys((outcome.profile, outcome.view, outcome.registers) for outcome in scored))
    with rc_context({"svg.hashsalt": "wasl", "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(4.2 * len(sizes), 4.0), layout="constrained")
        panels = figure.subplots(1, len(sizes), squeeze=False, sharey=True)[0]
        for panel, size in zip(panels, sizes, strict=True):
            for number, (profile, view, registers) in enumerate(series):
                worst: dict[float, Outcome] = {}
                for outcome in scored:
                    if (outcome.profile, outcome.view, outcome.registers) != (profile, view, registers):
                        continue
                    if outcome.population != size:
                        continue
                    overlap = float(outcome.overlap or 0.0)
                    if overlap not in worst or (outcome.rate or 0.0) > (worst[overlap].rate or 0.0):
                        worst[overlap] = outcome
                if not worst:
                    continue
                points = [
                    (x, worst[x].rate or 0.0, *wilson(worst[x].correct or 0, worst[x].exposed or 1))
                    for x in sorted(worst)
                ]
                x, y, low, high = (list(column) for column in zip(*points, strict=True))
                panel.errorbar(
                    x,
                    y,
                    yerr=[[a - b for a, b in zip(y, low, strict=True)], [b - a for a, b in zip(y, high, strict=True)]],
                    label=f"{profile}, {view}" + ("" if registers == series[0][2] else f" ({registers})"),
                    color=COLOURS[number % len(COLOURS)],
                    marker="os^Dv"[number % 5],
                    linestyle="--" if view == "joined" else "-",
                    capsize=2,
                )
            panel.axhline(0.02, color="#999999", linewidth=0.8, linestyle=":")
            panel.set_title(f"{size:,} records")
            panel.set_xlabel("overlap of population and delivery")
            panel.set_ylim(-0.02, 1.02)
        panels[0].set_ylabel("re-identified, worst attack")
        if series:
            panels[0].legend(fontsize="small", loc="upper left")
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
