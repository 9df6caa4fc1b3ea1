"""The authorization that an act on this machine is held to, and the entry that a refusal leaves in its log.

The command line and the library ask here, so that neither is a way around the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from wasl.audit.events import AuditEvent, Happening
from wasl.compliance.authorization import Decisions
from wasl.errors import AuthorizationError, InputError, WaslError
from wasl.storage.local_authorizations import LocalAuthorizations
from wasl.storage.local_log import LocalLog, actor, now

__all__ = ["NO_AUTHORIZATION", "held_by_files", "held_to", "logged_project", "recorded_excess", "today"]

NO_AUTHORIZATION = "-"
"""Given as the project: these data need no authorization, for they were not linked."""


def today() -> date:
    """The day, UTC, on which an authorization has to be in force."""
    return datetime.now(UTC).date()


def held_by_files(home: Path, projects: Iterable[str]) -> dict[str, Any]:
    """The fields ``authorization`` and ``today`` of the run options of an act whose files name their project.

    Files of several projects are held to the first that has an authorization, which refuses the others by name.

    Args:
        home: The home folder of this installation.
        projects: Projects of the files.
    """
    stored = LocalAuthorizations(home)
    held = (stored.of(project) for project in sorted(set(projects)))
    return {"today": today(), "authorization": next((one for one in held if one is not None), None)}


def held_to(home: Path, project: str | None) -> dict[str, Any]:
    """The fields ``authorization`` and ``today`` of the run options of an act that lets something out.

    Args:
        home: The home folder of this installation.
        project: The project of the data, `NO_AUTHORIZATION`, or None where nobody said.

    Raises:
        InputError: This installation stores authorizations and the project was not named, or it has none of it.
    """
    stored = LocalAuthorizations(home)
    if project is None and (names := stored.projects()):
        raise InputError(
            "this installation stores authorizations, and nothing says which one covers these data.",
            remedy=f"Give --project NAME (there are {', '.join(names)}), or --project - for data that need none.",
        )
    if project in (None, NO_AUTHORIZATION):
        return {"today": today(), "authorization": None}
    held: Decisions | None = stored.of(str(project))
    if held is None:
        raise InputError(f"no authorization of project {project!r} is stored here.", remedy="See `wasl authorize`.")
    return {"today": today(), "authorization": held}


def logged_project(project: str | None) -> str:
    """The project under which an event is logged; empty where the data belong to none."""
    return "" if project in (None, NO_AUTHORIZATION) else str(project)


@contextmanager
def recorded_excess(home: Path, subject: str, *, project: str = "") -> Iterator[None]:
    """Log that an act was refused because no authorization covers it, then let the refusal pass."""
    try:
        yield
    except WaslError as error:
        if isinstance(error, AuthorizationError) and isinstance(error.event, Happening):
            LocalLog(home).append(AuditEvent(error.event, now(), actor(), project, subject))
        raise
