"""Releases, tables and the catalogue as the API shows them."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from wasl.service.access import Actor, Role
from wasl.service.records import Noun, Release, TableMenu, TableOrder
from wasl.service.states import MenuStatus, ReleaseStatus
from wasl.web.api.parameters import (
    Digest,
    Id,
    Moment,
    ProjectWord,
    Reason,
    Title,
    UserWord,
)
from wasl.web.api.views import (
    View,
)
from wasl.workflow.protect import seed_digest

__all__ = [
    "CatalogueView",
    "MenuView",
    "OrderReportView",
    "OrderView",
    "ReleaseView",
    "RiskView",
]


class ReleaseView(View):
    """A file on its way to the public, without its risk values."""

    project: ProjectWord
    run: Id
    title: Title
    status: ReleaseStatus
    job: Id
    seed_digest: Digest = Field(description="of the seed, which the release desk has")
    failure: Reason
    requested_by: UserWord
    decided_by: UserWord
    reason: Reason
    manifest_digest: Digest
    published_at: Moment
    public_report: dict[str, Any]

    @classmethod
    def of(cls, noun: Noun) -> Self:
        """The view of a release; the seed itself is in the confidential report that the release desk fetches."""
        if not isinstance(noun, Release):
            raise TypeError("not a release")
        values = {name: getattr(noun, name) for name in cls.model_fields if hasattr(noun, name)}
        return cls.model_validate({**values, "seed_digest": seed_digest(noun.seed)})


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
