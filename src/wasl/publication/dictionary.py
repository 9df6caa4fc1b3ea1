"""The dictionary of a release: every variable, code and frequency, as a page in two languages and as a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.resources import files

import jinja2
import pyarrow as pa

from wasl.publication.description import DatasetDescription
from wasl.publication.formats import safe_text
from wasl.publication.summary import CodeCount, VariableSummary

__all__ = ["dictionary_csv", "dictionary_html"]

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
    description: DatasetDescription, summaries: Sequence[VariableSummary], *, rows: int, created: str
) -> bytes:
    """The dictionary as one page that needs nothing else; every text in it is escaped."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(files(__package__).joinpath("dictionary.html.jinja").read_text(encoding="utf-8"))
    page = template.render(
        description=description,
        summaries=summaries,
        rows=rows,
        created=created,
        percent=percent,
        weighted=bool(description.weight),
    )
    return page.encode() + b"\n"


def percent(count: CodeCount, summary: VariableSummary) -> str:
    """A code's share of the rows with a value, in percent."""
    return f"{100 * count.rows / summary.valid:.1f}" if summary.valid else ""
