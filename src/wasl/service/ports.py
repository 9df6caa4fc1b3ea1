"""What use cases need of their surroundings, as protocols; `wasl.storage` and `wasl.web` provide them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from wasl.audit.events import AuditEvent, Happening
from wasl.audit.merkle import Place
from wasl.audit.notes import NoteSigner
from wasl.service.access import Action, Actor
from wasl.service.records import Job, Noun

__all__ = [
    "Area",
    "Caller",
    "Files",
    "Incoming",
    "Ledger",
    "Limits",
    "LogEntry",
    "Office",
    "Part",
    "Progress",
    "Reader",
    "Receipt",
    "StoredFile",
    "Writer",
]

N = TypeVar("N", bound=Noun)

Progress = Callable[[int, int], None]
"""Called by long work with (done, total); raises when the job was cancelled or its lease lost."""


class Area(StrEnum):
    """Where a file lies; each area is a folder of its own, so that roles can have disks of their own."""

    LINKAGE = "linkage"
    SPINE = "spine"
    RELEASE = "release"
    PUBLIC = "public"


class Part(StrEnum):
    """Duties of an installation: all, or one half of strong mode."""

    BOTH = "both"
    LINKAGE = "linkage"
    SPINE = "spine"


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper limits of submissions, queues and tokens.

    Attributes:
        max_rows: Rows of one submission.
        max_row_group_bytes: Uncompressed bytes of one Parquet row group.
        max_unpacked_bytes: Uncompressed bytes of one column of text, and of all other columns together.
        max_cell_bytes: Bytes of one value.
        max_columns: Columns of one submission.
        max_review_pairs: Pairs put into the review queue of a run.
        token_days: The longest a token may live.
    """

    max_rows: int = 20_000_000
    max_row_group_bytes: int = 1 << 30
    max_unpacked_bytes: int = 1 << 34
    max_cell_bytes: int = 1024
    max_columns: int = 500
    max_review_pairs: int = 500
    token_days: int = 366


@dataclass(frozen=True, slots=True)
class Receipt:
    """A caller's idempotency key, committed with what it brought about.

    Attributes:
        key: As the caller sent it.
        fingerprint: Digest of the request, so that a key is not used for two different requests.
    """

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Caller:
    """The actor, the time and the id of a request."""

    actor: Actor
    at: datetime
    request_id: str = ""
    receipt: Receipt | None = None

    @property
    def stamp(self) -> str:
        """The time as the log and the records write it."""
        return self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def check(self, action: Action, *, project: str | None = None, register: str | None = None) -> None:
        """`Actor.check` for the actor."""
        self.actor.check(action, project=project, register=register)

    def event(self, happening: Happening, *, project: str = "", subject: str) -> AuditEvent:
        """An event of this caller's, now."""
        role = self.actor.role.value if self.actor.role is not None else ""
        return AuditEvent(happening, self.stamp, self.actor.name, project, subject, self.request_id, role)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the content-addressed store.

    Attributes:
        digest: ``sha256:`` and 64 hexadecimal digits, of its bytes.
        size_bytes: Its length.
    """

    digest: str
    size_bytes: int


class Incoming(Protocol):
    """A file on its way in: complete and hashed, but not yet kept."""

    @property
    def path(self) -> Path:
        """Where it lies for now."""
        ...

    @property
    def stored(self) -> StoredFile:
        """Its digest and size."""
        ...

    def keep(self) -> StoredFile:
        """Move it to its place, for good; a file of the same digest is the same file."""
        ...


class Files(Protocol):
    """The content-addressed store."""

    def path(self, area: Area, digest: str) -> Path:
        """Where a kept file lies.

        Raises:
            NotFoundError: There is none.
        """
        ...

    def erase(self, area: Area, digest: str) -> None:
        """Delete a kept file for good; the caller has committed that it is discarded."""
        ...

    def make(self, area: Area, write: Callable[[Path], None]) -> StoredFile:
        """Keep what ``write`` puts into the path it is given."""
        ...


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of the log as it is stored: its number, and the canonical bytes that were hashed."""

    index: int
    data: bytes = field(repr=False)


class Reader(Protocol):
    """A consistent view of the state."""

    def get(self, kind: type[N], noun_id: str) -> N:
        """The noun with this id.

        Raises:
            NotFoundError: There is none.
        """
        ...

    def find(self, kind: type[N], noun_id: str) -> N | None:
        """The noun with this id, or None."""
        ...

    def select(
        self, kind: type[N], /, *, after: str = "", limit: int | None = None, descending: bool = False, **where: Any
    ) -> list[N]:
        """Nouns whose attributes equal ``where`` (a tuple: any of them), by id, beginning after an id."""
        ...

    def receipt_subject(self, actor: str, receipt: Receipt) -> str | None:
        """The subject of an earlier request with this key, or None.

        Raises:
            InputError: The key was used for another request.
        """
        ...

    def log_size(self) -> int:
        """The number of entries."""
        ...

    def log_entries(
        self, *, first: int, limit: int, after: str = "", before: str = "", **where: str
    ) -> Sequence[LogEntry]:
        """Entries from ``first`` on, in a span of time, whose kind, actor, project or subject equal ``where``."""
        ...

    def read_nodes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """The hashes of complete subtrees of the log's tree, in one read."""
        ...

    def latest_checkpoint(self) -> str | None:
        """The last signed checkpoint, or None."""
        ...

    def checkpoints(self) -> Mapping[int, str]:
        """All signed checkpoints, by the number of entries they speak of."""
        ...


class Writer(Reader, Protocol):
    """A transaction: its state and its events are committed together or not at all."""

    def save(self, *nouns: Noun, event: AuditEvent) -> int:
        """Insert nouns of version 0, change the others if their version is still the same, and log the event.

        Returns:
            The number of the event's log entry.

        Raises:
            StaleError: Somebody changed one of them meanwhile.
            StateError: One with the same id exists.
        """
        ...

    def keep_checkpoint(self, note: str, size: int, *, event: AuditEvent) -> None:
        """Keep a signed checkpoint of the first ``size`` entries, and log that it was made."""
        ...

    def hold(self, job: Job) -> Job:
        """The job as it stands, this attempt at it being the latest until the transaction ends.

        Raises:
            StateError: Another worker took it over.
        """
        ...


class Ledger(Protocol):
    """The state and the log."""

    def reading(self) -> AbstractContextManager[Reader]:
        """A read-only view."""
        ...

    def writing(self, caller: Caller) -> AbstractContextManager[Writer]:
        """A transaction; commits at the end unless an exception passes through."""
        ...

    def change_mark(self) -> int | None:
        """A number that stays the same until somebody commits, cheap to ask for; None where that cannot be told."""
        ...


@dataclass(frozen=True, slots=True)
class Office:
    """Everything a use case needs of its surroundings.

    Attributes:
        ledger, files: State and log; files.
        now: The clock, UTC.
        new_id: Makes identifiers that sort by age.
        signer: Signs checkpoints and manifests.
        part: What this installation does.
        limits: Upper limits of submissions, queues and tokens.
        threads: For linkage; 0 means one per processor.
        two_person: Whether two administrators must agree to a token once there are two.
        record_secret: Secret of the record keys of perturbed tables; the same for every table ever made.
        require_authorization: Whether a project without a stored authorization may not link or release.
    """

    ledger: Ledger
    files: Files
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    signer: NoteSigner
    part: Part = Part.BOTH
    limits: Limits = field(default_factory=Limits)
    threads: int = 0
    two_person: bool = True
    record_secret: bytes = field(default=b"", repr=False)
    require_authorization: bool = False
