"""Projects and their registers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.service import projects
from wasl.service.access import Action
from wasl.service.records import Project, Register
from wasl.web.api.pagination import Page, Paging
from wasl.web.api.parameters import Document, ProjectName, RegisterName
from wasl.web.api.versions import IF_MATCH, SeenVersion, tag
from wasl.web.api.views import ProjectView, RegisterView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.idempotency import once

routes = Routes("projects")


class NewProject(BaseModel):
    """A project to open."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", examples=["simimo"])
    title: str = Field(min_length=1, max_length=300, examples=["Labour migration 2025"])


class ChangedProject(BaseModel):
    """What to change; what is left out stays."""

    title: str | None = Field(default=None, min_length=1, max_length=300, examples=["Labour migration 2025"])
    closed: bool | None = Field(default=None, strict=True, examples=[True])


class NewRegister(BaseModel):
    """A register to declare."""

    definition: Annotated[Document, Field(description="the register schema", examples=[{"id": "cnss-employees"}])]
    signer: str = Field(default="", max_length=100, description="Ed25519 public key its deliveries must be signed with")


@routes("GET", "/projects", Action.PROJECT_READ)
def list_projects(request: Request, caller: AnyCaller, paging: Paging) -> Page[ProjectView]:
    """The projects this token reaches."""
    only: dict[str, Any] = {} if caller.actor.project is None else {"id": caller.actor.project}
    with office_of(request).ledger.reading() as state:
        found = state.select(Project, after=paging.after, limit=paging.limit + 1, **only)
    return paging.page(ProjectView, found)


@routes("POST", "/projects", Action.PROJECT_CREATE, status=201)
def create_project(request: Request, response: Response, caller: AnyCaller, body: NewProject) -> ProjectView:
    """Open a project."""
    office = office_of(request)
    name = once(request, caller, lambda: projects.create_project(office, caller, name=body.name, title=body.title))
    response.headers["Location"] = f"/v1/projects/{name}"
    return _project(request, response, name)


@routes("GET", "/projects/{project}", Action.PROJECT_READ)
def read_project(request: Request, response: Response, project: ProjectName) -> ProjectView:
    """A project."""
    return _project(request, response, project)


@routes("PATCH", "/projects/{project}", Action.PROJECT_CHANGE, openapi_extra=IF_MATCH)
def change_project(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    version: SeenVersion,
    body: ChangedProject,
) -> ProjectView:
    """Change a project's title, close it or open it again."""
    office = office_of(request)
    changes = body.model_dump()
    once(request, caller, lambda: projects.change_project(office, caller, name=project, version=version, **changes))
    return _project(request, response, project)


@routes("GET", "/projects/{project}/registers", Action.REGISTER_READ)
def list_registers(request: Request, caller: AnyCaller, project: ProjectName, paging: Paging) -> Page[RegisterView]:
    """The registers of a project that this token reaches."""
    only: dict[str, Any] = {} if caller.actor.register is None else {"name": caller.actor.register}
    with office_of(request).ledger.reading() as state:
        state.get(Project, project)
        found = state.select(Register, after=paging.after, limit=paging.limit + 1, project=project, **only)
    return paging.page(RegisterView, found)


@routes("POST", "/projects/{project}/registers", Action.REGISTER_DECLARE, status=201, toml="definition")
def declare_register(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewRegister
) -> RegisterView:
    """Declare a register, or give it another schema."""
    office = office_of(request)
    once(
        request,
        caller,
        lambda: projects.declare_register(
            office, caller, project=project, definition=body.definition, signer=body.signer
        ),
    )
    name = str(body.definition["id"])  # the schema was accepted, now or before, so it has one
    response.headers["Location"] = f"/v1/projects/{project}/registers/{name}"
    return _register(request, response, project, name)


@routes("GET", "/projects/{project}/registers/{register}", Action.REGISTER_READ)
def read_register(request: Request, response: Response, project: ProjectName, register: RegisterName) -> RegisterView:
    """A register with its schema."""
    return _register(request, response, project, register)


def _project(request: Request, response: Response, name: str) -> ProjectView:
    with office_of(request).ledger.reading() as state:
        found = state.get(Project, name)
    tag(response, found)
    return ProjectView.of(found)


def _register(request: Request, response: Response, project: str, name: str) -> RegisterView:
    with office_of(request).ledger.reading() as state:
        found = state.get(Register, projects.register_id(project, name))
    tag(response, found)
    return RegisterView.of(found)
