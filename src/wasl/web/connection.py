"""Deadlines of a connection: how long a request's head may take, and how long a refused body may go on arriving.

Does not protect against: many connections from many addresses; a proxy or firewall before the service limits those.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from wasl.errors import InputError
from wasl.web.settings import ServiceSettings

__all__ = ["bind", "require_tls", "server_config"]

KEEP_ALIVE_SECONDS = 15
GRACEFUL_SECONDS = 30
BACKLOG = 1024


class _Deadlines(H11Protocol):
    """HTTP/1.1 whose heads must arrive in time; uvicorn's own timer runs between requests only."""

    head_seconds = 10.0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait from the first byte of a head until the head is whole."""
        if self._timer is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """After an answer that did not wait for the body, the rest of the body must arrive in time too."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._wait()
        elif self.cycle.response_complete:
            self._stop_waiting()

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def server_config(app: Any, settings: ServiceSettings, **changes: Any) -> uvicorn.Config:
    """Configuration of uvicorn for the application under these settings.

    Args:
        app: The application.
        settings: Address, TLS, limits and deadlines.
        changes: Options of uvicorn's to set otherwise.
    """
    protocol = type("Deadlines", (_Deadlines,), {"head_seconds": settings.header_seconds})
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "http": protocol,  # h11: its limit on heads holds before they are in memory
        "ws": "none",
        "h11_max_incomplete_event_size": settings.max_header_bytes,
        "limit_concurrency": settings.max_connections,
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        "forwarded_allow_ips": settings.trusted_proxies,
        "ssl_certfile": str(settings.tls_certificate) if settings.tls_certificate else None,
        "ssl_keyfile": str(settings.tls_key) if settings.tls_key else None,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": GRACEFUL_SECONDS,
    }
    return uvicorn.Config(app, **{**options, **changes})


def bind(settings: ServiceSettings) -> socket.socket:
    """A socket that listens at the address of the settings.

    Raises:
        InputError: The port is in use or not allowed, or the address is not one of this machine.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"the address {settings.host!r} is not known.", remedy="Correct --host.") from error
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            reason, remedy = "another program listens there", "Stop it, or give another --port; 0 takes any free one."
        elif error.errno == errno.EACCES:
            reason, remedy = "ports below 1024 need the administrator of the machine", "Give a --port above 1023."
        else:
            reason, remedy = "it is not an address of this machine", "Correct --host; 127.0.0.1 always works."
        raise InputError(f"cannot listen on {where}: {reason}.", remedy=remedy) from error
    found.setblocking(False)
    return found


def require_tls(settings: ServiceSettings) -> bool:
    """Whether HTTPS is served; checks certificate and key before anything starts.

    Raises:
        InputError: One of the two is missing, cannot be read, or they do not belong together.
    """
    if settings.tls_certificate is None and settings.tls_key is None:
        return False
    for name in ("tls_certificate", "tls_key"):
        path = getattr(settings, name)
        if path is None:
            raise InputError(f"{name} is not set.", remedy="HTTPS needs both tls_certificate and tls_key.")
        if not path.is_file():
            raise InputError(f"{name}: there is no file {path}.", remedy="Correct the setting.")
        if not os.access(path, os.R_OK):
            raise InputError(f"{name}: {path} cannot be read by this user.", remedy="Correct its owner or its mode.")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(settings.tls_certificate), str(settings.tls_key), password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise InputError(
            "tls_certificate and tls_key are not a certificate and its private key in PEM without a passphrase.",
            remedy="Give the two files that belong together.",
        ) from error
    return True
