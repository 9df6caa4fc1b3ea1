"""An authorization as the authority gave it: decision, day, scope, expiry; and the gate that every act passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.audit.events import AuthorizationExceeded
from wasl.compliance.scope import Output, Scope
from wasl.errors import AuthorizationError
from wasl.registers.documents import Document, load_document
from wasl.registers.exchange.digests import digest_json

__all__ = ["Authorization", "Standing", "require_linkage", "require_release"]

WARNING_DAYS = 90
"""Days before the end from which each act warns. A request to the authority takes about two months."""


class Authorization(Document):
    """A decision of the authority.

    Attributes:
        project: The project it holds for.
        decision: Its number.
        decided: The day of the decision.
        expires: The last day on which it holds.
        dossier: Digest of the dossier it was given on.
        scope: What it covers.
        warning_days: Days before the end from which each act warns.
    """

    project: str = Option(min_length=1)
    decision: str = Option(min_length=1, max_length=100)
    decided: dt.date
    expires: dt.date
    dossier: str = ""
    scope: Scope
    warning_days: int = Option(default=WARNING_DAYS, ge=0)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The authorization in a TOML file.

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        return load_document(cls, Path(path))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.expires < self.decided:
            raise ValueError("the authorization ends before the day of the decision")
        return self

    @cached_property
    def digest(self) -> str:
        """The digest of its meaning."""
        return digest_json(self.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class Standing:
    """Standing of an act under an authorization.

    Attributes:
        decision: Number of the decision.
        expires: The last day on which it holds.
        days_left: Days until then.
        warning: Why somebody has to act soon, or empty.
    """

    decision: str
    expires: dt.date
    days_left: int
    warning: str = ""

    def to_json(self) -> dict[str, Any]:
        """The standing in an act's report."""
        return {
            "decision": self.decision,
            "expires": self.expires.isoformat(),
            "days_left": self.days_left,
            "warning": self.warning,
        }


def require_linkage(
    authorization: Authorization,
    *,
    project: str,
    registers: Iterable[str],
    keys: Iterable[str],
    round_name: str,
    today: dt.date,
) -> Standing:
    """Refuse a linkage that the authorization does not cover.

    Args:
        authorization: What was authorized.
        project: The project of the deliveries.
        registers: Registers whose deliveries are compared, each with each.
        keys: Names of the passes in which they are compared.
        round_name: The round of the deliveries.
        today: The day of the act.

    Raises:
        AuthorizationError: It exceeds the scope, or the authorization does not hold today.
    """
    excess = authorization.scope.beyond_linkage(registers, keys, round_name)
    if project != authorization.project:
        excess = (f"project:{project or 'none named'}", *excess)
    return _require(authorization, "link", excess, today)


def require_release(
    authorization: Authorization, *, output: Output | None, variables: Iterable[str], today: dt.date
) -> Standing:
    """Refuse an output that the authorization does not cover.

    Args:
        authorization: What was authorized.
        output: The kind of output; None for the publication of a file whose kind was authorized when it was made.
        variables: The variables that leave with it.
        today: The day of the act.

    Raises:
        AuthorizationError: It exceeds the scope, or the authorization does not hold today.
    """
    return _require(authorization, output or "publish", authorization.scope.beyond_release(output, variables), today)


def _require(authorization: Authorization, act: str, excess: tuple[str, ...], today: dt.date) -> Standing:
    if today < authorization.decided:
        excess = ("not yet in force", *excess)
    if today > authorization.expires:
        excess = ("expired", *excess)
    if excess:
        error = AuthorizationError(
            f"authorization {authorization.decision} (until {authorization.expires}) does not cover this: "
            f"{', '.join(excess)}.",
            remedy="Amend the dossier (`wasl dossier`), have it authorized, and store the decision (`wasl authorize`).",
        )
        error.event = AuthorizationExceeded(act=act, decision=authorization.decision, excess=excess)
        raise error
    days = (authorization.expires - today).days
    warning = ""
    if days <= authorization.warning_days:
        warning = (
            f"authorization {authorization.decision} ends on {authorization.expires}, in {days} days; "
            "from the day after it wasl refuses to link and to release."
        )
    return Standing(authorization.decision, authorization.expires, days, warning)
