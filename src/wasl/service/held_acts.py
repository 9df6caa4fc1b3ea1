"""The decisions that acts of a project are held to, and the entry that each refusal leaves.

A request asks first whether a decision is in force, before anything of the project is looked at. The act itself asks
again with all it states: when it is requested, and when its job runs. Before a job keeps what it made, it looks whether
the decisions are still the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from wasl.audit.events import Happening
from wasl.compliance.acts import Asked
from wasl.compliance.authorization import Authorization, Decisions, Standing
from wasl.errors import AuthorizationError, StaleError
from wasl.registers.documents import validate_document
from wasl.service.ports import Caller, Office, Reader
from wasl.service.records import StoredAuthorization
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import hold

__all__ = [
    "decisions_of",
    "held_options",
    "kept_purpose",
    "recorded_excess",
    "require_in_force",
    "require_same_decisions",
]


def decisions_of(office: Office, state: Reader, project: str) -> Decisions:
    """The decisions stored for a project, in the order in which they were stored."""
    found = state.select(StoredAuthorization, project=project)
    stored = (validate_document(Authorization, dict(one.document), "the authorization") for one in found)
    return Decisions(tuple(stored), demanded=office.require_authorization, project=project)


def held_options(
    office: Office, state: Reader, project: str, options: RunOptions, *, purpose: str | None = None
) -> RunOptions:
    """Run options with the project's decisions and the day, to which the act is then held.

    Args:
        office: Surroundings.
        state: The state.
        project: Of which project.
        options: What else the act is given.
        purpose: As stated by who asks, or as kept with the thing that a step moves; None: not compared.
    """
    held = decisions_of(office, state, project)
    return replace(options, authorization=held, today=office.now().date(), purpose=purpose)


def kept_purpose(standing: Standing | None, stated: str) -> str:
    """The purpose that is kept with what was asked for: the one the decision was compared with, else as stated."""
    return stated if standing is None else standing.purpose


def require_in_force(office: Office, state: Reader, project: str, act: str) -> None:
    """Refuse an act while no decision is in force, or where one is demanded and none is stored.

    Raises:
        AuthorizationError: The error carries the event `AuthorizationExceeded`.
    """
    hold(held_options(office, state, project, RunOptions()), Asked(act=act))


def require_same_decisions(office: Office, state: Reader, project: str, options: RunOptions) -> None:
    """Refuse to keep what a job made where the decisions it was held to changed meanwhile, or one of them ended.

    The job begins anew then, and is held to those of this moment. A new day alone changes nothing.

    Raises:
        StaleError: They changed.
    """
    now = decisions_of(office, state, project)
    if now == options.authorization and _in_force(now, office.now().date()) == _in_force(now, options.require_today()):
        return
    raise StaleError("the decisions of the authority changed while this was made.")


def _in_force(decisions: Decisions, day: dt.date) -> list[tuple[str, bool]]:
    """The decisions that an act is held to on a day, each with whether the day is one of its own."""
    return [(one.decision, one.decided <= day <= one.expires) for one in decisions.in_effect(day)]


@contextmanager
def recorded_excess(office: Office, caller: Caller, *, project: str, subject: str) -> Iterator[None]:
    """Log that an act was refused because no authorization covers it, then let the refusal pass."""
    try:
        yield
    except AuthorizationError as error:
        if isinstance(error.event, Happening):
            event = caller.event(error.event, project=project, subject=subject)
            with office.ledger.writing(replace(caller, receipt=None)) as ledger:
                ledger.save(event=event)
        raise
