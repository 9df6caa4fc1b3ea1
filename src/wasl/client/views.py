"""The typed answers of the service; fields that a newer service adds are ignored."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from wasl.client.failures import no_service

__all__ = [
    "Authorization",
    "Decision",
    "Document",
    "Dossier",
    "Evidence",
    "Job",
    "Objections",
    "Project",
    "Published",
    "Register",
    "Release",
    "Remote",
    "RetentionRule",
    "ReviewPair",
    "Run",
    "Submission",
    "TableMenu",
    "TableOrder",
    "Token",
    "User",
    "WhoAmI",
    "parsed",
]


Document = Mapping[str, Any] | str
"""A document as JSON has it, or the text of its TOML file."""


V = TypeVar("V")


def parsed(view: type[V], value: Any) -> V:
    """A view from the JSON the service sent.

    Raises:
        WaslError: It is no such JSON: another program answered.
    """
    names = {one.name for one in dataclasses.fields(view)}  # type: ignore[arg-type]
    try:
        return view(**{name: item for name, item in value.items() if name in names})
    except (TypeError, AttributeError) as error:
        raise no_service() from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Anything the service keeps.

    Attributes:
        id: Its identifier.
        version: Rises with every change; what ``If-Match`` must name.
    """

    id: str
    version: int = 0

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Self:
        """From the JSON the service sent."""
        return parsed(cls, value)

    @property
    def etag(self) -> str:
        """What ``If-Match`` must be for a change of this version."""
        return f'"v{self.version}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Remote):
    """A project."""

    title: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Remote):
    """A register declared in a project."""

    project: str
    name: str
    holder: str
    schema_digest: str
    signer: str = ""
    definition: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Remote):
    """A user of the installation."""

    title: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Remote):
    """A reviewer's decision on a pair."""

    run: str
    pair: str
    reviewer: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule(Remote):
    """How many days the files of a register and round are kept; an empty name stands for all others."""

    project: str
    register: str
    round: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Objections(Remote):
    """A list of persons who object, without their record ids."""

    project: str
    register: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier(Remote):
    """A version of a project's dossier."""

    project: str
    number: int
    digest: str
    statements: int
    holes: list[str] = field(default_factory=list)
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization(Remote):
    """A stored decision of the authority."""

    project: str
    decision: str
    decided: str
    expires: str
    dossier: str
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Remote):
    """A delivery, join map or payload the service has taken in."""

    kind: str
    project: str
    register: str
    digest: str
    rows: int
    size_bytes: int
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Remote):
    """A linkage run."""

    project: str
    status: str
    job: str = ""
    plan_digest: str = ""
    spine_digest: str = ""
    failed_checks: list[str] = field(default_factory=list)
    failure: str = ""
    deliveries: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPair(Remote):
    """A masked pair of the review queue."""

    number: int
    linkage_pass: str
    left_register: str
    right_register: str
    weight: float
    probability: float
    pattern: str
    state: str
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(ReviewPair):
    """A masked pair with the weight of each comparison, in bits."""

    prior: float
    steps: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Remote):
    """A release."""

    project: str
    run: str
    title: str
    status: str
    job: str = ""
    failure: str = ""
    reason: str = ""
    requested_by: str = ""
    decided_by: str = ""
    manifest_digest: str = ""
    published_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMenu(Remote):
    """A menu of tables."""

    project: str
    run: str
    title: str
    status: str
    method: str = ""
    approval: str = ""
    approval_of_crossings: str = ""
    max_dimensions: int = 0
    max_cells: int = 0
    dimensions: list[dict[str, Any]] = field(default_factory=list)
    measures: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOrder(Remote):
    """Tables that were ordered."""

    project: str
    menu: str
    title: str
    status: str
    job: str = ""
    answered: bool = False
    failure: str = ""
    reason: str = ""
    manifest_digest: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)
    public_report: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Remote):
    """A release in the public catalogue."""

    title: str
    published_at: str
    manifest_digest: str
    package: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Remote):
    """Long work."""

    kind: str
    status: str
    percent: int
    subject: str = ""
    failure: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Remote):
    """An issued token; the secret is there once."""

    user: str
    role: str
    expires_at: str
    project: str | None = None
    register: str | None = None
    secret: str = field(default="", repr=False)
    part: str = field(default="", repr=False)
    status: str = ""
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoAmI:
    """The user, role and reach of the token."""

    name: str
    role: str | None
    project: str | None
    register: str | None
