"""Profiles of regions: one page a region and language, with charts, from published figures only.

Each chart has its figures beside it. A confidential figure has no bar; the page says so. In Arabic the page and its
charts run from right to left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from wasl.locale import LANGUAGES, Language, Messages, messages
from wasl.locale.printing import PRINTED
from wasl.publication.table_formats.cube import Cube

__all__ = ["profile_pages"]

BAR, ROW, WIDTH = 12, 20, 320
"""Height of a bar and of a row, and width of a chart, in pixels."""

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1d2733;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:.2rem 0}
h2{font-size:1.1rem;margin:1.8rem 0 .4rem;border-top:1px solid #d9dee5;padding-top:.6rem}
table{border-collapse:collapse}td,th{padding:0 .6rem;height:20px;line-height:20px;text-align:start;font-weight:400}
td.n{text-align:right;font-variant-numeric:tabular-nums}.c{color:#5b6775}nav a{margin-inline-end:1rem}
rect{fill:#3b6ea5}.note{color:#5b6775;font-size:.9rem}.big{font-size:1.6rem;font-weight:600}
section>div{overflow-x:auto}
"""


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar: its label, and its figure or NaN where it is confidential."""

    label: str
    value: float


def profile_pages(tables: Mapping[str, Cube]) -> dict[str, bytes]:
    """The pages, ``profile-REGION.LANGUAGE.html``; none without the table ``sex-by-province``.

    Args:
        tables: Published tables by name: ``sex-by-province``, ``region-by-age``, ``region-by-activity``.
    """
    base = tables.get("sex-by-province")
    if base is None:
        return {}
    areas = base.dimensions[0]
    regions = [code for code, parent in zip(areas.codes, areas.parents, strict=True) if parent == 0 and code.isdigit()]
    pages = {}
    for region in regions:
        for language in LANGUAGES:
            pages[f"profile-{region}.{language}.html"] = _page(tables, base, region, language).encode()
    return pages


def _page(tables: Mapping[str, Cube], base: Cube, region: str, language: Language) -> str:
    says = messages(language)
    _ = says.text
    areas = base.dimensions[0]
    name = areas.meaning(region, language)
    own = areas.codes.index(region)
    provinces = [code for code, parent in zip(areas.codes, areas.parents, strict=True) if parent == own]
    total = _value(base, {0: region})
    country = _value(base, {})
    unit = _("foreign workers")
    parts = [f"<p class=big>{_figure(total, says)} <span class=c>{escape(unit)}</span></p>"]
    if np.isfinite(total) and np.isfinite(country) and country > 0:
        share = _("{share} % of the foreign workers of the country.", share=round(100 * total / country))
        parts.append(f"<p>{escape(share)}</p>")
    sexes = [code for code in base.dimensions[1].codes[1:] if code != "_U"]
    parts.append(_chart(_("By sex"), _bars(base, 1, sexes, {0: region}, language), says))
    if provinces:
        parts.append(_chart(_("By province"), _bars(base, 0, provinces, {}, language), says))
    for table, title in (("region-by-age", _("By age")), ("region-by-activity", _("By economic activity"))):
        cube = tables.get(table)
        if cube is not None and region in cube.dimensions[0].codes:
            codes = [code for code in cube.dimensions[1].codes[1:] if code != "_U"]
            parts.append(_chart(title, _bars(cube, 1, codes, {0: region}, language), says))
    links = " ".join(
        f'<a href="profile-{region}.{other}.html" lang="{other}">{escape(messages(other).name)}</a>'
        for other in LANGUAGES
        if other != language
    )
    note = base.note(language)
    heading = _("Foreign workers, {period}", period=base.period)
    secret = _("A figure that could tell something about one person is confidential: it has no bar.")
    content = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}" dir="{says.direction}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(name)} – {escape(heading)}'
        f"</title><style>{STYLE}{PRINTED}</style></head>\n<body>\n<nav>{links}</nav>\n<h1>{escape(name)}</h1>\n"
        f"<p class=c>{escape(heading)}</p>\n<main>\n{content}\n</main>\n<p class=note>{escape(note)}</p>\n"
        f"<p class=note>{escape(secret)}</p>\n</body>\n</html>\n"
    )


def _value(cube: Cube, chosen: Mapping[int, str]) -> float:
    """The published figure at these codes, the other dimensions at their totals; NaN where there is none."""
    place = np.zeros(len(cube.dimensions), dtype=np.int32)
    for dimension, code in chosen.items():
        place[dimension] = cube.dimensions[dimension].codes.index(code)
    found = np.flatnonzero((cube.places == place).all(axis=1))
    return float(cube.values[found[0]]) if len(found) else 0.0


def _bars(cube: Cube, dimension: int, codes: Sequence[str], fixed: Mapping[int, str], language: Language) -> list[_Bar]:
    return [
        _Bar(cube.dimensions[dimension].meaning(code, language), _value(cube, {**fixed, dimension: code}))
        for code in codes
    ]


def _chart(title: str, bars: Sequence[_Bar], says: Messages) -> str:
    """A heading, and beside each label its bar and its figure."""
    known = [bar.value for bar in bars if np.isfinite(bar.value)]
    most = max([1.0, *known])
    rows = []
    for number, bar in enumerate(bars):
        drawing = ""
        if number == 0:
            shapes = []
            for row, one in enumerate(bars):
                if np.isfinite(one.value):
                    width = round(WIDTH * one.value / most, 1)
                    left = WIDTH - width if says.direction == "rtl" else 0
                    top = row * ROW + (ROW - BAR) / 2
                    shapes.append(f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{BAR}"/>')
            drawing = (
                f'<td rowspan="{len(bars)}"><svg role="img" aria-label="{escape(title)}" width="{WIDTH}" '
                f'height="{ROW * len(bars)}" viewBox="0 0 {WIDTH} {ROW * len(bars)}">{"".join(shapes)}</svg></td>'
            )
        label, figure = escape(bar.label), _figure(bar.value, says)
        rows.append(f"<tr><th scope=row><bdi>{label}</bdi></th>{drawing}<td class=n>{figure}</td></tr>")
    return f"<section><h2>{escape(title)}</h2><div><table>{''.join(rows)}</table></div></section>"


def _figure(value: float, says: Messages) -> str:
    _ = says.text
    if np.isnan(value):
        hidden = _("confidential")
        return f"<span class=c>{escape(hidden)}</span>"
    return escape(_("{count}", count=round(value)))
