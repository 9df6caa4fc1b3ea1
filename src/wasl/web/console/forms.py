"""Fields of a form, read within limits, and the proof that a page of this site sent them."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.requests import ClientDisconnect

from wasl.locale import N_
from wasl.web.settings import ServiceSettings

__all__ = [
    "FORM_TYPE",
    "NAMING_FIELDS",
    "NO_DAY",
    "NO_NUMBER",
    "Form",
    "PageFault",
    "own_site",
    "read_form",
    "require_token",
    "surely_own_site",
]

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 200
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
TOO_LONG = N_("The field “{name}” is longer than {most} characters.")
NO_WHOLE_NUMBER = N_("The field “{name}” takes a whole number from {least} to {most}.")
NO_NUMBER = N_("The field “{name}” takes a number.")
NO_DAY = N_("The field “{name}” takes a day.")
NAMING_FIELDS = frozenset({TOO_LONG, NO_WHOLE_NUMBER, NO_NUMBER, NO_DAY})
"""Messages that name a field; readers see its label."""
TOKEN_HEADER = "x-form-token"  # noqa: S105 - the name of a header


class PageFault(Exception):  # noqa: N818 - it is a fault of a request
    """A fault of a request to a page: a status, and messages in every language.

    Attributes:
        status: HTTP status.
        message, remedy: Keys of messages.
        values: What stands in their places.
    """

    def __init__(self, status: int, message: str, remedy: str = "", **values: object) -> None:
        self.status, self.message, self.remedy, self.values = status, message, remedy, values
        super().__init__(message)


class Form:
    """The fields of a form; a field that was not sent is empty."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    def __repr__(self) -> str:
        return f"Form({sorted(self._fields)})"

    def text(self, name: str, *, most: int = 2000) -> str:
        """The value of a field, without blanks around it.

        Raises:
            PageFault: It is longer than ``most`` characters.
        """
        value = (self._fields.get(name) or [""])[-1].replace("\r\n", "\n").strip()
        if len(value) > most:
            raise PageFault(422, TOO_LONG, name=name, most=most)
        return value

    @property
    def sent(self) -> bool:
        """Whether a form was sent at all."""
        return bool(self._fields)

    def pairs(self) -> list[tuple[str, str]]:
        """Every name with each of its values, in the order of the form."""
        return [(name, value.replace("\r\n", "\n")) for name, values in self._fields.items() for value in values]

    def every(self, name: str) -> list[str]:
        """All values of a field that may be chosen several times."""
        return [value.strip() for value in self._fields.get(name, []) if value.strip()]

    def number(self, name: str, *, least: int = 0, most: int = 1 << 53) -> int:
        """The whole number in a field.

        Raises:
            PageFault: It is none, or out of bounds.
        """
        text = self.text(name, most=20)
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise PageFault(
                422,
                NO_WHOLE_NUMBER,
                name=name,
                least=least,
                most=most,
            )
        return int(text)

    @property
    def version(self) -> int:
        """The version of the thing that the page showed."""
        return self.number("version")


async def read_form(request: Request) -> Form:
    """The fields that a form sent.

    Raises:
        PageFault: 400, 408, 413 or 415.
    """
    settings: ServiceSettings = request.app.state.settings
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != FORM_TYPE:
        raise PageFault(415, N_("A page takes the fields of a form."))
    try:
        async with asyncio.timeout(settings.body_seconds):
            body = await request.body()
    except TimeoutError as error:
        raise PageFault(408, N_("The form did not arrive in time."), N_("Send it again.")) from error
    except ClientDisconnect as error:
        raise PageFault(400, N_("The request broke off."), N_("Send it again.")) from error
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise PageFault(400, N_("The form cannot be read."), N_("Send it again.")) from error
    if any("\0" in value for pair in pairs for value in pair):
        raise PageFault(422, N_("The form holds a character that cannot be stored."))
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Form(fields)


def own_site(request: Request) -> bool:
    """Whether the browser says that a page of this site sent the request; true where the browser says nothing."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def surely_own_site(request: Request) -> bool:
    """Whether the browser says that a page of this site sent the request; false where the browser says nothing."""
    return request.headers.get("sec-fetch-site") == "same-origin"


def require_token(request: Request, sent: str, expected: str) -> None:
    """Check that the form is one this service showed to this browser.

    Raises:
        PageFault: 403 otherwise.
    """
    fits = bool(expected) and hmac.compare_digest(sent.encode(), expected.encode())
    if not (fits and own_site(request)):
        raise PageFault(
            403,
            N_("This form was not sent by a page of your session."),
            N_("Open the page again and send the form from there."),
        )
