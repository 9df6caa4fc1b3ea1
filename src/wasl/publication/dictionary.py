"""The dictionary of a release: every variable, code and frequency, as a page in three languages and as a CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
import pyarrow as pa

from wasl.locale import Messages, messages
from wasl.locale.printing import PRINTED
from wasl.publication.description import Code, DatasetDescription, Language
from wasl.publication.formats import safe_text
from wasl.publication.summary import CodeCount, VariableSummary

__all__ = ["PAGES", "dictionary_csv", "dictionary_html"]

HEADINGS = (
    "variable",
    "label",
    "label_fr",
    "label_ar",
    "kind",
    "code",
    "code_label",
    "code_label_fr",
    "code_label_ar",
    "rows",
    "percent",
    "weighted",
    "missing",
)


PAGES: dict[Language, tuple[str, str]] = {
    "en": ("dictionary.html", "English"),
    "fr": ("dictionary.fr.html", "Français"),
    "ar": ("dictionary.ar.html", "العربية"),
}
"""The page of each language and the language's own name."""

WORDS: dict[Language, dict[str, Any]] = {
    "en": {
        "other_language": "fr",
        "producer": "Producer",
        "period": "Period",
        "geography": "Areas",
        "universe": "A row is",
        "rows": "Rows",
        "version": "Version",
        "method": "Method",
        "conditions": "Conditions of use",
        "citation": "Cite as",
        "variables": "Variables",
        "weight": "sampling weight",
        "valid": "rows with a value",
        "missing": "without",
        "from": "from",
        "to": "to",
        "mean": "mean",
        "deviation": "standard deviation",
        "code": "Code",
        "meaning": "Meaning",
        "other_meaning": "Signification",
        "weighted": "Weighted",
        "kinds": {"code": "code", "integer": "whole number", "decimal": "number", "date": "date", "text": "text"},
    },
    "fr": {
        "other_language": "en",
        "producer": "Producteur",
        "period": "Période",
        "geography": "Zones",
        "universe": "Une ligne est",
        "rows": "Lignes",
        "version": "Version",
        "method": "Méthode",
        "conditions": "Conditions d'utilisation",
        "citation": "Citer",
        "variables": "Variables",
        "weight": "poids de sondage",
        "valid": "lignes renseignées",
        "missing": "non renseignées",
        "from": "de",
        "to": "à",
        "mean": "moyenne",
        "deviation": "écart-type",
        "code": "Code",
        "meaning": "Signification",
        "other_meaning": "Meaning",
        "weighted": "Pondéré",
        "kinds": {"code": "code", "integer": "nombre entier", "decimal": "nombre", "date": "date", "text": "texte"},
    },
    "ar": {
        "other_language": "fr",
        "producer": "المنتج",
        "period": "الفترة",
        "geography": "المناطق",
        "universe": "كل سطر هو",
        "rows": "السطور",
        "version": "النسخة",
        "method": "الطريقة",
        "conditions": "شروط الاستعمال",
        "citation": "صيغة الاستشهاد",
        "variables": "المتغيرات",
        "weight": "معامل الترجيح",
        "valid": "سطرا له قيمة",
        "missing": "بدون قيمة",
        "from": "من",
        "to": "إلى",
        "mean": "المتوسط",
        "deviation": "الانحراف المعياري",
        "code": "الرمز",
        "meaning": "المعنى",
        "other_meaning": "Signification",
        "weighted": "مرجَّح",
        "kinds": {"code": "رمز", "integer": "عدد صحيح", "decimal": "عدد", "date": "تاريخ", "text": "نص"},
    },
}
"""The texts of the page in each language."""


def dictionary_csv(summaries: Sequence[VariableSummary]) -> bytes:
    """One line per variable (rows with a value, rows without) and one per code under it; UTF-8."""
    lines: list[Sequence[object]] = [HEADINGS]
    for summary in summaries:
        variable = summary.column.variable
        head = (variable.name, variable.label, variable.label_fr, variable.label_ar, variable.kind.value)
        lines.append((*head, "", "", "", "", summary.valid, "", "", summary.missing))
        for count in summary.codes:
            weighted = "" if count.weighted is None else f"{count.weighted:.6g}"
            code = count.code
            meanings = (code.label, code.label_fr, code.label_ar)
            lines.append((*head, code.code, *meanings, count.rows, percent(count, summary), weighted, ""))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in lines:
        writer.writerow(safe_text(pa.array([str(cell) for cell in line], pa.string())).to_pylist())
    return text.getvalue().encode()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.globals["printed"] = PRINTED
    return environment.from_string(files(__package__).joinpath("dictionary.html.jinja").read_text(encoding="utf-8"))


def dictionary_html(
    description: DatasetDescription,
    summaries: Sequence[VariableSummary],
    *,
    language: Language,
    rows: int,
    created: str,
) -> bytes:
    """The dictionary as one page in a language, labels in a second, too. It needs no other file; texts are escaped."""
    says = messages(language)
    page = _template().render(
        description=description,
        summaries=summaries,
        language=language,
        words=WORDS[language],
        rows=rows,
        created=created,
        percent=lambda count, summary: _share(count, summary, says),
        day=lambda value: _day(str(value), says),
        says=says,
        weighted=bool(description.weight),
        number=lambda value: says.number(value, 0),
        pages=[(code, *page) for code, page in PAGES.items() if code != language],
        text=lambda name: description.texts(name).get(language) or getattr(description, name),
        meaning=_meaning,
    )
    return page.encode() + b"\n"


def _meaning(code: Code, language: Language) -> str:
    """The meaning of a code in a language, in English where it was not translated."""
    return {"fr": code.label_fr, "ar": code.label_ar}.get(language) or code.label


def _share(count: CodeCount, summary: VariableSummary, says: Messages) -> str:
    """A code's share of the rows with a value, in percent, as the language writes it."""
    return says.number(100 * count.rows / summary.valid, 1) if summary.valid else ""


def _day(text: str, says: Messages) -> str:
    """A day of the description in words; a year or a month as it stands."""
    try:
        return says.date(dt.date.fromisoformat(text))
    except ValueError:
        return text


def percent(count: CodeCount, summary: VariableSummary) -> str:
    """A code's share of the rows with a value, in percent."""
    return f"{100 * count.rows / summary.valid:.1f}" if summary.valid else ""
