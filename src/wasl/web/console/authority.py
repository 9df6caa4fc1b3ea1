"""Standing of a project under the decisions of the authority, as pages say it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from wasl.compliance.authorization import Authorization, Decisions
from wasl.locale import N_

__all__ = ["Held", "held_by", "state_of"]

SAID: Mapping[str, tuple[str, str]] = {
    "demanded": ("alarm", N_("No decision is stored: this installation refuses to link and to release until one is.")),
    "ahead": ("caution", N_("Decision {decision} is not in force yet: linking and releasing are refused.")),
    "expired": ("alarm", N_("Decision {decision} has expired: linking and releasing are refused.")),
    "revoked": ("alarm", N_("Decision {decision} was revoked: linking and releasing are refused.")),
}
"""For each state in which acts are refused, the tone and the sentence of the page."""

STATES: Mapping[str, str] = {
    "holds": N_("in force"),
    "ahead": N_("not in force yet"),
    "expired": N_("past its last day"),
    "revoked": N_("withdrawn by the authority"),
    "replaced": N_("replaced by a later one"),
}
"""Words for the state of one decision."""


@dataclass(frozen=True, slots=True)
class Held:
    """Standing of a project on a day.

    Attributes:
        state: ``none``, ``demanded``, ``ahead``, ``holds``, ``ends``, ``expired`` or ``revoked``.
        decisions: The decisions that cover acts on that day, or the one that last did.
        days_left: Days until the last of them ends; None without a decision.
        purposes: Purposes of which an act has to state one; empty where there are fewer than two.
    """

    state: str
    decisions: tuple[Authorization, ...] = ()
    days_left: int | None = None
    purposes: tuple[str, ...] = field(default=())

    @property
    def decision(self) -> str:
        """Its number, or those of all."""
        return ", ".join(one.decision for one in self.decisions)

    @property
    def said(self) -> tuple[str, str] | None:
        """Tone and sentence where acts are refused."""
        return SAID.get(self.state)


def held_by(decisions: Decisions, today: dt.date) -> Held:
    """The standing of a project whose decisions these are."""
    held = decisions.in_effect(today)
    if not held:
        return Held("demanded" if decisions.demanded else "none")
    holding = tuple(one for one in held if state_of(one, decisions, today) == "holds")
    if not holding:
        last = held[-1]
        return Held(state_of(last, decisions, today), (last,), (last.expires - today).days)
    longest = max(holding, key=lambda one: one.expires)
    days = (longest.expires - today).days
    named = {name for one in holding for name in one.scope.purposes or ()}
    purposes = tuple(sorted(named)) if len(named) > 1 else ()
    return Held("ends" if days <= longest.warning_days else "holds", holding, days, purposes)


def state_of(one: Authorization, decisions: Decisions, today: dt.date) -> str:
    """The state of one decision, a key of `STATES`."""
    if one.revoked is not None:
        return "revoked"
    if today < one.decided:
        return "ahead"
    if one not in decisions.in_effect(today):
        return "replaced"
    return "expired" if today > one.expires else "holds"
