"""The installation: settings become database, files, key and surroundings of use cases, for every verb and process."""

from __future__ import annotations

import atexit
import json
import logging
import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from wasl.audit.events import DatabaseAccepted, FilesDeleted, FilesQuarantined, KeyRotated
from wasl.audit.notes import NoteSigner
from wasl.errors import StateError
from wasl.locale import N_
from wasl.service.access import Actor, Role
from wasl.service.erasure import named_files
from wasl.service.log import rotation_event, sign_checkpoint
from wasl.service.ports import Caller, Office
from wasl.service.records import TableOrder, User
from wasl.service.users import IssuedToken, add_user, issue_token
from wasl.storage.custody import Custody
from wasl.storage.database import connect, dialect_of
from wasl.storage.files import FileStore, Sweep
from wasl.storage.leases import JobLeases
from wasl.storage.ledger import SqlLedger, SqlReader
from wasl.storage.schema import current_revision, migrate, require_latest
from wasl.web.log_sender import start_sending
from wasl.web.middleware import Metrics
from wasl.web.secrets import install_next, load_record_secret, load_signer, new_secret, next_signer
from wasl.web.settings import ServiceSettings
from wasl.web.worker import SERVICE, Worker

__all__ = ["OPERATOR", "Installation", "configure_logging"]

OPERATOR = Actor("operator", Role.ADMIN)
"""The user of the machine who runs `wasl user`: as powerful as the files he can read, and logged under this name."""

FIRST_ADMIN = "admin"

DIGESTS_PER_ENTRY = 500
"""Digests in one entry of the log, which is then about 36 kB long."""

