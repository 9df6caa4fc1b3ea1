"""The states of a release and of a run, and the only ways from one to the next: tables, not code."""

from __future__ import annotations

from enum import StrEnum

from wasl.errors import StateError
from wasl.service.access import Action

__all__ = ["MENU_STEPS", "RELEASE_STEPS", "MenuStatus", "ReleaseStatus", "ReleaseStep", "RunStatus", "next_status"]


class RunStatus(StrEnum):
    """Where a linkage run stands."""

    REQUESTED = "requested"
    SCORED = "scored"
    RESOLVING = "resolving"
    RESOLVED = "resolved"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReleaseStatus(StrEnum):
    """Where a release stands."""

    PROTECTING = "protecting"
    UNSAFE = "unsafe"
    PROTECTED = "protected"
    REQUESTED = "requested"
    REFUSED = "refused"
    APPROVED = "approved"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class MenuStatus(StrEnum):
    """Where a menu of tables stands."""

    OFFERED = "offered"
    """Prepared by the release desk; nobody can order yet."""
    OPEN = "open"
    CLOSED = "closed"


class ReleaseStep(StrEnum):
    """What moves a release on; the service itself does the steps without an action."""

    THRESHOLDS_MET = "thresholds-met"
    THRESHOLDS_MISSED = "thresholds-missed"
    PROTECT_AGAIN = "protect-again"
    REQUEST = "request"
    APPROVE = "approve"
    APPROVE_BY_RULE = "approve-by-rule"
    """Tables only: the approver of the menu decided beforehand."""
    REFUSE = "refuse"
    REVOKE = "revoke"
    PUBLISH = "publish"
    PACKAGED = "packaged"
    PACKAGING_FAILED = "packaging-failed"
    WITHDRAW = "withdraw"
    VOID = "void"
    """The files it was made from were erased, or persons objected."""

    @property
    def action(self) -> Action | None:
        """The permission the step needs, or None when only the service's own jobs take it."""
        return _STEP_ACTIONS.get(self)


_STEP_ACTIONS = {
    ReleaseStep.PROTECT_AGAIN: Action.RELEASE_PREPARE,
    ReleaseStep.REQUEST: Action.RELEASE_REQUEST,
    ReleaseStep.APPROVE: Action.RELEASE_APPROVE,
    ReleaseStep.REFUSE: Action.RELEASE_REFUSE,
    ReleaseStep.REVOKE: Action.RELEASE_REVOKE,
    ReleaseStep.PUBLISH: Action.RELEASE_PUBLISH,
    ReleaseStep.WITHDRAW: Action.RELEASE_WITHDRAW,
}

_S, _T = ReleaseStatus, ReleaseStep

RELEASE_STEPS: dict[tuple[ReleaseStatus, ReleaseStep], ReleaseStatus] = {
    (_S.PROTECTING, _T.THRESHOLDS_MET): _S.PROTECTED,
    (_S.PROTECTING, _T.THRESHOLDS_MISSED): _S.UNSAFE,
    (_S.UNSAFE, _T.PROTECT_AGAIN): _S.PROTECTING,
    (_S.PROTECTED, _T.PROTECT_AGAIN): _S.PROTECTING,
    (_S.PROTECTED, _T.REQUEST): _S.REQUESTED,
    (_S.REQUESTED, _T.APPROVE): _S.APPROVED,
    (_S.REQUESTED, _T.APPROVE_BY_RULE): _S.APPROVED,
    (_S.REQUESTED, _T.REFUSE): _S.REFUSED,
    (_S.REFUSED, _T.PROTECT_AGAIN): _S.PROTECTING,
    (_S.APPROVED, _T.REVOKE): _S.REFUSED,
    (_S.APPROVED, _T.PUBLISH): _S.PUBLISHING,
    (_S.PUBLISHING, _T.PACKAGED): _S.PUBLISHED,
    (_S.PUBLISHING, _T.PACKAGING_FAILED): _S.APPROVED,
    (_S.PUBLISHED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.UNSAFE, _T.VOID): _S.UNSAFE,
    (_S.PROTECTED, _T.VOID): _S.UNSAFE,
    (_S.REQUESTED, _T.VOID): _S.UNSAFE,
    (_S.REFUSED, _T.VOID): _S.UNSAFE,
    (_S.APPROVED, _T.VOID): _S.UNSAFE,
    (_S.PUBLISHING, _T.VOID): _S.UNSAFE,
}
"""From a status, by a step, to the next. A protected file can be changed only on the way back through `protecting`,
so what was approved is what is published."""

MENU_STEPS: dict[tuple[MenuStatus, str], MenuStatus] = {
    (MenuStatus.OFFERED, "open"): MenuStatus.OPEN,
    (MenuStatus.OFFERED, "close"): MenuStatus.CLOSED,
    (MenuStatus.OPEN, "close"): MenuStatus.CLOSED,
}
"""A menu cannot be changed: close it and offer another."""


def next_status(status: ReleaseStatus, step: ReleaseStep) -> ReleaseStatus:
    """The status after a step.

    Raises:
        StateError: The table knows no such way; names the steps it does know.
    """
    try:
        return RELEASE_STEPS[status, step]
    except KeyError:
        possible = ", ".join(known for (known_status, known) in RELEASE_STEPS if known_status == status)
        raise StateError(
            f"a release that is {status} cannot take the step '{step}'.",
            remedy=f"Possible now: {possible or 'nothing'}.",
        ) from None
