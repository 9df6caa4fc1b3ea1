"""The schema of a register: its columns, their permitted use, and their meaning for linkage."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.errors import AccessError
from wasl.locale import in_language
from wasl.registers.documents import Document, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.reading.dates import Calendar

__all__ = [
    "OWN_FEATURE",
    "ROW_NUMBER",
    "CodeSpellings",
    "Feature",
    "Field",
    "FieldRole",
    "FileLayout",
    "PayloadVariable",
    "Precision",
    "RegisterSchema",
    "Transform",
]


ROW_NUMBER = "source_row"
"""The record number of a register that has none: the row in the file."""


class FieldRole(StrEnum):
    """What may happen to a column: identifying roles are encoded and never leave; payload leaves without them."""

    IDENTIFIER = "identifier"
    NAME = "name"
    BIRTH = "birth"
    ORIGIN = "origin"
    CONTACT = "contact"
    PAYLOAD = "payload"
    DROP = "drop"

    @property
    def encoded(self) -> bool:
        """True for roles whose columns are encoded for linkage."""
        return self not in (FieldRole.PAYLOAD, FieldRole.DROP)


class Feature(StrEnum):
    """The feature of a person that a column holds, by the same word in every register; profiles name these."""

    SURNAME = "surname"
    GIVEN = "given"
    FULL_NAME = "full_name"
    MARRIED_NAME = "married_name"
    SURNAME_ARABIC = "surname_arabic"
    GIVEN_ARABIC = "given_arabic"
    SEX = "sex"
    BIRTH_DATE = "birth_date"
    BIRTH_PLACE = "birth_place"
    NATIONALITY = "nationality"
    PASSPORT = "passport"
    PERMIT = "permit"
    CIN = "cin"
    CNSS = "cnss"
    CERTIFICATE = "certificate"
    REFUGEE_FILE = "refugee_file"
    NATIONAL_ID = "national_id"
    STREET_NUMBER = "street_number"
    STREET = "street"
    ADDRESS_DETAIL = "address_detail"
    LOCALITY = "locality"
    POSTCODE = "postcode"
    REGION = "region"
    CONSULAR = "consular"
    ANAPEC_NUMBER = "anapec_number"
    HOUSEHOLD = "household"
    PHONE = "phone"


OWN_FEATURE = "own_"
"""Prefix of a feature of one's own, so that a misspelt feature is not taken for one."""
OwnFeature = Annotated[str, Option(pattern=r"^own_[a-z0-9_]+$")]

Precision = Literal["day", "month", "quarter", "year"]

FieldType = Literal["string", "integer", "decimal", "date", "month", "code", "boolean"]


