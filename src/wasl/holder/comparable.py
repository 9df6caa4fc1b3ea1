"""The variables of a register that its own office can compare with those of another of its registers, in the clear."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

import pyarrow as pa

from wasl.holder.payload import payload_columns
from wasl.registers.reading.cells import map_distinct
from wasl.registers.schema import FieldRole, RegisterSchema

__all__ = ["ComparableColumn", "comparable_columns"]


@dataclass(frozen=True, slots=True)
class ComparableColumn:
    """One variable of one register.

    Attributes:
        variable: What it says about a person: a feature, a standard variable, or the column's own name.
        label: What a reader sees.
        shown: (rows) the cells as the register writes them, as text.
        compared: (rows) the same in one spelling: standard codes, ISO dates, text without case and accents.
    """

    variable: str
    label: str
    shown: pa.ChunkedArray = field(repr=False)
    compared: pa.ChunkedArray = field(repr=False)


def comparable_columns(table: pa.Table, schema: RegisterSchema) -> dict[str, ComparableColumn]:
    """The comparable variables of a typed register, by variable.

    Coded columns are compared by their standard codes, so a spelling that no code list knows counts as missing.

    Args:
        table: The typed register.
        schema: What its columns are.
    """
    coded = {column.column: column.values for column in payload_columns(table, schema) if column.harmonized}
    found: dict[str, ComparableColumn] = {}
    for spec in schema.fields:
        if spec.name == schema.record or spec.name not in table.column_names:
            continue
        variable = str(spec.feature) if spec.feature else spec.standard or spec.name
        values = table[spec.name]
        shown = values.cast(pa.string())
        if spec.name in coded:
            compared = coded[spec.name].cast(pa.string())
        elif pa.types.is_string(values.type):
            words = spec.role in (FieldRole.NAME, FieldRole.CONTACT)
            compared = map_distinct(values, fold_words if words else fold, pa.string())
        else:
            compared = shown
        found.setdefault(variable, ComparableColumn(variable, spec.label or spec.name, shown, compared))
    return found


def fold(text: str) -> str:
    """The text in capitals, without accents, punctuation and spaces."""
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(character for character in plain if character.isalnum())


def fold_words(text: str) -> str:
    """The words of the text, folded and sorted: the order of names does not count."""
    return " ".join(sorted(fold(word) for word in text.replace("-", " ").split()))