MOST_ENTRIES = 1 << 40


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything a process of the service holds.

    Attributes:
        settings: What was configured.
        engine, ledger, files, custody, leases: Storage.
        office: Surroundings of use cases.
    """

    settings: ServiceSettings
    engine: sa.Engine
    ledger: SqlLedger
    files: FileStore
    custody: Custody
    leases: JobLeases
    office: Office

    @classmethod
    def open(cls, settings: ServiceSettings, *, accept_older: bool = False) -> Installation:
        """Open the installation; the embedded database is made on the way, and never brought up to date unasked.

        Args:
            settings: What was configured.
            accept_older: Whether a database older than its folders is meant; that is logged.

        Raises:
            StateError: The database is of another revision (`wasl migrate` changes that), or the folders or the
                signing key are not those of this database.
            KeyFileError: The signing key is missing or damaged.
        """
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if dialect_of(settings.url) == "sqlite":
            _make_private(settings.url)
        engine = connect(settings.url, pool_size=settings.database_pool)
        if dialect_of(settings.url) == "sqlite" and current_revision(engine) is None:
            migrate(engine)
        require_latest(engine)
        ledger = SqlLedger(engine)
        files = FileStore(settings.folders)
        custody = Custody.take(
            ledger, files.folders, new_id=new_id(), at=Caller(OPERATOR, _now()).stamp, accept_older=accept_older
        )
        known = custody.verifier()
        signer = load_signer(
            settings.key_path, known="" if known is None else known.name, known_key="" if known is None else str(known)
        )
        custody.tie_key(signer.verifier)
        office = Office(
            ledger=ledger,
            files=files,
            now=_now,
            new_id=new_id,
            signer=signer,
            part=settings.part,
            limits=settings.limits,
            threads=settings.threads,
            two_person=settings.two_person,
            record_secret=load_record_secret(settings.record_key_path, lambda: _has_keyed_tables(ledger)),
            require_authorization=settings.require_authorization,
        )
        leases = JobLeases(ledger, lease_seconds=settings.lease_seconds)
        opened = cls(settings, engine, ledger, files, custody, leases, office)
        if accept_older:
            caller = opened.operator()
            with ledger.writing(caller) as transaction:
                happening = DatabaseAccepted(entries=transaction.log_size())
                transaction.save(event=caller.event(happening, subject=custody.id))
        return opened

    def close(self) -> None:
        """Note how long the log is, and give the connections back."""
        try:
            self.custody.witness()
        except (sa.exc.SQLAlchemyError, OSError) as error:
            structlog.get_logger().warning("the folders were not marked", error=type(error).__name__)
        self.ledger.close()
        self.engine.dispose()

    def sweep(self) -> Sweep:
        """Set aside files that no record names, and delete those set aside longer than the quarantine lasts.

        A file is deleted only after the log has shown it as discarded, so whoever restores an older database finds
        every file that database names.
        """
        caller = Caller(SERVICE, self.office.now())
        with self.ledger.reading() as state:
            named = named_files(state)
            erased = _listed(state, "FilesErased", before="")
            before = Caller(SERVICE, caller.at - timedelta(days=self.settings.quarantine_days)).stamp
            discarded = erased | _listed(state, "FilesQuarantined", before=before)
        done = self.files.sweep(named, discarded)
        for digests, happening in ((done.quarantined, FilesQuarantined), (done.deleted, FilesDeleted)):
            for start in range(0, len(digests), DIGESTS_PER_ENTRY):
                some = tuple(digests[start : start + DIGESTS_PER_ENTRY])
                with self.ledger.writing(caller) as transaction:
                    transaction.save(event=caller.event(happening(files=some), subject=f"{len(some)} files"))
        return done

    def rotate_key(self, *, reason: str) -> NoteSigner:
        """Sign the log with a new key from here on: the old key signs the new one, in the log and in its exports.

        Every process of the installation must be started again afterwards; until then `ready` fails.
        """
        caller = self.operator()
        new = next_signer(self.settings.key_path, self.office.signer.name)
        self.custody.rotate(
            caller,
            new.verifier,
            lambda size: rotation_event(self.office, caller, new, size=size, reason=reason),
        )
        install_next(self.settings.key_path)
        sign_checkpoint(replace(self.office, signer=new), caller)
        return new

    @staticmethod
    def replace_lost_key(settings: ServiceSettings, *, reason: str) -> NoteSigner:
        """Begin a new key although the old one is lost; nobody can sign the change, and the log says so.

        Raises:
            StateError: The key is not lost, or the log was never signed.
        """
        if settings.key_path.exists():
            raise StateError(f"the key {settings.key_path} is there.", remedy="Rotate it without --lost.")
        ledger = SqlLedger(connect(settings.url))
        caller = Caller(OPERATOR, _now())
        custody = Custody.take(ledger, FileStore(settings.folders).folders, new_id=new_id(), at=caller.stamp)
        known = custody.verifier()
        if known is None:
            raise StateError("the log was never signed, so no key is lost.", remedy="Start the service.")
        new = next_signer(settings.key_path, known.name)
        happening = KeyRotated(old_key=str(known), new_key=str(new.verifier), endorsement="", reason=reason)
        custody.rotate(caller, new.verifier, lambda _size: caller.event(happening, subject=known.name))
        install_next(settings.key_path)
        ledger.engine.dispose()
        return new

    def operator(self) -> Caller:
        """The caller in whose name the command line acts."""
        return Caller(OPERATOR, self.office.now())

    def first_admin(self) -> IssuedToken | None:
        """An administrator and his token, when there is no user yet; None otherwise."""
        with self.ledger.reading() as state:
            if state.select(User, limit=1):
                return None
        add_user(self.office, self.operator(), name=FIRST_ADMIN, title=N_("First administrator"))
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
            retry_seconds=self.settings.retry_seconds,
            checkpoint_minutes=self.settings.checkpoint_minutes,
            erasure_hours=self.settings.erasure_hours,
            witness=self.custody.witness,
            metrics=metrics,
        )


def _has_keyed_tables(ledger: SqlLedger) -> bool:
    """Whether tables were made with the secret of record keys."""
    with ledger.reading() as state:
        return any(one.record_key_id for one in state.select(TableOrder))


def _listed(state: SqlReader, kind: str, *, before: str) -> set[str]:
    """The digests that entries of a kind, made before a time, list as discarded."""
    entries = state.log_entries(first=0, limit=MOST_ENTRIES, kind=kind, before=before)
    return {str(digest) for entry in entries for digest in json.loads(entry.data)["detail"]["files"]}


def _make_private(url: str) -> None:
    """Make the embedded database's file readable by its owner only; SQLite gives its journals the same mode."""
    name = sa.make_url(url).database
    if name and name != ":memory:":
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.chmod(0o600)


def new_id() -> str:
    """32 hexadecimal digits that sort by age: 48 bits of milliseconds, 80 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def configure_logging(settings: ServiceSettings) -> None:
    """One JSON object per line on stderr, for wasl and for the libraries beneath it; to a syslog server, too, if set.

    Raises:
        InputError: The certificates of that server's authority cannot be read.
    """
    severity = logging.getLevelNamesMapping()[settings.log_level.upper()]
    sending: list[Any] = []
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if settings.log_target:
        sender, handler = start_sending(settings.log_target, settings.log_ca_file)
        atexit.register(sender.close)
        sending.append(sender)
        handlers.append(handler)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
            *sending,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(severity, logging.WARNING), handlers=handlers, format="%(levelname)s %(name)s", force=True
    )


def _now() -> datetime:
    return datetime.now(UTC)
