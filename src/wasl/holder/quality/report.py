"""The quality report as a page a clerk can read and print: one file, no script, nothing fetched."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from wasl.holder.quality.findings import QualityReport
from wasl.holder.quality.texts import CHECKS, LABELS, Language
from wasl.locale import in_language

__all__ = ["render_report"]


def render_report(report: QualityReport, language: Language) -> str:
    """The report as HTML in French, Arabic or English; every value is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["count"] = lambda number: f"{number:,}".replace(",", " ")
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    template = environment.from_string(files("wasl.holder.quality").joinpath("report.html.j2").read_text("utf-8"))
    return template.render(
        report=report,
        title=in_language(language, report.title, report.title_fr, report.title_ar) or report.register,
        label=lambda column: in_language(language, column.label, column.label_fr, column.label_ar),
        direction="rtl" if language == "ar" else "ltr",
        language=language,
        say={name: texts[language] for name, texts in LABELS.items()},
        checks={name: texts[language] for name, texts in CHECKS.items()},
    )
