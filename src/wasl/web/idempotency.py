"""One request with one Idempotency-Key has one effect: a repeat is answered with what the first brought about."""

from __future__ import annotations

from collections.abc import Callable

from anyio.to_thread import run_sync
from fastapi import Request

from wasl.service.ports import Caller, Office
from wasl.service.records import Noun

__all__ = ["once", "replayed"]


def once(request: Request, caller: Caller, act: Callable[[], Noun]) -> str:
    """The id of what a request brings about, or brought about when it was sent before with the same key.

    Args:
        request: The request.
        caller: Who asks; carries the key, if one was sent.
        act: What the request asks for; called once for each key.

    Raises:
        InputError: The key was used for another request.
    """
    earlier = replayed(request.app.state.office, caller)
    return act().id if earlier is None else earlier


async def replayed_later(request: Request, caller: Caller) -> str | None:
    """`replayed`, for routes that stream their body and so run on the event loop."""
    return await run_sync(replayed, request.app.state.office, caller)


def replayed(office: Office, caller: Caller) -> str | None:
    """The subject of an earlier request with the same key; None when this is the first.

    Raises:
        InputError: The key was used for another request.
    """
    if caller.receipt is None:
        return None
    with office.ledger.reading() as state:
        return state.receipt_subject(caller.actor.name, caller.receipt)
