"""Projects and their registers, and the workers and jobs of the installation."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from wasl.errors import WaslError
from wasl.service import job_handlers, projects
from wasl.service.access import Action
from wasl.service.records import Job, JobStatus, Project, Register
from wasl.web.condition import condition
from wasl.web.console.documents import read_document
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.sayings import say_error
from wasl.web.console.shipped import offered, shipped_text
from wasl.web.problems import status_of

__all__ = ["pages"]

pages = Pages()

SHOWN_JOBS = 50


@pages("GET", "/console/projects", Action.PROJECT_READ)
def show_projects(page: AnyPage) -> Response:
    """The projects that the caller reaches."""
    with page.office.ledger.reading() as state:
        registers = {one.id: len(state.select(Register, project=one.id)) for one in page.projects()}
    return page.render("projects.html", registers=registers)


@pages("POST", "/console/projects", Action.PROJECT_CREATE)
def open_project(page: AnyPage) -> Response:
    """Open a project."""
    name, title = page.form.text("name", most=63), page.form.text("title", most=300)
    made = page.once(lambda caller: projects.create_project(page.office, caller, name=name, title=title or name))
    return page.go(f"/console/projects/{made}", said="project-opened")


@pages("GET", "/console/projects/{project}", Action.PROJECT_READ)
def show_project(page: AnyPage, project: str) -> Response:
    """A project with its registers."""
    return _project_page(page, project)


@pages("POST", "/console/projects/{project}", Action.PROJECT_CHANGE)
def change_project(page: AnyPage, project: str) -> Response:
    """Change a project's title, close it or open it again."""
    form = page.form
    title, version = form.text("title", most=300), form.version
    closed = {"close": True, "open": False}.get(form.text("act", most=10))
    page.once(
        lambda caller: projects.change_project(
            page.office, caller, name=project, version=version, title=title or None, closed=closed
        )
    )
    return page.go(f"/console/projects/{project}", said="project-changed")


@pages("GET", "/console/projects/{project}/registers/new", Action.REGISTER_DECLARE)
def show_new_register(page: AnyPage) -> Response:
    """The page where a register is declared."""
    name = page.request.query_params.get("schema", "")
    return _register_page(page, shipped_text("registers", name) if name else "")


@pages("POST", "/console/projects/{project}/registers/new", Action.REGISTER_DECLARE)
def declare_register(page: AnyPage, project: str) -> Response:
    """Declare a register, or give it another schema."""
    signer = page.form.text("signer", most=100)
    try:
        definition = read_document(page.form, "definition", "the register schema")
        page.once(
            lambda caller: projects.declare_register(
                page.office, caller, project=project, definition=definition, signer=signer
            )
        )
    except WaslError as error:
        text = page.form.text("definition", most=300_000)
        return _register_page(page, text, say_error(error, status_of(error), page.language))
    return page.go(f"/console/projects/{project}", said="register-declared")


@pages("GET", "/console/queue", Action.METRICS_READ)
def show_queue(page: AnyPage) -> Response:
    """Workers, jobs, the signing key and the age of the last checkpoint."""
    only: dict[str, Any] = {} if page.actor.project is None else {"project": page.actor.project}
    with page.office.ledger.reading() as state:
        jobs = state.select(Job, limit=SHOWN_JOBS, descending=True, **only)
        parked = state.select(Job, status=JobStatus.PARKED, **only)
    return page.render("queue.html", jobs=jobs, parked=parked, found=condition(page.request.app.state.installation))


@pages("POST", "/console/jobs/{job}/retry", Action.JOB_RETRY)
def retry(page: AnyPage, job: str) -> Response:
    """Queue a job that was set aside again."""
    page.once(lambda caller: job_handlers.queue_again(page.office, caller, job))
    return page.go("/console/queue", said="job-queued")


def _project_page(page: Page, project: str) -> Response:
    with page.office.ledger.reading() as state:
        found = state.get(Project, project)
        registers = state.select(Register, project=project)
    return page.render("project.html", found=found, registers=registers)


def _register_page(page: Page, text: str, fault: Any = None) -> Response:
    return page.render(
        "new_register.html",
        status=fault.status if fault else 200,
        fault=fault,
        text=text,
        schemas=offered("registers", page.language),
        chosen=page.request.query_params.get("schema", ""),
    )
