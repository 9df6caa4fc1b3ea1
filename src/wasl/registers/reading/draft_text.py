"""Writes a drafted register schema as TOML, with the evidence for each column as a comment above it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from wasl.locale import Messages
from wasl.registers.published_names import latin_name
from wasl.registers.reading.draft_evidence import DraftColumn
from wasl.registers.reading.draft_header import HeaderPlace
from wasl.registers.reading.headers import column_key, words_key
from wasl.registers.reading.headings import BIRTH_YEAR
from wasl.registers.reading.source import Source
from wasl.registers.schema import ROW_NUMBER, Feature, gets_nothing_back

__all__ = ["DERIVED", "write_schema"]

ARABIC = re.compile("[\u0600-\u06ff]")
DERIVED = {"sex": "sex", "nationality": "nationality", "birth_date": "birth_year", "household": "household"}
NUMBERED = frozenset(
    ("passport", "permit", "cin", "cnss", "certificate", "refugee_file", "consular", "anapec_number", "household")
)
"""Numbers that the profiles of the family `morocco` make blocks of."""
TRANSFORMS = {"birth_date": "year", "household": "household"}
"""Payload variables made from encoded columns."""


def _quoted(text: str) -> str:
    """A text as TOML writes it: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_schema(
    path: Path,
    columns: list[DraftColumn],
    record: DraftColumn | None,
    weight: DraftColumn | None,
    source: Source,
    place: HeaderPlace,
    words: Messages,
    named: tuple[str, str],
) -> str:
    """The text of a drafted register schema.

    Args:
        path: The file it was drafted from.
        columns: Its columns, with what each means.
        record: The column that numbers the records; None: they are numbered by row.
        weight: The column of sampling weights, where there is one.
        source: The file as read.
        place: Where the header stands, what was stated of the file, and the headings left out.
        words: The language of comments.
        named: Title and holder; an empty holder is asked for.
    """
    _ = words.text
    title, holder = named
    stem = latin_name(column_key(path.stem)) or "register"
    bare = gets_nothing_back(holder, stem)
    if bare:
        _without_amounts(columns, words)
    lines = [
        "# "
        + _(
            "Proposed from {file}: {rows} rows ({how}). Check every line; the comments say what was found.",
            file=" ".join(path.name.split()),
            rows=source.table.num_rows,
            how=", ".join(filter(None, (source.encoding, source.layout))) or path.suffix.removeprefix("."),
        ),
        *(
            "# "
            + _(
                "Left out, because several columns have this heading: {heading}. Give each column its own.",
                heading=" ".join(heading.split()),
            )
            for heading in place.several
        ),
        f"id = {_quoted(stem)}",
        "version = 1",
        f"title = {_quoted(title)}",
        f"holder = {_quoted(holder)}" if holder else 'holder = "?"  # ' + _("who keeps the register"),
        f"record = {_quoted(ROW_NUMBER if record is None else record.name)}"
        + (
            "  # " + _("no column numbers the records: they are numbered by row; keep the file in this order")
            if record is None
            else ""
        ),
        "duplicate_free = false  # " + _("true if one person can have one record only"),
        f"profiles = {_quoted(_family(columns))}",
        *(['return = "none"  # ' + _("nothing about single records comes back to UNHCR")] if bare else []),
        *([] if weight is None else [f"weight = {_quoted(weight.name)}"]),
        "",
    ]
    stated = {"sheet": place.layout.sheet, "encoding": place.layout.encoding}
    if any(stated.values()):
        lines += ["[file]", *(f"{name} = {_quoted(said)}" for name, said in stated.items() if said), ""]
    for column in columns:
        lines += [
            f"# {words.parts(column.evidence)}",
            "[[fields]]",
            f"name = {_quoted(column.name)}",
        ]
        if column_key(column.heading) != column.name:
            lines.append(f"aliases = [{_quoted(column.heading)}]")
        if column.type != "string":
            lines.append(f"type = {_quoted(column.type)}")
        lines.append(f"role = {_quoted(column.role)}")
        if column.feature is not None and column.role not in ("payload", "drop"):
            lines.append(f"feature = {_quoted(Feature(column.feature).value)}")
        if column.required:
            lines.append("required = true")
        if column.type == "date":
            lines.append(f"format = [{', '.join(_quoted(layout) for layout in column.formats)}]")
            if bare and column.role == "payload":
                lines.append('precision = "quarter"')
            if column.calendar:
                lines.append(f"calendar = {_quoted(column.calendar)}")
            if column.earliest:
                lines.append(f"earliest_year = {column.earliest}")
        if column.classification is not None and column.type == "code":
            lines.append(f"classification = {_quoted(column.classification)}")
        if column.standard and column.role == "payload" and column.standard not in _standards(columns, column):
            lines.append(f"standard = {_quoted(column.standard)}")
        label = "label_ar" if ARABIC.search(column.heading) else "label_fr"
        lines += [f"label = {_quoted(column.heading)}", f"{label} = {_quoted(column.heading)}", ""]
    for column in columns:
        if column.feature in DERIVED and column is not record and not (bare and column.feature == "household"):
            lines += [
                "[[payload]]",
                f"standard = {_quoted(DERIVED[column.feature])}",
                f"column = {_quoted(column.name)}",
            ]
            transform = TRANSFORMS.get(column.feature)
            lines += [f'transform = "{transform}"', ""] if transform else [""]
    return "\n".join(lines)


def _without_amounts(columns: list[DraftColumn], words: Messages) -> None:
    """Drop variables that a register may not release to which nothing comes back: it releases codes and dates only."""
    for column in columns:
        if column.role == "payload" and column.type != "date" and column.classification is None:
            column.role = "drop"
            column.evidence.append(words.text("a register of UNHCR releases codes of a code list and quarters only"))


def _family(columns: list[DraftColumn]) -> str:
    """The family of profiles: of names and birth dates where nothing else can be compared, composed without a date."""
    features = {column.feature for column in columns if column.feature and column.role not in ("payload", "drop")}
    years = {words_key(text) for text in BIRTH_YEAR}
    dated = {column.feature for column in columns if words_key(column.heading) not in years}
    if not features & dated & {"birth_date", *NUMBERED}:
        return "generic"
    needed = {"surname", "given", "birth_date"}
    few = {str(feature).removesuffix("_arabic") for feature in features} == needed
    return "febrl" if few else "morocco"


def _standards(columns: list[DraftColumn], before: DraftColumn) -> set[str]:
    """Names that payload columns before this one already have."""
    taken = set(DERIVED.values())
    for column in columns:
        if column is before:
            return taken
        taken.add(column.standard or column.name)
    return taken
