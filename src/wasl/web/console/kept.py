"""What somebody wrote in a form that was refused: the page of the fault shows it, so that nobody writes it twice.

A field is shown unless it is named here as a choice, a part of the form, or a secret. So the fields of a new form are
shown without further work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from starlette.responses import Response

from wasl.locale import Messages
from wasl.web.console.addresses import page_address
from wasl.web.console.field_labels import label_of_field
from wasl.web.console.forms import TOKEN_FIELD, Form, PageFault, read_form, surely_own_site
from wasl.web.console.sayings import NOTICES, Saying
from wasl.web.console.sessions import SESSION_COOKIE

if TYPE_CHECKING:
    from wasl.web.console.pages import Page

__all__ = ["Kept", "KeptField", "ask_to_sign_in", "kept_of"]

SECRETS = frozenset({"token", "part1", "part2", "confirmation"})
"""Fields that no page shows again."""

PARTS = frozenset({TOKEN_FIELD, "once"})
"""Fields that a page fills in anew."""

CHOICES = frozenset(
    (
        *("act", "authorization", "beside", "confirm", "delivery", "dimension", "dossier", "group", "measure", "menus"),
        *("next", "onto", "plan", "policies", "project", "purpose", "register", "role", "run", "table", "verdict"),
        *("version",),
    )
)
"""Fields that a page fills in, or that are chosen and not written: they are sent again as they were."""

CHOSEN_ROW = re.compile(r"variable[0-9]+")
"""Choices of which a form has several, by their number."""

DAYS = frozenset({"decided", "expires"})

SHORT = 60
"""Characters above which a text gets a field of several lines."""

AGAIN = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.INSUFFICIENT_STORAGE,
    }
)
"""Faults after which the same form may go through: those of what was written, and those that pass."""


@dataclass(frozen=True, slots=True)
class KeptField:
    """A field with what was written in it.

    Attributes:
        name: Its name in the form.
        label: What the page calls it.
        value: What was written.
        kind: ``date``, ``line`` or ``text``.
    """

    name: str
    label: str
    value: str
    kind: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The fields of a form that was refused.

    Attributes:
        written: What was written, to be shown.
        chosen: Name and value of all else, to be sent again.
        again: Whether the page offers to send it again.
    """

    written: Sequence[KeptField] = ()
    chosen: Sequence[tuple[str, str]] = ()
    again: bool = False


def kept_of(form: Form, status: int, language: Messages, *, own: bool, unproved: bool) -> Kept:
    """The fields of a form that the page of a fault shows, and whether it offers to send them again.

    Args:
        form: The form.
        status: HTTP status of the fault.
        language: Language of the page.
        own: Whether the form carried this session's token.
        unproved: Whether only the proof of who its sender is was missing.
    """
    written, chosen = [], []
    for name, value in form.pairs():
        if name in SECRETS | PARTS:
            continue
        if name in CHOICES or CHOSEN_ROW.fullmatch(name):
            chosen.append((name, value))
        elif value:
            written.append(KeptField(name, label_of_field(name, language), value, _kind(name, value)))
    lost = (SECRETS - {"confirmation"}) & {name for name, _ in form.pairs()}
    return Kept(written, chosen, again=own and not lost and (status in AGAIN or unproved))


async def ask_to_sign_in(page: Page) -> Response:
    """Send whoever is not signed in to the page where one signs in, and back afterwards; keep what he wrote."""
    request = page.request
    if request.method == "GET":
        ended = "session-over" if request.cookies.get(SESSION_COOKIE) else ""
        return page.go("/console/sign-in", said=ended, next=page_address(request))
    if SESSION_COOKIE in request.cookies and surely_own_site(request):
        with suppress(PageFault):  # a body of files, or one that broke off, has nothing to keep
            page.form = await read_form(request)
    if kept_of(page.form, HTTPStatus.UNAUTHORIZED, page.language, own=False, unproved=False).written:
        fault = PageFault(HTTPStatus.UNAUTHORIZED, NOTICES["session-over"])
        return await run_sync(page.fault, Saying.of_fault(fault, page.language))
    return page.go("/console/sign-in", said="session-over")


def _kind(name: str, value: str) -> str:
    if name in DAYS:
        return "date"
    return "text" if len(value) > SHORT or "\n" in value or name == "reason" else "line"
