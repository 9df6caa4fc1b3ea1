"""The dossier of a project: chapters made from the facts, the scope asked for, and what changed since the last version.

*Source of the outline:* what a request to the CNDP has to say under law 09-08: who is responsible, purposes, data and
persons, recipients, files to be interconnected, retention, security, rights. The text of the law is not reproduced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasl.compliance.asked import scope_of
from wasl.compliance.data import interconnections, recipients, register_section, retention
from wasl.compliance.facts import Facts
from wasl.compliance.measured import attacks, history, risks, security
from wasl.compliance.parties import controller, purposes, residual, rights
from wasl.compliance.sources import localized_text
from wasl.compliance.statements import Dossier, Hole, Section, Source, Statement
from wasl.locale import N_

__all__ = ["draw_up", "scope_of"]


def draw_up(facts: Facts, *, earlier: Mapping[str, Any] | None = None) -> Dossier:
    """The dossier of a project.

    Args:
        facts: What is known.
        earlier: ``dossier.json`` of the version before, for the list of differences.
    """
    sections = (
        controller(facts),
        purposes(facts),
        *(register_section(facts, schema) for schema in facts.registers),
        interconnections(facts),
        recipients(facts),
        retention(facts),
        security(facts),
        attacks(facts),
        risks(facts),
        residual(facts),
        rights(facts),
        history(facts),
    )
    if not facts.registers:
        question = N_("Which registers take part?")
        sections = (*sections[:2], Section(N_("Data and persons"), (), (Hole(question, "--register"),)), *sections[2:])
    title = facts.particulars.title
    dossier = Dossier(
        facts.project,
        title.fr or title.en or title.ar or facts.project,
        facts.today.isoformat(),
        1,
        scope_of(facts),
        sections,
        titles={one: text for one, text in localized_text(title).items() if text},
    )
    return dossier if earlier is None else _compared(dossier, earlier)


def _compared(dossier: Dossier, earlier: Mapping[str, Any]) -> Dossier:
    """The dossier as the next version after an earlier one."""
    before: dict[str, Mapping[str, Any]] = {}
    for section in earlier.get("sections", []):
        for item in section["statements"]:
            values = {
                name: tuple(value) if isinstance(value, list) else value for name, value in item["values"].items()
            }
            before[Statement(item["key"], values, Source("person", "")).identity] = item
    now = {statement.identity: statement for statement in dossier.statements}
    return Dossier(
        dossier.project,
        dossier.title,
        dossier.drawn_up,
        int(earlier.get("version", 0)) + 1,
        dossier.scope,
        dossier.sections,
        tuple(statement for identity, statement in now.items() if identity not in before),
        tuple(item for identity, item in before.items() if identity not in now),
        str(earlier.get("digest", "")),
        dossier.titles,
    )
