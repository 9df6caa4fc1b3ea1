"""The HTML of the disclosure reports: one page layout, tables, figures and numbers; no file or font from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from wasl.locale import Messages, messages
from wasl.locale.pages import said
from wasl.locale.printing import PRINTED

__all__ = [
    "ENGLISH",
    "figure",
    "heading",
    "languages",
    "number",
    "page",
    "paragraph",
    "section",
    "share",
    "spoken",
    "table",
]

ENGLISH = messages("en")

_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.globals["printed"] = PRINTED

_LAYOUT = _ENVIRONMENT.from_string(
    """<!doctype html>
<html lang="{{ language }}"{% if language == "ar" %} dir="rtl"{% endif %}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
@media (max-width: 40rem) { table { display: block; overflow-x: auto; max-width: 100%; } }
caption { text-align: start; font-weight: 600; }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .8rem; padding-inline-start: 0; }
th, td { text-align: start; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.confidential { background: #7a1f1f; color: #fff; padding: .4rem .8rem; }
.ok { color: #1d6b34; } .bad { color: #a02020; } figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; direction: ltr; }
{{ printed }}
</style>
</head>
<body>
{% if confidential %}
<p class="confidential">{{ confidential }}</p>
{% endif %}
<h1>{{ title }}</h1>
{{ body }}
</body>
</html>
"""
)

_TABLE = _ENVIRONMENT.from_string(
    """<table>
{% if caption %}<caption>{{ caption }}</caption>{% endif %}
<thead><tr>
{% for name in columns %}<th{% if not loop.first %} class="n"{% endif %}>{{ name }}</th>{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}<td{% if not loop.first %} class="n"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table>
"""
)


def page(title: str, parts: list[Markup], *, confidential: bool, words: Messages = ENGLISH) -> str:
    """A whole page."""
    _ = words.text
    notice = _("Confidential: this report shows where the file is weak. It is not published.") if confidential else ""
    body = Markup("\n").join(parts)
    return _LAYOUT.render(title=title, body=body, confidential=notice, language=words.language)


def section(parts: list[Markup], language: str) -> Markup:
    """A part of a page in one language."""
    direction = Markup(' dir="rtl"') if language == "ar" else Markup("")
    return Markup('<section lang="{0}" id="{0}"{1}>{2}</section>').format(language, direction, Markup("\n").join(parts))


def languages(chosen: Sequence[str]) -> Markup:
    """Links to the sections of a page."""
    names = {"en": "English", "fr": "Français", "ar": "العربية"}
    links = [Markup('<a href="#{0}" lang="{0}">{1}</a>').format(code, names[code]) for code in chosen]
    return Markup("<nav>{}</nav>").format(Markup(" · ").join(links))


def paragraph(text: str) -> Markup:
    """A paragraph; the text is escaped."""
    return Markup("<p>{}</p>").format(text)


def heading(text: str) -> Markup:
    """A heading of the second level."""
    return Markup("<h2>{}</h2>").format(text)


def figure(caption: str, svg: str) -> Markup:
    """A figure with its caption."""
    # The SVG is our own drawing; labels inside it were escaped by the renderer.
    return Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(caption, Markup(svg))  # noqa: S704


def table(columns: tuple[str, ...], rows: list[tuple[Any, ...]], caption: str = "") -> Markup:
    """A table; the first column is text, the others are figures."""
    return Markup(_TABLE.render(columns=columns, rows=rows, caption=caption))  # noqa: S704 - rendered with autoescape


def spoken(sentence: object, words: Messages) -> Markup:
    """A finished English sentence of wasl's as a paragraph in the language of the page."""
    return Markup("<p>{}</p>").format(said(words, sentence))


def number(value: object, words: Messages = ENGLISH) -> str:
    """A number for readers, with four digits that count; a dash where there is none."""
    if not isinstance(value, int | float) or isnan(value):
        return "–"
    return words.significant(value)


def share(value: float | None, words: Messages = ENGLISH) -> str:
    """A share in per cent; a dash where there is none."""
    return "–" if value is None or isnan(value) else words.percent(value, 2)
