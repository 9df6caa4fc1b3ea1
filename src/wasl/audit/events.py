"""What happened: events carry references, counts and digests, never a person's value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from wasl.errors import VerificationError
from wasl.registers.exchange.digests import canonical_json

__all__ = ["AuditEvent", "DetailValue", "EventKind"]

DetailValue = str | int | float | bool | None | list[str]
"""What an event's detail may hold: digests, identifiers of things, counts, measures."""


class EventKind(StrEnum):
    """The kinds of event, each named for what has happened."""

    POPULATION_GENERATED = "PopulationGenerated"
    KEY_CREATED = "KeyCreated"
    KEY_WRAPPED = "KeyWrapped"
    REGISTER_CHECKED = "RegisterChecked"
    REGISTER_ENCODED = "RegisterEncoded"
    PROJECT_CREATED = "ProjectCreated"
    REGISTER_DECLARED = "RegisterDeclared"
    DELIVERY_RECEIVED = "DeliveryReceived"
    DELIVERY_REJECTED = "DeliveryRejected"
    JOIN_MAP_RECEIVED = "JoinMapReceived"
    PAYLOAD_RECEIVED = "PayloadReceived"
    LINKAGE_REQUESTED = "LinkageRequested"
    LINKAGE_COMPLETED = "LinkageCompleted"
    LINKAGE_FAILED = "LinkageFailed"
    LINKAGE_CANCELLED = "LinkageCancelled"
    SPINE_RESOLVED = "SpineResolved"
    LINKAGE_EVALUATED = "LinkageEvaluated"
    LINKAGE_REPRODUCED = "LinkageReproduced"
    PAIR_DECIDED = "PairDecided"
    ENCODING_ATTACKED = "EncodingAttacked"
    MICRODATA_ASSEMBLED = "MicrodataAssembled"
    RISK_ASSESSED = "RiskAssessed"
    PROTECTION_APPLIED = "ProtectionApplied"
    PROTECTION_REFUSED = "ProtectionRefused"
    DATA_SYNTHESIZED = "DataSynthesized"
    RELEASE_REQUESTED = "ReleaseRequested"
    RELEASE_APPROVED = "ReleaseApproved"
    RELEASE_REFUSED = "ReleaseRefused"
    RELEASE_PUBLISHED = "ReleasePublished"
    RELEASE_WITHDRAWN = "ReleaseWithdrawn"
    RELEASE_VERIFIED = "ReleaseVerified"
    FILE_READ = "FileRead"
    LOG_EXPORTED = "LogExported"
    LOG_VERIFIED = "LogVerified"
    CHECKPOINT_SIGNED = "CheckpointSigned"
    ACCESS_DENIED = "AccessDenied"
    USER_ADDED = "UserAdded"
    TOKEN_ISSUED = "TokenIssued"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "TokenRevoked"  # noqa: S105 - the name of an event
    JOB_CANCELLED = "JobCancelled"
    LOG_RECOVERED = "LogRecovered"
    PROJECT_CHANGED = "ProjectChanged"
    SUBMISSION_WITHDRAWN = "SubmissionWithdrawn"
    PAIRS_RECEIVED = "PairsReceived"
    RESOLUTION_REQUESTED = "ResolutionRequested"
    RESOLUTION_FAILED = "ResolutionFailed"
    REPRODUCTION_REQUESTED = "ReproductionRequested"
    PROTECTION_REQUESTED = "ProtectionRequested"
    PUBLICATION_REQUESTED = "PublicationRequested"
    PUBLICATION_FAILED = "PublicationFailed"
    USER_DISABLED = "UserDisabled"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event.

    Attributes:
        kind: What happened.
        at: When, ISO 8601 UTC.
        actor: Who, as a user or role name known to the installation (never a person of a register).
        project: In which project, or empty.
        subject: To which thing: a register, a run, a release.
        detail: Digests, counts and measures.
    """

    kind: EventKind
    at: str
    actor: str
    project: str
    subject: str
    detail: Mapping[str, DetailValue]

    def canonical_bytes(self) -> bytes:
        """The bytes that are hashed into the log: JSON with sorted keys and no spaces, UTF-8."""
        return canonical_json(
            {
                "actor": self.actor,
                "at": self.at,
                "detail": dict(self.detail),
                "kind": self.kind.value,
                "project": self.project,
                "subject": self.subject,
            }
        )

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The event a JSON value says.

        Raises:
            VerificationError: It has other fields, other types, or an unknown kind.
        """
        texts = ("actor", "at", "kind", "project", "subject")
        if (
            not isinstance(value, dict)
            or set(value) != {*texts, "detail"}
            or not all(isinstance(value[name], str) for name in texts)
            or not isinstance(value["detail"], dict)
        ):
            raise VerificationError("an entry of the log is not an event.")
        try:
            kind = EventKind(value["kind"])
        except ValueError as error:
            raise VerificationError("an entry of the log is of a kind this release does not know.") from error
        return cls(kind, value["at"], value["actor"], value["project"], value["subject"], value["detail"])

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
