"""The database engine: SQLite in WAL mode or PostgreSQL, with the same promises."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from wasl.errors import InputError, StateError

__all__ = ["ChangeMark", "connect", "dialect_of", "opened_in_words"]

SUPPORTED = ("sqlite", "postgresql")
BUSY_SECONDS = 30


def dialect_of(url: str) -> str:
    """``sqlite`` or ``postgresql``.

    Raises:
        InputError: Another database, or not a URL; the URL itself is not shown, for it may hold a password.
    """
    try:
        name = sa.make_url(url).get_backend_name()
    except sa.exc.ArgumentError as error:
        raise InputError(
            "WASL_DATABASE_URL is not a database URL.", remedy="sqlite:///… or postgresql+psycopg://…"
        ) from error
    if name not in SUPPORTED:
        raise InputError(f"wasl keeps its state in SQLite or PostgreSQL, not in {name}.")
    return name


def connect(url: str, *, pool_size: int = 10) -> sa.Engine:
    """An engine whose write transactions are serializable where it matters and durable when they have committed.

    SQLite: WAL, every commit flushed (``synchronous=FULL``), foreign keys on, writers queue for the lock from their
    first statement (``BEGIN IMMEDIATE``), so that no transaction fails half-way for want of it.
    """
    if dialect_of(url) == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return sa.create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)


@contextmanager
def opened_in_words(url: str) -> Iterator[None]:
    """Say in words why the database of an address cannot be opened; the address itself may hold a password.

    Raises:
        StateError: It is damaged, is no database, is missing, or does not answer.
    """
    try:
        yield
    except sa.exc.DatabaseError as error:
        why = str(error.orig).strip().partition("\n")[0]
        if dialect_of(url) == "sqlite":
            raise StateError(
                f"the database {sa.make_url(url).database} cannot be opened: {why}.",
                remedy="Correct data_dir or database_url, or restore the database and its folders from one backup.",
            ) from error
        if error.statement is not None:  # it did answer; its words may hold what the statement asked for
            raise
        raise StateError(
            f"the database does not answer, or does not let wasl in: {why}.",
            remedy="Start it, or correct WASL_DATABASE_URL.",
        ) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("wasl_reads", False)
    connection.exec_driver_sql("BEGIN DEFERRED" if reads else "BEGIN IMMEDIATE")


class ChangeMark:
    """Tells whether anything was committed to a SQLite database, by any process, since it was last asked.

    Costs some ten microseconds where reading the state costs some hundred. Source: SQLite, `PRAGMA data_version`.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._lock = threading.Lock()
        self._file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._connection: sqlite3.Connection | None = None

    def read(self) -> int | None:
        """A number that stays the same until somebody commits; None where that cannot be told."""
        if not self._file or self._file == ":memory:":
            return None
        with self._lock:
            try:
                if self._connection is None:
                    # a wait of zero: this is asked where nobody may wait for a lock
                    self._connection = sqlite3.connect(self._file, timeout=0, check_same_thread=False)
                return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                return None

    def bump(self) -> None:
        """Something was committed here; SQLite tells that by itself."""

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
