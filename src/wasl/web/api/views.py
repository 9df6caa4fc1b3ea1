"""Nouns as the API shows them."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from wasl.service.access import Role
from wasl.service.records import JobKind, JobStatus, Noun, SubmissionKind, TokenStatus
from wasl.service.states import RunStatus
from wasl.web.api.parameters import (
    Digest,
    Id,
    Moment,
    ProjectWord,
    Reason,
    RegisterWord,
    Title,
    UserWord,
)

__all__ = [
    "DecisionView",
    "InvitationView",
    "IssuedTokenView",
    "JobView",
    "ProjectView",
    "RegisterView",
    "ReviewView",
    "RunView",
    "SubmissionView",
    "TokenView",
    "UserView",
    "View",
]


class View(BaseModel):
    """A noun as the API shows it; ``version`` is also its ETag."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int = Field(examples=[1])
    created_at: Moment
    created_by: UserWord

    @classmethod
    def of(cls, noun: Noun) -> Self:
        """The view of a noun."""
        return cls.model_validate(noun)


class ProjectView(View):
    """Registers linked under one key."""

    title: str = Field(examples=["Labour migration 2025"])
    closed: bool


class RegisterView(View):
    """A register declared in a project."""

    project: ProjectWord
    name: str = Field(examples=["cnss-employees"])
    holder: str = Field(examples=["CNSS"])
    schema_digest: Digest
    signer: str = Field(description="public key its deliveries are signed with; empty: none", examples=[""])
    definition: dict[str, Any]


class SubmissionView(View):
    """A delivery, join map or payload."""

    kind: SubmissionKind
    project: ProjectWord
    register_name: RegisterWord = Field(validation_alias="register", serialization_alias="register")
    digest: Digest
    file: Digest
    size_bytes: int
    rows: int
    header: dict[str, Any]
    withdrawn: bool


class RunView(View):
    """A linkage run."""

    project: ProjectWord
    plan_digest: Digest
    deliveries: list[Id]
    onto: Reason
    status: RunStatus
    job: Id
    spine_digest: Digest
    failed_checks: list[str] = Field(
        description="self-checks of the linkage that did not pass; read its report", examples=[[]]
    )
    failure: Reason


class DecisionView(View):
    """One reviewer's word on one pair."""

    run: Id
    pair: str = Field(examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3-000000"])
    reviewer: UserWord
    verdict: str = Field(description="same, different, unsure; empty: none, or taken back", examples=["same"])


class ReviewView(BaseModel):
    """A masked pair and, for those who may see it, what was said of it."""

    id: Id
    number: int
    linkage_pass: str = Field(examples=["sex-year"])
    left_register: RegisterWord
    right_register: str = Field(examples=["anapec-certificates"])
    weight: float
    probability: float
    pattern: str = Field(description="how each comparison came out", examples=["5-=x"])
    state: Literal["open", "agreed", "disputed"]
    verdict: str = Field(description="same, different, unsure; empty: none, or taken back", examples=["same"])
    decisions: list[DecisionView]


class JobView(View):
    """Long work."""

    kind: JobKind
    project: ProjectWord
    subject: Id
    status: JobStatus
    percent: int
    attempt: int
    cancel_asked: bool
    failures: int = Field(description="breakdowns for no known reason")
    failure: Reason
    result: dict[str, Any]


class UserView(View):
    """Somebody known to the installation."""

    title: Title
    disabled: bool


class TokenView(View):
    """A token, without its secret."""

    user: UserWord
    role: Role
    project: str | None = Field(examples=["simimo"])
    register_name: str | None = Field(
        validation_alias="register", serialization_alias="register", examples=["cnss-employees"]
    )
    expires_at: Moment
    revoked: bool
    status: TokenStatus
    approved_by: UserWord


class InvitationView(TokenView):
    """A token that waits, and the caller's part of the invitation, shown this once."""

    part: str = Field(default="", examples=["hJ3kq0mB1sXw7yZ2aC4dEg"])


class IssuedTokenView(TokenView):
    """A token with its secret, shown this once; a repeated request shows it without."""

    secret: str = Field(default="", examples=["wasl_0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3_…"])
