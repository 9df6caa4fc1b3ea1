"""Holds an act to the authorization of its project, before anything is done.

Each function says what one kind of act asks for; `wasl.compliance.authorization.Decisions` alone decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wasl.audit.events import AuthorizationExceeded
from wasl.compliance.acts import Asked, Output
from wasl.compliance.authorization import Decisions, Standing
from wasl.errors import AuthorizationError
from wasl.registers.exchange.delivery_header import DeliveryHeader
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.registers.schema import RegisterSchema
from wasl.workflow.act import RunOptions

__all__ = [
    "Sources",
    "asked_for_output",
    "asked_for_sources",
    "hold",
    "hold_linkage",
    "hold_output",
    "hold_return",
    "require_one_office",
    "sources_of_maps",
    "sources_of_payloads",
]


@dataclass(frozen=True, slots=True)
class Sources:
    """What files say of themselves.

    Attributes:
        projects, registers, rounds: Their projects, registers and rounds.
        periods: The period each register's files describe.
        made: The day on which each register's oldest file was made; ISO 8601, empty where it is not said.
    """

    projects: frozenset[str]
    registers: frozenset[str]
    rounds: frozenset[str]
    periods: frozenset[tuple[str, str]]
    made: Mapping[str, str]

    @classmethod
    def of(cls, files: Sequence[DeliveryHeader | JoinMap | Payload]) -> Sources:
        """The contents of the headers of files; older files name no project."""
        made: dict[str, str] = {}
        for one in files:
            made[one.register] = min(made.get(one.register, one.created) or one.created, one.created or "9")
        return cls(
            frozenset(one.project for one in files),
            frozenset(one.register for one in files),
            frozenset(one.round for one in files),
            frozenset((one.register, one.period) for one in files),
            made,
        )


def sources_of_maps(joins: Sequence[JoinMap], sources: Iterable[Mapping[str, object]]) -> Sources:
    """What join maps and the scored pairs made from their deliveries say."""
    found = Sources.of(joins)
    linked = list(sources)
    projects = {str(one.get("project", "")) for one in linked} | (set(found.projects) - {""})
    registers = {str(one["register"]) for one in linked} | set(found.registers)
    return Sources(frozenset(projects), frozenset(registers), found.rounds, found.periods, found.made)


def sources_of_payloads(payloads: Sequence[Payload], registers: Iterable[str]) -> Sources:
    """What payloads and the spine they are joined to say."""
    found = Sources.of(payloads)
    return Sources(found.projects, found.registers | frozenset(registers), found.rounds, found.periods, found.made)


def asked_for_sources(
    act: str,
    sources: Sources,
    options: RunOptions,
    *,
    keys: Iterable[str] | None = None,
    pairs: Iterable[tuple[str, str]] | None = None,
    recipient: str | None = None,
) -> Asked:
    """The request of an act on files of registers."""
    today = options.require_today()
    return Asked(
        act=act,
        projects=sources.projects,
        registers=sources.registers,
        pairs=None if pairs is None else frozenset(pairs),
        keys=None if keys is None else frozenset(keys),
        rounds=sources.rounds,
        periods=sources.periods,
        days_kept={name: (today - day).days for name, text in sources.made.items() if (day := _day(text))},
        recipient=recipient,
        purpose=options.purpose,
    )


def asked_for_output(
    act: str,
    options: RunOptions,
    *,
    output: Output | None = None,
    variables: Iterable[str] | None = None,
    recipient: str | None = None,
) -> Asked:
    """The request of an act that lets something out."""
    return Asked(
        act=act,
        output=output,
        variables=None if variables is None else frozenset(variables),
        recipient=recipient,
        purpose=options.purpose,
    )


def hold(options: RunOptions, asked: Asked) -> Standing | None:
    """Standing of an act under the authorization in its options; None where none is stored.

    Raises:
        AuthorizationError: It is not covered. The error carries the event `AuthorizationExceeded`.
    """
    held = options.authorization
    if held is None:
        return None
    decisions = held if isinstance(held, Decisions) else Decisions.of(held)
    return decisions.require(asked, options.require_today())


def hold_linkage(options: RunOptions, headers: Sequence[DeliveryHeader]) -> Standing | None:
    """Standing of a linkage of these deliveries.

    Raises:
        AuthorizationError: It is not covered.
    """
    if options.authorization is None or not headers:
        return None
    keys = {summary.name for header in headers for summary in header.passes}
    return hold(options, asked_for_sources("link", Sources.of(headers), options, keys=keys))


def hold_return(
    options: RunOptions,
    register: str,
    others: Iterable[str],
    report: Mapping[str, Any],
    payloads: Sequence[Payload],
    join: JoinMap | None,
) -> Standing | None:
    """Standing of what one holder gets back: its register is interconnected with each of the others shown.

    Raises:
        AuthorizationError: It is not covered.
    """
    if options.authorization is None:
        return None
    shown = set(others)
    files: list[JoinMap | Payload] = [one for one in payloads if one.register in shown | {register}]
    found = Sources.of([*files, *([] if join is None else [join])])
    linked = [one for one in report.get("sources", ()) if one["register"] in shown | {register}]
    projects = {str(one.get("project", "")) for one in linked} | (set(found.projects) - {""})
    sources = replace(found, projects=frozenset(projects), registers=frozenset(shown | {register}))
    pairs = [(register, other) for other in shown]
    return hold(options, asked_for_sources("return", sources, options, pairs=pairs, recipient=f"holder:{register}"))


def hold_output(
    act: str,
    options: RunOptions,
    *,
    output: Output | None = None,
    variables: Iterable[str] | None = None,
    recipient: str | None = None,
) -> Standing | None:
    """Standing of an act that lets something out.

    Raises:
        AuthorizationError: It is not covered.
    """
    asked = asked_for_output(act, options, output=output, variables=variables, recipient=recipient)
    return hold(options, asked)


def require_one_office(schemas: Sequence[RegisterSchema]) -> None:
    """Refuse to compare registers of two offices in the clear: that is an interconnection, and none covers it.

    Raises:
        AuthorizationError: The schemas name more than one holder. It carries the event `AuthorizationExceeded`.
    """
    holders = sorted({schema.holder for schema in schemas} - {""})
    if len(holders) < 2:
        return
    error = AuthorizationError(
        f"these are registers of {len(holders)} offices ({', '.join(holders)}); a merge is for registers of one.",
        remedy="Let each office encode its own, and link the deliveries (`wasl link`).",
    )
    pair = "+".join(sorted(schema.register_id for schema in schemas))
    error.event = AuthorizationExceeded(act="merge", decision="", excess=(f"interconnection:{pair}",))
    raise error


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
