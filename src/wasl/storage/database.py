"""The database engine: SQLite in WAL mode or PostgreSQL, with the same promises."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from wasl.errors import InputError

__all__ = ["connect", "dialect_of"]

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


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("wasl_reads", False)
    connection.exec_driver_sql("BEGIN DEFERRED" if reads else "BEGIN IMMEDIATE")
