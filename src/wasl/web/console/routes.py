"""All pages of the console, and the files they load."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from wasl.service.access import Action
from wasl.service.ports import Office
from wasl.web.console import (
    catalogue,
    dossiers,
    files,
    home,
    linkage,
    log,
    people,
    projects,
    releases,
    retention,
    returns,
    review,
    scenarios,
    sign_in,
    tables,
)
from wasl.web.console.pages import AnyPage, Pages
from wasl.web.console.sayings import Saying
from wasl.web.console.sessions import Sessions
from wasl.web.console.templates import STATIC, static_path
from wasl.web.settings import ServiceSettings

__all__ = ["PAGE_TOPICS", "add_console"]

PAGE_TOPICS = (
    catalogue,
    sign_in,
    home,
    files,
    returns,
    linkage,
    review,
    releases,
    scenarios,
    tables,
    log,
    retention,
    dossiers,
    projects,
    people,
)

STATIC_TYPES = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "keys.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
}
"""The files that pages load; nothing else of the folder is served."""

FOREVER = "public, max-age=31536000, immutable"

last = Pages()


@last("GET", "/console/{rest:path}", Action.STATUS_READ)
def show_nothing(page: AnyPage) -> Response:
    """The answer to an address of the console that is none."""
    return page.fault(Saying.of_status(404, page.language))


def add_console(app: FastAPI, engine: sa.Engine, office: Office, settings: ServiceSettings) -> None:
    """Serve the pages beside the API."""
    app.state.sessions = Sessions(engine, office, settings)

    @app.get("/console/static/{digest}/{name}", include_in_schema=False)
    async def send_static(digest: str, name: str) -> Response:
        if name not in STATIC_TYPES or static_path(name) != f"/console/static/{digest}/{name}":
            raise HTTPException(404)
        return FileResponse(STATIC / name, media_type=STATIC_TYPES[name], headers={"cache-control": FOREVER})

    for topic in PAGE_TOPICS:
        app.include_router(topic.pages.router)
    app.include_router(last.router)
