"""Deadlines of a connection: how long a request's head may take, and how long a refused body may go on arriving.

Does not protect against: many connections from many addresses; a proxy or firewall before the service limits those.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from wasl.web.settings import ServiceSettings

__all__ = ["server_config"]

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Suites of TLS 1.2: forward secrecy and authenticated encryption (RFC 9325, section 4.2). The default of uvicorn
leaves TLS 1.2 with CBC and SHA-1 alone. Suites of TLS 1.3 are the library's."""

KEEP_ALIVE_SECONDS = 15
GRACEFUL_SECONDS = 30


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
        "ssl_ciphers": CIPHERS,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": GRACEFUL_SECONDS,
    }
    return uvicorn.Config(app, **{**options, **changes})
