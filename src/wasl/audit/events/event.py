"""Audit events: one frozen dataclass per kind, in an envelope that says who, when, in which project, on what.

A kind is a subclass of `Happening`; its class name is the name of the kind in the log. Its fields hold references,
counts, measures and digests, never a person's value. Its sentences in French, Arabic and English stand beside them.
Fields that are None are left out of the log, so a kind may gain optional fields without changing old entries.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from types import UnionType
from typing import Any, ClassVar, Literal, Self, Union, get_args, get_origin, get_type_hints

from wasl.errors import VerificationError
from wasl.registers.exchange.digests import canonical_json

__all__ = ["KINDS", "SCHEMA_VERSION", "AuditEvent", "DetailValue", "Happening", "Language", "LegacyHappening"]

Language = Literal["fr", "ar", "en"]

DetailValue = str | int | float | bool | None | list[str]
"""Type of a field of an event in the log."""

SCHEMA_VERSION = 2
"""Version of the event format. Version 1 (release 0.1.0) had free-form details; its entries still read and verify."""

KINDS: dict[str, type[Happening]] = {}
"""Every kind of event by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What happened: the fields of one kind of event.

    Subclasses are frozen dataclasses. They set ``sentences``: one sentence per language, without its full stop, in
    which ``{actor}`` and ``{subject}`` are filled in.
    """

    sentences: ClassVar[Mapping[Language, str]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        """Register the kind under its class name."""
        super(Happening, cls).__init_subclass__(**options)
        KINDS[cls.__name__] = cls  # a dataclass with slots is made twice; the second class replaces the first

    @property
    def kind(self) -> str:
        """The name of the kind."""
        return type(self).__name__

    @property
    def text(self) -> Mapping[Language, str]:
        """The sentence of the kind in each language."""
        return type(self).sentences

    def detail(self) -> dict[str, DetailValue]:
        """The fields as the log holds them: plain JSON values, without None and numbers that are not finite."""
        plain = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return {name: value for name, value in plain.items() if value is not None}

    @classmethod
    def from_detail(cls, detail: Mapping[str, Any]) -> Self:
        """The happening whose fields are in a log entry.

        Raises:
            VerificationError: A field is missing, unknown, or of another type.
        """
        kinds = _field_types(cls.__name__)
        known = {field.name: field for field in fields(cls)}
        missing = [name for name, field in known.items() if name not in detail and field.default is MISSING]
        unknown = sorted(set(detail) - set(known))
        if missing or unknown:
            raise VerificationError(
                f"an entry of kind {cls.__name__} has other fields than this release knows "
                f"(missing: {', '.join(missing) or 'none'}; unknown: {len(unknown)})."
            )
        for name, value in detail.items():
            if not _fits(value, kinds[name]):
                raise VerificationError(f"field {name!r} of an entry of kind {cls.__name__} is of another type.")
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in detail.items()})


@dataclass(frozen=True, slots=True)
class LegacyHappening:
    """An entry that release 0.1.0 wrote: its kind and its free-form detail, unchanged."""

    kind: str
    fields: Mapping[str, DetailValue]

    @property
    def text(self) -> Mapping[Language, str]:
        """The sentence of the kind in each language."""
        return KINDS[self.kind].sentences

    def detail(self) -> dict[str, DetailValue]:
        """The detail as the log holds it."""
        return dict(self.fields)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One entry of the log.

    Attributes:
        happening: What happened.
        at: When, ISO 8601 UTC.
        actor: Who, as a user or role name known to the installation (never a person of a register).
        project: In which project, or empty.
        subject: To which thing: a register, a run, a release.
        request: Identifier of the request to the service, or empty.
        role: The role in which the actor did it, or empty.
    """

    happening: Happening | LegacyHappening
    at: str
    actor: str
    project: str
    subject: str
    request: str = ""
    role: str = ""

    @property
    def kind(self) -> str:
        """The name of the kind."""
        return self.happening.kind

    @property
    def detail(self) -> dict[str, DetailValue]:
        """The fields of the happening as the log holds them."""
        return self.happening.detail()

    def canonical_bytes(self) -> bytes:
        """The bytes that are hashed into the log: JSON with sorted keys and no spaces, UTF-8."""
        value: dict[str, Any] = {
            "actor": self.actor,
            "at": self.at,
            "detail": self.detail,
            "kind": self.kind,
            "project": self.project,
            "subject": self.subject,
        }
        if not isinstance(self.happening, LegacyHappening):
            value["schema"] = SCHEMA_VERSION
            value |= {name: text for name in ("request", "role") if (text := getattr(self, name))}
        return canonical_json(value)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The event in a JSON value, of this release or of release 0.1.0.

        Raises:
            VerificationError: It has other fields, other types, an unknown kind or a later schema version.
        """
        texts = ("actor", "at", "kind", "project", "subject")
        if (
            not isinstance(value, dict)
            or not {*texts, "detail"} <= set(value) <= {*texts, "detail", "schema", "request", "role"}
            or not all(isinstance(value.get(name, ""), str) for name in (*texts, "request", "role"))
            or not isinstance(value["detail"], dict)
        ):
            raise VerificationError("an entry of the log is not an event.")
        schema = value.get("schema", 1)
        if schema not in (1, SCHEMA_VERSION):
            raise VerificationError("an entry of the log has a schema version this release does not know.")
        kind = KINDS.get(value["kind"])
        if kind is None:
            raise VerificationError("an entry of the log is of a kind this release does not know.")
        happening: Happening | LegacyHappening = (
            kind.from_detail(value["detail"])
            if schema == SCHEMA_VERSION
            else LegacyHappening(value["kind"], value["detail"])
        )
        return cls(
            happening,
            value["at"],
            value["actor"],
            value["project"],
            value["subject"],
            value.get("request", ""),
            value.get("role", ""),
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The event whose canonical bytes are ``data``.

        Raises:
            VerificationError: Not an event, or not its canonical spelling.
        """
        try:
            event = cls.from_json(json.loads(data))
            spelling = event.canonical_bytes()
        except ValueError as error:
            raise VerificationError("an entry of the log is not JSON.") from error
        if spelling != data:
            raise VerificationError("an entry of the log is not in its canonical spelling.")
        return event


@cache
def _field_types(kind: str) -> dict[str, Any]:
    """The type of each field of a kind."""
    return get_type_hints(KINDS[kind])


def _plain(value: Any) -> DetailValue:
    item = getattr(value, "item", None)  # numpy scalars
    plain = item() if callable(item) else value
    if isinstance(plain, list | tuple):
        return [str(element) for element in plain]
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _fits(value: Any, kind: Any) -> bool:
    """Whether a JSON value can be the value of a field of this type."""
    if get_origin(kind) in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if get_origin(kind) is tuple:
        return isinstance(value, list) and all(isinstance(element, str) for element in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind) if isinstance(kind, type) else False
