"""What verbs that link or release ask first: the authorization of the project, as this installation stores it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from wasl.cli.output import say

__all__ = ["ProjectOption", "PurposeOption", "held_by_files", "held_to", "logged_project", "say_standing"]

ProjectOption = Annotated[
    str | None,
    typer.Option(
        "--project",
        help="Project whose authorization covers this output; '-' where the data need none. Needed once one is stored.",
    ),
]

PurposeOption = Annotated[
    str,
    typer.Option("--purpose", help="Purpose that this serves, by its name; needed where several are authorized."),
]


def held_to(project: str | None, purpose: str = "") -> dict[str, Any]:
    """The fields of the run options of a verb that releases something; see `wasl.storage.held_acts`."""
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_to as held

    return {**held(Settings().home_dir, project), "purpose": purpose}


def held_by_files(projects: Iterable[str], purpose: str = "") -> dict[str, Any]:
    """The fields of the run options of a verb whose files name their project."""
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_by_files as held

    return {**held(Settings().home_dir, projects), "purpose": purpose}


def logged_project(project: str | None) -> str:
    """The project under which an event is logged; empty where the data belong to none."""
    from wasl.storage.held_acts import logged_project as logged

    return logged(project)


def say_standing(report: Any) -> None:
    """Print how an act stands to the authorization, where its report has that."""
    standing = report.get("authorization")
    if not standing:
        return
    say(f"covered by authorization {standing['decision']}, until {standing['expires']}")
    if standing["warning"]:
        say(f"warning: {standing['warning']}")
