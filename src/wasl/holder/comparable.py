"""The variables of a register that its own office can compare with those of another of its registers, in the clear."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from wasl.holder.names.arabic import is_arabic
from wasl.holder.names.normalizer import normalize
from wasl.holder.payload import payload_columns
from wasl.locale import Language, messages
from wasl.registers.known_names import known_name
from wasl.registers.reading.cells import map_distinct
from wasl.registers.schema import Field, FieldRole, RegisterSchema

__all__ = ["ComparableColumn", "comparable_columns", "comparable_labels"]


@dataclass(frozen=True, slots=True)
class ComparableColumn:
    """One variable of one register.

    Attributes:
        variable: What it says about a person: a feature, a standard variable, or the column's own name.
        label: What a reader sees.
        shown: (rows) the cells as the register writes them, as text.
        compared: (rows) the same in one spelling: standard codes, ISO dates, text without case and accents.
        sound: (rows) of names, the script and the consonants; cells in two scripts are one name where these agree.
    """

    variable: str
    label: str
    shown: pa.ChunkedArray = field(repr=False)
    compared: pa.ChunkedArray = field(repr=False)
    sound: pa.ChunkedArray | None = field(default=None, repr=False)


def comparable_labels(schema: RegisterSchema, language: Language) -> dict[str, str]:
    """The label of each comparable variable of a register, in a language.

    A column that has no label in the language takes the word for its standard name, else its label in another language.
    """
    words = messages(language)
    found: dict[str, str] = {}
    for spec in schema.fields:
        own = {"en": spec.label, "fr": spec.label_fr, "ar": spec.label_ar}[language]
        variable = _variable(spec)
        known = words.text(known_name(variable))
        found.setdefault(variable, own or known or spec.label_in(language))
    return found


def _variable(spec: Field) -> str:
    return str(spec.feature) if spec.feature else spec.standard or spec.name


def comparable_columns(
    table: pa.Table, schema: RegisterSchema, language: Language = "en", *, whole_name: bool = False
) -> dict[str, ComparableColumn]:
    """The comparable variables of a typed register, by variable.

    Coded columns are compared by their standard codes, so a spelling that no code list knows counts as missing.

    Args:
        table: The typed register.
        schema: What its columns are.
        language: Of the labels.
        whole_name: Join surname and given name as one variable ``full_name``, because the other register has its names
            in one column; the two variables are then left out.
    """
    labels = comparable_labels(schema, language)
    coded = {column.column: column.values for column in payload_columns(table, schema) if column.harmonized}
    found: dict[str, ComparableColumn] = {}
    for spec in schema.fields:
        if spec.name == schema.record or spec.name not in table.column_names:
            continue
        variable = _variable(spec)
        values = table[spec.name]
        shown = values.cast(pa.string())
        if spec.name in coded:
            compared = coded[spec.name].cast(pa.string())
        elif pa.types.is_string(values.type):
            words = spec.role in (FieldRole.NAME, FieldRole.CONTACT)
            compared = map_distinct(values, fold_words if words else fold, pa.string())
        else:
            compared = shown
        sound = map_distinct(values, _sound, pa.string()) if spec.role is FieldRole.NAME else None
        found.setdefault(variable, ComparableColumn(variable, labels[variable], shown, compared, sound))
    return _with_whole_name(found, language) if whole_name else found


PARTS_OF_NAME = ("surname", "given")


def _with_whole_name(columns: dict[str, ComparableColumn], language: Language) -> dict[str, ComparableColumn]:
    """The columns with surname and given name as one; as they are where one of the two is missing."""
    parts = [columns[name].shown.combine_chunks() for name in PARTS_OF_NAME if name in columns]
    if len(parts) < len(PARTS_OF_NAME) or "full_name" in columns:
        return columns
    joined = pc.binary_join_element_wise(*parts, " ", null_handling="skip")
    shown = pa.chunked_array([pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)])
    compared = map_distinct(shown, fold_words, pa.string())
    sound = map_distinct(shown, _sound, pa.string())
    whole = ComparableColumn("full_name", messages(language).text(known_name("full_name")), shown, compared, sound)
    return {"full_name": whole} | {name: one for name, one in columns.items() if name not in PARTS_OF_NAME}


def fold(text: str) -> str:
    """The text in capitals, without accents, punctuation and spaces."""
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(character for character in plain if character.isalnum())


def _sound(text: str) -> str:
    """The script of a name, and the skeletons of its words without regard to their order."""
    return ("arabic " if is_arabic(text) else "other ") + " ".join(sorted(normalize(text).skeletons))


def fold_words(text: str) -> str:
    """The words of the text, folded and sorted: the order of names does not count."""
    return " ".join(sorted(fold(word) for word in text.replace("-", " ").split()))
