"""Holds the download of a kept file to the decision that covers it on the day on which it is fetched.

A file that was made or approved while a decision was in force is not handed out after it, by any role. A public file
stays public; a withdrawn one is handed out to nobody.
"""

from __future__ import annotations

from wasl.compliance.acts import FETCH, Asked
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import NotFoundError
from wasl.service.access import Role
from wasl.service.held_acts import held_options, recorded_excess
from wasl.service.ports import Caller, Office
from wasl.service.records import Release, Run, Submission, TableOrder
from wasl.service.states import ReleaseStatus
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import hold
from wasl.workflow.microdata import MicrodataSpec

__all__ = [
    "asked_for_delivery",
    "asked_for_internal",
    "asked_for_protected",
    "asked_for_run",
    "require_fetchable",
    "require_package",
]


def asked_for_run(run: Run, *, recipient: str | None = None) -> Asked:
    """The request for a file of a run: pairs, links, conflicts, spine, or the return of a holder."""
    registers = frozenset(str(one["register"]) for one in run.report.get("sources", ()))
    return Asked(
        act=FETCH,
        projects=frozenset({run.project}),
        registers=registers if recipient is None else None,
        recipient=recipient,
        purpose=run.purpose,
    )


def asked_for_delivery(caller: Caller, found: Submission) -> Asked | None:
    """The request for a delivery by those who link; the holder's own file is its own."""
    if caller.actor.role is Role.HOLDER:
        return None
    keys = frozenset(str(one["name"]) for one in found.header["passes"])
    return Asked(act=FETCH, projects=frozenset({found.project}), registers=frozenset({found.register}), keys=keys)


def asked_for_protected(caller: Caller, found: Release | TableOrder) -> Asked | None:
    """The request for a protected file, or for the answer to an order; None once everybody may have it.

    Raises:
        NotFoundError: It was withdrawn.
    """
    if found.status is ReleaseStatus.WITHDRAWN:
        raise NotFoundError(f"release {found.id} was withdrawn, and its file is not handed out any more.")
    return None if found.status is ReleaseStatus.PUBLISHED else _asked_for_variables(caller, found)


def asked_for_internal(caller: Caller, found: TableOrder) -> Asked:
    """The request for true figures and intervals, which are never public."""
    return _asked_for_variables(caller, found)


def require_package(found: Release | TableOrder) -> None:
    """A package exists only of what is public; nothing is asked for it.

    Raises:
        NotFoundError: It was withdrawn, or there is none yet.
    """
    if found.status is ReleaseStatus.WITHDRAWN:
        raise NotFoundError(f"release {found.id} was withdrawn, and its package is not handed out any more.")
    if not found.package:
        raise NotFoundError(f"release {found.id} is {found.status} and has no package yet.")


def require_fetchable(office: Office, caller: Caller, *, project: str, subject: str, asked: Asked | None) -> None:
    """Refuse to hand out a file that no decision covers on this day; the refusal is logged.

    Raises:
        AuthorizationError: It is not covered. The error carries the event `AuthorizationExceeded`.
    """
    if asked is None:
        return
    with recorded_excess(office, caller, project=project, subject=subject), office.ledger.reading() as state:
        hold(held_options(office, state, project, RunOptions()), asked)


def _asked_for_variables(caller: Caller, found: Release | TableOrder) -> Asked:
    if isinstance(found, TableOrder):
        columns = TablesSpec.model_validate(found.specification).columns
        recipient = "analysts" if caller.actor.role is Role.ANALYST else None
        return Asked(
            act=FETCH,
            output="tables",
            variables=frozenset(columns),
            recipient=recipient,
            purpose=found.purpose,
        )
    names = MicrodataSpec.model_validate(found.specification).columns
    released = DisclosurePolicy.model_validate(found.policy).released(names)
    return Asked(act=FETCH, output="microdata", variables=frozenset(released), purpose=found.purpose)
