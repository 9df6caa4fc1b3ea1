"""Finds and reads the TOML documents: by path, or by the name of one that ships with wasl."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from wasl.errors import SchemaError
from wasl.locale import N_
from wasl.registers.document_faults import said_fault
from wasl.registers.plain_toml import KeyDepthError, read_toml

__all__ = [
    "Document",
    "Place",
    "config_dir",
    "load_document",
    "resolve_document",
    "shipped_documents",
    "validate_document",
]


Place = tuple[int | str, ...]
"""Keys and numbers of list entries that lead to a part of a document."""


class Document(BaseModel):
    """Base of every configuration document: strict about unknown keys, frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed; cached properties such as digests are computed anew."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(copied).model_fields.keys():
            del copied.__dict__[name]
        return copied

    @classmethod
    def as_written(cls, data: Mapping[str, Any], place: Place) -> Place:
        """The place of a fault as its author wrote it, where validation spreads keys to other places."""
        del data
        return place


D = TypeVar("D", bound=Document)


def config_dir() -> Path:
    """The folder of shipped documents: inside the installed package, or ``config/`` of a source checkout."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "config", package.parents[1] / "config"):
        if candidate.is_dir():
            return candidate
    raise SchemaError("the shipped configuration is missing.", remedy="Reinstall wasl.")


def resolve_document(kind: str, name_or_path: str | Path) -> Path:
    """The file meant by a path, or by a shipped name such as ``dgsn-permits`` of kind ``registers``.

    A shipped name means the shipped document, whatever file of that name lies in the current folder; such a file
    is given as ``./dgsn-permits``.

    Raises:
        SchemaError: There is no such file; the message lists the shipped names.
    """
    path = Path(name_or_path)
    shipped = config_dir() / kind
    candidate = shipped / f"{name_or_path}.toml"
    if _is_name(name_or_path) and candidate.is_file():
        return candidate
    if path.is_file():
        return path
    if not _is_name(name_or_path):
        raise SchemaError(f"{name_or_path}: no such file.", remedy="Give the path of the document, or a shipped name.")
    names = ", ".join(sorted(str(p.relative_to(shipped).with_suffix("")) for p in shipped.rglob("*.toml")))
    raise SchemaError(f"no document {str(name_or_path)!r} of kind {kind}.", remedy=f"Give a file, or one of: {names}.")


def _is_name(name_or_path: str | Path) -> bool:
    """Whether a text can be the name of a shipped document: no suffix of a document, and not said to be a path."""
    text = str(name_or_path)
    return Path(text).suffix not in (".toml", ".json") and not text.startswith((".", "/", "\\")) and ":" not in text


def shipped_documents(kind: str) -> list[dict[str, Any]]:
    """All documents of a kind that ship, as they are written, in the order of their files."""
    return [read_toml(path.read_text(encoding="utf-8")) for path in sorted((config_dir() / kind).rglob("*.toml"))]


def load_document(model: type[D], path: Path) -> D:
    """The document at ``path``, validated: TOML, or JSON as a service gives it (``.json``).

    Raises:
        SchemaError: Not TOML or JSON, or not what the model asks for; names the file, the key and the reason.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"{path}: cannot be read as UTF-8 text ({type(error).__name__}).", remedy="Give a TOML or JSON document."
        ) from error
    kind = "JSON" if path.suffix == ".json" else "TOML"
    try:
        data = json.loads(text, object_pairs_hook=_distinct) if kind == "JSON" else read_toml(text)
    except (RecursionError, KeyDepthError) as error:
        raise SchemaError(f"{path}: nested deeper than any document.", remedy=f"Write a flatter {kind}.") from error
    except ValueError as error:
        raise SchemaError(f"{path}: not valid {kind}: {error}.") from error
    if not isinstance(data, dict):
        raise SchemaError(f"{path}: not a document: it has no keys.")
    return validate_document(model, data, str(path))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are different: readers disagree on which of two values counts.

    Raises:
        ValueError: A name stands there twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(N_("a name stands twice in an object"))
    return found


EXPECTED = N_("`wasl schema NAME` prints what is expected.")


def validate_document(model: type[D], data: dict[str, Any], where: str, *, remedy: str = EXPECTED) -> D:
    """``data`` as a document of type ``model``; ``where`` names its origin in messages, ``remedy`` the way on."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = [(model.as_written(data, item["loc"]), said_fault(item)) for item in _causes(error)]
        reasons = [": ".join((*filter(None, [".".join(map(str, place))]), message)) for place, message in faults]
        raise SchemaError(f"{where}: {'; '.join(dict.fromkeys(reasons))}.", remedy=remedy) from error


def _causes(error: ValidationError) -> list[Any]:
    """The faults of a document, without those that follow from others.

    Where an entry of a list is at fault, pydantic also finds the list too short. Nobody left the entry out.
    """
    faults = error.errors()
    where = [item["loc"] for item in faults]
    return [
        item
        for item, loc in zip(faults, where, strict=True)
        if item["type"] != "too_short" or not any(len(o) > len(loc) and o[: len(loc)] == loc for o in where)
    ]
