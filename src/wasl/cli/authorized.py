"""What verbs that link or release ask first: the authorization of the project, as this installation stores it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from wasl.audit.events import AuthorizationExceeded
from wasl.cli.language import said, spoken
from wasl.cli.output import say
from wasl.errors import AuthorizationError, WaslError

__all__ = [
    "ProjectOption",
    "PurposeOption",
    "held_by_files",
    "held_to",
    "logged_project",
    "refusal_in_words",
    "say_standing",
]

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


def refusal_in_words(error: WaslError) -> str:
    """An error in the language of the command line; a refusal of the gate names registers by title and by name."""
    text = said(str(error))
    if not isinstance(error, AuthorizationError) or not isinstance(error.event, AuthorizationExceeded):
        return text
    from wasl.compliance.excess_words import with_titles
    from wasl.registers.documents import config_dir
    from wasl.registers.schema import RegisterSchema

    asked = " ".join(error.event.excess)
    shipped = sorted(path.stem for path in (config_dir() / "registers").glob("*.toml") if path.stem in asked)
    titles = {name: RegisterSchema.load(name).title_in(spoken().language) for name in shipped}
    return with_titles(text, {name: f"{title} ({name})" for name, title in titles.items()})


def say_standing(report: Any) -> None:
    """Print how an act stands to the authorization, where its report has that."""
    standing = report.get("authorization")
    if not standing:
        return
    say(f"covered by authorization {standing['decision']}, until {standing['expires']}")
    if standing["warning"]:
        say(f"warning: {standing['warning']}")
