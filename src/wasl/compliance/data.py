"""Chapters of a dossier about data: registers, interconnections, recipients, retention."""

from __future__ import annotations

from collections.abc import Iterable

from wasl.compliance.asked import pairs_asked_for, used_passes
from wasl.compliance.facts import Facts
from wasl.compliance.names import column_label, derived_label, listed, pass_name, register_titles, variable_label
from wasl.compliance.particulars import Text
from wasl.compliance.sources import by_person, in_every_language, localized_text, titles_of
from wasl.compliance.statements import Hole, Localized, Section, Source, Statement, Value
from wasl.locale import LANGUAGES, N_, messages
from wasl.registers.schema import FieldRole, RegisterSchema

__all__ = ["interconnections", "recipients", "register_section", "retention"]


def register_section(facts: Facts, schema: RegisterSchema) -> Section:
    """One register: columns by use, what comes back, and what only its holder knows."""
    where = f"registers/{schema.register_id}"
    source = Source("configuration", f"{where} ({schema.digest[:19]}…)")
    by_use: dict[str, list[str]] = {"compared": [], "sent": [], "unused": []}
    for field in schema.fields:
        use = "compared" if field.role.encoded else "sent" if field.role is FieldRole.PAYLOAD else "unused"
        by_use[use].append(field.name)
    titles: Localized = {language: schema.title_in(language) for language in LANGUAGES}
    values: dict[str, Value] = {"title": titles, "holder": schema.holder, "columns": len(schema.fields)}
    statements = [Statement(N_("{title}, kept by {holder}: {columns} columns."), values, source)]
    for use, key in (
        ("compared", N_("Compared as keyed encodings; the values stay with the holder: {columns}.")),
        ("sent", N_("Sent as content in standard codes: {columns}.")),
        ("unused", N_("Not used: {columns}.")),
    ):
        if by_use[use]:
            columns = listed(column_label(schema, name) for name in by_use[use])
            statements.append(Statement(key, {"columns": columns}, source))
    if schema.payload:
        derived = listed(derived_label(schema, one.standard, one.column) for one in schema.payload)
        statements.append(Statement(N_("Derived before it leaves: {columns}."), {"columns": derived}, source))
    dates = [one for one in schema.fields if one.type == "date" and not one.role.encoded]
    if dates:
        coarse = listed(_with_precision(column_label(schema, one.name), str(one.precision)) for one in dates)
        statements.append(Statement(N_("Dates leave coarsened: {columns}."), {"columns": coarse}, source))
    back = (
        N_("Nothing about single records comes back to the holder.")
        if schema.returns == "none"
        else N_("The holder may receive results about its own records only.")
    )
    statements.append(Statement(back, {}, source))
    own = facts.particulars.registers.get(schema.register_id)
    holes = []
    for name, key, question in (
        ("subjects", N_("Persons described: {text}"), N_("Whom does this register describe, and how many persons?")),
        ("legal_basis", N_("Kept under: {text}"), N_("Under which text does its holder keep it?")),
        ("informed", N_("Information of the persons: {text}"), N_("How were these persons informed of the linkage?")),
    ):
        text = Text() if own is None else getattr(own, name)
        place = f"registers.{schema.register_id}.{name}"
        if text.empty:
            holes.append(Hole(question, place))
        else:
            statements.append(Statement(key, {"text": localized_text(text)}, by_person(facts, place)))
    heading = schema.title_fr or schema.title or schema.register_id
    return Section(heading, tuple(statements), tuple(holes), titles)


PRECISIONS = {
    "day": N_("to the day"),
    "month": N_("to the month"),
    "quarter": N_("to the quarter"),
    "year": N_("to the year"),
}


def _with_precision(label: Localized, precision: str) -> Localized:
    """A date with how exactly it leaves."""
    said = {one: messages(one).text(PRECISIONS.get(precision, precision)) for one in LANGUAGES}
    return {one: f"{label[one]}{messages(one).colon}{said[one]}" for one in LANGUAGES}


def _labels(variables: Iterable[str]) -> Localized:
    return listed(variable_label(one) for one in variables)


