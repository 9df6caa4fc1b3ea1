"""The quality report as a page a clerk can read and print: one file, no script, nothing fetched."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from wasl.holder.quality.finding_texts import CHECKS
from wasl.holder.quality.findings import QualityReport
from wasl.holder.quality.texts import LABELS, REFUSING, ROLES, Language
from wasl.locale import in_language, messages
from wasl.locale.printing import PRINTED
from wasl.registers.codes.classification import CodeList

__all__ = ["render_report"]


@cache
def _template(language: Language) -> Template:
    words = messages(language)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["count"] = words.number
    environment.filters["percent"] = lambda share: words.percent(share, 1)
    environment.filters["said"] = words.sentence
    return environment.from_string(files("wasl.holder.quality").joinpath("report.html.j2").read_text("utf-8"))


def render_report(report: QualityReport, language: Language) -> str:
    """The report as HTML in French, Arabic or English; every value is escaped."""
    categories = CodeList.load("icls-category").entries
    return _template(language).render(
        report=report,
        title=in_language(language, report.title, report.title_fr, report.title_ar) or report.register,
        label=lambda column: in_language(language, column.label, column.label_fr, column.label_ar),
        direction="rtl" if language == "ar" else "ltr",
        language=language,
        colon=messages(language).colon,
        printed=PRINTED,
        say={name: texts[language] for name, texts in LABELS.items()},
        roles={name: texts[language] for name, texts in ROLES.items()},
        icls={
            code: in_language(language, entry.label, entry.label_fr, entry.label_ar)
            for code, entry in categories.items()
        },
        refusing=REFUSING,
        checks={name: texts[language] for name, texts in CHECKS.items()},
    )
