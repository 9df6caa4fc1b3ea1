"""Models of the API's answers for each noun, and of its input."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from fastapi import Depends, Path, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from wasl.service.access import Actor, Role
from wasl.service.records import JobKind, JobStatus, Noun, SubmissionKind, TableMenu, TableOrder, TokenStatus
from wasl.service.states import MenuStatus, ReleaseStatus, RunStatus
from wasl.web.bodies import parse_toml
from wasl.web.problems import HttpProblem

__all__ = ["Cursor", "Page", "PageQuery", "ProjectName", "SeenVersion", "View", "tag"]

V = TypeVar("V", bound="View")
N = TypeVar("N", bound=Noun)
DEFAULT_PAGE = 50
LARGEST_PAGE = 200
NO_NUL = r"^[^\x00]*$"
"""Texts in an address: a NUL character there is refused before anything else."""

ProjectName = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="the project's short name", examples=["simimo"])
]
RegisterName = Annotated[
    str,
    Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="the register's short name", examples=["cnss-employees"]),
]
UserName = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9._@-]{0,62}$", description="the user's name", examples=["amina"])
]
Identifier = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-z-]{1,80}$",
        description="an identifier the service gave",
        examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3"],
    ),
]
Id = Annotated[str, Field(examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3"])]
Digest = Annotated[str, Field(examples=[f"sha256:{'e3b0c442' * 8}"])]
Moment = Annotated[str, Field(examples=["2026-11-22T10:00:00.000Z"])]
UserWord = Annotated[str, Field(examples=["amina"])]
ProjectWord = Annotated[str, Field(examples=["simimo"])]
RegisterWord = Annotated[str, Field(examples=["cnss-employees"])]
Title = Annotated[str, Field(examples=["Foreign workers 2025"])]
Reason = Annotated[str, Field(examples=[""])]


def _document(value: Any) -> Any:
    return parse_toml(value) if isinstance(value, str) else value


Document = Annotated[
    dict[str, Any],
    BeforeValidator(_document),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": True},
                {"type": "string", "description": "the text of the document's TOML file"},
            ]
        }
    ),
    Field(
        description="a document as `wasl schema NAME` describes it: as JSON, or the text of its TOML file",
        examples=[{"name": "morocco"}],
    ),
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


class ReleaseView(View):
    """A file on its way to the public, without its risk values."""

    project: ProjectWord
    run: Id
    title: Title
    status: ReleaseStatus
    job: Id
    seed: int
    failure: Reason
    requested_by: UserWord
    decided_by: UserWord
    reason: Reason
    manifest_digest: Digest
    published_at: Moment
    public_report: dict[str, Any]


class RiskView(BaseModel):
    """The confidential report of a release."""

    release: Id
    status: ReleaseStatus
    risk: dict[str, Any]
    policy: dict[str, Any]
    failure: Reason


class MenuView(View):
    """A menu of tables, without the parameters of its protection."""

    project: ProjectWord
    run: Id
    title: Title
    status: MenuStatus
    decided_by: UserWord
    reason: Reason
    menu_digest: Digest
    method: str = Field(description="how tables are protected", examples=["cell-key"])
    approval: str = Field(
        description="who approves the tables of the menu: 'menu' (beforehand) or 'each'", examples=["menu"]
    )
    approval_of_crossings: str = Field(examples=["each"])
    max_dimensions: int = Field(description="of a free crossing; 0: none is allowed")
    max_cells: int
    dimensions: list[dict[str, Any]]
    measures: list[dict[str, Any]]
    tables: list[dict[str, Any]]

    @classmethod
    def of(cls, noun: Noun) -> Self:
        """The view of a menu."""
        if not isinstance(noun, TableMenu):
            raise TypeError("not a menu")
        document = noun.menu
        values = {name: getattr(noun, name) for name in cls.model_fields if hasattr(noun, name)}
        values |= {name: document[name] for name in ("dimensions", "measures", "tables", "approval")}
        crossings = document["crossings"]
        values |= {name: crossings[name] for name in ("max_dimensions", "max_cells")}
        values |= {"method": document["protection"]["method"], "approval_of_crossings": crossings["approval"]}
        return cls.model_validate(values)


class OrderView(View):
    """An order of tables, without anything that only the desk may see."""

    project: ProjectWord
    menu: Id
    run: Id
    title: Title
    request: dict[str, Any]
    status: ReleaseStatus
    job: Id
    answered: bool = Field(description="whether it was ever approved")
    failure: Reason
    requested_by: UserWord
    decided_by: UserWord
    reason: Reason
    manifest_digest: Digest
    published_at: Moment
    public_report: dict[str, Any]

    @classmethod
    def to(cls, actor: Actor, order: TableOrder) -> Self:
        """The view of an order for somebody: an analyst sees nothing of an answer that is not approved."""
        view = cls.of(order)
        waits = order.status in (ReleaseStatus.PROTECTED, ReleaseStatus.REQUESTED, ReleaseStatus.REFUSED)
        if actor.role is Role.ANALYST and waits:
            view.public_report = {}
        return view


class OrderReportView(BaseModel):
    """The confidential report of an order."""

    order: Id
    status: ReleaseStatus
    report: dict[str, Any]
    specification: dict[str, Any]
    earlier: list[Id] = Field(description="the answered orders it was audited against")
    failure: Reason


class CatalogueView(BaseModel):
    """A published release of microdata or tables."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    kind: Literal["microdata", "tables"] = "microdata"
    title: Title
    published_at: Moment
    manifest_digest: Digest
    package: Digest = Field(description="SHA-256 of the package")
    public_report: dict[str, Any]
    description: dict[str, Any]


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


