"""What verbs that link or release ask first: the authorization of the project, as this installation stores it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.output import say
from wasl.errors import InputError

if TYPE_CHECKING:
    from wasl.compliance.authorization import Authorization

__all__ = ["NO_AUTHORIZATION", "ProjectOption", "authorization_of", "held_to", "logged_project", "say_standing"]

NO_AUTHORIZATION = "-"
"""Given as the project: these data need no authorization, for they were not linked."""

ProjectOption = Annotated[
    str | None,
    typer.Option(
        "--project",
        help="Project whose authorization covers this output; '-' where the data need none. Needed once one is stored.",
    ),
]


def authorization_of(project: str) -> Authorization | None:
    """The authorization that this installation stores for a project, or None."""
    from wasl.settings import Settings
    from wasl.storage.local_authorizations import LocalAuthorizations

    return LocalAuthorizations(Settings().home_dir).of(project)


def held_to(project: str | None) -> dict[str, Any]:
    """The fields ``authorization`` and ``today`` of the run options of a verb that releases something.

    Raises:
        InputError: This installation stores authorizations and the project was not named.
    """
    from wasl.settings import Settings
    from wasl.storage.local_authorizations import LocalAuthorizations

    today: date = datetime.now(UTC).date()
    stored = LocalAuthorizations(Settings().home_dir)
    if project is None and (names := stored.projects()):
        raise InputError(
            "this installation stores authorizations, and nothing says which one covers these data.",
            remedy=f"Give --project NAME (there are {', '.join(names)}), or --project - for data that need none.",
        )
    if project in (None, NO_AUTHORIZATION):
        return {"today": today, "authorization": None}
    held = stored.of(str(project))
    if held is None:
        raise InputError(f"no authorization of project {project!r} is stored here.", remedy="See `wasl authorize`.")
    return {"today": today, "authorization": held}


def logged_project(project: str | None) -> str:
    """The project under which an event is logged; empty where the data belong to none."""
    return "" if project in (None, NO_AUTHORIZATION) else str(project)


def say_standing(report: Any) -> None:
    """Print how an act stands to the authorization, where its report has that."""
    standing = report.get("authorization")
    if not standing:
        return
    say(f"covered by authorization {standing['decision']}, until {standing['expires']}")
    if standing["warning"]:
        say(f"warning: {standing['warning']}")
