"""SDMX files of a microdata release: the frequencies of every coded variable, with their structure.

Microdata are not exchanged in SDMX, tables are. Each coded variable becomes a dimension. The data are the frequencies
of one variable at a time, the others at their total. They follow from the published file and disclose nothing more.
The messages are those of any table (`wasl.publication.table_formats.sdmx`).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from wasl.publication.description import DatasetDescription, Period
from wasl.publication.summary import VariableSummary
from wasl.publication.table_formats.cube import Cube, CubeDimension
from wasl.publication.table_formats.sdmx import sdmx_files
from wasl.publication.table_formats.validation import require_readable

__all__ = ["frequency_cube", "frequency_files", "sdmx_period"]

QUARTER, HALF = 3, 6
"""Months of a quarter and of half a year."""


def frequency_files(
    description: DatasetDescription, summaries: Sequence[VariableSummary], *, created: dt.datetime
) -> dict[str, bytes]:
    """The messages by file name, ``structure.sdmx-3.0.xml`` and so on; none where no variable has codes.

    Args:
        description: What the dataset is.
        summaries: One per variable, in order; their columns carry the codes.
        created: When the release is made, UTC.

    Raises:
        VerificationError: A reader refuses a message, or reads other figures; names the file.
    """
    cube = frequency_cube(description, summaries)
    if cube is None:
        return {}
    files = sdmx_files(cube, created=created)
    require_readable(files, cube)
    return files


def frequency_cube(description: DatasetDescription, summaries: Sequence[VariableSummary]) -> Cube | None:
    """Rows (or sums of weights) by code of each coded variable, and the total; None where no variable has codes."""
    coded = [summary for summary in summaries if summary.codes]
    if not coded:
        return None
    weighted = all(count.weighted is not None for summary in coded for count in summary.codes)
    dimensions: list[CubeDimension] = []
    places: list[list[int]] = [[0] * len(coded)]
    values = [0.0]
    for number, summary in enumerate(coded):
        variable = summary.column.variable
        own = [count.code for count in summary.codes]
        total, unknown = _unused("_T", own_codes := {code.code for code in own}), _unused("_U", own_codes)
        meanings: dict[str, dict[str, str]] = {
            "en": {code.code: code.label for code in own} | {total: "Total", unknown: "Not known"},
            "fr": {code.code: code.label_fr for code in own if code.label_fr} | {total: "Total", unknown: "Inconnu"},
            "ar": {code.code: code.label_ar for code in own if code.label_ar}
            | {total: "المجموع", unknown: "غير معروف"},
        }
        rows = [float(count.weighted or 0) if weighted else float(count.rows) for count in summary.codes]
        codes = [code.code for code in own]
        if summary.missing:
            codes.append(unknown)
            rows.append(float(summary.missing_weighted or 0) if weighted else float(summary.missing))
        dimensions.append(
            CubeDimension(
                variable.name,
                {"en": variable.label, "fr": variable.label_fr, "ar": variable.label_ar},
                (total, *codes),
                (-1, *[0] * len(codes)),
                variable.sdmx,
                meanings,
            )
        )
        values[0] = sum(rows)
        for code, value in enumerate(rows, start=1):
            place = [0] * len(coded)
            place[number] = code
            places.append(place)
            values.append(value)
    producer = description.producer
    return Cube(
        description.dataset_id,
        {"en": description.title, "fr": description.title_fr, "ar": description.title_ar},
        tuple(dimensions),
        np.array(places, dtype=np.int32),
        np.array(values),
        np.full(len(values), "published"),
        "weighted rows" if weighted else "rows",
        sdmx_period(description.period),
        producer.abbreviation or producer.name,
    )


def sdmx_period(period: Period) -> str:
    """A period in SDMX notation: a year, half, quarter, month or day where it is one, else a start with a duration.

    Source: SDMX 3.0, section 6, "Time and time formats" (time range ``2020-01-01/P5Y``).
    """
    start, end = period.start, period.end
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    if start.day == 1 and end.day == calendar.monthrange(end.year, end.month)[1]:
        if months == 12 and start.month == 1:
            return f"{start.year:04}"
        if months == HALF and start.month in (1, 7):
            return f"{start.year:04}-S{(start.month + 5) // HALF}"
        if months == QUARTER and start.month in (1, 4, 7, 10):
            return f"{start.year:04}-Q{(start.month + 2) // QUARTER}"
        if months == 1:
            return f"{start:%Y-%m}"
        return f"{start.isoformat()}/P{months // 12}Y" if months % 12 == 0 else f"{start.isoformat()}/P{months}M"
    days = (end - start).days + 1
    return start.isoformat() if days == 1 else f"{start.isoformat()}/P{days}D"


def _unused(wanted: str, codes: Mapping[str, object] | set[str]) -> str:
    """The code wanted, with underscores until the variable has no such code of its own."""
    while wanted in codes:
        wanted += "_"
    return wanted
