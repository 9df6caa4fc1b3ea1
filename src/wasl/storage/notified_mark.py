"""Tells whether anything was committed to a PostgreSQL database, from what its writers announce."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import sqlalchemy as sa

__all__ = ["CHANNEL", "NotifiedMark"]

CHANNEL = "wasl_changes"
"""Every write transaction of wasl announces itself on this channel; PostgreSQL delivers that when it commits."""

LONGEST_SECONDS = 1
"""The mark changes at least so often: a change that nobody announced (made in SQL by hand) counts by then."""

RETRY_SECONDS = 1.0


class NotifiedMark:
    """A number that stays the same until a commit was announced, but for a second at most.

    A thread of its own waits for announcements, on a connection of its own. While it has none, the number is unknown,
    and everything is looked up. Announcements of other processes take some milliseconds; a commit of this process
    counts at once (`bump`).

    Source: PostgreSQL documentation, LISTEN and NOTIFY.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._count = 0
        self._listening = False
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def read(self) -> int | None:
        """The number now; None where announcements are not heard."""
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._closed.is_set():
                    self._thread = threading.Thread(target=self._listen, name="wasl-changes", daemon=True)
                    self._thread.start()
        if not self._listening:
            return None
        return self._count << 40 | int(time.monotonic()) // LONGEST_SECONDS

    @property
    def count(self) -> int:
        """Announcements and commits so far."""
        return self._count

    def bump(self) -> None:
        """Something was committed here."""
        with self._lock:
            self._count += 1

    def close(self) -> None:
        """Stop waiting."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _listen(self) -> None:
        driver: Any = self._engine.dialect.dbapi
        failures = (driver.Error,)
        while not self._closed.is_set():
            connection: Any = None
            try:
                pooled = self._engine.raw_connection()
                connection = pooled.driver_connection
                pooled.detach()
                connection.autocommit = True
                connection.execute(f"LISTEN {CHANNEL}")
                self.bump()  # what was announced before is not known
                self._listening = True
                while not self._closed.is_set():
                    for _ in connection.notifies(timeout=0.2):
                        self.bump()
            except (OSError, sa.exc.SQLAlchemyError, *failures):
                self._listening = False
                self._closed.wait(RETRY_SECONDS)
            finally:
                self._listening = False
                if connection is not None:
                    with contextlib.suppress(OSError, *failures):
                        connection.close()
