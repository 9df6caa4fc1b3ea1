"""The session every verb of the client stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self, TypeVar

from wasl.client.failures import no_service
from wasl.client.transport import Transport
from wasl.client.views import Document, Remote

__all__ = ["Session", "document"]

R = TypeVar("R", bound=Remote)


class Session:
    """A session with the service under one token, or as the public without one."""

    def __init__(self, address: str, token: str = "", *, transport: Transport | None = None) -> None:
        self.transport = transport or Transport(address, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    def _pages(self, path: str, kind: type[R], params: Mapping[str, Any] | None = None) -> Iterator[R]:
        cursor = ""
        while True:
            asked = {"limit": 200, **(params or {}), **({"cursor": cursor} if cursor else {})}
            page = self.transport.json("GET", path, params=asked)
            if not isinstance(page, dict) or not {"items", "next"} <= set(page):
                raise no_service()
            for item in page["items"]:
                yield kind.parse(item)
            cursor = page["next"] or ""
            if not cursor:
                return


def document(value: Document) -> str | dict[str, Any]:
    """A document as it is sent: TOML text as it is, a mapping as JSON."""
    return value if isinstance(value, str) else dict(value)
