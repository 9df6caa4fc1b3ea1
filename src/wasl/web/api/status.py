"""Whether the service lives, whether it can work, and what it counts."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from wasl.service.access import Action
from wasl.storage.files import FileStore
from wasl.storage.schema import require_latest
from wasl.web.authorization import Routes, office_of
from wasl.web.middleware import Metrics
from wasl.web.problems import HttpProblem
from wasl.web.settings import ServiceSettings

routes = Routes("status")

TEXT = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus exposition"}}


class Health(BaseModel):
    """That the process answers."""

    status: str = "ok"
    version: str = version("wasl")


class Readiness(BaseModel):
    """That the service can do its work."""

    status: str = "ready"
    entries: int
    free_bytes: int
    part: str


@routes("GET", "/health", Action.STATUS_READ)
def read_health() -> Health:
    """Whether the process lives."""
    return Health()


@routes("GET", "/ready", Action.STATUS_READ)
def read_readiness(request: Request) -> Readiness:
    """Whether database and files are there, of the right revision, with room left."""
    settings: ServiceSettings = request.app.state.settings
    files: FileStore = request.app.state.files
    office = office_of(request)
    require_latest(request.app.state.engine)
    free = files.free_bytes()
    if free < settings.min_free_bytes:
        raise HttpProblem(503, "the disk is nearly full.")
    with office.ledger.reading() as state:
        entries = state.log_size()
    return Readiness(entries=entries, free_bytes=free, part=office.part.value)


@routes("GET", "/metrics", Action.METRICS_READ, responses=TEXT, response_class=Response)
def read_metrics(request: Request) -> Response:
    """What this process counts, for Prometheus."""
    metrics: Metrics = request.app.state.metrics
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
