"""The dossier of a project for the authority, and the decision that later acts are held to."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import Path, Request, Response
from pydantic import BaseModel, Field

from wasl.service import dossiers
from wasl.service.access import Action
from wasl.service.ports import Area
from wasl.service.records import DossierFile, StoredAuthorization
from wasl.web.api.pagination import Page, Paging
from wasl.web.api.parameters import Digest, Document, Id, Identifier, ProjectName, ProjectWord
from wasl.web.api.versions import tag
from wasl.web.api.views import View
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.downloads import FILE_RESPONSES, MEDIA_TYPES, send_file
from wasl.web.idempotency import once

routes = Routes("dossiers")

FileName = Annotated[
    Literal[
        "dossier.json",
        "dossier.fr.html",
        "dossier.ar.html",
        "dossier.en.html",
        "dossier.fr.docx",
        "dossier.ar.docx",
        "dossier.en.docx",
    ],
    Path(description="the file of the dossier", examples=["dossier.fr.docx"]),
]


class NewDossier(BaseModel):
    """What only people know, and measurements made elsewhere."""

    particulars: Document = Field(default_factory=dict, examples=[{"controller": {"name": {"fr": "HCP"}}}])
    attacks: list[dict[str, Any]] = Field(
        default=[], max_length=10_000, description="the content of attacks.json of `wasl attack`"
    )
    policies: list[Document] = Field(
        default=[], max_length=50, description="of releases to come", examples=[[{"name": "public-use"}]]
    )
    menus: list[Document] = Field(default=[], max_length=50, description="menus of tables to come")


class DossierView(View):
    """A version of the dossier."""

    project: ProjectWord
    number: int = Field(examples=[1], description="1, and one more for every later version")
    digest: Digest
    statements: int
    holes: list[str] = Field(description="places that only people can fill in", examples=[["controller"]])
    document: dict[str, Any] = Field(description="statements with their sources, holes, and the scope asked for")


class NewAuthorization(BaseModel):
    """The authority's decision on a dossier."""

    dossier: str = Field(
        pattern=r"^[0-9a-z-]{1,80}$",
        description="id of the dossier that was authorized",
        examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3"],
    )
    decision: str = Field(min_length=1, max_length=100, examples=["D-12/2026"])
    decided: dt.date = Field(examples=["2026-06-01"])
    expires: dt.date = Field(examples=["2028-05-31"], description="the last day on which it holds")
    without: list[str] = Field(default=[], max_length=1000, examples=[["key:passport"]], description="struck out")
    beside: bool = Field(
        strict=True,
        default=False,
        description="whether it holds beside the decisions stored before, instead of replacing them",
    )


class Revocation(BaseModel):
    """Why a decision no longer covers anything."""

    reason: str = Field(min_length=1, max_length=500, examples=["letter of the authority of 3 March"])


class AuthorizationView(View):
    """An authorization; the one stored last holds, and those stored beside it."""

    project: ProjectWord
    decision: str = Field(examples=["D-12/2026"])
    decided: str = Field(examples=["2026-06-01"])
    expires: str = Field(examples=["2028-05-31"])
    dossier: Id
    document: dict[str, Any] = Field(description="the decision with its scope")


@routes("GET", "/projects/{project}/dossiers", Action.DOSSIER_READ)
def list_dossiers(request: Request, project: ProjectName, paging: Paging) -> Page[DossierView]:
    """The versions of the project's dossier."""
    with office_of(request).ledger.reading() as state:
        found = state.select(DossierFile, after=paging.after, limit=paging.limit + 1, project=project)
    return paging.page(DossierView, found)


@routes("POST", "/projects/{project}/dossiers", Action.DOSSIER_DRAW, status=201, toml="particulars")
def draw_up(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewDossier
) -> DossierView:
    """Draw up the next version from the project's registers, runs, releases, rules and log."""
    office = office_of(request)
    name = once(
        request,
        caller,
        lambda: dossiers.draw_up_project_dossier(
            office,
            caller,
            project=project,
            particulars=body.particulars,
            attacks=body.attacks,
            policies=body.policies,
            menus=body.menus,
        ),
    )
    with office.ledger.reading() as state:
        found = state.get(DossierFile, name)
    tag(response, found, at=f"/v1/projects/{project}/dossiers/{name}/dossier.json")
    return DossierView.of(found)


@routes(
    "GET",
    "/projects/{project}/dossiers/{dossier}/{name}",
    Action.DOSSIER_READ,
    responses=FILE_RESPONSES,
    response_class=Response,
)
def download_dossier(
    request: Request, caller: AnyCaller, project: ProjectName, dossier: Identifier, name: FileName
) -> Any:
    """A file of the dossier: JSON, or in one language HTML or Word."""
    with office_of(request).ledger.reading() as state:
        found = dossiers.find_dossier(state, project, dossier)
    media_type = MEDIA_TYPES[name.rsplit(".", 1)[-1]]
    digest = found.files[name]
    return send_file(
        request,
        caller,
        project=project,
        subject=dossier,
        area=Area.RELEASE,
        digest=digest,
        name=name,
        asked=None,
        media_type=media_type,
    )


@routes("GET", "/projects/{project}/authorizations", Action.AUTHORIZATION_READ)
def list_authorizations(request: Request, project: ProjectName, paging: Paging) -> Page[AuthorizationView]:
    """The authorizations stored for the project; the last one holds, and those stored beside it."""
    with office_of(request).ledger.reading() as state:
        found = state.select(StoredAuthorization, after=paging.after, limit=paging.limit + 1, project=project)
    return paging.page(AuthorizationView, found)


@routes("POST", "/projects/{project}/authorizations", Action.AUTHORIZATION_STORE, status=201)
def store_authorization(
    request: Request, response: Response, caller: AnyCaller, project: ProjectName, body: NewAuthorization
) -> AuthorizationView:
    """Store the authority's decision; linkages, releases and tables beyond it are refused, for every role."""
    office = office_of(request)
    name = once(
        request,
        caller,
        lambda: dossiers.store_authorization(
            office,
            caller,
            project=project,
            dossier=body.dossier,
            decision=body.decision,
            decided=body.decided,
            expires=body.expires,
            without=body.without,
            beside=body.beside,
        ),
    )
    with office.ledger.reading() as state:
        found = state.get(StoredAuthorization, name)
    tag(response, found, at=f"/v1/projects/{project}/authorizations")
    return AuthorizationView.of(found)


@routes("POST", "/projects/{project}/authorizations/{authorization}/revocation", Action.AUTHORIZATION_STORE)
def revoke_authorization(
    request: Request,
    response: Response,
    caller: AnyCaller,
    project: ProjectName,
    authorization: Identifier,
    body: Revocation,
) -> AuthorizationView:
    """Record that the authority revoked a decision; from now on it covers no act."""
    office = office_of(request)
    once(
        request,
        caller,
        lambda: dossiers.revoke_authorization(
            office, caller, project=project, authorization=authorization, reason=body.reason
        ),
    )
    with office.ledger.reading() as state:
        found = state.get(StoredAuthorization, authorization)
    tag(response, found, at=f"/v1/projects/{project}/authorizations")
    return AuthorizationView.of(found)
