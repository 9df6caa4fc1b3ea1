"""Reasons why the service cannot write: a full disk, or a read-only folder, of the files or of the database.

Neither is the fault of what was asked for, so it is asked for again later.
"""

from __future__ import annotations

import errno
import sqlite3
from enum import StrEnum

import sqlalchemy as sa

__all__ = ["Obstacle", "obstacle_of"]

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENOTCONN, errno.EMFILE, errno.ENFILE})
"""Read only, taken away, or no more files may be open: the administrator, and no other attempt, mends that."""

SQLITE_FULL = {sqlite3.SQLITE_FULL}
SQLITE_CLOSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}
PRIMARY_CODE = 0xFF
"""The low byte of an extended result code of SQLite is its primary code."""

POSTGRES_FULL = {"53100"}
POSTGRES_CLOSED = {"25006"}


class Obstacle(StrEnum):
    """The two reasons why nothing can be written."""

    FULL = "the disk is full"
    CLOSED = "a folder cannot be written"


def obstacle_of(error: BaseException) -> Obstacle | None:
    """The reason why the service could not write; None where the error is another.

    A full SQLite ends the whole transaction by itself. The error then seen is of its savepoint, which is gone, so the
    errors before it are looked at too.
    """
    found: BaseException | None = error
    while found is not None:
        obstacle = _of_database(found) if isinstance(found, sa.exc.DBAPIError) else _of_files(found)
        if obstacle is not None or not isinstance(error, sa.exc.DBAPIError):
            return obstacle
        found = found.__cause__ or found.__context__
    return None


def _of_database(error: sa.exc.DBAPIError) -> Obstacle | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    primary = code & PRIMARY_CODE if isinstance(code, int) else None
    state = getattr(error.orig, "sqlstate", None)
    if primary in SQLITE_FULL or state in POSTGRES_FULL:
        return Obstacle.FULL
    if primary in SQLITE_CLOSED or state in POSTGRES_CLOSED:
        return Obstacle.CLOSED
    return None


def _of_files(error: BaseException) -> Obstacle | None:
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL:
        return Obstacle.FULL
    return Obstacle.CLOSED if number in CLOSED else None
