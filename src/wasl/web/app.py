"""The application: the one place where every part is put together."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio.to_thread import run_sync
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from wasl.web import problems
from wasl.web.api import audit, jobs, linkages, projects, releases, status, submissions, users
from wasl.web.authorization import Doorkeeper
from wasl.web.installation import Installation
from wasl.web.middleware import Edge, Metrics

__all__ = ["TOPICS", "create_app"]

TOPICS = (status, projects, submissions, linkages, releases, audit, jobs, users)

DESCRIPTION = """Links registers without seeing names, and publishes what may be published.

Every error is a problem (RFC 9457). A POST with an `Idempotency-Key` can be repeated safely. Lists are paged with
`limit` and `cursor`. Changes need `If-Match` with the ETag of what was read. Long work answers `202` with a job.
Every change, and every denied attempt, is an entry of the log.
"""


def create_app(installation: Installation, metrics: Metrics | None = None) -> FastAPI:
    """The application over an open installation; its workers run as long as it does."""
    settings = installation.settings
    metrics = metrics or Metrics()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        workers = [
            threading.Thread(target=installation.worker(metrics).run, args=(stop,), name=f"worker-{number}")
            for number in range(settings.workers_in_process)
        ]
        for worker in workers:
            worker.start()
        yield
        stop.set()
        for worker in workers:
            await run_sync(worker.join)

    app = FastAPI(
        title="wasl",
        version=version("wasl"),
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    app.state.installation = installation
    app.state.settings = settings
    app.state.office = installation.office
    app.state.files = installation.files
    app.state.engine = installation.engine
    app.state.metrics = metrics
    app.state.doorkeeper = Doorkeeper(installation.office, settings, metrics)
    for topic in TOPICS:
        app.include_router(topic.routes.router)
    problems.install(app)
    app.add_middleware(
        Edge, max_json_bytes=settings.max_json_bytes, max_header_bytes=settings.max_header_bytes, metrics=metrics
    )
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the bearer scheme that routes refer to."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "A token of wasl's, or an OIDC token"}
        }
        app.openapi_schema = document
    return app.openapi_schema
