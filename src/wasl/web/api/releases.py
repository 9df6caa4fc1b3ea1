"""Releases: prepared, protected, requested, decided, published, withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.errors import NotFoundError
from wasl.service import packages, release_steps, releases
from wasl.service.access import Action
from wasl.service.fetched import asked_for_protected
from wasl.service.ports import Area, Caller, Office
from wasl.service.records import Project, Release
from wasl.service.states import ReleaseStep
from wasl.web.api.catalogue import send_package
from wasl.web.api.pagination import Page, Paging
from wasl.web.api.parameters import Document, Identifier, ProjectName
from wasl.web.api.release_views import ReleaseView, RiskView
from wasl.web.api.versions import IF_MATCH, SeenVersion, tag
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.downloads import FILE_RESPONSES, ZIP_RESPONSES, send_file
from wasl.web.idempotency import once
from wasl.web.reports import (
    HTML_RESPONSES,
    INTERNAL_RESPONSES,
    reader_language,
    send_internal_file,
    send_internal_report,
)

routes = Routes("releases")

RELEASES = "/projects/{project}/releases"
RELEASE = RELEASES + "/{release}"
LARGEST_SEED = (1 << 62) - 1


class NewRelease(BaseModel):
    """A release to prepare."""

    run: str = Field(
        max_length=80, description="the resolved run it is made from", examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3"]
    )
    title: str = Field(min_length=1, max_length=300, examples=["Foreign workers 2025"])
    specification: Annotated[
        Document,
        Field(
            description="the microdata specification: who is in, which variables",
            examples=[{"name": "foreign-workers"}],
        ),
    ]
    policy: Annotated[Document, Field(description="the disclosure policy", examples=[{"name": "public-use"}])]
    description: Annotated[
        Document, Field(description="the dataset description", examples=[{"name": "foreign-workers-puf"}])
    ]
    seed: int | None = Field(
        default=None, strict=True, ge=0, le=LARGEST_SEED, description="of every random choice; default: drawn"
    )
    purpose: str = Field(default="", max_length=60, description="what for; needed where several are authorized")


class ChangedRelease(BaseModel):
    """Documents to protect under anew; what is left out stays."""

    specification: Document | None = None
    policy: Annotated[Document | None, Field(examples=[{"name": "public-use"}])] = None
    description: Document | None = None
    seed: int | None = Field(default=None, strict=True, ge=0, le=LARGEST_SEED)
    purpose: str = Field(default="", max_length=60, description="what for; needed where several are authorized")


ReleaseAct = Callable[..., Release]


class Reason(BaseModel):
    """Why."""

    reason: str = Field(default="", max_length=2000, examples=["k holds in every region"])


@routes("GET", RELEASES, Action.RELEASE_READ)
def list_releases(request: Request, project: ProjectName, paging: Paging) -> Page[ReleaseView]:
    """The project's releases."""
    with office_of(request).ledger.reading() as state:
        state.get(Project, project)
        found = state.select(Release, after=paging.after, limit=paging.limit + 1, project=project)
    return paging.page(ReleaseView, found)


@routes("POST", RELEASES, Action.RELEASE_PREPARE, status=202, toml="")
def prepare_release(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewRelease
) -> ReleaseView:
    """Assemble microdata from a run's spine and protect them; the job does the work."""
    office = office_of(request)
    name = once(request, caller, lambda: releases.prepare_release(office, caller, project=project, **body.model_dump()))
    return _release(office, response, project, name, working=True)


@routes("GET", RELEASE, Action.RELEASE_READ)
def read_release(request: Request, response: Response, project: ProjectName, release: Identifier) -> ReleaseView:
    """A release."""
    return _release(office_of(request), response, project, release)


@routes("GET", RELEASE + "/risk", Action.RISK_READ, logged_as="risk report")
def read_risk(request: Request, project: ProjectName, release: Identifier) -> RiskView:
    """The confidential report: risk before and after, utility, what was changed."""
    with office_of(request).ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
    return RiskView(
        release=found.id,
        status=found.status,
        risk=releases.without_seed(found.risk),
        policy=dict(found.policy),
        failure=found.failure,
    )


