"""Condition of the service for its operator: workers, queue, signing key and the age of the last checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wasl.audit.notes import NoteSigner
from wasl.errors import WaslError
from wasl.storage.leases import Crew
from wasl.web.worker import SEEN_SECONDS

if TYPE_CHECKING:
    from wasl.web.installation import Installation

__all__ = ["Condition", "condition"]

SILENT_SECONDS = 4 * SEEN_SECONDS


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of an installation.

    Attributes:
        entries: Entries of the log.
        crew: Workers and queue.
        key_held: Whether the signing key's file is there and holds the key in use.
        checkpoint_age_seconds: Age of the last signed checkpoint, or None before the first.
    """

    entries: int
    crew: Crew
    key_held: bool
    checkpoint_age_seconds: float | None


def condition(installation: Installation) -> Condition:
    """The state of an installation now."""
    now = installation.office.now()
    with installation.ledger.reading() as state:
        entries = state.log_size()
        signed_at = state.checkpoint_at()
    age = None if not signed_at else max(0.0, (now - datetime.fromisoformat(signed_at)).total_seconds())
    crew = installation.leases.crew(now.timestamp(), silent_seconds=SILENT_SECONDS)
    return Condition(entries, crew, _key_held(installation), age)


def _key_held(installation: Installation) -> bool:
    try:
        text = installation.settings.key_path.read_text(encoding="utf-8")
        return NoteSigner.parse(text).verifier == installation.office.signer.verifier
    except (OSError, WaslError, ValueError):
        return False
