"""The facts of a dossier: documents of the configuration, entries of the log, measurements, particulars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wasl.audit.events import AuditEvent
from wasl.compliance.particulars import Particulars
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.schema import RegisterSchema
from wasl.tables.menu import MenuSpec
from wasl.tables.specification import TablesSpec

__all__ = ["AttackFigure", "Facts", "PassFact", "RiskFigure", "attack_figures", "risk_figure"]


@dataclass(frozen=True, slots=True)
class PassFact:
    """A pass by which registers are compared.

    Attributes:
        name: Its name in the encoding profile.
        parts: The parts whose joint value makes two records meet; empty where only deliveries are at hand.
        registers: Registers that have it; empty: those that have all its parts.
    """

    name: str
    parts: tuple[str, ...] = ()
    registers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttackFigure:
    """The strongest attack measured from one point of view.

    Attributes:
        view, attack: From which view, and which attack.
        exposed: Persons it could have named.
        named: Persons it named rightly in any pass.
        certain: Persons it named rightly and with certainty; None if the attack computes no certainty.
        reference: The file of the measurement, with its digest.
    """

    view: str
    attack: str
    exposed: int
    named: int
    certain: int | None
    reference: str


@dataclass(frozen=True, slots=True)
class RiskFigure:
    """The disclosure risk of a protected file.

    Attributes:
        policy: Name of its policy.
        rows: Its rows.
        k: Least number of rows with the same key values.
        share: Share of the rows that an intruder would expect to re-identify.
        reference: The file of the measurement, with its digest.
    """

    policy: str
    rows: int
    k: float
    share: float
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of a dossier.

    Attributes:
        project: The project.
        today: The day.
        registers: Schemas of the registers that take part.
        plan: The linkage plan.
        profile: Name of the encoding profile; empty where it is not decided.
        passes: Its passes, or those of the deliveries received.
        policies, tables, menus: Of the releases and tables to be made, and of the tables that analysts may order.
        retention: Days that files are kept, by register; ``""`` stands for every other register.
        attacks, risks: Measurements.
        entries: Entries of the project in the log, with their numbers.
        particulars: What people wrote.
        particulars_name: Where it stands.
    """

    project: str
    today: dt.date
    registers: tuple[RegisterSchema, ...] = ()
    plan: LinkagePlan | None = None
    profile: str = ""
    passes: tuple[PassFact, ...] = ()
    policies: tuple[DisclosurePolicy, ...] = ()
    tables: tuple[TablesSpec, ...] = ()
    menus: tuple[MenuSpec, ...] = ()
    retention: Mapping[str, int] = field(default_factory=dict)
    attacks: tuple[AttackFigure, ...] = ()
    risks: tuple[RiskFigure, ...] = ()
    entries: Sequence[tuple[int, AuditEvent]] = ()
    particulars: Particulars = field(default_factory=Particulars)
    particulars_name: str = "particulars"


def attack_figures(outcomes: Sequence[Mapping[str, Any]], reference: str) -> tuple[AttackFigure, ...]:
    """The strongest attack from each view in ``attacks.json`` of ``wasl attack``; those without the truth are left out.

    Raises:
        InputError: It is not such a file.
    """
    strongest: dict[str, AttackFigure] = {}
    try:
        for outcome in outcomes:
            exposed, named = outcome["exposed"], outcome["anywhere"]
            if not exposed or named is None:
                continue
            certain = outcome.get("certain_persons")
            found = AttackFigure(
                str(outcome["view"]),
                str(outcome["attack"]),
                int(exposed),
                int(named),
                None if certain is None else int(certain),
                reference,
            )
            known = strongest.get(found.view)
            if known is None or found.named / found.exposed > known.named / known.exposed:
                strongest[found.view] = found
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{reference}: not an attacks.json of `wasl attack`.") from error
    return tuple(strongest.values())


def risk_figure(report: Mapping[str, Any], reference: str) -> RiskFigure:
    """The risk of the protected file in ``internal-report.json`` of ``wasl protect``.

    Raises:
        InputError: It is not such a file.
    """
    try:
        after = report["risk_after"]
        return RiskFigure(
            str(report["policy"]["name"]),
            int(report["rows"]),
            float(after["k"]),
            float(after["individual_risk"]["share"]),
            reference,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{reference}: not an internal-report.json of `wasl protect`.") from error