def interconnections(facts: Facts) -> Section:
    """The pairs of registers, and the keys by which they are compared."""
    statements: list[Statement] = []
    holes: list[Hole] = []
    profile = Source("configuration", f"profile {facts.profile or 'of the deliveries'}")
    for a, b, passes in pairs_asked_for(facts):
        values: dict[str, Value] = {"a": register_titles(facts, a), "b": register_titles(facts, b)}
        values["keys"] = tuple(one.name for one in passes)
        statements.append(Statement(N_("{a} with {b}, by: {keys}."), values, profile))
    for one in used_passes(facts):
        if one.parts:
            values = {"name": pass_name(one.name), "parts": one.parts}
            statements.append(Statement(N_("Two records meet in “{name}” if they agree in {parts}."), values, profile))
    if facts.plan is None:
        holes.append(Hole(N_("Which linkage plan is used?"), "--plan"))
    else:
        plan = Source("configuration", f"linkage/{facts.plan.name} ({facts.plan.digest[:19]}…)")
        if facts.plan.round:
            statements.append(Statement(N_("Round: {round}."), {"round": facts.plan.round}, plan))
        cost: dict[str, Value] = {"share": round(facts.plan.resolution.accept, 3)}
        statements.append(Statement(N_("Pairs are linked from a probability of {share} on."), cost, plan))
    if not facts.passes:
        holes.append(Hole(N_("Which encoding profile is used?"), "--profile"))
    return Section(N_("Interconnections asked for, and their keys"), tuple(statements), tuple(holes))


SEES = (
    N_("The linkage unit receives encodings; it sees no name, no key and no content."),
    N_("The spine keeper receives join maps and scores; it sees no name, no encoding and no content."),
    N_("The release desk receives content without identifiers; it sees no name and no encoding."),
    N_("The auditor reads the log, reports and digests; it sees no record."),
    N_("The public receives protected files and tables only."),
)


def recipients(facts: Facts) -> Section:
    """The recipients, and the data that each receives."""
    table = Source("configuration", "permissions")
    statements = [Statement(key, {}, table) for key in SEES]
    for policy in facts.policies:
        source = Source("configuration", f"disclosure/{policy.name} ({policy.digest[:19]}…)")
        released = policy.released([variable.name for variable in policy.variables])
        values: dict[str, Value] = {
            "title": in_every_language(policy.title or policy.name),
            "variables": _labels(released),
        }
        statements.append(Statement(N_("Microdata under the policy “{title}” with: {variables}."), values, source))
    for spec in facts.tables:
        source = Source("configuration", f"tables/{spec.name} ({spec.digest[:19]}…)")
        values = {"name": spec.name, "variables": _labels(spec.columns)}
        statements.append(Statement(N_("Protected tables “{name}” of: {variables}."), values, source))
    for menu in facts.menus:
        source = Source("configuration", f"menus/{menu.name}")
        values = {"name": titles_of(menu), "variables": _labels(menu.columns)}
        statements.append(
            Statement(N_("Tables that analysts order from the menu “{name}”, of: {variables}."), values, source)
        )
    statements += [
        Statement("{text}", {"text": localized_text(text)}, by_person(facts, "recipients"))
        for text in facts.particulars.recipients
    ]
    holes = []
    if not (facts.policies or facts.tables or facts.menus):
        holes.append(Hole(N_("What is to be published?"), "--policy, --tables, --menu"))
    transfers = facts.particulars.transfers
    if transfers.empty:
        holes.append(Hole(N_("Where do the machines stand, and does anything leave the country?"), "transfers"))
    else:
        values = {"text": localized_text(transfers)}
        statements.append(Statement(N_("Place and transfers: {text}"), values, by_person(facts, "transfers")))
    return Section(N_("Recipients"), tuple(statements), tuple(holes))


def retention(facts: Facts) -> Section:
    """The retention of files, and its reason."""
    statements: list[Statement] = []
    holes: list[Hole] = []
    for schema in facts.registers:
        days = facts.retention.get(schema.register_id, facts.retention.get(""))
        if days is None:
            question = N_("How many days are its files kept after they were sent?")
            holes.append(Hole(question, f"retention rule of {schema.register_id}"))
            continue
        values: dict[str, Value] = {"register": register_titles(facts, schema.register_id), "days": days}
        source = Source("configuration", "retention rules")
        statements.append(
            Statement(N_("Files of {register} are erased {days} days after they were sent."), values, source)
        )
    statements.append(
        Statement(
            N_("The log keeps digests, counts and reasons of what was erased; it holds no value of a person."),
            {},
            Source("configuration", "wasl"),
        )
    )
    why = facts.particulars.retention
    if why.empty:
        holes.append(Hole(N_("Why are data kept as long as they are?"), "retention"))
    else:
        values = {"text": localized_text(why)}
        statements.append(Statement(N_("Reason for the retention: {text}"), values, by_person(facts, "retention")))
    return Section(N_("Retention"), tuple(statements), tuple(holes))
