"""Linkage runs, their pairs, resolution and results."""

from __future__ import annotations

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from wasl.errors import InputError, NotFoundError
from wasl.service import linkages, resolutions
from wasl.service.access import Action
from wasl.service.fetched import asked_for_run
from wasl.service.ports import Area, Caller, Office, Part
from wasl.service.records import Job, Project, Run
from wasl.web.api.pagination import Page, Paging
from wasl.web.api.parameters import NO_NUL, Document, Identifier, ProjectName
from wasl.web.api.versions import tag
from wasl.web.api.views import JobView, RunView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.bodies import parse_json
from wasl.web.downloads import FILE_RESPONSES, send_file
from wasl.web.idempotency import once, replayed_later
from wasl.web.problems import HttpProblem
from wasl.web.reports import HTML_RESPONSES, reader_language, send_linkage_report
from wasl.web.uploads import UPLOAD_OPENAPI, receive_body

routes = Routes("linkage")

RUNS = "/projects/{project}/linkage-runs"
RUN = RUNS + "/{run}"
MAX_PLAN_CHARS = 20_000


class NewRun(BaseModel):
    """A run to make."""

    plan: Annotated[Document, Field(description="the linkage plan", examples=[{"name": "morocco"}])]
    deliveries: list[str] = Field(default=[], max_length=50, description="which; empty: the latest of each register")
    onto: str = Field(default="", max_length=80, description="the run whose spine this one continues")
    purpose: str = Field(default="", max_length=60, description="what for; needed where several are authorized")


@routes("GET", RUNS, Action.LINKAGE_READ)
def list_runs(request: Request, project: ProjectName, paging: Paging) -> Page[RunView]:
    """The project's runs."""
    with office_of(request).ledger.reading() as state:
        state.get(Project, project)
        found = state.select(Run, after=paging.after, limit=paging.limit + 1, project=project)
    return paging.page(RunView, found)


@routes("POST", RUNS, Action.LINKAGE_REQUEST, status=202, toml="plan")
def request_linkage(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewRun
) -> RunView:
    """Ask for a run; its job does the work."""
    office = office_of(request)
    name = once(
        request,
        caller,
        lambda: linkages.request_linkage(office, caller, project=project, **body.model_dump()),
    )
    view = _run(office, response, project, name)
    response.headers["Location"] = f"/v1/jobs/{view.job}"
    return view


@routes(
    "POST",
    "/projects/{project}/pairs",
    Action.PAIRS_SEND,
    streams=True,
    status=201,
    openapi_extra=UPLOAD_OPENAPI,
    operation_id="import_pairs",
)
async def import_pairs(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    plan: Annotated[
        str,
        Query(
            max_length=MAX_PLAN_CHARS,
            pattern=NO_NUL,
            description="the linkage plan, as JSON",
            examples=['{"name": "morocco"}'],
        ),
    ],
    purpose: Annotated[
        str,
        Query(max_length=60, pattern=NO_NUL, description="what for; needed where several are authorized"),
    ] = "",
) -> RunView:
    """Begin a run with pairs that the linkage unit's own installation scored (strong mode)."""
    office = office_of(request)
    document = _json_object(plan)
    name = await replayed_later(request, caller)
    if name is None:
        with await receive_body(request, Area.SPINE) as incoming:
            name = await run_sync(lambda: _import(office, caller, project, document, incoming, purpose))
    response.headers["Location"] = f"/v1/projects/{project}/linkage-runs/{name}"
    return await run_sync(_run, office, response, project, name)


@routes("GET", RUN, Action.LINKAGE_READ)
def read_run(request: Request, response: Response, project: ProjectName, run: Identifier) -> RunView:
    """A run."""
    return _run(office_of(request), response, project, run)


@routes("POST", RUN + "/cancel", Action.LINKAGE_CANCEL)
def cancel_run(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, run: Identifier
) -> RunView:
    """Ask the run's job to stop."""
    office = office_of(request)
    once(request, caller, lambda: linkages.cancel_run(office, caller, project=project, run=run))
    return _run(office, response, project, run)


@routes("GET", RUN + "/report", Action.LINKAGE_READ, logged_as="linkage report")
def read_report(request: Request, project: ProjectName, run: Identifier) -> dict[str, Any]:
    """The linkage report: counts, models and estimated quality."""
    with office_of(request).ledger.reading() as state:
        return dict(linkages.find_run(state, project, run).report)


