"""The scope that a dossier asks for: pairs of registers, passes, variables, kinds of output."""

from __future__ import annotations

from itertools import combinations

from wasl.compliance.facts import Facts, PassFact
from wasl.compliance.scope import OUTPUTS, Output, Scope
from wasl.registers.schema import RegisterSchema

__all__ = ["pairs_asked_for", "scope_of", "used_passes", "variables_asked_for"]


def scope_of(facts: Facts) -> Scope | None:
    """The scope that the facts ask for; None while no register is named."""
    if not facts.registers:
        return None
    outputs: list[Output] = []
    if facts.policies:
        outputs.append("microdata")
    if facts.tables or facts.menus:
        outputs.append("tables")
    return Scope(
        registers=tuple(schema.register_id for schema in facts.registers),
        interconnections=tuple((a, b) for a, b, _ in pairs_asked_for(facts)),
        keys=tuple(one.name for one in used_passes(facts)),
        rounds=(facts.plan.round,) if facts.plan is not None and facts.plan.round else (),
        variables=tuple(variables_asked_for(facts)),
        outputs=tuple(one for one in OUTPUTS if one in outputs),
        periods=facts.particulars.periods or None,
        recipients=_recipients(facts),
        purposes=_purposes(facts),
        retention=_retention(facts) or None,
    )


def _recipients(facts: Facts) -> tuple[str, ...]:
    """The public where something is to be published, analysts where they order tables, holders who get results."""
    public = ["public"] if facts.policies or facts.tables or facts.menus else []
    analysts = ["analysts"] if facts.menus else []
    holders = [f"holder:{schema.register_id}" for schema in facts.registers if schema.returns != "none"]
    return (*public, *analysts, *holders)


def _purposes(facts: Facts) -> tuple[str, ...] | None:
    """The purposes by name; None while one of them has no name, for an act could not state it."""
    names = [one.name for one in facts.particulars.purposes]
    return tuple(names) if names and all(names) else None


def _retention(facts: Facts) -> dict[str, int]:
    """The days by register, where the dossier says how long its files are kept."""
    days = {one.register_id: facts.retention.get(one.register_id, facts.retention.get("")) for one in facts.registers}
    return {name: number for name, number in days.items() if number is not None}


def pairs_asked_for(facts: Facts) -> list[tuple[str, str, list[PassFact]]]:
    """Every pair of registers that shares a pass, with the shared passes."""
    found = []
    for a, b in combinations(sorted(facts.registers, key=lambda schema: schema.register_id), 2):
        shared = [one for one in facts.passes if _has(a, one) and _has(b, one)]
        if shared:
            found.append((a.register_id, b.register_id, shared))
    return found


def used_passes(facts: Facts) -> list[PassFact]:
    """The passes that at least one register has."""
    return [one for one in facts.passes if any(_has(schema, one) for schema in facts.registers)]


IDENTIFIERS = frozenset(
    {
        *("passport", "permit", "cin", "cnss", "certificate", "refugee_file", "consular", "anapec_number"),
        *("national_id", "household", "phone", "sex", "nationality", "birth_place", "postcode", "locality"),
        *("street_number", "street", "address_detail", "region"),
    }
)
"""Parts that are a feature of the same name; other parts are made from names or the birth date, which all have."""


def _has(schema: RegisterSchema, one: PassFact) -> bool:
    if one.registers:
        return schema.register_id in one.registers
    features = {str(field.feature) for field in schema.fields if field.feature is not None}
    features |= {str(feature) for field in schema.fields for feature in field.piece_features.values()}
    return all(part in features for part in one.parts if part in IDENTIFIERS or part.startswith("own_"))


def variables_asked_for(facts: Facts) -> list[str]:
    """The variables that the policies and tables let out."""
    names = {name for policy in facts.policies for name in policy.released([one.name for one in policy.variables])}
    names |= {name for spec in facts.tables for name in spec.columns}
    return sorted(names | {name for menu in facts.menus for name in menu.columns})
