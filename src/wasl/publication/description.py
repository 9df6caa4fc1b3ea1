"""The description of a dataset: what its files are about and what every column and code means, in English and French.

A TOML document (``config/publication`` holds examples; ``wasl schema description`` prints what is expected). Every
release needs one: every column has a label, every code a meaning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.registers.documents import Document, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.published_names import PUBLISHED_NAME, is_reserved

__all__ = ["Code", "DatasetDescription", "Language", "Organization", "Period", "Variable", "VariableKind"]

Language = Literal["en", "fr", "ar"]
"""Languages of a release's documentation."""


class VariableKind(StrEnum):
    """Kind of a variable's values."""

    CODE = "code"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TEXT = "text"


class Code(Document):
    """A code and its meaning.

    Attributes:
        code: As it stands in the data.
        label, label_fr, label_ar: What it means.
        missing: Whether it says that the value is not known or not applicable.
    """

    code: str
    label: str
    label_fr: str = ""
    label_ar: str = ""
    missing: bool = False

    @model_validator(mode="after")
    def _meant(self) -> Self:
        if not self.label.strip():
            raise ValueError(f"code {self.code!r} has no meaning: its label is empty")
        return self


class Variable(Document):
    """A column of the published files.

    Attributes:
        name: The column's name; at most 32 letters, digits and underscores, so that every format takes it.
        label, label_fr, label_ar: What a reader sees.
        kind: What its values are.
        codes: The meaning of each code, for kind ``code``.
        classification: Name of a code list that ships with wasl, for the codes that ``codes`` does not give.
        other_codes: Whether codes without a meaning may stand in the data (intervals made by recoding, say).
        concept, universe, note: What it measures, for whom it is asked, what a user must know.
        unit: Unit of a number.
        weight: Whether it is the sampling weight.
        optional: Whether the table may lack it (some policies remove it); it is then left out of the release.
        sdmx: Id of the SDMX concept it stands for, when it has one.
    """

    name: str = Option(pattern=PUBLISHED_NAME)
    label: str = Option(min_length=1)
    label_fr: str = ""
    label_ar: str = ""
    kind: VariableKind
    codes: tuple[Code, ...] = ()
    classification: str | None = None
    other_codes: bool = False
    concept: str = ""
    universe: str = ""
    note: str = ""
    unit: str = ""
    weight: bool = False
    optional: bool = False
    sdmx: str = Option(default="", pattern=r"^([A-Z][A-Z0-9_]*)?$")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if is_reserved(self.name):
            raise ValueError(f"variable {self.name!r}: SPSS or Stata reserve this word")
        if self.kind is VariableKind.CODE:
            if not (self.codes or self.classification or self.other_codes):
                raise ValueError(f"variable {self.name!r} needs codes, a classification, or other_codes = true")
            spelled = [code.code for code in self.codes]
            if len(set(spelled)) != len(spelled):
                raise ValueError(f"variable {self.name!r} gives a code twice")
        elif self.codes or self.classification:
            raise ValueError(f"variable {self.name!r} has codes but is of kind {self.kind.value!r}")
        if self.weight and self.kind not in (VariableKind.INTEGER, VariableKind.DECIMAL):
            raise ValueError(f"variable {self.name!r} is a weight but not a number")
        return self

    def label_in(self, language: Language) -> str:
        """The label in a language, in English where it was not translated."""
        return {"fr": self.label_fr, "ar": self.label_ar}.get(language) or self.label


class Organization(Document):
    """The producer, or the contact for questions.

    Attributes:
        name, abbreviation: As printed.
        email, uri: Where to reach it; catalogues make links of both.
    """

    name: str
    abbreviation: str = ""
    email: str = Option(default="", pattern=r"^([^\s@<>]+@[^\s@<>]+)?$")
    uri: str = Option(default="", pattern=r"^(https?://[^\s<>{}|\\^`]+)?$")


