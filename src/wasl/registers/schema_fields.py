"""The columns of a register: what their cells are, what may happen to them, and what they say about a person."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.locale import in_language
from wasl.registers.documents import Document
from wasl.registers.reading.dates import Calendar
from wasl.registers.reading.numbers import DecimalMark

__all__ = [
    "NAME_PARTS",
    "OWN_FEATURE",
    "CodeSpellings",
    "Feature",
    "Field",
    "FieldRole",
    "FieldType",
    "FileLayout",
    "PayloadVariable",
    "Precision",
    "Transform",
]


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


NAME_PARTS: dict[str, tuple[Feature, ...]] = {
    "surname": (Feature.SURNAME, Feature.SURNAME_ARABIC),
    "given": (Feature.GIVEN, Feature.GIVEN_ARABIC),
    "full": (Feature.FULL_NAME,),
}
"""The features of each part of a name, the one in Latin letters first."""


OWN_FEATURE = "own_"
"""Prefix of a feature of one's own, so that a misspelt feature is not taken for one."""
OwnFeature = Annotated[str, Option(pattern=r"^own_[a-z0-9_]+$")]

Precision = Literal["day", "month", "quarter", "year"]

CENTIMES = 100
"""Centimes in a dirham."""

FieldType = Literal["string", "integer", "decimal", "date", "month", "code", "boolean"]


class Field(Document):
    """One column of a register.

    Attributes:
        name: The column's name in the holder's file.
        type: How its cells are read.
        role: What may happen to it.
        feature: What it says about a person, for encoded roles (a profile composes groups from features). A feature of
            one's own begins with ``own_``; it is compared as a number where the role is ``identifier``, else as text.
        format: Date formats to try in order (``%d/%m/%Y``), for dates and months. Dates written as numbers have one of
            their own: ``days since 1970-01-01``, ``milliseconds since 1970-01-01``, ``%Y%j`` for the day of the year.
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
        decimal_mark: ``.`` or ``,`` before decimals, where the cells do not tell (``1.234`` can be read in two ways).
        precision: To what a date is coarsened in the payload: its first day stands for the month, quarter or year. An
            exact date of entry names almost everybody in a payload, so ``day`` needs ``precision_reason``.
        precision_reason: Why the payload needs exact days.
        optional: Whether the column may be absent from the file (it then reads as missing everywhere).
        counts_by: Whether the quality report breaks its figures down by this column: a ``month`` or an ``office``.
        aliases: Other headings of the column in files; case, accents, punctuation and spaces do not count.
        earliest_year, latest_year: Years of dates outside are refused and counted (default 1880 and 2100).
        calendar: ``gregorian``; ``hijri``; ``mixed``, where years 1300 to 1499 are Hijri.
        century_pivot: Two-digit years below it are 20.., others 19... Default 30; births: next year at the most;
            other dates: fifteen years ahead.
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
    decimal_mark: DecimalMark | None = None
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

    @property
    def of_centimes(self) -> bool:
        """Whether the column holds whole centimes, whose decimals would be amounts in another unit."""
        return self.type == "decimal" and self.divisor == CENTIMES

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
