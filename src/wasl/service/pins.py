"""Pins payloads to a run: its releases use these, so an old spine meets no newer payload."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import InputError, MismatchError, StateError
from wasl.registers.exchange.payload import Payload
from wasl.service.ports import Reader
from wasl.service.records import Run, Submission, SubmissionKind

__all__ = [
    "MIN_COVERAGE",
    "PersonsLeftError",
    "last_sent",
    "pin_payloads",
    "pinned_payloads",
    "require_coverage",
    "require_persons",
]

MIN_COVERAGE = 0.95
"""Share of a payload's records that must be in the spine. A payload and a delivery made by one `wasl encode` share all
of them; a payload of another round shares none."""


class PersonsLeftError(StateError):
    """Persons objected, or files were withdrawn or erased, while something was made from their data."""


def last_sent(submissions: Sequence[Submission]) -> dict[str, Submission]:
    """The submission of each register that was sent last, whatever was sent before it."""
    ordered = sorted(submissions, key=lambda one: (one.sent_at or one.created_at, one.id))
    return {one.register: one for one in ordered}


def pin_payloads(ledger: Reader, run: Run) -> list[str]:
    """The payloads of a run: those already pinned, and for every other register of the run the one sent last.

    A payload is of the run when it names the period of the delivery that was linked (and its round, where both do).
    """
    pinned = [ledger.get(Submission, one) for one in run.payloads]
    sent = ledger.select(Submission, project=run.project, kind=SubmissionKind.PAYLOAD, withdrawn=False, purged=False)
    fitting = [one for one in sent if _fits(one, _headers(ledger, run))]
    missing = [one for register, one in last_sent(fitting).items() if register not in {p.register for p in pinned}]
    return [one.id for one in (*pinned, *missing)]


def pinned_payloads(ledger: Reader, run: Run) -> list[Submission]:
    """The run's payloads.

    Raises:
        StateError: None was pinned.
        PersonsLeftError: A holder has withdrawn one of them.
    """
    found = [ledger.get(Submission, one) for one in run.payloads]
    gone = sorted(one.register for one in found if one.withdrawn or one.purged)
    if gone:
        raise PersonsLeftError(
            f"the payload of {', '.join(gone)} that run {run.id} used was withdrawn by its holder.",
            remedy="Link and resolve again with what the holders have sent since.",
        )
    if not found:
        raise StateError(
            "no holder has sent a payload of this run's deliveries yet, so there is nothing to release.",
            remedy="Payload and delivery come from one `wasl encode`, of the same period.",
        )
    return found


def require_coverage(spine: pa.Table, payloads: Sequence[Payload]) -> dict[str, float]:
    """The share of each payload's records that are in the spine.

    Raises:
        MismatchError: It is below `MIN_COVERAGE`; names the register and the share.
    """
    shares: dict[str, float] = {}
    for payload in payloads:
        known = spine.filter(pc.equal(spine.column("register").cast(pa.string()), payload.register)).column("record_id")
        inside = pc.is_in(payload.rows.column("record_id"), value_set=known.combine_chunks())
        shares[payload.register] = float(pc.mean(inside.cast(pa.float64())).as_py() or 0.0)
        if shares[payload.register] < MIN_COVERAGE:
            raise MismatchError(
                f"only {shares[payload.register]:.1%} of the records in the payload of {payload.register!r} are in the "
                f"run's spine; {MIN_COVERAGE:.0%} are needed.",
                remedy="Send the payload that `wasl encode` made beside the delivery that was linked.",
            )
    return shares


def require_persons(microdata: pa.Table) -> None:
    """Refuse microdata without a row: no policy can mend them, and no table can be made of them.

    Raises:
        InputError: There is no row.
    """
    if not microdata.num_rows:
        raise InputError(
            "the specification leaves no person in the microdata.",
            remedy="Choose a specification that the registers of this run can fill, or another run.",
        )


def _headers(ledger: Reader, run: Run) -> dict[str, list[Submission]]:
    found: dict[str, list[Submission]] = {}
    for name in run.deliveries:
        one = ledger.get(Submission, name)
        found.setdefault(one.register, []).append(one)
    return found


def _fits(payload: Submission, deliveries: dict[str, list[Submission]]) -> bool:
    """Tell if a payload is of the run. A run of imported pairs names no deliveries; the coverage decides there."""
    if not deliveries:
        return True
    return any(
        all(
            not payload.header.get(name) or not one.header.get(name) or payload.header[name] == one.header[name]
            for name in ("period", "round")
        )
        for one in deliveries.get(payload.register, [])
    )
