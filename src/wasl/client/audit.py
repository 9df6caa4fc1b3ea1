"""Verbs of the client about the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wasl.client.base import Session

__all__ = ["Audit"]


class Audit(Session):
    """The log: entries, checkpoints, proofs, export."""

    def entries(self, first: int = 0, **where: str) -> Iterator[dict[str, Any]]:
        """The log's entries from a number on."""
        following: int | None = first
        while following is not None:
            page = self.transport.json("GET", "/v1/audit/entries", params={"first": following, **where})
            yield from page["items"]
            following = page["next"]

    def checkpoint(self, *, sign: bool = False) -> str:
        """The latest signed checkpoint, or a fresh one."""
        return self.transport.text("POST" if sign else "GET", "/v1/audit/checkpoint")

    def prove_inclusion(self, index: int) -> dict[str, Any]:
        """An entry of the log with the proof that it is there."""
        return dict(self.transport.json("GET", "/v1/audit/proofs/inclusion", params={"index": index}))

    def prove_consistency(self, old_size: int) -> dict[str, Any]:
        """The proof that the log only grew since it had so many entries."""
        return dict(self.transport.json("GET", "/v1/audit/proofs/consistency", params={"old_size": old_size}))

    def log_key(self) -> str:
        """The public key of the log."""
        return str(self.transport.json("GET", "/v1/audit/key")["verifier"])

    def export_log(self, out: Path) -> str:
        """Fetch the log for `wasl audit verify`."""
        return self.transport.download("/v1/audit/export", out)