class Field(Document):
    """One column of a register.

    Attributes:
        name: The column's name in the holder's file.
        type: How its cells are read.
        role: What may happen to it.
        feature: What it says about a person, for encoded roles (a profile composes groups from features). A feature of
            one's own begins with ``own_``; it is compared as a number where the role is ``identifier``, else as text.
        format: Date formats to try in order (``%d/%m/%Y``), for dates and months.
        pattern: Regular expression a whole cell must match, for identifiers and codes.
        required: A row without it is rejected.
        missing: Spellings that mean "not known" besides the empty cell.
        minimum, maximum: Bounds of numbers (inclusive).
        classification: Name of the code list its values belong to (``config/classifications``).
        standard: The harmonized name of a payload variable in the joined microdata (default: the column's name).
        label, label_fr, label_ar: What a reader sees.
        icls: Whether the 20th-ICLS classification of international labour migration needs it.
        kind: What an identifier must look like (``ice``, ``cin``, ``passport``, ``permit``), for the quality report.
        piece_type: Column that says which document a number belongs to (CNSS writes all in one column).
        piece_features: What the number is, by the value of ``piece_type``; other values leave it unused.
        divisor: What a number is divided by for the payload (100 turns centimes into dirhams).
        precision: To what a date is coarsened in the payload: its first day stands for the month, quarter or year. An
            exact date of entry names almost everybody in a payload, so ``day`` needs ``precision_reason``.
        precision_reason: Why the payload needs exact days.
        optional: Whether the column may be absent from the file (it then reads as missing everywhere).
        counts_by: Whether the quality report breaks its figures down by this column: a ``month`` or an ``office``.
        aliases: Other headings of the column in files; case, accents, punctuation and spaces do not count.
        earliest_year, latest_year: Years of dates outside are refused and counted (default 1880 and 2100).
        calendar: ``gregorian``; ``hijri``; ``mixed``, where years 1300 to 1499 are Hijri.
        century_pivot: Two-digit years below it are 20.., others 19... Default 30; of births, next year at the most.
        valid: Whether a record holds ``from`` this date on, ``until`` it, or ``in`` the month, for dating overlaps.
        parts: The columns ``day``, ``month`` and ``year`` that hold the date where no single column does.
    """

    name: str
    type: FieldType = "string"
    role: FieldRole
    feature: Feature | OwnFeature | None = Option(default=None, union_mode="left_to_right")
    format: tuple[str, ...] = ()
    pattern: str | None = None
    required: bool = False
    missing: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    classification: str | None = None
    standard: str | None = None
    label: str = ""
    label_fr: str = ""
    label_ar: str = ""
    icls: bool = False
    kind: Literal["ice", "cin", "passport", "permit"] | None = None
    piece_type: str | None = None
    piece_features: dict[str, Feature] = Option(default_factory=dict)
    divisor: float = 1.0
    precision: Precision = "month"
    precision_reason: str = ""
    optional: bool = False
    counts_by: Literal["month", "office"] | None = None
    aliases: tuple[str, ...] = ()
    earliest_year: int | None = Option(default=None, ge=1, le=9999)
    latest_year: int | None = Option(default=None, ge=1, le=9999)
    calendar: Calendar = "gregorian"
    century_pivot: int = Option(default=30, ge=0, le=100)
    valid: Literal["from", "until", "in"] | None = None
    parts: dict[Literal["day", "month", "year"], str] = Option(default_factory=dict)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.parts and (self.type != "date" or "year" not in self.parts):
            raise ValueError(f"column {self.name!r}: only a date has parts, and one of them is the year")
        if (self.feature is not None or self.piece_features) and not self.role.encoded:
            raise ValueError(f"column {self.name!r} has a feature but role {self.role.value!r} is not encoded")
        if bool(self.piece_type) != bool(self.piece_features):
            raise ValueError(f"column {self.name!r} needs both piece_type and piece_features, or neither")
        if self.role is FieldRole.PAYLOAD and self.precision == "day" and not self.precision_reason.strip():
            raise ValueError(f"column {self.name!r}: a date that leaves exact to the day needs a precision_reason")
        return self

    def label_in(self, language: str) -> str:
        """The label in a language; in another one where it has none, else the column's name."""
        return in_language(language, self.label, self.label_fr, self.label_ar) or self.name


Transform = Literal["code", "year", "household"]


class PayloadVariable(Document):
    """A payload variable made from an encoded column, coarse enough to leave: a code, a year, a household's number.

    Attributes:
        standard: Its name in the joined microdata.
        column: The column it comes from; only births, origins and household numbers may be used this way, never names
            or identifiers.
        transform: ``year`` of a date; ``code`` in the column's classification; ``household``: a number of this
            payload's own that only says which records live together.
    """

    standard: str
    column: str
    transform: Transform = "code"
    label: str = ""
    label_fr: str = ""
    label_ar: str = ""