class Period(Document):
    """The time the data are about, both days included."""

    start: dt.date
    end: dt.date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError("the period ends before it starts")
        return self


def _placeholders(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """The keys whose texts a draft left to be filled in, with these texts; a variable is known by its name.

    Args:
        value: A document, or a part of one, as read.
        key: Where the part stands in the document.
    """
    if isinstance(value, str):
        if value.startswith("<") and value.endswith(">"):
            yield key, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if name != "codes":  # labels of codes may be written so: <5 years>
                yield from _placeholders(part, f"{key}.{name}".removeprefix("."))
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            named = part.get("name", place) if isinstance(part, Mapping) else place
            yield from _placeholders(part, f"{key}.{named}")


class DatasetDescription(Document):
    """A dataset.

    Attributes:
        dataset_id: Stable short name, also of the data files; the TOML key is ``id``.
        version: Of this edition.
        title, abstract: What it is; like the other texts also with ``_fr`` and ``_ar``.
        producer, contact: Who made it, and whom to ask.
        period: The time it is about.
        country: ISO 3166-1 alpha-3 code and name of the country.
        geography: The smallest areas that can be told apart.
        unit, universe: What a row is, and which of them are in it.
        sources: The registers and surveys it was made from.
        method: How it was made, for users.
        keywords: For catalogues.
        conditions: Conditions of use.
        citation: How to cite it; default: producer, year, title, version.
        doi: Digital object identifier, such as ``10.5281/zenodo.1``, when it has one.
        variables: The columns, in the order of the files.
    """

    dataset_id: str = Option(alias="id", pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    version: str = "1.0"
    title: str = Option(min_length=1)
    title_fr: str = ""
    title_ar: str = ""
    abstract: str = Option(min_length=1)
    abstract_fr: str = ""
    abstract_ar: str = ""
    producer: Organization
    contact: Organization | None = None
    period: Period
    country: str = Option(default="MAR", pattern=r"^[A-Z]{3}$")
    country_name: str = "Morocco"
    geography: str = ""
    geography_fr: str = ""
    geography_ar: str = ""
    unit: str = "person"
    universe: str = ""
    universe_fr: str = ""
    universe_ar: str = ""
    sources: tuple[str, ...] = ()
    method: str = ""
    method_fr: str = ""
    method_ar: str = ""
    keywords: tuple[str, ...] = ()
    conditions: str = Option(min_length=1)
    conditions_fr: str = ""
    conditions_ar: str = ""
    citation: str = ""
    doi: str = Option(default="", pattern=r"^(10\.[0-9]{4,9}/\S+)?$")
    variables: tuple[Variable, ...] = Option(min_length=1)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The description in a TOML file, or a shipped one by name.

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        return load_document(cls, resolve_document("publication", name_or_path))

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, data: Any) -> Any:
        """All that is still to be filled in is named at once, before any other fault."""
        holes = [f"{key} ({text})" for key, text in _placeholders(data, "")]
        if holes:
            raise ValueError(f"{', '.join(holes)} still to be filled in")
        return data

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [variable.name.lower() for variable in self.variables]
        if len(set(names)) != len(names):
            raise ValueError("two variables have the same name (case does not count)")
        if sum(variable.weight for variable in self.variables) > 1:
            raise ValueError("more than one variable is the weight")
        return self

    def texts(self, name: str) -> dict[Language, str]:
        """The text of this name in each language it was written in."""
        found: dict[Language, str] = {
            "en": getattr(self, name),
            "fr": getattr(self, f"{name}_fr"),
            "ar": getattr(self, f"{name}_ar"),
        }
        return {language: text for language, text in found.items() if text}

    @cached_property
    def weight(self) -> Variable | None:
        """The sampling weight, if there is one."""
        return next((variable for variable in self.variables if variable.weight), None)

    @cached_property
    def digest(self) -> str:
        """The digest of the description's meaning."""
        return digest_json(self.model_dump(mode="json"))
