"""Whether the service lives, whether it can work, and what it counts."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from wasl.service.access import Action
from wasl.storage.files import FileStore
from wasl.storage.schema import require_latest
from wasl.web.authorization import Routes, office_of
from wasl.web.condition import condition
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
    part: str = Field(description="both, linkage or spine", examples=["both"])
    workers: int = Field(description="job workers heard of within the last minute that can work")
    queued: int = Field(description="jobs that wait")
    parked: int = Field(description="jobs set aside because they broke down every time")
    signing_key: str = Field(description="the key the log is signed with", examples=["wasl.example.ma/log"])
    checkpoint_age_seconds: float | None = Field(
        examples=[1800.5], description="age of the last signed checkpoint; null before the first"
    )


@routes("GET", "/health", Action.STATUS_READ)
async def read_health() -> Health:
    """Whether the process lives."""
    return Health()


@routes("GET", "/ready", Action.STATUS_READ)
def read_readiness(request: Request) -> Readiness:
    """Whether database, files, signing key and workers are there, with room left."""
    settings: ServiceSettings = request.app.state.settings
    files: FileStore = request.app.state.files
    office = office_of(request)
    require_latest(request.app.state.engine)
    free = files.free_bytes()
    if free < settings.min_free_bytes:
        raise HttpProblem(503, "the disk is nearly full.")
    found = condition(request.app.state.installation)
    if not found.key_held:
        raise HttpProblem(503, "the signing key's file is missing or another.", remedy="Restore it from the backup.")
    crew = found.crew
    if crew.failing and not crew.workers:
        raise HttpProblem(503, f"no worker can work: {'; '.join(crew.failing)}.", remedy="See the log of the workers.")
    if not crew.workers and (settings.workers_in_process or crew.queued):
        raise HttpProblem(503, "no worker is running.", remedy="Start `wasl worker`, or set workers_in_process.")
    return Readiness(
        entries=found.entries,
        free_bytes=free,
        part=office.part.value,
        workers=crew.workers,
        queued=crew.queued,
        parked=crew.parked,
        signing_key=office.signer.name,
        checkpoint_age_seconds=found.checkpoint_age_seconds,
    )


@routes("GET", "/metrics", Action.METRICS_READ, responses=TEXT, response_class=Response)
def read_metrics(request: Request) -> Response:
    """What this process counts, for Prometheus."""
    metrics: Metrics = request.app.state.metrics
    metrics.show(condition(request.app.state.installation))
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