class FileLayout(Document):
    """The layout of the holder's files, where the file itself does not show it.

    Attributes:
        encoding: ``utf-8``, ``windows-1252``, ``windows-1256``, …; found from the bytes by default.
        separator: Of a CSV file; found by default.
        sheet: Of a workbook; the one that has the schema's columns by default.
        header_row: The row (from 1) that names the columns; found by default.
    """

    encoding: str | None = None
    separator: str | None = Option(default=None, min_length=1, max_length=1)
    sheet: str | None = None
    header_row: int | None = Option(default=None, ge=1)


class CodeSpellings(Document):
    """One code of a code list that the schema itself brings: its labels, and the spellings that mean it.

    Attributes:
        code: The code, as it leaves in the payload.
        parent: The code under which codes that registers confuse meet, for linkage.
    """

    code: str
    label: str = ""
    label_fr: str = ""
    label_ar: str = ""
    parent: str = ""
    spellings: tuple[str, ...] = ()


HOLDERS_WITHOUT_RETURN = re.compile(
    r"(?<![^\W\d_])(?:UNHCR|HCR|ACNUR)(?![^\W\d_])|(?:COMMISSA|COMMISSIONER|COMISIONADO).*R[EÉ]FUG|مفوضية.*لاجئ",
    re.IGNORECASE,
)
"""In a holder's name or a register's id. Nothing about single records of such a register is given back: a linkage must
neither add to UNHCR's files nor tell another office who stands in them."""


