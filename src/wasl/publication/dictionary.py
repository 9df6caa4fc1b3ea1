"""The dictionary of a release: every variable, code and frequency, as a page in each of two languages and as a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Literal

import jinja2
import pyarrow as pa

from wasl.publication.description import DatasetDescription
from wasl.publication.formats import safe_text
from wasl.publication.summary import CodeCount, VariableSummary

__all__ = ["Language", "dictionary_csv", "dictionary_html"]

HEADINGS = (
    "variable",
    "label",
    "label_fr",
    "kind",
    "code",
    "code_label",
    "code_label_fr",
    "rows",
    "percent",
    "weighted",
    "missing",
)


Language = Literal["en", "fr"]
"""Languages of the page."""

WORDS: dict[Language, dict[str, Any]] = {
    "en": {
        "other_page": "dictionary.fr.html",
        "other_language": "fr",
        "other_name": "Français",
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
        "other_page": "dictionary.html",
        "other_language": "en",
        "other_name": "English",
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
}
"""The texts of the page in each language."""


def dictionary_csv(summaries: Sequence[VariableSummary]) -> bytes:
    """One line per variable (rows with a value, rows without) and one per code under it; UTF-8."""
    lines: list[Sequence[object]] = [HEADINGS]
    for summary in summaries:
        variable = summary.column.variable
        head = (variable.name, variable.label, variable.label_fr, variable.kind.value)
        lines.append((*head, "", "", "", summary.valid, "", "", summary.missing))
        for count in summary.codes:
            weighted = "" if count.weighted is None else f"{count.weighted:.6g}"
            code = count.code
            lines.append(
                (*head, code.code, code.label, code.label_fr, count.rows, percent(count, summary), weighted, "")
            )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in lines:
        writer.writerow(safe_text(pa.array([str(cell) for cell in line], pa.string())).to_pylist())
    return text.getvalue().encode()


def dictionary_html(
    description: DatasetDescription,
    summaries: Sequence[VariableSummary],
    *,
    language: Language,
    rows: int,
    created: str,
) -> bytes:
    """The dictionary as one page in a language, labels in both; it needs nothing else, every text in it is escaped."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(files(__package__).joinpath("dictionary.html.jinja").read_text(encoding="utf-8"))
    french = language == "fr"
    page = template.render(
        description=description,
        summaries=summaries,
        language=language,
        words=WORDS[language],
        rows=rows,
        created=created,
        percent=percent,
        weighted=bool(description.weight),
        number=lambda value: f"{value:,.0f}".replace(",", "\u202f") if french else f"{value:,.0f}",
        first=lambda english, translated: (translated or english) if french else english,
        second=lambda english, translated: english if french else translated,
    )
    return page.encode() + b"\n"


def percent(count: CodeCount, summary: VariableSummary) -> str:
    """A code's share of the rows with a value, in percent."""
    return f"{100 * count.rows / summary.valid:.1f}" if summary.valid else ""
