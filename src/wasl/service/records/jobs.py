"""Records of long work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wasl.service.records.base import Noun

__all__ = ["Job", "JobKind", "JobStatus"]


class JobKind(StrEnum):
    """What workers do."""

    SCORE = "score"
    RESOLVE = "resolve"
    PROTECT = "protect"
    PACKAGE = "package"
    REPRODUCE = "reproduce"
    ERASE = "erase"
    TABULATE = "tabulate"
    RETURN = "return"
    PACKAGE_TABLES = "package-tables"
    COMPARE = "compare"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PARKED = "parked"
    """Broke down too often; an administrator can queue it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Noun):
    """Long work, done by whichever worker holds its lease.

    Attributes:
        kind, project, subject: What to do, on which run or release.
        status: Where it stands.
        percent: Progress, 0 to 100.
        attempt: How often a worker took it; a worker whose attempt is not the last can commit nothing.
        cancel_asked: Whether somebody asked to stop it.
        failure: Why it failed; empty otherwise.
        result: What it found, for jobs that change nothing (a reproduction).
        failures: How often it broke down for an unknown reason; restarts and a full disk do not count.
        not_before: No worker takes it before this time, in seconds since 1970.
    """

    kind: JobKind
    project: str
    subject: str
    status: JobStatus = JobStatus.QUEUED
    percent: int = 0
    attempt: int = 0
    cancel_asked: bool = False
    failure: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    failures: int = 0
    not_before: float = 0.0
