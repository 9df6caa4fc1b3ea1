"""Order in which the files of a register arrive: the last one counts, whatever the clocks say.

Does not protect against: a clock that is wrong by less than a day when the first file of a register arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from wasl.errors import DeliveryError, StateError
from wasl.service.ports import Caller, Reader
from wasl.service.records import Submission, SubmissionKind

__all__ = ["arrival_time", "is_part_of", "require_not_older"]

CLOCK_TOLERANCE = timedelta(days=1)
"""How far a holder's clock may be ahead of the office's."""


def arrival_time(ledger: Reader, submission: Submission, caller: Caller) -> str:
    """The time at which a file arrives, later than that of every other file of its register and kind.

    A clock that was set back must not let an earlier file count as the last one.

    Raises:
        StateError: The last file arrived at a time that is still to come by more than a day.
    """
    known = ledger.select(
        Submission, project=submission.project, register=submission.register, kind=submission.kind, withdrawn=False
    )
    last = max((one.sent_at or one.created_at for one in known), default="")
    if last < caller.stamp:
        return caller.stamp
    arrived = datetime.fromisoformat(last)
    if arrived > caller.at + CLOCK_TOLERANCE:
        raise StateError(
            f"the last {submission.kind} of this register arrived on {arrived:%Y-%m-%d %H:%M} UTC, which is still to "
            "come: the clock of this service is wrong, or was.",
            remedy="Tell the administrator to set the clock. If it is right now, withdraw that file and send it again.",
        )
    return Caller(caller.actor, arrived + timedelta(milliseconds=1)).stamp


def is_part_of(part: Submission, delivery: Submission) -> bool:
    """Whether a join map or payload was made with a delivery: it names it, or its round, period and time of making."""
    return part.header.get("delivery_digest") == delivery.digest or all(
        part.header.get(name, "") == delivery.header.get(name, "") for name in ("round", "period", "created")
    )


def require_not_older(ledger: Reader, submission: Submission, now: str) -> None:
    """Refuse what was made before the last one accepted, what was withdrawn, and what claims a time to come.

    A holder's earlier file, sent again by another party or by mistake, would otherwise replace the later one. A
    withdrawn file is known by its content, so that it does not come back signed or written anew. The register encoded
    anew, at a later time, is taken. A join map or payload of a withdrawn delivery does not come either.

    Raises:
        StateError: It is older than the last accepted one, or it was withdrawn.
        DeliveryError: Its time of making is not one, or lies ahead.
    """
    made = _time_made(submission.header)
    if made > datetime.fromisoformat(now) + CLOCK_TOLERANCE:
        raise DeliveryError(
            f"the {submission.kind} says it was made on {made:%Y-%m-%d %H:%M} UTC, which is still to come.",
            remedy="Set the clock of the machine that encodes.",
        )
    earlier = ledger.select(Submission, project=submission.project, register=submission.register, kind=submission.kind)
    content = submission.header["content_digest"]
    for other in earlier:
        same = other.header.get("content_digest") == content
        before = _time_made(other.header)
        if same and other.withdrawn and made <= before:
            raise StateError(
                f"this {submission.kind} was withdrawn and stays withdrawn.", remedy="Encode the register again."
            )
        if before > made:
            raise StateError(
                f"this {submission.kind} was made before the last one that was accepted.",
                remedy="Encode the register again, so that the newest state counts.",
            )
    if submission.kind is not SubmissionKind.DELIVERY:
        _require_delivery_stands(ledger, submission)


def _require_delivery_stands(ledger: Reader, part: Submission) -> None:
    """Refuse a join map or payload of a withdrawn delivery.

    Raises:
        StateError: The delivery was withdrawn.
    """
    sent = ledger.select(Submission, project=part.project, register=part.register, kind=SubmissionKind.DELIVERY)
    own = [delivery for delivery in sent if is_part_of(part, delivery)]
    if own and all(delivery.withdrawn for delivery in own):
        raise StateError(
            f"the delivery of this {part.kind} was withdrawn, and the {part.kind} with it: it stays withdrawn.",
            remedy="Encode the register again, and send all its files.",
        )


def _time_made(header: Mapping[str, Any]) -> datetime:
    """The ``created`` of a header."""
    try:
        made = datetime.fromisoformat(str(header["created"]))
    except (KeyError, ValueError) as error:
        raise DeliveryError("the header's time of making is not an ISO 8601 time.") from error
    return made if made.tzinfo is not None else made.replace(tzinfo=UTC)
