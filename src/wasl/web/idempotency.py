"""A request repeated with its Idempotency-Key is not served twice: what it brought about is shown again."""

from __future__ import annotations

from wasl.service.ports import Caller, Office

__all__ = ["replayed"]


def replayed(office: Office, caller: Caller) -> str | None:
    """What an earlier request with the same key brought about; None when this is the first.

    Raises:
        InputError: The key was used for another request.
    """
    if caller.receipt is None:
        return None
    with office.ledger.reading() as state:
        return state.receipt_subject(caller.actor.name, caller.receipt)
