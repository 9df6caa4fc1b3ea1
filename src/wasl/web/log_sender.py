"""Lines of the process log sent to a syslog server over TLS, beside stderr.

A line is put into a queue and sent by a thread of its own: no request ever waits for the server. The queue is bounded.
What does not fit is dropped and counted, and the server is told the number as soon as it answers again.

*Does not protect against* a server that loses lines: syslog over TLS has no acknowledgement. Lines that were written to
a connection just before it broke may be lost uncounted. The audit log, with its checkpoints, is what proves acts.

Source: RFC 5424 (the message), RFC 5425 (over TLS, with the length before each message).
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import socket
import ssl
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wasl.errors import InputError

__all__ = ["LogSender", "active_counts", "start_sending"]

MOST_WAITING = 10_000
"""Lines kept while the server does not answer: some 5 MB, or ten seconds of a thousand requests a second."""

PORT = 6514
"""syslog over TLS (RFC 5425, section 4.1)."""

FACILITY = 16
"""local0; 0 to 15 belong to the operating system (RFC 5424, table 1)."""

SEVERITIES = {"critical": 2, "error": 3, "exception": 3, "warning": 4, "info": 6, "debug": 7}
FIRST_WAIT, LONGEST_WAIT, PATIENCE = 1.0, 60.0, 10.0
"""Seconds: before the first new attempt to connect, doubled up to the longest; and for one attempt or one write."""


class LogSender:
    """A queue of lines and the thread that sends them.

    Args:
        host: The server.
        port: Its port.
        trust: What the server's certificate is checked with.
        most: Lines that wait at most.
        first_wait: Seconds before the first new attempt to connect.

    Attributes:
        sent: Lines written to the server.
        dropped: Lines for which there was no room, or no time at the end.
    """

    def __init__(
        self,
        host: str,
        port: int,
        trust: ssl.SSLContext,
        *,
        most: int = MOST_WAITING,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self.host, self.port, self.trust, self.first_wait = host, port, trust, first_wait
        self.sent = self.dropped = self._told = 0
        self._lines: queue.Queue[bytes] = queue.Queue(most)
        self._stop = threading.Event()
        self._name = "".join(c for c in socket.gethostname() if "!" <= c <= "~") or "-"
        self._thread = threading.Thread(target=self._run, name="log-sender", daemon=True)
        self._thread.start()

    def __call__(self, _logger: object, method: str, line: str) -> str:
        """Put a finished line into the queue; structlog's last processor."""
        self.put(line, method)
        return line

    def put(self, line: str, method: str) -> None:
        """Queue a line, or count it as dropped; never waits."""
        try:
            self._lines.put_nowait(self._message(line, method))
        except queue.Full:
            self.dropped += 1

    @property
    def waiting(self) -> int:
        """Lines in the queue."""
        return self._lines.qsize()

    def close(self, seconds: float = PATIENCE) -> None:
        """Send what waits, for so many seconds at most; what is left counts as dropped."""
        self._stop.set()
        self._thread.join(seconds)
        while True:
            try:
                self._lines.get_nowait()
            except queue.Empty:
                return
            self.dropped += 1

    def _message(self, line: str, method: str) -> bytes:
        priority = FACILITY * 8 + SEVERITIES.get(method, 6)
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = f"<{priority}>1 {at} {self._name} wasl {os.getpid()} - - {line}".encode()
        return b"%d %s" % (len(text), text)

    def _run(self) -> None:
        wait, kept = self.first_wait, b""
        while not (self._stop.is_set() and not kept and self._lines.empty()):
            try:
                with self._connect() as stream:
                    wait = self.first_wait
                    while (kept := kept or self._next()) or not self._stop.is_set():
                        self._tell_dropped(stream)
                        if kept:
                            stream.sendall(kept)
                            self.sent, kept = self.sent + 1, b""
            except OSError:
                if self._stop.is_set():
                    self.dropped += bool(kept)
                    return
                self._stop.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT)

    def _connect(self) -> ssl.SSLSocket:
        raw = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        try:
            return self.trust.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise

    def _next(self) -> bytes:
        try:
            return self._lines.get(timeout=0.2)
        except queue.Empty:
            return b""

    def _tell_dropped(self, stream: ssl.SSLSocket) -> None:
        if (lost := self.dropped) > self._told:
            stream.sendall(self._message(f'{{"event": "log lines dropped", "lines": {lost - self._told}}}', "warning"))
            self._told = lost


class _Handler(logging.Handler):
    """Records of the libraries beneath wasl, as stderr gets them."""

    def __init__(self, sender: LogSender) -> None:
        super().__init__()
        self.sender = sender

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record."""
        with contextlib.suppress(Exception):  # a log never breaks what it tells of
            self.sender.put(self.format(record), record.levelname.lower())


_ACTIVE: MutableMapping[str, Any] = {}


def active_counts() -> dict[str, int]:
    """Lines sent, waiting and dropped by this process; empty where no server is set."""
    sender: LogSender | None = _ACTIVE.get("sender")
    return {} if sender is None else {"sent": sender.sent, "waiting": sender.waiting, "dropped": sender.dropped}


def start_sending(target: str, ca_file: Path | None) -> tuple[LogSender, logging.Handler]:
    """The sender to a syslog server, which every process has one of.

    Args:
        target: ``tls://host:port``; the port is 6514 where none is given.
        ca_file: PEM file of the authority of the server's certificate; None: those of the machine.

    Raises:
        InputError: The file of the authority cannot be read.
    """
    found = urlsplit(target)
    try:
        trust = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise InputError("log_ca_file: no certificates of an authority in PEM can be read from it.") from error
    sender = LogSender(found.hostname or "", found.port or PORT, trust)
    _ACTIVE["sender"] = sender
    return sender, _Handler(sender)