@routes(
    "GET",
    RELEASE + "/internal-report.html",
    Action.RISK_READ,
    logged_as="risk report",
    responses=HTML_RESPONSES,
    response_class=Response,
)
def read_risk_page(request: Request, caller: AnyCaller, project: ProjectName, release: Identifier) -> Any:
    """The confidential report as one HTML page, in the language of Accept-Language."""
    return send_internal_report(request, caller, project, release, reader_language(request))


@routes(
    "GET",
    RELEASE + "/internal-report.json",
    Action.RELEASE_INTERNAL,
    responses=INTERNAL_RESPONSES,
    response_class=Response,
)
def download_internal_report(request: Request, caller: AnyCaller, project: ProjectName, release: Identifier) -> Any:
    """The confidential report with the seed of protection, for the release desk."""
    return send_internal_file(request, caller, project, release)


@routes("POST", RELEASE + "/protect", Action.RELEASE_PREPARE, status=202, toml="", openapi_extra=IF_MATCH)
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
    changes = body.model_dump()
    once(
        request,
        caller,
        lambda: releases.protect_again(office, caller, project=project, release=release, version=version, **changes),
    )
    return _release(office, response, project, release, working=True)


def _add_step(step: str, act: ReleaseAct, description: str, *, reasoned: bool, status: int = 200) -> None:
    """One route for each step of a release."""
    options: dict[str, Any] = {
        "status": status,
        "openapi_extra": IF_MATCH,
        "operation_id": f"{step}_release",
        "description": description,
    }
    action = ReleaseStep(step).action
    assert action is not None  # noqa: S101 - the steps below are those that people take

    def take(request: Request, response: Response, caller: Caller, project: str, **given: Any) -> ReleaseView:
        office = office_of(request)
        once(request, caller, lambda: act(office, caller, project=project, **given))
        return _release(office, response, project, given["release"], working=status == HTTPStatus.ACCEPTED)

    if reasoned:

        @routes("POST", f"{RELEASE}/{step}", action, **options)
        def take_with_reason(
            request: Request,
            response: Response,
            caller: AnyCaller,
            project: ProjectName,
            release: Identifier,
            version: SeenVersion,
            body: Reason,
        ) -> ReleaseView:
            return take(request, response, caller, project, release=release, version=version, reason=body.reason)

    else:

        @routes("POST", f"{RELEASE}/{step}", action, **options)
        def take_step(
            request: Request,
            response: Response,
            caller: AnyCaller,
            project: ProjectName,
            release: Identifier,
            version: SeenVersion,
        ) -> ReleaseView:
            return take(request, response, caller, project, release=release, version=version)


_add_step("request", release_steps.request_release, "Ask for the publication of a protected file.", reasoned=False)
_add_step(
    "approve",
    release_steps.approve_release,
    "Approve a requested release, as another person than those who prepared, protected and requested it.",
    reasoned=True,
)
_add_step("refuse", release_steps.refuse_release, "Refuse a requested release, with the reason.", reasoned=True)
_add_step(
    "revoke", release_steps.revoke_approval, "Take an approval back before publication, with the reason.", reasoned=True
)
_add_step(
    "publish",
    packages.publish_release,
    "Package, sign and publish an approved release; the job does the work.",
    reasoned=False,
    status=202,
)
_add_step(
    "withdraw",
    release_steps.withdraw_release,
    "Take a published release out of the catalogue, with the reason. A tombstone stays.",
    reasoned=True,
)


@routes("GET", RELEASE + "/protected", Action.RELEASE_READ, responses=FILE_RESPONSES, response_class=Response)
def download_protected(request: Request, caller: AnyCaller, project: ProjectName, release: Identifier) -> Any:
    """The protected file, as it would be published."""
    with office_of(request).ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
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
        asked=asked_for_protected(caller, found),
    )


@routes("GET", RELEASE + "/package", Action.PACKAGE_READ, responses=ZIP_RESPONSES, response_class=Response)
def download_package(request: Request, caller: AnyCaller, project: ProjectName, release: Identifier) -> Any:
    """The release package."""
    with office_of(request).ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
    return send_package(request, caller, found)


def _release(office: Office, response: Response, project: str, name: str, *, working: bool = False) -> ReleaseView:
    with office.ledger.reading() as state:
        found = release_steps.find_release(state, project, name)
    tag(response, found, at=f"/v1/jobs/{found.job}" if working else "")
    return ReleaseView.of(found)
