"""Retention rules, objections of persons, and erasure with its certificate."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.service import erasure, objections, retention
from wasl.service.access import Action
from wasl.service.projects import register_id
from wasl.service.records import Job, Noun, Objection, Register, RetentionRule
from wasl.web.api.pagination import Page, Paging
from wasl.web.api.parameters import ProjectName, ProjectWord, RegisterName, RegisterWord
from wasl.web.api.versions import tag
from wasl.web.api.views import JobView, View
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.idempotency import once

routes = Routes("retention")


class NewRule(BaseModel):
    """A retention rule."""

    register_name: str = Field(default="", alias="register", max_length=63, examples=["cnss-employees"])
    round_name: str = Field(default="", alias="round", max_length=100, examples=["2025"])
    days: int = Field(strict=True, ge=0, le=36_500, examples=[730], description="days after the last sending")


class RuleView(View):
    """A retention rule; an empty register or round stands for all without a rule of their own."""

    project: ProjectWord
    register_name: RegisterWord = Field(validation_alias="register", serialization_alias="register")
    round_name: str = Field(validation_alias="round", serialization_alias="round", examples=["2025"])
    days: int


class NewObjections(BaseModel):
    """Persons who object, by record id."""

    records: list[Annotated[str, Field(max_length=32, examples=["0f" * 16])]] = Field(min_length=1, max_length=10_000)


class ObjectionView(View):
    """A list of objections, without the record ids."""

    project: ProjectWord
    register_name: RegisterWord = Field(validation_alias="register", serialization_alias="register")
    count: int = Field(description="record ids in the list")

    @classmethod
    def of(cls, noun: Noun) -> Self:
        """The view of a list of objections."""
        if not isinstance(noun, Objection):
            raise TypeError("not a list of objections")
        plain = ("id", "version", "created_at", "created_by", "project", "register")
        return cls.model_validate({name: getattr(noun, name) for name in plain} | {"count": len(noun.records)})


@routes("GET", "/projects/{project}/registers/{register}/objections", Action.OBJECTION_SEND)
def list_objections(
    request: Request, project: ProjectName, register: RegisterName, paging: Paging
) -> Page[ObjectionView]:
    """The lists of objections of a register, without the record ids; for its holder."""
    with office_of(request).ledger.reading() as state:
        state.get(Register, register_id(project, register))
        found = state.select(Objection, after=paging.after, limit=paging.limit + 1, project=project, register=register)
    return paging.page(ObjectionView, found)


class ObjectionListView(BaseModel):
    """Record ids of one register that arrived together."""

    register_name: RegisterWord = Field(validation_alias="register", serialization_alias="register")
    records: list[str] = Field(examples=[["0f" * 16]])


class ObjectionListsView(BaseModel):
    """All lists of objections of a project, in the order in which they arrived."""

    format: Literal["wasl-objections/1"]
    lists: list[ObjectionListView]


@routes("GET", "/projects/{project}/objections", Action.OBJECTION_LIST, logged_as="objections")
def read_objections(request: Request, caller: AnyCaller, project: ProjectName) -> ObjectionListsView:
    """The project's objections with their record ids, for the spine keeper.

    With this file an auditor makes a run again that left these records out: `wasl audit reproduce --objections`.
    """
    found = objections.all_objections(office_of(request), caller, project=project)
    return ObjectionListsView.model_validate(found.to_json())


@routes("GET", "/projects/{project}/retention-rules", Action.RETENTION_READ)
def list_rules(request: Request, project: ProjectName, paging: Paging) -> Page[RuleView]:
    """The project's retention rules."""
    with office_of(request).ledger.reading() as state:
        found = state.select(RetentionRule, after=paging.after, limit=paging.limit + 1, project=project)
    return paging.page(RuleView, found)


@routes("POST", "/projects/{project}/retention-rules", Action.RETENTION_SET, status=201)
def declare_rule(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewRule
) -> RuleView:
    """Set how long what a register sent for a round is kept."""
    office = office_of(request)
    name = once(
        request,
        caller,
        lambda: retention.declare_retention(
            office, caller, project=project, register=body.register_name, round_name=body.round_name, days=body.days
        ),
    )
    with office.ledger.reading() as state:
        found = state.get(RetentionRule, name)
    tag(response, found, at=f"/v1/projects/{project}/retention-rules")
    return RuleView.of(found)


@routes("POST", "/projects/{project}/registers/{register}/objections", Action.OBJECTION_SEND, status=201)
def send_objections(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    register: RegisterName,
    body: NewObjections,
) -> ObjectionView:
    """Send record ids of persons who object to the use of their data.

    Unreleased microdata of the project are void; later ones leave these persons out.
    """
    office = office_of(request)
    name = once(
        request,
        caller,
        lambda: objections.receive_objections(office, caller, project=project, register=register, records=body.records),
    )
    with office.ledger.reading() as state:
        found = state.get(Objection, name)
    tag(response, found, at=f"/v1/projects/{project}/registers/{register}/objections")
    return ObjectionView.of(found)


class ErasuresView(BaseModel):
    """Where the erasure of a project stands."""

    due: int = Field(description="submissions that are withdrawn or past their retention, and not erased yet")
    every_hours: float = Field(description="the service's own schedule; 0: none")
    jobs: list[JobView] = Field(description="the last 20 erasures, the last first")


@routes("GET", "/projects/{project}/erasures", Action.RETENTION_READ)
def read_erasures(request: Request, project: ProjectName) -> ErasuresView:
    """The files that are due, the schedule, and the erasures so far with their counts."""
    found = erasure.erasure_state(office_of(request), project)
    hours = request.app.state.settings.erasure_hours
    return ErasuresView(due=found.due, every_hours=hours, jobs=[JobView.of(one) for one in found.jobs])


@routes("POST", "/projects/{project}/erasures", Action.ERASE, status=202)
def request_erasure(request: Request, response: Response, caller: AnyCaller, project: ProjectName) -> JobView:
    """Delete what is withdrawn or past its retention; the log keeps digest and reason as the certificate."""
    office = office_of(request)
    name = once(request, caller, lambda: erasure.request_erasure(office, caller, project=project))
    with office.ledger.reading() as state:
        job = state.get(Job, name)
    tag(response, job, at=f"/v1/jobs/{job.id}")
    return JobView.of(job)