Next = Annotated[
    str | None,
    Field(description="`cursor` of what follows; null at the end of the list", examples=["MDE5MmYwYzE"]),
]


class Page(BaseModel, Generic[V]):
    """Some of a list; ``next`` is the cursor of what follows, or null at the end."""

    items: list[V]
    next: Next = None


class ReviewPage(BaseModel):
    """Some of a review queue; ``next`` is the cursor of what follows, or null at the end."""

    items: list[ReviewView]
    next: Next = None


class CataloguePage(BaseModel):
    """Some of the catalogue; ``next`` is the cursor of what follows, or null at the end."""

    items: list[CatalogueView]
    next: Next = None


class Cursor:
    """Where a list goes on: an opaque text that hides nothing but promises nothing either."""

    @staticmethod
    def write(last: str) -> str:
        """The cursor after an id."""
        return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")

    @staticmethod
    def read(cursor: str) -> str:
        """The id a cursor stands after.

        Raises:
            HttpProblem: It is not a cursor.
        """
        try:
            return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        except (binascii.Error, ValueError) as error:
            raise HttpProblem(400, "this cursor is not one the service gave.") from error


class PageQuery:
    """``limit`` and ``cursor`` of a list."""

    def __init__(self, limit: int, cursor: str) -> None:
        self.limit = limit
        self.after = Cursor.read(cursor) if cursor else ""

    def page(self, view: type[V], found: Sequence[Noun]) -> Page[V]:
        """The page of what was found with one more than ``limit`` asked for."""
        items = [view.of(noun) for noun in found[: self.limit]]
        more = len(found) > self.limit
        return Page[V](items=items, next=Cursor.write(found[self.limit - 1].id) if more else None)


async def _paging(
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="how many at most")] = DEFAULT_PAGE,
    cursor: Annotated[
        str,
        Query(
            max_length=200,
            pattern=r"^[A-Za-z0-9_-]*$",
            description="`next` of the page before; opaque, valid as long as the list exists",
            examples=["MDE5MmYwYzE"],
        ),
    ] = "",
) -> PageQuery:
    return PageQuery(limit, cursor)  # a coroutine function: FastAPI would call a class in a thread


Paging = Annotated[PageQuery, Depends(_paging)]


async def _seen_version(request: Request) -> int:
    """The version in ``If-Match``.

    Raises:
        HttpProblem: 428 without one, 400 when it is not an ETag of the service's.
    """
    sent = request.headers.get("if-match")
    if sent is None:
        raise HttpProblem(428, "a change needs If-Match.", remedy="Send the ETag of what you have read.")
    text = sent.strip().removeprefix("W/").strip('"').removeprefix("v")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise HttpProblem(400, "this If-Match is not an ETag the service gave.")
    return int(text)


SeenVersion = Annotated[int, Depends(_seen_version)]

IF_MATCH = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "pattern": '^(W/)?"v[0-9]{1,9}"$'},
            "description": "the ETag of what you have read",
            "example": '"v1"',
        }
    ]
}
"""OpenAPI description of a route that needs ``If-Match``."""


def tag(response: Response, noun: Noun, *, at: str = "") -> None:
    """Give a response the ETag of a noun, and where it is, or the job that makes it."""
    response.headers["ETag"] = f'"v{noun.version}"'
    if at:
        response.headers["Location"] = at
