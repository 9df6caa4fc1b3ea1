"""The application: the one place where every part is put together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa
import structlog
from anyio.to_thread import run_sync
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from wasl.web import problems
from wasl.web.api import (
    audit,
    catalogue,
    dossiers,
    jobs,
    linkages,
    projects,
    releases,
    retention,
    returns,
    reviews,
    scenarios,
    status,
    submissions,
    tables,
    users,
)
from wasl.web.authorization import Doorkeeper
from wasl.web.console.routes import add_console
from wasl.web.installation import Installation
from wasl.web.middleware import Edge, Metrics
from wasl.web.openapi import complete_document
from wasl.web.scanner import require_scanner

__all__ = ["TOPICS", "create_app"]

TOPICS = (
    status,
    projects,
    submissions,
    linkages,
    reviews,
    releases,
    scenarios,
    tables,
    catalogue,
    returns,
    retention,
    dossiers,
    audit,
    jobs,
    users,
)

NOISE_SECONDS = 300.0
"""Between two entries that count denials of callers without a token."""

DESCRIPTION = """Links registers without seeing names, and publishes what may be published.

Every error is a problem (RFC 9457). A POST with an `Idempotency-Key` can be repeated safely. Lists are paged with
`limit` and `cursor`. Changes need `If-Match` with the ETag of what was read. Long work answers `202` with a job.
Every change, and every denied attempt, is an entry of the log.
"""


def create_app(installation: Installation, metrics: Metrics | None = None) -> FastAPI:
    """The application over an open installation; its workers run as long as it does.

    Raises:
        InputError: The scanner that the settings name is not there.
    """
    settings = installation.settings
    require_scanner(settings)
    metrics = metrics or Metrics()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        doorkeeper: Doorkeeper = app.state.doorkeeper
        if doorkeeper.oidc is not None:
            doorkeeper.oidc.keys.start()
        counting = asyncio.create_task(_log_noise(doorkeeper))
        workers = [
            threading.Thread(target=installation.worker(metrics).run, args=(stop,), name=f"worker-{number}")
            for number in range(settings.workers_in_process)
        ]
        for worker in workers:
            worker.start()
        yield
        counting.cancel()
        stop.set()
        if doorkeeper.oidc is not None:
            doorkeeper.oidc.keys.stop()
        await run_sync(doorkeeper.noise.flush)
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
    add_console(app, installation.engine, installation.office, settings)
    problems.install(app)
    app.add_middleware(
        Edge,
        max_json_bytes=settings.max_json_bytes,
        max_header_bytes=settings.max_header_bytes,
        metrics=metrics,
        console_host=settings.console_host,
    )
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


async def _log_noise(doorkeeper: Doorkeeper) -> None:
    """Log the count of anonymous denials from time to time, for as long as the process serves."""
    while True:
        await asyncio.sleep(NOISE_SECONDS)
        try:
            await run_sync(doorkeeper.noise.flush)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            structlog.get_logger().warning("denials not logged", error=type(error).__name__)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the bearer scheme that routes refer to."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        app.openapi_schema = complete_document(document)
    return app.openapi_schema
