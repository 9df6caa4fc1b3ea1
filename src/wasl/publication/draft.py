"""A draft of a dataset's description, out of its protected table: what a machine can know, the rest to fill in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wasl.disclosure.keys.hierarchy import joined_parts
from wasl.locale import Messages, messages
from wasl.publication.columns import own_label
from wasl.publication.description import DatasetDescription, VariableKind
from wasl.registers.codes.classification import CodeList
from wasl.registers.published_names import names_to_change, unpublishable
from wasl.registers.reading.microdata import column_labels, missing_reasons
from wasl.registers.schema import RegisterSchema

__all__ = ["KnownVariable", "draft_description", "known_variables"]

ENGLISH = messages("en")
MOST_CODES = 200
"""Texts with more different values than this are taken for free text."""

HEAD = """\
# {comment}
id = "{name}"
version = "1.0"
title = "<title>"
title_fr = "<titre>"
title_ar = "<العنوان>"
abstract = "<what the data are, for whom, from which sources>"
abstract_fr = "<ce que sont les données, pour qui, de quelles sources>"
abstract_ar = "<ما هي البيانات ولمن ومن أي مصادر>"
producer = {{ name = "<organization>", abbreviation = "" }}
period = {{ start = "<YYYY-MM-DD>", end = "<YYYY-MM-DD>" }}  # {period}
conditions = "<conditions of use>"
conditions_fr = "<conditions d'utilisation>"
conditions_ar = "<شروط الاستعمال>"
sources = []
"""


@dataclass(frozen=True, slots=True)
class KnownVariable:
    """What register schemas say of a payload variable.

    Attributes:
        label, label_fr, label_ar: What a reader sees.
        classification: Its code list, or empty.
    """

    label: str
    label_fr: str
    classification: str
    label_ar: str = ""


def known_variables(
    schemas: Iterable[RegisterSchema], descriptions: Iterable[DatasetDescription] = ()
) -> dict[str, KnownVariable]:
    """What shipped descriptions and register schemas say of their variables, by harmonized name; the first counts.

    Args:
        schemas: The register schemas.
        descriptions: Descriptions of other releases, which are believed before schemas.
    """
    known: dict[str, KnownVariable] = {}
    for description in descriptions:
        for described in description.variables:
            labels = (described.label, described.label_fr, described.classification or "", described.label_ar)
            known.setdefault(described.name, KnownVariable(*labels))
    for schema in schemas:
        for field in schema.fields:
            name = field.standard or field.name
            found = KnownVariable(field.label, field.label_fr, field.classification or "")
            known.setdefault(name, found)
            if field.classification and not known[name].classification:
                known[name] = replace(known[name], classification=field.classification)
    return known


def draft_description(
    table: pa.Table,
    name: str,
    report: Mapping[str, Any],
    known: Mapping[str, KnownVariable],
    words: Messages = ENGLISH,
) -> str:
    """The draft as TOML.

    Args:
        table: The protected table.
        name: Id of the dataset.
        report: The public report of its protection, whose labels are taken first.
        known: What register schemas say of variables.
        words: The language of the comments.

    Labels of an SPSS or Stata source, which `wasl protect` keeps with the columns, come before those of the schemas.
    """
    reported = {variable["name"]: variable for variable in report.get("variables", []) if "name" in variable}
    _ = words.text
    comment = _("A draft: fill in what stands between angle brackets, and say what the codes mean.")
    parts = [HEAD.format(name=name, comment=comment, period=_("the time the data are about"))]
    changed = names_to_change(table.column_names)
    for column in table.column_names:
        schema = known.get(column, KnownVariable("", "", ""))
        labels = reported.get(column, {})
        english = labels.get("label") if labels.get("label") != column else ""
        french = labels.get("label_fr") if labels.get("label_fr") != column else ""
        arabic = labels.get("label_ar") if labels.get("label_ar") != column else ""
        title, codes = column_labels(table.schema.field(column))
        reasons = missing_reasons(table.schema.field(column))
        lines = [
            "",
            _evidence(table.column(column), words),
            *([unpublishable(changed[column], words)] if column in changed else []),
            "[[variables]]",
            f"name = {_quoted(column)}",
            f"label = {_quoted(english or title or schema.label or '<label>')}",
            f"label_fr = {_quoted(french or title or schema.label_fr or '<libellé>')}",
            f"label_ar = {_quoted(arabic or schema.label_ar or '<التسمية>')}",
            *([f"note = {_quoted(_reasons(reasons))}"] if reasons else []),
            *_kind(table.column(column), schema.classification, codes, reasons),
        ]
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)


def _reasons(reasons: Mapping[str, str]) -> str:
    """A sentence on the codes that meant missing in the source: cells with them are empty in the release."""
    listed = ", ".join(f"{code} {label}".strip() for code, label in reasons.items())
    return f"Missing in the source for these reasons: {listed}."


def _evidence(values: pa.ChunkedArray, words: Messages) -> str:
    """The evidence of a column, as a comment: counts, never a value."""
    distinct = len(pc.unique(values.drop_null()))
    _ = words.text
    return "# " + _(
        "{known} values, {missing} missing, {distinct} different",
        known=len(values) - values.null_count,
        missing=values.null_count,
        distinct=distinct,
    )


def _kind(
    values: pa.ChunkedArray, classification: str, labels: Mapping[str, str], reasons: Mapping[str, str]
) -> list[str]:
    """The kind of a column and its codes. Where the labels explain every code, all labelled ones are listed."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_date(kind):
        return [f"kind = {_quoted(VariableKind.DATE)}"]
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return [f"kind = {_quoted(VariableKind.DECIMAL)}"]
    if pa.types.is_integer(kind):
        return [f"kind = {_quoted(VariableKind.INTEGER)}"]
    if pa.types.is_boolean(kind):
        return [f"kind = {_quoted(VariableKind.CODE)}", 'classification = "yes-no"']
    found = sorted(pc.unique(values).drop_null().cast(pa.string()).to_pylist())
    if len(found) > MOST_CODES:
        return [f"kind = {_quoted(VariableKind.TEXT)}"]
    entries = CodeList.load(classification).entries if classification else {}
    if entries and not labels and all(code in entries or joined_parts(code, list(entries)) for code in found):
        return [f"kind = {_quoted(VariableKind.CODE)}", f"classification = {_quoted(classification)}"]
    if labels and set(found) <= labels.keys():
        found = list(labels)
    meant = {code: label for code, label in labels.items() if label.strip()}
    codes = [(code, meant.get(code, own_label(code)), meant.get(code, ""), False) for code in found]
    # A code such as .a of Stata is no value that other formats could hold; the note tells what it meant.
    told = [
        (code, label if label.strip() else own_label(code), label, True)
        for code, label in reasons.items()
        if not code.startswith(".")
    ]
    return _codes([*codes, *(one for one in told if one[0] not in found)])


def _codes(codes: Iterable[tuple[str, str, str, bool]]) -> list[str]:
    entries = [
        f"  {{ code = {_quoted(code)}, label = {_quoted(label)}, label_fr = {_quoted(label_fr)}"
        f"{', missing = true' if missing else ''} }},"
        for code, label, label_fr, missing in codes
    ]
    return [f"kind = {_quoted(VariableKind.CODE)}", "codes = [", *entries, "]"]


def _quoted(text: str) -> str:
    """A text as TOML writes it: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
