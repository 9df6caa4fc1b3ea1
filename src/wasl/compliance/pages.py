"""The dossier as a page and as a Word document, in one language; each sentence with its source, each hole visible."""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

from wasl.compliance.statements import Dossier, Source, Statement, revived
from wasl.locale import N_, Language, Messages, messages
from wasl.locale.printing import PRINTED

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

__all__ = ["dossier_docx", "dossier_page"]

SOURCES = {
    "configuration": N_("configuration"),
    "log": N_("log entry"),
    "measurement": N_("measurement"),
    "person": N_("stated by the controller"),
}

NOTE = N_("wasl filled this in from its configuration, its log and its measurements. It does not replace legal advice.")

COMMAND = re.compile("`[^`]+`")
"""A command in a question."""
LONGEST_TITLE = 255
"""Characters that the properties of a Word document hold (ECMA-376); the page itself shows the whole title."""

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """<!doctype html>
<html lang="{{ words.language }}" dir="{{ words.direction }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ heading }}</title>
<style>
body { font: 1rem/1.6 system-ui, "Noto Naskh Arabic", sans-serif; color: #222; margin: 2rem auto; max-width: 52rem;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-block-start: 2rem; }
li { margin-block: .3rem; } .source { color: #595959; font-size: .85rem; }
.hole { background: #fff3cd; border-inline-start: .3rem solid #8a6100; padding: .3rem .6rem; list-style: none; }
table { border-collapse: collapse; }
td, .source, li { overflow-wrap: anywhere; }
th, td { text-align: start; padding: .2rem .8rem .2rem 0; vertical-align: top; }
{{ printed }}
</style>
</head>
<body>
<h1>{{ heading }}</h1>
<p>{{ note }}</p>
<table aria-label="{{ heading }}">
{% for name, value in summary %}
<tr><th scope="row">{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}
</table>
{% for title, items, holes in sections %}
<h2>{{ loop.index }}. {{ title }}</h2>
<ul>
{% for sentence, source in items %}
<li>{{ sentence }} <span class="source">[{{ source }}]</span></li>
{% endfor %}
{% for question, place in holes %}
<li class="hole"><strong>{{ to_complete }}</strong> {{ question }} <span class="source">({{ place }})</span></li>
{% endfor %}
</ul>
{% endfor %}
{% if added or removed %}
<h2>{{ changes }}</h2>
{% for title, items in ((added_title, added), (removed_title, removed)) %}
{% if items %}
<h3>{{ title }}</h3>
<ul>{% for sentence in items %}<li>{{ sentence }}</li>{% endfor %}</ul>
{% endif %}
{% endfor %}
{% endif %}
</body>
</html>
"""
)


def dossier_page(dossier: Dossier, language: Language) -> str:
    """The dossier as one HTML file without anything from elsewhere."""
    words = messages(language)
    return _PAGE.render(printed=PRINTED, **_content(dossier, words, _kept if words.direction == "rtl" else str))


