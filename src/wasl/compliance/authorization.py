"""Authorizations as the authority gave them: decision, day, scope, expiry; and the gate that every act passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import Field as Option
from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from wasl.audit.events import AuthorizationExceeded
from wasl.compliance.acts import Asked, Part
from wasl.compliance.excess_words import excess_in_phrases
from wasl.compliance.scope import Scope
from wasl.errors import AuthorizationError
from wasl.registers.documents import Document, load_document
from wasl.registers.exchange.digests import digest_json

__all__ = ["Authorization", "Decisions", "Standing"]

WARNING_DAYS = 90
"""Days before the end from which each act warns. A request to the authority takes about two months."""


class Authorization(Document):
    """A decision of the authority.

    Attributes:
        project: The project it holds for.
        decision: Its number.
        decided: The day of the decision, from which it holds.
        expires: The last day on which it holds.
        dossier: Digest of the dossier it was given on.
        scope: What it covers.
        warning_days: Days before the end from which each act warns.
        beside: Whether it holds beside the decisions stored before; else it replaces them from its day on.
        revoked: The day on which the authority revoked it; None while it stands.
    """

    project: str = Option(min_length=1)
    decision: str = Option(min_length=1, max_length=100)
    decided: dt.date
    expires: dt.date
    dossier: str = ""
    scope: Scope
    warning_days: int = Option(default=WARNING_DAYS, ge=0)
    beside: bool = False
    revoked: dt.date | None = None

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

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out parts that an older decision does not have, so that its digest stays the same."""
        value: dict[str, Any] = handler(self)
        return {name: part for name, part in value.items() if part or name not in ("beside", "revoked")}

    @cached_property
    def digest(self) -> str:
        """The digest of what was decided; a revocation comes later and is not in it."""
        return digest_json(self.model_copy(update={"revoked": None}).model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class Standing:
    """Standing of an act under an authorization.

    Attributes:
        decision: Number of the decision.
        expires: The last day on which it holds.
        days_left: Days until then.
        warning: Why somebody has to act soon, or empty.
        purpose: The purpose of the act: as stated, else the only one of the decision; empty where neither is there.
    """

    decision: str
    expires: dt.date
    days_left: int
    warning: str = ""
    purpose: str = ""

    def to_json(self) -> dict[str, Any]:
        """The standing in an act's report."""
        return {
            "decision": self.decision,
            "expires": self.expires.isoformat(),
            "days_left": self.days_left,
            "warning": self.warning,
        }


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions stored for a project, and the place where each act is held to them.

    Attributes:
        stored: In the order in which they were stored.
        demanded: Whether an act is refused where none is stored.
        project: The project; what is refused names it.
    """

    stored: tuple[Authorization, ...] = ()
    demanded: bool = False
    project: str = ""

    @classmethod
    def of(cls, *stored: Authorization) -> Self:
        """The decisions of one project."""
        return cls(stored, project=stored[0].project if stored else "")

    def in_effect(self, today: dt.date) -> list[Authorization]:
        """The decisions that an act may be held to on a day: the last one, and those stored beside it.

        A decision replaces those before it from its own day on, even if it expired or was revoked since: what the
        authority took back does not come back by itself. While none is in force, those that are not yet are returned.
        """
        found: list[Authorization] = []
        ahead: list[Authorization] = []
        for one in self.stored:
            if today < one.decided:
                ahead.append(one)
            else:
                found = [*found, one] if one.beside else [one]
        return found or ahead

    def require(self, asked: Asked, today: dt.date) -> Standing | None:
        """Refuse an act that no single decision covers whole on this day; None where none is stored nor demanded.

        Raises:
            AuthorizationError: It is not covered. The error carries the event `AuthorizationExceeded`.
        """
        held = self.in_effect(today)
        if not held:
            if not self.demanded:
                return None
            error = AuthorizationError(
                f"no authorization of project {self.project!r} is stored, and this installation demands one.",
                remedy="The data-protection officer draws up the dossier and stores the decision on it.",
            )
            error.event = AuthorizationExceeded(act=asked.act, decision="", excess=("no decision stored",))
            raise error
        beyond = [(one, _excess(one, asked, today)) for one in held]
        covering = [one for one, excess in beyond if not excess]
        if covering:
            return _standing(max(covering, key=lambda one: one.expires), today, asked)
        nearest, excess = min(reversed(beyond), key=lambda found: len(found[1]))
        exceeded = excess_in_phrases(excess)
        error = AuthorizationError(
            f"authorization {nearest.decision} (until {nearest.expires}) does not cover this: {exceeded}.",
            remedy="Amend the dossier, have it authorized, and store the decision: on the page of the dossier, or with "
            "`wasl dossier` and `wasl authorize`.",
        )
        error.event = AuthorizationExceeded(act=asked.act, decision=nearest.decision, excess=excess)
        raise error

    def revoke(self, decision: str, day: dt.date) -> Self:
        """The same decisions, one of them revoked."""
        stored = tuple(
            one.model_copy(update={"revoked": day}) if one.decision == decision else one for one in self.stored
        )
        return type(self)(stored, self.demanded, self.project)


def _excess(held: Authorization, asked: Asked, today: dt.date) -> tuple[str, ...]:
    excess: list[str] = []
    if held.revoked is not None:
        excess.append("revoked")
    if today < held.decided:
        excess.append("not yet in force")
    if today > held.expires:
        excess.append("expired")
    excess += [f"{Part.PROJECT}:{name or 'none named'}" for name in _others(asked.projects, held.project)]
    return (*excess, *held.scope.beyond(asked))


def _others(projects: Iterable[str] | None, own: str) -> list[str]:
    return sorted(set(projects or ()) - {own})


def _standing(held: Authorization, today: dt.date, asked: Asked) -> Standing:
    days = (held.expires - today).days
    warning = ""
    if days <= held.warning_days:
        warning = (
            f"authorization {held.decision} ends on {held.expires} (days left: {days}); "
            "from the day after it wasl refuses to link and to release."
        )
    return Standing(held.decision, held.expires, days, warning, asked.purpose or held.scope.only_purpose)
