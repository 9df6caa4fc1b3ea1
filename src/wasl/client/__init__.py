"""A typed client of the service: retries that cannot double anything, streamed uploads, verified downloads."""

from __future__ import annotations

from wasl.client.session import Client

__all__ = ["Client"]
