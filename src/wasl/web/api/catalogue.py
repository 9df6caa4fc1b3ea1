"""The public catalogue: published microdata and tables; what was withdrawn leaves a tombstone."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from wasl.errors import NotFoundError
from wasl.service.access import Action
from wasl.service.fetched import require_package
from wasl.service.ports import Area, Caller, Reader
from wasl.service.records import Release, TableOrder
from wasl.service.states import ReleaseStatus
from wasl.web.api.pagination import CataloguePage, Cursor, Paging
from wasl.web.api.parameters import Identifier
from wasl.web.api.release_views import CatalogueView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.downloads import ZIP, ZIP_RESPONSES, send_file
from wasl.web.problems import HttpProblem

__all__ = ["routes", "send_package"]

routes = Routes("catalogue")


@routes("GET", "/catalogue", Action.CATALOGUE_READ)
def read_catalogue(request: Request, paging: Paging) -> CataloguePage:
    """The published releases, microdata and tables; for everybody."""
    with office_of(request).ledger.reading() as state:
        found: list[Release | TableOrder] = [
            *state.select(Release, after=paging.after, limit=paging.limit + 1, status=ReleaseStatus.PUBLISHED),
            *state.select(TableOrder, after=paging.after, limit=paging.limit + 1, status=ReleaseStatus.PUBLISHED),
        ]
    found.sort(key=lambda one: one.id)
    items = [_view(one) for one in found[: paging.limit]]
    more = len(found) > paging.limit
    return CataloguePage(items=items, next=Cursor.write(items[-1].id) if more else None)


@routes("GET", "/catalogue/{release}", Action.CATALOGUE_READ)
def read_published(request: Request, release: Identifier) -> CatalogueView:
    """A published release; for everybody."""
    return _view(_published(request, release))


@routes("GET", "/catalogue/{release}/package", Action.CATALOGUE_READ, responses=ZIP_RESPONSES, response_class=Response)
def download_published(request: Request, caller: AnyCaller, release: Identifier) -> Any:
    """The package of a published release; for everybody."""
    return send_package(request, caller, _published(request, release))


def send_package(request: Request, caller: Caller, release: Release | TableOrder) -> Response:
    """The package of a release.

    Raises:
        NotFoundError: It has none yet, or was withdrawn.
    """
    require_package(release)
    return send_file(
        request,
        caller,
        project=release.project,
        subject=f"package of {release.id}",
        area=Area.PUBLIC,
        digest=release.package,
        name=f"{release.id}.zip",
        asked=None,
        media_type=ZIP,
    )


def _published(request: Request, name: str) -> Release | TableOrder:
    with office_of(request).ledger.reading() as state:
        found = _find(state, name)
    if found is None:
        raise NotFoundError("there is no such published release.")
    if found.status is ReleaseStatus.WITHDRAWN:
        raise HttpProblem(
            410,
            f"the release '{found.title}', published on {found.published_at[:10]}, was withdrawn: {found.reason}",
            remedy="Delete your copy, and look into the catalogue for a later release.",
        )
    return found


def _find(state: Reader, name: str) -> Release | TableOrder | None:
    public = (ReleaseStatus.PUBLISHED, ReleaseStatus.WITHDRAWN)
    releases = state.select(Release, id=name, status=public)
    orders = state.select(TableOrder, id=name, status=public)
    return releases[0] if releases else orders[0] if orders else None


def _view(release: Release | TableOrder) -> CatalogueView:
    if isinstance(release, Release):
        return CatalogueView.model_validate(release)
    # The specification holds parameters of the protection that stay secret: only what describes the tables goes out.
    public = ("name", "title", "title_fr", "title_ar", "unit", "period", "agency", "dimensions")
    tables = [{key: table[key] for key in public} for table in release.specification["tables"]]
    return CatalogueView(
        id=release.id,
        kind="tables",
        title=release.title,
        published_at=release.published_at,
        manifest_digest=release.manifest_digest,
        package=release.package,
        public_report=dict(release.public_report),
        description={"tables": tables},
    )
