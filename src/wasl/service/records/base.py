"""What every record of the service has."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Noun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """Anything the service keeps.

    Attributes:
        id: Its identifier; identifiers of one kind sort by age.
        version: 0 before it is first saved; the ETag of the API.
        created_at: ISO 8601 UTC.
        created_by: The user who made it.
    """

    id: str
    version: int = 0
    created_at: str
    created_by: str
