"""Records of what holders send: projects, registers and submissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wasl.service.records.base import Noun

__all__ = [
    "Project",
    "Register",
    "Submission",
    "SubmissionKind",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Noun):
    """Registers linked under one key.

    Attributes:
        title: What a reader sees.
        closed: Whether submissions and runs are refused.
    """

    title: str
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Noun):
    """A register declared in a project.

    Attributes:
        project, name: Where, and its short name, the ``id`` of its schema.
        holder: Who keeps it.
        definition: The register schema as a document.
        schema_digest: The digest every submission must carry.
        signer: The holder's Ed25519 public key (base64) deliveries must be signed with, or empty.
    """

    project: str
    name: str
    holder: str
    definition: Mapping[str, Any]
    schema_digest: str
    signer: str = ""


class SubmissionKind(StrEnum):
    """Kinds of file that a holder sends."""

    DELIVERY = "delivery"
    JOIN_MAP = "join-map"
    PAYLOAD = "payload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Noun):
    """A file a holder sent.

    Attributes:
        kind: Delivery, join map or payload.
        project, register: For which register.
        digest: What names its content: the delivery's digest; for others the file's.
        file: SHA-256 of the stored file.
        size_bytes, rows: How much.
        header: The delivery's header, the join map's or the payload's, as the file carries it.
        withdrawn: Whether its holder took it back: nothing uses it from then on.
        sent_at: When it was last sent; the submission sent last counts, whatever was sent in between.
        purged: Whether its file was erased; digest and record stay.
    """

    kind: SubmissionKind
    project: str
    register: str
    digest: str
    file: str
    size_bytes: int
    rows: int
    header: Mapping[str, Any]
    withdrawn: bool = False
    sent_at: str = ""
    purged: bool = False
