"""Releases: prepared, protected, requested, decided, published, withdrawn; and the public catalogue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.errors import NotFoundError
from wasl.service import releases
from wasl.service.access import Action
from wasl.service.ports import Area, Caller, Office
from wasl.service.records import Project, Release
from wasl.service.states import ReleaseStatus
from wasl.web.api.views import (
    IF_MATCH,
    CataloguePage,
    CatalogueView,
    Cursor,
    Document,
    Identifier,
    Page,
    Paging,
    ProjectName,
    ReleaseView,
    RiskView,
    SeenVersion,
    tag,
)
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.downloads import FILE_RESPONSES, send_file
from wasl.web.idempotency import replayed

routes = Routes("releases")

RELEASES = "/projects/{project}/releases"
RELEASE = RELEASES + "/{release}"
ZIP = "application/zip"
ZIP_RESPONSES: dict[int | str, dict[str, Any]] = {
    **FILE_RESPONSES,
    200: {"description": "The package", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
}
LARGEST_SEED = (1 << 62) - 1


class NewRelease(BaseModel):
    """A release to prepare."""

    run: str = Field(max_length=80, description="the resolved run it is made from")
    title: str = Field(min_length=1, max_length=300)
    specification: Annotated[Document, Field(description="the microdata specification: who is in, which variables")]
    policy: Annotated[Document, Field(description="the disclosure policy")]
    description: Annotated[Document, Field(description="the dataset description")]
    seed: int | None = Field(default=None, ge=0, le=LARGEST_SEED, description="of every random choice; default: drawn")


class ChangedRelease(BaseModel):
    """Documents to protect under anew; what is left out stays."""

    specification: Document | None = None
    policy: Document | None = None
    description: Document | None = None
    seed: int | None = Field(default=None, ge=0, le=LARGEST_SEED)


class Reason(BaseModel):
    """Why."""

    reason: str = Field(default="", max_length=2000)


@routes("GET", RELEASES, Action.RELEASE_READ)
def list_releases(request: Request, project: ProjectName, paging: Paging) -> Page[ReleaseView]:
    """The project's releases."""
    with office_of(request).ledger.reading() as state:
        state.get(Project, project)
        found = state.select(Release, after=paging.after, limit=paging.limit + 1, project=project)
    return paging.page(ReleaseView, found)


@routes("POST", RELEASES, Action.RELEASE_PREPARE, status=202)
def prepare_release(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewRelease
) -> ReleaseView:
    """Assemble microdata from a run's spine and protect them; the job does the work."""
    office = office_of(request)
    name = replayed(office, caller)
    if name is None:
        name = releases.prepare_release(
            office,
            caller,
            project=project,
            run=body.run,
            title=body.title,
            specification=body.specification,
            policy=body.policy,
            description=body.description,
            seed=body.seed,
        ).id
    return _release(office, response, project, name)


@routes("GET", RELEASE, Action.RELEASE_READ)
def read_release(request: Request, response: Response, project: ProjectName, release: Identifier) -> ReleaseView:
    """A release."""
    return _release(office_of(request), response, project, release)


@routes("GET", RELEASE + "/risk", Action.RISK_READ)
def read_risk(request: Request, project: ProjectName, release: Identifier) -> RiskView:
    """The confidential report: risk before and after, utility, what was changed."""
    with office_of(request).ledger.reading() as state:
        found = releases.find_release(state, project, release)
    return RiskView(
        release=found.id,
        status=found.status,
        risk=dict(found.risk),
        policy=dict(found.policy),
        failure=found.failure,
    )


@routes("POST", RELEASE + "/protect", Action.RELEASE_PREPARE, status=202, openapi_extra=IF_MATCH)
def protect_again(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    release: Identifier,
    version: SeenVersion,
    body: ChangedRelease,
) -> ReleaseView:
    """Protect anew under changed documents; an earlier request is void."""
    office = office_of(request)
    if replayed(office, caller) is None:
        releases.protect_again(office, caller, project=project, release=release, version=version, **body.model_dump())
    return _release(office, response, project, release)


@routes("POST", RELEASE + "/request", Action.RELEASE_REQUEST, openapi_extra=IF_MATCH)
def request_release(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    release: Identifier,
    version: SeenVersion,
) -> ReleaseView:
    """Ask for the publication of a protected file."""
    office = office_of(request)
    if replayed(office, caller) is None:
        releases.request_release(office, caller, project=project, release=release, version=version)
    return _release(office, response, project, release)


