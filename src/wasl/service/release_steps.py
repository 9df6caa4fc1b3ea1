"""Steps of a release that people take: request, approve, refuse, revoke, withdraw; the same for microdata and tables.

One person requests, another decides. The approved file is the one that is published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from wasl.audit.events import (
    ApprovalRevoked,
    ReleaseApproved,
    ReleaseRefused,
    ReleaseRequested,
    ReleaseWithdrawn,
)
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import AccessError, InputError, NotFoundError, StateError
from wasl.service.held_acts import held_options, recorded_excess, require_in_force
from wasl.service.known_outside import require_nothing_new
from wasl.service.ports import Caller, Office, Reader
from wasl.service.projects import open_project
from wasl.service.records import Release, TableOrder
from wasl.service.states import ReleaseStep, next_status
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import hold_output
from wasl.workflow.microdata import MicrodataSpec

__all__ = [
    "approve_release",
    "find_in_project",
    "find_release",
    "refuse_release",
    "request_release",
    "require_other_eyes",
    "require_publishable",
    "revoke_approval",
    "take_step",
    "withdraw_release",
]

R = TypeVar("R", Release, TableOrder)
StepEvent = type[ReleaseRequested | ReleaseApproved | ReleaseRefused | ReleaseWithdrawn | ApprovalRevoked]

STEP_EVENTS: dict[ReleaseStep, StepEvent] = {
    ReleaseStep.REQUEST: ReleaseRequested,
    ReleaseStep.APPROVE: ReleaseApproved,
    ReleaseStep.REFUSE: ReleaseRefused,
    ReleaseStep.REVOKE: ApprovalRevoked,
    ReleaseStep.WITHDRAW: ReleaseWithdrawn,
}
"""Steps that people take, and the event of each."""

REASONED = frozenset({ReleaseStep.REFUSE, ReleaseStep.REVOKE, ReleaseStep.WITHDRAW})
"""Steps that need a reason; it stands in the log for good."""

FORWARD = frozenset({ReleaseStep.REQUEST, ReleaseStep.APPROVE})
"""Steps towards publication: not without an authorization that still holds, where there is one."""

DECIDING = frozenset({ReleaseStep.APPROVE, ReleaseStep.REFUSE, ReleaseStep.REVOKE})
"""Steps that other eyes take than those that prepared and requested."""


def request_release(office: Office, caller: Caller, *, project: str, release: str, version: int) -> Release:
    """Ask for the publication of a protected file. Only a file that meets its thresholds has the status for it.

    Raises:
        StateError: Its description does not fit the file, so that it could not be published.
    """

    def check(_ledger: Reader, after: Release) -> None:
        if fault := after.risk.get("description_fault"):
            raise StateError(str(fault), remedy="Prepare the file anew with a description that fits it.")

    return take_step(office, caller, Release, project, release, version, ReleaseStep.REQUEST, check=check)


def approve_release(
    office: Office, caller: Caller, *, project: str, release: str, version: int, reason: str = ""
) -> Release:
    """Approve a requested release; the approver must differ from those who prepared and requested it.

    Raises:
        StateError: Other files or tables were answered since it was protected.
    """

    def check(ledger: Reader, after: Release) -> None:
        require_nothing_new(ledger, project, release, after.risk.get("compared_with", ()))

    return take_step(office, caller, Release, project, release, version, ReleaseStep.APPROVE, reason, check=check)


def refuse_release(office: Office, caller: Caller, *, project: str, release: str, version: int, reason: str) -> Release:
    """Refuse a requested release, with the reason.

    Raises:
        InputError: There is no reason.
    """
    return take_step(office, caller, Release, project, release, version, ReleaseStep.REFUSE, reason)


def withdraw_release(
    office: Office, caller: Caller, *, project: str, release: str, version: int, reason: str
) -> Release:
    """Take a published release out of the catalogue, with the reason; its record stays."""
    return take_step(office, caller, Release, project, release, version, ReleaseStep.WITHDRAW, reason)


def revoke_approval(
    office: Office, caller: Caller, *, project: str, release: str, version: int, reason: str
) -> Release:
    """Take an approval back before publication, with the reason; the file must be protected and requested anew."""
    return take_step(office, caller, Release, project, release, version, ReleaseStep.REVOKE, reason)


def take_step(
    office: Office,
    caller: Caller,
    kind: type[R],
    project: str,
    name: str,
    version: int,
    step: ReleaseStep,
    reason: str = "",
    *,
    check: Callable[[Reader, R], None] | None = None,
) -> R:
    """Take a release of microdata or tables a step on, and log the step.

    Args:
        office: The surroundings.
        caller: Who takes the step.
        kind: Microdata or tables.
        project: Of which project.
        name: Which one.
        version: Its version as it was seen.
        step: The step.
        reason: For the log; some steps need one.
        check: Looks at the release after the step, inside the transaction; what it raises undoes the step.

    Raises:
        AccessError: The role may not, or the same person would prepare and decide.
        InputError: A reason is missing.
        StateError: The release cannot take this step now.
        StaleError: Somebody changed it meanwhile.
        AuthorizationError: No decision of the authority covers it.
    """
    action = step.action
    if action is None or step not in STEP_EVENTS:
        raise AccessError(f"the step '{step}' is the service's own.")
    caller.check(action, project=project)
    if step in REASONED and not reason.strip():
        raise InputError(f"give a reason for the step '{step}'.")
    with recorded_excess(office, caller, project=project, subject=name), office.ledger.writing(caller) as ledger:
        if step in FORWARD:
            require_in_force(office, ledger, project, "publish")
        if step is not ReleaseStep.WITHDRAW:  # what is public can always be taken back
            open_project(ledger, project)
        found = find_in_project(ledger, kind, project, name)
        if step in FORWARD:
            require_publishable(office, ledger, found, to_public=kind is Release)
        status = next_status(found.status, step)
        changed = replace(found, version=version, status=status)
        if step is ReleaseStep.REQUEST:
            changed = replace(changed, requested_by=caller.actor.name)
        if step in DECIDING:
            require_other_eyes(found, caller)
            changed = replace(changed, decided_by=caller.actor.name, reason=reason)
        if step is ReleaseStep.WITHDRAW:
            changed = replace(changed, reason=reason)
        if isinstance(changed, TableOrder) and step is ReleaseStep.APPROVE:
            changed = replace(changed, answered=True)
        given: dict[str, Any] = {} if step is ReleaseStep.REQUEST else {"reason": reason}
        event = caller.event(
            STEP_EVENTS[step](
                from_status=found.status.value, to_status=status.value, protected=found.protected, **given
            ),
            project=project,
            subject=name,
        )
        ledger.save(changed, event=event)
        after = ledger.get(kind, name)
        if check is not None:
            check(ledger, after)
        return after


def require_publishable(
    office: Office, ledger: Reader, release: Release | TableOrder, *, to_public: bool = True
) -> None:
    """Refuse a step towards publication of what no decision of the authority covers any more.

    Args:
        office: Surroundings.
        ledger: The state.
        release: Microdata or tables.
        to_public: Whether everybody is to have them; the answer to an order goes to whoever ordered, first.

    Raises:
        AuthorizationError: The error carries the event `AuthorizationExceeded`.
    """
    options = held_options(office, ledger, release.project, RunOptions(), purpose=release.purpose)
    if isinstance(release, TableOrder):
        columns = TablesSpec.model_validate(release.specification).columns
        act, recipient = ("publish-tables", "public") if to_public else ("tables", "analysts")
        hold_output(act, options, output="tables", variables=columns, recipient=recipient)
        return
    names = MicrodataSpec.model_validate(release.specification).columns
    released = DisclosurePolicy.model_validate(release.policy).released(names)
    hold_output("publish", options, variables=released, recipient="public")


def find_release(ledger: Reader, project: str, release: str) -> Release:
    """The release, if it is one of this project.

    Raises:
        NotFoundError: It is not.
    """
    return find_in_project(ledger, Release, project, release)


def find_in_project(ledger: Reader, kind: type[R], project: str, name: str) -> R:
    """The release of microdata or tables, if it is one of this project.

    Raises:
        NotFoundError: It is not.
    """
    found = ledger.select(kind, id=name, project=project)
    if not found:
        what = "release" if kind is Release else "order of tables"
        raise NotFoundError(f"there is no {what} {name!r} in this project.")
    return found[0]


def require_other_eyes(release: Release | TableOrder, caller: Caller) -> None:
    """The four-eyes rule: whoever prepared or requested a release decides on it neither directly nor by proxy.

    A token that one of them issued to another user does not count as other eyes either.

    Raises:
        AccessError: The caller is one of the first two eyes.
    """
    first = {release.created_by, release.requested_by, release.protected_by}
    if caller.actor.name in first or caller.actor.issued_by in first:
        raise AccessError(
            "whoever prepared, protected or requested a release cannot decide on it.",
            remedy="Another person must decide.",
        )