def dossier_docx(dossier: Dossier, language: Language) -> bytes:
    """The dossier as a Word document."""
    from docx import Document
    from docx.shared import Pt, RGBColor

    words = messages(language)
    content = _printable(_content(dossier, words))
    document = Document()
    heading = content["heading"]
    document.core_properties.title = heading if len(heading) <= LONGEST_TITLE else heading[: LONGEST_TITLE - 1] + "…"
    document.core_properties.language = language
    document.core_properties.author = "wasl"
    # python-docx's template carries a fixed date; equal dossiers shall have equal bytes
    day = dt.datetime.fromisoformat(dossier.drawn_up)
    document.core_properties.created = document.core_properties.modified = day
    document.styles["Normal"].font.size = Pt(11)
    document.add_heading(content["heading"], level=0)
    document.add_paragraph(content["note"])
    for name, value in content["summary"]:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{name}{words.colon}").bold = True
        paragraph.add_run(str(value))
    for number, (title, items, holes) in enumerate(content["sections"], start=1):
        document.add_heading(f"{number}. {title}", level=1)
        for sentence, source in items:
            paragraph = document.add_paragraph(sentence, style="List Bullet")
            run = paragraph.add_run(f" [{source}]")
            run.font.size = Pt(9)
            run.font.color.rgb = RGBColor(0x59, 0x59, 0x59)
        for question, place in holes:
            paragraph = document.add_paragraph()
            run = paragraph.add_run(f"{content['to_complete']} {question} ({place})")
            run.bold = True
            run.font.color.rgb = RGBColor(0x8A, 0x61, 0x00)
    for title, items in ((content["added_title"], content["added"]), (content["removed_title"], content["removed"])):
        if items:
            document.add_heading(title, level=1)
            for sentence in items:
                document.add_paragraph(sentence, style="List Bullet")
    if words.direction == "rtl":
        _right_to_left(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _right_to_left(document: WordDocument) -> None:
    """Set every paragraph and run to right-to-left, as Word needs it for Arabic."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for paragraph in document.paragraphs:
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        for run in paragraph.runs:
            properties = run._r.get_or_add_rPr()
            for name in ("b", "sz"):  # Word takes weight and size of Arabic from elements of their own
                found = properties.find(qn(f"w:{name}"))
                if found is not None:
                    own = OxmlElement(f"w:{name}Cs")
                    own.attrib.update(found.attrib)
                    found.addnext(own)
            properties.append(OxmlElement("w:rtl"))


def _kept(text: str) -> str:
    """A name or address that keeps its own order in Arabic (Unicode Standard Annex 9: FSI, PDI)."""
    return f"\u2068{text}\u2069"


def _content(dossier: Dossier, words: Messages, kept: Callable[[str], str] = str) -> dict[str, Any]:
    """The content of the dossier in a language; names and addresses go through ``kept``."""
    _ = words.text
    summary = [
        (_("Project"), dossier.title_in(words)),
        (_("Drawn up on"), words.date(dt.date.fromisoformat(dossier.drawn_up))),
        (_("Version"), words.number(dossier.version)),
        (_("Digest"), dossier.digest),
        (_("Statements"), words.number(len(dossier.statements))),
        (_("To be completed"), words.number(len(dossier.holes))),
    ]
    if dossier.earlier:
        summary.append((_("Version before"), dossier.earlier))
    return {
        "words": words,
        "heading": _("Authorization dossier: {title}", title=dossier.title_in(words)),
        "note": _(NOTE),
        "summary": summary,
        "to_complete": _("To be completed:"),
        "sections": [
            (
                section.title_in(words),
                [(statement.said(words), source_of(statement.source, words, kept)) for statement in section.statements],
                [
                    (COMMAND.sub(lambda found: kept(found[0]), _(hole.question)), kept(hole.place))
                    for hole in section.holes
                ],
            )
            for section in dossier.sections
        ],
        "changes": _("Changes since the version before"),
        "added_title": _("Added"),
        "removed_title": _("Removed"),
        "added": [_sentence(statement, words, kept) for statement in dossier.added],
        "removed": [revived(item, words.language) for item in dossier.removed],
    }


def _sentence(statement: Statement, words: Messages, kept: Callable[[str], str]) -> str:
    return f"{statement.said(words)} [{source_of(statement.source, words, kept)}]"


def source_of(source: Source, words: Messages, kept: Callable[[str], str] = str) -> str:
    """Where a statement can be checked, in words."""
    return f"{words.text(SOURCES[source.kind])}{words.colon}{kept(source.reference)}"


def _printable(value: Any) -> Any:
    """The same without control characters, which a Word document cannot hold."""
    if isinstance(value, str):
        return "".join(c for c in value if c in "\t\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    if isinstance(value, dict):
        return {name: _printable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_printable(one) for one in value)
    return value
