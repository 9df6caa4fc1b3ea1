"""The acts that interconnect registers or let something out, what each states of itself, and every way to it.

The gate reads this table, and so do the tests: an act, verb, permission or job that is in no row fails them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

__all__ = ["ACTS", "FETCH", "FETCHED", "Asked", "GatedAct", "Output", "Part"]

Output = Literal["microdata", "synthetic", "tables"]
"""Kinds of files for other people: protected microdata, synthetic microdata, protected tables."""


class Part(StrEnum):
    """The parts of an act that a scope can limit. The days of the decision hold for every act."""

    PROJECT = "project"
    REGISTER = "register"
    KEY = "key"
    ROUND = "round"
    PERIOD = "period"
    RETENTION = "retention"
    OUTPUT = "output"
    VARIABLE = "variable"
    RECIPIENT = "recipient"
    PURPOSE = "purpose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One act as it is put to the gate. A part that is None is not known here, and is compared where it is.

    Attributes:
        act: Name of the act, a key of `ACTS`.
        projects: Projects of the files; several are refused.
        registers: Registers that take part.
        pairs: Pairs of registers that are interconnected; None: each with each.
        keys: Names of the passes by which records are compared.
        rounds: Rounds of the files.
        periods: Periods that the files describe, by register.
        days_kept: Days since the files were made, the longest by register.
        output: Kind of output.
        variables: Variables that leave.
        recipient: Who receives it: ``public``, ``analysts`` or ``holder:REGISTER``.
        purpose: What for, as stated; empty: not stated. None: compared when the act was asked for.
    """

    act: str
    projects: frozenset[str] | None = None
    registers: frozenset[str] | None = None
    pairs: frozenset[tuple[str, str]] | None = None
    keys: frozenset[str] | None = None
    rounds: frozenset[str] | None = None
    periods: frozenset[tuple[str, str]] | None = None
    days_kept: Mapping[str, int] | None = None
    output: Output | None = None
    variables: frozenset[str] | None = None
    recipient: str | None = None
    purpose: str | None = None

    @property
    def stated(self) -> frozenset[Part]:
        """The parts that are known."""
        known = {
            Part.PROJECT: self.projects,
            Part.REGISTER: self.registers,
            Part.KEY: self.keys,
            Part.ROUND: self.rounds,
            Part.PERIOD: self.periods,
            Part.RETENTION: self.days_kept,
            Part.OUTPUT: self.output,
            Part.VARIABLE: self.variables,
            Part.RECIPIENT: self.recipient,
            Part.PURPOSE: self.purpose,
        }
        return frozenset(part for part, value in known.items() if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedAct:
    """An act that the authorization of the project must cover.

    Attributes:
        parts: What it states of itself in full: where the act is done.
        function: The function of `wasl.workflow` that does it, as ``module.function``.
        facade: The function of the library, where it has one.
        verbs: Verbs of the command line, with the word of a verb under a verb.
        actions: Permissions of the service: routes, pages and the client's methods ask under them.
        jobs: Kinds of job in which the service does it.
    """

    parts: frozenset[Part]
    function: str
    facade: str = ""
    verbs: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    jobs: frozenset[str] = field(default=frozenset())


_SOURCES = frozenset({Part.PROJECT, Part.REGISTER, Part.ROUND, Part.PERIOD, Part.RETENTION, Part.PURPOSE})

ACTS: Mapping[str, GatedAct] = {
    "link": GatedAct(
        parts=_SOURCES | {Part.KEY},
        function="link.link",
        facade="link",
        verbs=frozenset({"link"}),
        actions=frozenset({"linkage.request", "pairs.send"}),
        jobs=frozenset({"score"}),
    ),
    "resolve": GatedAct(
        parts=_SOURCES | {Part.KEY},
        function="resolve.resolve",
        facade="link",
        verbs=frozenset({"resolve", "link"}),
        actions=frozenset({"spine.resolve"}),
        jobs=frozenset({"resolve"}),
    ),
    "assemble": GatedAct(
        parts=_SOURCES,
        function="assemble.assemble",
        facade="assemble",
        verbs=frozenset({"assemble"}),
        actions=frozenset({"release.prepare"}),
        jobs=frozenset({"protect", "tabulate"}),
    ),
    "return": GatedAct(
        parts=_SOURCES | {Part.RECIPIENT},
        function="holder_return.holder_return",
        verbs=frozenset({"return"}),
        actions=frozenset({"return.request"}),
        jobs=frozenset({"return"}),
    ),
    "reproduce": GatedAct(
        parts=_SOURCES - {Part.PURPOSE} | {Part.KEY},
        function="reproduce.reproduce",
        verbs=frozenset({"audit reproduce"}),
        actions=frozenset({"linkage.reproduce"}),
        jobs=frozenset({"reproduce"}),
    ),
    "reproduce-release": GatedAct(
        parts=_SOURCES - {Part.PURPOSE} | {Part.OUTPUT, Part.VARIABLE},
        function="reproduce.reproduce_release",
        verbs=frozenset({"audit reproduce"}),
    ),
    "reproduce-tables": GatedAct(
        parts=_SOURCES - {Part.PURPOSE} | {Part.OUTPUT, Part.VARIABLE},
        function="reproduce_tables.reproduce_tables",
        verbs=frozenset({"audit reproduce"}),
    ),
    "estimate": GatedAct(
        parts=frozenset({Part.PURPOSE}),
        function="estimate.estimate",
        facade="estimate",
        verbs=frozenset({"estimate"}),
    ),
    "protect": GatedAct(
        parts=frozenset({Part.OUTPUT, Part.VARIABLE, Part.PURPOSE}),
        function="protect.protect",
        facade="protect",
        verbs=frozenset({"protect"}),
        actions=frozenset({"release.prepare"}),
        jobs=frozenset({"protect"}),
    ),
    "synthesize": GatedAct(
        parts=frozenset({Part.OUTPUT, Part.VARIABLE, Part.PURPOSE}),
        function="synthesize.synthesize",
        verbs=frozenset({"synthesize"}),
    ),
    "tables": GatedAct(
        parts=frozenset({Part.OUTPUT, Part.VARIABLE, Part.PURPOSE}),
        function="tabulate.tabulate",
        facade="tabulate",
        verbs=frozenset({"tables"}),
        actions=frozenset({"tables.order", "menu.offer", "menu.open"}),
        jobs=frozenset({"tabulate"}),
    ),
    "indicators": GatedAct(
        parts=frozenset({Part.OUTPUT, Part.VARIABLE, Part.PURPOSE}),
        function="indicators.indicators",
        verbs=frozenset({"indicators"}),
    ),
    "publish": GatedAct(
        parts=frozenset({Part.VARIABLE, Part.RECIPIENT, Part.PURPOSE}),
        function="publish.publish",
        facade="publish",
        verbs=frozenset({"publish"}),
        actions=frozenset({"release.request", "release.approve", "release.publish"}),
        jobs=frozenset({"package"}),
    ),
    "publish-tables": GatedAct(
        parts=frozenset({Part.OUTPUT, Part.VARIABLE, Part.RECIPIENT, Part.PURPOSE}),
        function="publish_tables.publish_tables",
        actions=frozenset({"release.request", "release.approve", "release.publish"}),
        jobs=frozenset({"package-tables"}),
    ),
}
"""Each act by name. `merge` is in none: it compares registers of one office, and refuses those of two."""

FETCH = "fetch"
"""Name under which the download of a kept file is put to the gate."""

FETCHED = frozenset(
    {
        "delivery.download",
        "pairs.read",
        "links.read",
        "spine.read",
        "return.read",
        "release.read",
        "tables.read",
        "tables.internal",
    }
)
"""Permissions of the service under which files are handed out that are not public: each download is held to the day."""