@routes("POST", RELEASE + "/approve", Action.RELEASE_APPROVE, openapi_extra=IF_MATCH)
def approve_release(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    release: Identifier,
    version: SeenVersion,
    body: Reason,
) -> ReleaseView:
    """Approve a requested release, as another person than those who prepared and requested it."""
    office = office_of(request)
    if replayed(office, caller) is None:
        releases.approve_release(office, caller, project=project, release=release, version=version, reason=body.reason)
    return _release(office, response, project, release)


@routes("POST", RELEASE + "/refuse", Action.RELEASE_REFUSE, openapi_extra=IF_MATCH)
def refuse_release(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    release: Identifier,
    version: SeenVersion,
    body: Reason,
) -> ReleaseView:
    """Refuse a requested release, with the reason."""
    office = office_of(request)
    if replayed(office, caller) is None:
        releases.refuse_release(office, caller, project=project, release=release, version=version, reason=body.reason)
    return _release(office, response, project, release)


@routes("POST", RELEASE + "/publish", Action.RELEASE_PUBLISH, status=202, openapi_extra=IF_MATCH)
def publish_release(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    release: Identifier,
    version: SeenVersion,
) -> ReleaseView:
    """Package, sign and publish an approved release; the job does the work."""
    office = office_of(request)
    if replayed(office, caller) is None:
        releases.publish_release(office, caller, project=project, release=release, version=version)
    return _release(office, response, project, release)


@routes("POST", RELEASE + "/withdraw", Action.RELEASE_WITHDRAW, openapi_extra=IF_MATCH)
def withdraw_release(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    release: Identifier,
    version: SeenVersion,
    body: Reason,
) -> ReleaseView:
    """Take a published release out of the catalogue, with the reason."""
    office = office_of(request)
    if replayed(office, caller) is None:
        releases.withdraw_release(office, caller, project=project, release=release, version=version, reason=body.reason)
    return _release(office, response, project, release)


@routes("GET", RELEASE + "/protected", Action.RELEASE_READ, responses=FILE_RESPONSES, response_class=Response)
def download_protected(request: Request, caller: AnyCaller, project: ProjectName, release: Identifier) -> Any:
    """The protected file, as it would be published."""
    with office_of(request).ledger.reading() as state:
        found = releases.find_release(state, project, release)
    if not found.protected:
        raise NotFoundError(f"release {release} is {found.status} and has no protected file yet.")
    return send_file(
        request,
        caller,
        project=project,
        subject=f"protected file of {release}",
        area=Area.RELEASE,
        digest=found.protected,
        name="protected.parquet",
    )


@routes("GET", RELEASE + "/package", Action.PACKAGE_READ, responses=ZIP_RESPONSES, response_class=Response)
def download_package(request: Request, caller: AnyCaller, project: ProjectName, release: Identifier) -> Any:
    """The release package."""
    with office_of(request).ledger.reading() as state:
        found = releases.find_release(state, project, release)
    return _package(request, caller, found)


@routes("GET", "/catalogue", Action.CATALOGUE_READ)
def read_catalogue(request: Request, paging: Paging) -> CataloguePage:
    """What is published; for everybody."""
    with office_of(request).ledger.reading() as state:
        found = state.select(Release, after=paging.after, limit=paging.limit + 1, status=ReleaseStatus.PUBLISHED)
    items = [CatalogueView.model_validate(release) for release in found[: paging.limit]]
    more = len(found) > paging.limit
    return CataloguePage(items=items, next=Cursor.write(items[-1].id) if more else None)


@routes("GET", "/catalogue/{release}", Action.CATALOGUE_READ)
def read_published(request: Request, release: Identifier) -> CatalogueView:
    """A published release; for everybody."""
    return CatalogueView.model_validate(_published(request, release))


@routes("GET", "/catalogue/{release}/package", Action.CATALOGUE_READ, responses=ZIP_RESPONSES, response_class=Response)
def download_published(request: Request, caller: AnyCaller, release: Identifier) -> Any:
    """The package of a published release; for everybody."""
    return _package(request, caller, _published(request, release))


def _release(office: Office, response: Response, project: str, name: str) -> ReleaseView:
    with office.ledger.reading() as state:
        found = releases.find_release(state, project, name)
    tag(response, found)
    return ReleaseView.of(found)


def _published(request: Request, name: str) -> Release:
    with office_of(request).ledger.reading() as state:
        found = state.select(Release, id=name, status=ReleaseStatus.PUBLISHED)
    if not found:
        raise NotFoundError("there is no such published release.")
    return found[0]


def _package(request: Request, caller: Caller, release: Release) -> Response:
    if not release.package:
        raise NotFoundError(f"release {release.id} is {release.status} and has no package yet.")
    return send_file(
        request,
        caller,
        project=release.project,
        subject=f"package of {release.id}",
        area=Area.PUBLIC,
        digest=release.package,
        name=f"{release.id}.zip",
        media_type=ZIP,
    )
