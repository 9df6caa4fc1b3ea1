"""Why a request failed, as errors of wasl: the service refused, another program answered, or nobody did."""

from __future__ import annotations

import re
import ssl

import httpx

from wasl import errors
from wasl.errors import InputError, VerificationError, WaslError

__all__ = ["no_address", "no_service", "refusal_of", "require_another_attempt"]

PROBLEM = re.compile(r"urn:wasl:problem:([a-z-]+)")


def refusal_of(response: httpx.Response) -> WaslError:
    """The error a problem stands for."""
    try:
        problem = response.json()
        found = PROBLEM.fullmatch(str(problem.get("type") or ""))
        detail, remedy = str(problem.get("detail") or ""), str(problem.get("remedy") or "")
        fields = "; ".join(map(str, problem.get("fields") or []))
    except (ValueError, AttributeError, TypeError):
        found, detail, remedy, fields = None, "", "", ""
    if response.is_redirect:
        return InputError("the address of the service leads to another address.", remedy="Give that address itself.")
    message = detail or f"the service answered {response.status_code}."
    if fields:
        message = f"{message} ({fields})"
    name = "".join(part.capitalize() for part in found.group(1).split("-")) if found else ""
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, WaslError) and kind is not errors.MissingExtraError:
        return kind(message, remedy=remedy)
    by_status = {401: errors.AccessError, 403: errors.AccessError, 404: errors.NotFoundError, 428: errors.StateError}
    return by_status.get(response.status_code, WaslError)(message, remedy=remedy)


def require_another_attempt(error: httpx.InvalidURL | httpx.RequestError, *, last: bool) -> None:
    """Refuse where no attempt is left, and at once where another one fails in the same way.

    Raises:
        InputError: The address is none of the web.
        VerificationError: The certificate is not accepted: another name, another issuer, or not of today.
        WaslError: This was the last attempt, and nobody answered to the end.
    """
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        raise no_address() from error
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise VerificationError(
                f"the certificate of the service is not accepted: {cause.verify_message}.",
                remedy="Check the address and the clock of this computer, then ask the operator of the service.",
            ) from error
        cause = cause.__cause__ or cause.__context__
    if last:
        raise WaslError(
            f"the service does not answer ({type(error).__name__}).", remedy="Check the address and try again."
        ) from error


def no_address() -> InputError:
    """The error for an address that names no service; it is not repeated, for it may hold a password."""
    return InputError("the address of the service is not one of the web.", remedy="It begins with https:// or http://.")


def no_service() -> WaslError:
    """The error for an answer that wasl does not give: another program is at the address, or before it."""
    return WaslError("what answers at this address is not a service of wasl.", remedy="Check the address.")