@routes(
    "GET",
    RUN + "/report.html",
    Action.LINKAGE_READ,
    logged_as="linkage report",
    responses=HTML_RESPONSES,
    response_class=Response,
)
def read_report_page(request: Request, project: ProjectName, run: Identifier) -> Any:
    """The linkage report as one HTML page, in the language of Accept-Language."""
    return send_linkage_report(request, project, run, reader_language(request))


@routes("GET", RUN + "/pairs", Action.PAIRS_READ, responses=FILE_RESPONSES, response_class=Response)
def download_pairs(request: Request, caller: AnyCaller, project: ProjectName, run: Identifier) -> Any:
    """pairs.parquet: what the linkage unit hands to the spine keeper in strong mode."""
    office = office_of(request)
    area = Area.SPINE if office.part is Part.SPINE else Area.LINKAGE
    return _file(request, caller, project, run, "pairs", area)


@routes("GET", RUN + "/links", Action.LINKS_READ, responses=FILE_RESPONSES, response_class=Response)
def download_links(request: Request, caller: AnyCaller, project: ProjectName, run: Identifier) -> Any:
    """links.parquet: pairs of records, with weight, probability and grade; for the spine keeper."""
    return _file(request, caller, project, run, "links", Area.SPINE)


@routes("GET", RUN + "/conflicts", Action.LINKS_READ, responses=FILE_RESPONSES, response_class=Response)
def download_conflicts(request: Request, caller: AnyCaller, project: ProjectName, run: Identifier) -> Any:
    """conflicts.parquet: likely pairs that could not be linked, and why; for the spine keeper."""
    return _file(request, caller, project, run, "conflicts", Area.SPINE)


@routes("GET", RUN + "/spine", Action.SPINE_READ, responses=FILE_RESPONSES, response_class=Response)
def download_spine(request: Request, caller: AnyCaller, project: ProjectName, run: Identifier) -> Any:
    """spine.parquet: person ids and their records; for the spine keeper."""
    return _file(request, caller, project, run, "spine", Area.SPINE)


@routes("POST", RUN + "/resolution", Action.SPINE_RESOLVE, status=202)
def request_resolution(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, run: Identifier
) -> RunView:
    """Ask for the spine: scored pairs, reviewers' verdicts and join maps become persons."""
    office = office_of(request)
    once(request, caller, lambda: resolutions.request_resolution(office, caller, project=project, run=run))
    view = _run(office, response, project, run)
    response.headers["Location"] = f"/v1/jobs/{view.job}"
    return view


@routes("POST", RUN + "/reproduction", Action.LINKAGE_REPRODUCE, status=202)
def request_reproduction(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, run: Identifier
) -> JobView:
    """Ask that the run be repeated from its recorded deliveries, plan and seed, and the spines compared."""
    office = office_of(request)
    name = once(request, caller, lambda: resolutions.request_reproduction(office, caller, project=project, run=run))
    with office.ledger.reading() as state:
        job = state.get(Job, name)
    tag(response, job, at=f"/v1/jobs/{job.id}")
    return JobView.of(job)


def _run(office: Office, response: Response, project: str, name: str) -> RunView:
    with office.ledger.reading() as state:
        found = linkages.find_run(state, project, name)
    tag(response, found)
    return RunView.of(found)


def _import(office: Office, caller: Caller, project: str, plan: dict[str, Any], incoming: Any, purpose: str) -> str:
    given: dict[str, Any] = {"project": project, "plan": plan, "incoming": incoming, "purpose": purpose}
    return linkages.import_pairs(office, caller, **given).id


def _file(request: Request, caller: Caller, project: str, run: str, what: str, area: Area) -> Response:
    with office_of(request).ledger.reading() as state:
        found = linkages.find_run(state, project, run)
    digest: str = getattr(found, what)
    if not digest:
        raise NotFoundError(f"run {run} is {found.status} and has no {what} yet.")
    return send_file(
        request,
        caller,
        project=project,
        subject=f"{what} of {run}",
        area=area,
        digest=digest,
        name=f"{what}.parquet",
        asked=asked_for_run(found),
    )


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = parse_json(text.encode())
    except (HttpProblem, ValueError) as error:
        raise HttpProblem(400, "the plan is not JSON.") from error
    if not isinstance(value, dict):
        raise InputError("the plan is not a JSON object.")
    return value