class RegisterSchema(Document):
    """A register: its holder, its columns, and the column that numbers its records.

    Attributes:
        register_id: Stable short name (``dgsn-permits``); the TOML key is ``id``.
        version: Rises with every change of meaning.
        holder: Who keeps it.
        record: The column whose value is unique per row (the holder's record number). ``source_row`` numbers the
            records by their rows in the file, for a register that has no number of its own.
        duplicate_free: Whether one person can appear only once.
        profiles: Family of encoding profiles it is made for (folder under ``config/profiles``).
        consent_weak_profiles: Whether deliveries of it under profiles with weaknesses are taken in (``open``).
        returns: What may come back to the holder after a linkage; the TOML key is ``return``. ``none``: nothing, and
            the payload holds codes and dates of a quarter or coarser only, no number and no free text.
        weight: Column of sampling weights, for surveys.
        period: Column of the month a row is declared for, where the register is declared month by month. A record may
            then be in several months; a rule says what becomes of them.
        fields: Its columns.
        payload: Payload variables made from encoded columns (birth year, nationality, sex).
        everyone: What is true of every record by the register's definition, by feature: its code. Moroccans abroad
            have no column of nationality; ``everyone = { nationality = "MAR" }`` lets them meet other registers that
            have one.
        file: How its files are written.
        code_lists: Code lists of its own by name; a field's ``classification`` names one of these or a shipped one.
    """

    register_id: str = Option(alias="id", pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = 1
    title: str = ""
    title_fr: str = ""
    title_ar: str = ""
    holder: str
    record: str
    duplicate_free: bool = False
    profiles: str = "morocco"
    consent_weak_profiles: bool = False
    returns: Literal["results", "none"] = Option(default="results", alias="return")
    weight: str | None = None
    period: str | None = None
    fields: tuple[Field, ...]
    payload: tuple[PayloadVariable, ...] = ()
    everyone: dict[Literal["nationality", "sex"], str] = Option(default_factory=dict)
    file: FileLayout = FileLayout()
    code_lists: dict[str, tuple[CodeSpellings, ...]] = Option(default_factory=dict)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The schema in a TOML file, or a shipped one by name (``dgsn-permits``).

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        return load_document(cls, resolve_document("registers", name_or_path))

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have the same name")
        for role_name, column in (("record", self.record), ("weight", self.weight), ("period", self.period)):
            if column is not None and column not in names and not (role_name == "record" and column == ROW_NUMBER):
                raise ValueError(f"the {role_name} column {column!r} is not among the fields")
        known = {field.name: field for field in self.fields}
        for field in self.fields:
            if field.piece_type is not None and field.piece_type not in known:
                raise ValueError(f"column {field.name!r} names the unknown column {field.piece_type!r}")
        for variable in self.payload:
            source = known.get(variable.column)
            if source is None:
                raise ValueError(f"payload variable {variable.standard!r} names an unknown column")
            if (variable.transform == "household") != (source.feature is Feature.HOUSEHOLD):
                raise ValueError(
                    f"payload variable {variable.standard!r}: the transform 'household' belongs to a column of the "
                    "feature 'household'"
                )
            if source.role not in (FieldRole.BIRTH, FieldRole.ORIGIN) and variable.transform != "household":
                raise ValueError(
                    f"payload variable {variable.standard!r} would carry a column of role {source.role.value!r} away"
                )
            if source.type == "date" and variable.transform != "year":
                raise ValueError(f"payload variable {variable.standard!r}: of a date only the year may leave")
            if variable.transform == "code" and source.classification is None:
                raise ValueError(f"payload variable {variable.standard!r} needs a classification on its column")
            if self.returns == "none" and variable.transform == "household":
                raise ValueError(f"payload variable {variable.standard!r}: the register releases only codes and dates")
        if self.returns != "none" and any(map(HOLDERS_WITHOUT_RETURN.search, (self.holder, self.register_id))):
            raise ValueError(f'registers of {self.holder} get nothing back: return must be "none"')
        if self.returns == "none":
            self._require_bare_payload()
        for feature in self.everyone:
            if any(field.feature == feature for field in self.fields):
                raise ValueError(f"{feature!r} is a column and cannot be stated for everyone as well")
        standards = [field.standard or field.name for field in self.fields if field.role is FieldRole.PAYLOAD]
        standards += [variable.standard for variable in self.payload]
        if len(set(standards)) != len(standards):
            raise ValueError("two payload variables have the same standard name")
        return self

    def _require_bare_payload(self) -> None:
        """Refuse payload columns that say more than a register with ``return = "none"`` may.

        Raises:
            ValueError: Names the column and the rule.
        """
        for field in self.fields:
            if field.role is not FieldRole.PAYLOAD:
                continue
            coarse = field.type == "date" and field.precision in ("quarter", "year")
            if not coarse and field.classification is None:
                raise ValueError(
                    f'column {field.name!r}: a register with return = "none" releases only codes of a classification '
                    "and dates of a quarter or coarser"
                )

    def require_return(self) -> None:
        """Refuse to give anything about single records back to the holder where the schema forbids it.

        Raises:
            AccessError: The register has ``return = "none"``.
        """
        if self.returns == "none":
            raise AccessError(
                f"nothing about single records of {self.register_id!r} may be given back: its schema says "
                'return = "none".'
            )

    @cached_property
    def payload_names(self) -> frozenset[str]:
        """The standard names of all payload variables."""
        own = {field.standard or field.name for field in self.fields if field.role is FieldRole.PAYLOAD}
        return frozenset(own | {variable.standard for variable in self.payload})

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by column name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_feature(self) -> dict[Feature | str, Field]:
        """The encoded fields by what they say about a person (the first column of each feature)."""
        found: dict[Feature | str, Field] = {}
        for field in self.fields:
            if field.feature is not None:
                found.setdefault(field.feature, field)
        return found

    @cached_property
    def digest(self) -> str:
        """The digest of the schema's meaning, in every delivery made with it. Arabic words came later: it has none."""
        arabic = {"label_ar"}
        texts: Any = {"fields": {"__all__": arabic}, "payload": {"__all__": arabic}, "title_ar": True}
        texts["code_lists"] = {name: {"__all__": arabic} for name in self.code_lists}
        if not self.everyone:
            texts["everyone"] = True
        return digest_json(self.model_dump(mode="json", exclude=texts))

    def title_in(self, language: str) -> str:
        """The title in a language; in French or English where it has none, else the register's name."""
        return in_language(language, self.title, self.title_fr, self.title_ar) or self.register_id
