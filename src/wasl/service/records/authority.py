"""Records of what the authority is told and decides: dossiers and authorizations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wasl.service.records.base import Noun

__all__ = ["DossierFile", "StoredAuthorization"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFile(Noun):
    """A version of the dossier that the authority is asked to authorize.

    Attributes:
        project, number: Of which project, and which version.
        digest: Digest of what it states and asks for.
        statements: How many sentences it has.
        holes: Places that only people can fill in.
        document: The dossier as a JSON value.
        particulars: What people wrote for it.
        files: SHA-256 of its stored files, by name.
    """

    project: str
    number: int
    digest: str
    statements: int
    holes: list[str]
    document: Mapping[str, Any]
    particulars: Mapping[str, Any]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAuthorization(Noun):
    """A decision of the authority; the one stored last holds for the project.

    Attributes:
        project: Of which project.
        decision, decided, expires: Its number, its day, and the last day on which it holds.
        dossier: The version of the dossier it was given on.
        document: The authorization with its scope, as a document.
    """

    project: str
    decision: str
    decided: str
    expires: str
    dossier: str
    document: Mapping[str, Any]
