"""The schema of a register: its columns, their permitted use, and their meaning for linkage."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.errors import AccessError
from wasl.locale import in_language
from wasl.registers.documents import Document, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.schema_fields import (
    NAME_PARTS,
    OWN_FEATURE,
    CodeSpellings,
    Feature,
    Field,
    FieldRole,
    FieldType,
    FileLayout,
    PayloadVariable,
    Precision,
    Transform,
)

__all__ = [
    "OWN_FEATURE",
    "ROW_NUMBER",
    "CodeSpellings",
    "Feature",
    "Field",
    "FieldRole",
    "FieldType",
    "FileLayout",
    "PayloadVariable",
    "Precision",
    "RegisterSchema",
    "Transform",
    "gets_nothing_back",
]

ROW_NUMBER = "source_row"
"""The record number of a register that has none: the row in the file."""

HOLDERS_WITHOUT_RETURN = re.compile(
    r"(?<![^\W\d_])(?:UNHCR|HCR|ACNUR)(?![^\W\d_])|(?:COMMISSA|COMMISSIONER|COMISIONADO).*R[EÉ]FUG|مفوضية.*لاجئ",
    re.IGNORECASE,
)
"""In a holder's name or a register's id. Nothing about single records of such a register is given back: a linkage must
neither add to UNHCR's files nor tell another office who stands in them."""


def gets_nothing_back(holder: str, register_id: str) -> bool:
    """Whether a register of this holder, or of this id, must have ``return = "none"``."""
    return any(map(HOLDERS_WITHOUT_RETURN.search, (holder, register_id)))


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
        if self.returns != "none" and gets_nothing_back(self.holder, self.register_id):
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

    def for_merge(self) -> RegisterSchema:
        """The schema for a merge, where payload columns may be absent: nothing leaves, and they only date records."""
        fields = tuple(
            field.model_copy(update={"optional": True})
            if field.role is FieldRole.PAYLOAD and not (field.required or field.valid or field.name in needed)
            else field
            for needed in [{self.record, self.period}]
            for field in self.fields
        )
        return self.model_copy(update={"fields": fields})

    @cached_property
    def name_columns(self) -> dict[str, tuple[Field, ...]]:
        """The columns of each part of a name: ``surname``, ``given``, ``full``.

        A column in Arabic letters stands beside the Latin one, which comes first; alone only where no name is in
        Latin letters, so that no name is counted twice.
        """
        columns = {part: tuple(map(self.by_feature.get, features)) for part, features in NAME_PARTS.items()}
        latin = any(found[0] for found in columns.values())
        return {
            part: here
            for part, found in columns.items()
            if (here := tuple(one for one in found if one)) and (found[0] or not latin)
        }

    @cached_property
    def digest(self) -> str:
        """The digest of the schema's meaning, in every delivery made with it. Later settings count if they are set."""
        arabic = {"label_ar"}
        texts: Any = {"fields": {"__all__": arabic}, "payload": {"__all__": arabic}, "title_ar": True}
        texts["code_lists"] = {name: {"__all__": arabic} for name in self.code_lists}
        if not self.everyone:
            texts["everyone"] = True
        meaning = self.model_dump(mode="json", exclude=texts)
        for field in meaning["fields"]:
            if field["decimal_mark"] is None:
                del field["decimal_mark"]
        return digest_json(meaning)

    def title_in(self, language: str) -> str:
        """The title in a language; in French or English where it has none, else the register's name."""
        return in_language(language, self.title, self.title_fr, self.title_ar) or self.register_id
