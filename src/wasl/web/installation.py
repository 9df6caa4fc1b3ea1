"""The installation: settings become database, files, key and surroundings of use cases, for every verb and process."""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog

from wasl.service.access import Actor, Role
from wasl.service.ports import Caller, Office
from wasl.service.records import Release, Run, Submission, User
from wasl.service.users import IssuedToken, add_user, issue_token
from wasl.storage.database import connect, dialect_of
from wasl.storage.files import FileStore
from wasl.storage.leases import JobLeases
from wasl.storage.ledger import SqlLedger
from wasl.storage.schema import current_revision, latest_revision, migrate, require_latest
from wasl.web.middleware import Metrics
from wasl.web.secrets import load_signer, new_secret
from wasl.web.settings import ServiceSettings
from wasl.web.worker import Worker

__all__ = ["OPERATOR", "Installation", "configure_logging"]

OPERATOR = Actor("operator", Role.ADMIN)
"""Whoever has the machine and runs `wasl user`: as powerful as the files he can read, and logged under this name."""

FIRST_ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything a process of the service holds.

    Attributes:
        settings: What was configured.
        engine, ledger, files, leases: Storage.
        office: Surroundings of use cases.
    """

    settings: ServiceSettings
    engine: sa.Engine
    ledger: SqlLedger
    files: FileStore
    leases: JobLeases
    office: Office

    @classmethod
    def open(cls, settings: ServiceSettings) -> Installation:
        """Open the installation; the embedded database is made, or brought up to date, on the way.

        Raises:
            StateError: The database is of another revision; `wasl migrate` changes that.
        """
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = connect(settings.url, pool_size=settings.database_pool)
        if dialect_of(settings.url) == "sqlite" and current_revision(engine) != latest_revision():
            migrate(engine)
        require_latest(engine)
        ledger = SqlLedger(engine)
        files = FileStore(settings.folders)
        office = Office(
            ledger=ledger,
            files=files,
            now=_now,
            new_id=new_id,
            signer=load_signer(settings.key_path),
            part=settings.part,
            limits=settings.limits,
            threads=settings.threads,
        )
        return cls(settings, engine, ledger, files, JobLeases(ledger, lease_seconds=settings.lease_seconds), office)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def sweep(self) -> int:
        """Remove files that a crash left behind and no record names; gives how many."""
        with self.ledger.reading() as state:
            named = {one.file for one in state.select(Submission)}
            for run in state.select(Run):
                named |= {run.pairs, run.links, run.spine, run.conflicts}
            for release in state.select(Release):
                named |= {release.microdata, release.protected, release.package}
        return self.files.sweep(named)

    def operator(self) -> Caller:
        """The caller in whose name the command line acts."""
        return Caller(OPERATOR, self.office.now())

    def first_admin(self) -> IssuedToken | None:
        """An administrator and his token, when there is no user yet; None otherwise."""
        with self.ledger.reading() as state:
            if state.select(User, limit=1):
                return None
        add_user(self.office, self.operator(), name=FIRST_ADMIN, title="First administrator")
        return issue_token(
            self.office,
            self.operator(),
            user=FIRST_ADMIN,
            role=Role.ADMIN,
            project=None,
            register=None,
            days=self.settings.token_days,
            new_secret=new_secret,
        )

    def worker(self, metrics: Metrics | None = None) -> Worker:
        """A worker of this installation."""
        return Worker(
            self.office,
            self.leases,
            poll_seconds=self.settings.poll_seconds,
            max_attempts=self.settings.max_attempts,
            checkpoint_minutes=self.settings.checkpoint_minutes,
            metrics=metrics,
        )


def new_id() -> str:
    """32 hexadecimal digits that sort by age: 48 bits of milliseconds, 80 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def configure_logging(level: str) -> None:
    """One JSON object per line on stderr, for wasl and for the libraries beneath it."""
    severity = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(severity, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s", force=True
    )


def _now() -> datetime:
    return datetime.now(UTC)
