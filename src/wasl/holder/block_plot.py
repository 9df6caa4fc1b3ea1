"""Draws what a delivery's blocks look like to somebody without the key: sizes and T, pass by pass."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from wasl.holder.encode import BlockFigures

__all__ = ["draw_blocks"]


def draw_blocks(passes: Sequence[BlockFigures], limit: float) -> bytes:
    """An SVG: on the left how many blocks have which size, on the right T by size with the limit.

    It shows no value and no label, only counts; the same figures give the same bytes.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "wasl", "font.size": 9}):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        FigureCanvasSVG(figure)
        sizes_axes, leak_axes = figure.subplots(1, 2)
        for step in passes:
            sizes, place = np.unique(step.sizes, return_inverse=True)
            counts = np.bincount(place, step.counts)
            sizes_axes.plot(sizes, counts, marker="o", markersize=3, linewidth=1, label=step.pass_name)
            leak_axes.plot(step.sizes, step.leaks, marker="o", markersize=3, linestyle="none", label=step.pass_name)
        sizes_axes.set(xscale="log", yscale="log", xlabel="records in a block", ylabel="blocks")
        leak_axes.set(xscale="log", xlabel="records in a block", ylabel="T")
        leak_axes.axhline(limit, color="black", linewidth=0.8, linestyle="--")
        leak_axes.annotate("limit", (1, limit), textcoords="offset points", xytext=(2, 3))
        sizes_axes.legend(frameon=False, fontsize=8)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Title": "Blocks of a delivery"})
    return buffer.getvalue()
