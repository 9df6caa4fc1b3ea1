"""The dossier of a project: chapters made from the facts, the scope asked for, and what changed since the last version.

*Source of the outline:* what a request to the CNDP has to say under law 09-08: who is responsible, purposes, data and
persons, recipients, files to be interconnected, retention, security, rights. The text of the law is not reproduced.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from wasl.audit.events import AuditEvent
from wasl.compliance.facts import Facts, PassFact
from wasl.compliance.particulars import Contact, Text
from wasl.compliance.scope import OUTPUTS, Output, Scope
from wasl.compliance.statements import Dossier, Hole, Localized, Section, Source, Statement, Value
from wasl.disclosure.policy.document import Role
from wasl.locale import N_
from wasl.registers.schema import FieldRole, RegisterSchema

__all__ = ["draw_up", "scope_of"]

RESULTS = {
    "EncodingAttacked": N_("The attacks were run on {subject}."),
    "RegisterEncoded": N_("The register {subject} was encoded."),
    "DeliveryReceived": N_("A delivery of {subject} was received."),
    "LinkageCompleted": N_("The linkage {subject} was completed."),
    "SpineResolved": N_("The persons of {subject} were resolved."),
    "ProtectionApplied": N_("The microdata {subject} were protected."),
    "TablesProtected": N_("The tables {subject} were protected."),
    "ReleasePublished": N_("The release {subject} was published."),
    "ReleaseWithdrawn": N_("The release {subject} was withdrawn."),
    "ObjectionReceived": N_("Objections were received for {subject}."),
    "FilesErased": N_("The files of {subject} were erased."),
    "AuthorizationStored": N_("The authorization of {subject} was stored."),
    "AuthorizationExceeded": N_("{subject} was refused because the authorization did not cover it."),
}
"""Sentences for the kinds of events that a dossier lists."""

MOST_ENTRIES = 40
"""Entries listed at most; the number of those left out is stated."""


def draw_up(facts: Facts, *, earlier: Mapping[str, Any] | None = None) -> Dossier:
    """The dossier of a project.

    Args:
        facts: What is known.
        earlier: ``dossier.json`` of the version before, for the list of differences.
    """
    sections = (
        _controller(facts),
        _purposes(facts),
        *(_register(facts, schema) for schema in facts.registers),
        _interconnections(facts),
        _recipients(facts),
        _retention(facts),
        _security(facts),
        _attacks(facts),
        _risks(facts),
        _residual(facts),
        _rights(facts),
        _history(facts),
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
    )
    return dossier if earlier is None else _compared(dossier, earlier)


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
        interconnections=tuple((a, b) for a, b, _ in _pairs(facts)),
        keys=tuple(one.name for one in _used(facts)),
        rounds=(facts.plan.round,) if facts.plan is not None and facts.plan.round else (),
        variables=tuple(_variables(facts)),
        outputs=tuple(one for one in OUTPUTS if one in outputs),
    )


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
    )


def _controller(facts: Facts) -> Section:
    known = facts.particulars
    statements: list[Statement] = []
    holes: list[Hole] = []
    for name, contact, key, question in (
        ("controller", known.controller, N_("Controller: {name}."), N_("Who is the controller?")),
        ("contact", known.contact, N_("Contact for the authority: {name}."), N_("Whom may the authority ask?")),
        ("officer", known.officer, N_("Data-protection officer: {name}."), N_("Who is the data-protection officer?")),
    ):
        if contact.name.empty:
            holes.append(Hole(question, f"{name}.name"))
            continue
        statements.append(Statement(key, {"name": _text(contact.name)}, _person(facts, name)))
        statements += _reached(facts, name, contact)
        if contact.address.empty:
            holes.append(Hole(N_("At which address?"), f"{name}.address"))
    return Section(N_("Controller"), tuple(statements), tuple(holes))


def _reached(facts: Facts, name: str, contact: Contact) -> list[Statement]:
    said: list[Statement] = []
    if not contact.representative.empty:
        values: dict[str, Value] = {"name": _text(contact.representative)}
        said.append(Statement(N_("Represented by {name}."), values, _person(facts, f"{name}.representative")))
    if not contact.address.empty:
        values = {"address": _text(contact.address)}
        said.append(Statement(N_("Address: {address}."), values, _person(facts, f"{name}.address")))
    reach = " · ".join(one for one in (contact.telephone, contact.email) if one)
    if reach:
        said.append(Statement(N_("Telephone and e-mail: {reach}."), {"reach": reach}, _person(facts, name)))
    return said


def _purposes(facts: Facts) -> Section:
    known = facts.particulars
    statements = [Statement("{text}", {"text": _text(text)}, _person(facts, "purposes")) for text in known.purposes]
    holes = [] if known.purposes else [Hole(N_("For which purposes are the registers linked?"), "purposes")]
    law = Source("configuration", "wasl")
    statements.append(
        Statement(
            N_("Linking registers is a processing of personal data under law 09-08 and needs prior authorization."),
            {},
            law,
        )
    )
    statements.append(
        Statement(N_("The encoded records stay personal data: their holders can recognize their own records."), {}, law)
    )
    statements += [
        Statement(N_("Legal basis: {text}"), {"text": _text(text)}, _person(facts, "legal_basis"))
        for text in known.legal_basis
    ]
    if not known.legal_basis:
        holes.append(Hole(N_("Which texts permit each holder to keep and to send its data?"), "legal_basis"))
    return Section(N_("Purposes and legal basis"), tuple(statements), tuple(holes))


def _register(facts: Facts, schema: RegisterSchema) -> Section:
    where = f"registers/{schema.register_id}"
    source = Source("configuration", f"{where} ({schema.digest[:19]}…)")
    by_use: dict[str, list[str]] = {"compared": [], "sent": [], "unused": []}
    for field in schema.fields:
        use = "compared" if field.role.encoded else "sent" if field.role is FieldRole.PAYLOAD else "unused"
        by_use[use].append(field.name)
    title: dict[str, str] = {language: schema.title_in(language) for language in ("en", "fr", "ar")}
    values: dict[str, Value] = {"title": title, "holder": schema.holder, "columns": len(schema.fields)}  # type: ignore[dict-item]
    statements = [Statement(N_("{title}, kept by {holder}: {columns} columns."), values, source)]
    for use, key in (
        ("compared", N_("Compared as keyed encodings; the values stay with the holder: {columns}.")),
        ("sent", N_("Sent as content in standard codes: {columns}.")),
        ("unused", N_("Not used: {columns}.")),
    ):
        if by_use[use]:
            statements.append(Statement(key, {"columns": tuple(by_use[use])}, source))
    derived = tuple(f"{variable.standard} ← {variable.column}" for variable in schema.payload)
    if derived:
        statements.append(Statement(N_("Derived before it leaves: {columns}."), {"columns": derived}, source))
    dates = [f"{one.name}: {one.precision}" for one in schema.fields if one.type == "date" and not one.role.encoded]
    if dates:
        statements.append(Statement(N_("Dates leave coarsened: {columns}."), {"columns": tuple(dates)}, source))
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
            statements.append(Statement(key, {"text": _text(text)}, _person(facts, place)))
    return Section(schema.title_fr or schema.title or schema.register_id, tuple(statements), tuple(holes))


def _interconnections(facts: Facts) -> Section:
    statements: list[Statement] = []
    holes: list[Hole] = []
    profile = Source("configuration", f"profile {facts.profile or 'of the deliveries'}")
    for a, b, passes in _pairs(facts):
        values: dict[str, Value] = {"a": a, "b": b, "keys": tuple(one.name for one in passes)}
        statements.append(Statement(N_("{a} with {b}, by: {keys}."), values, profile))
    for one in _used(facts):
        if one.parts:
            values = {"name": one.name, "parts": one.parts}
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


def _recipients(facts: Facts) -> Section:
    table = Source("configuration", "permissions")
    statements = [Statement(key, {}, table) for key in SEES]
    for policy in facts.policies:
        source = Source("configuration", f"disclosure/{policy.name} ({policy.digest[:19]}…)")
        released = policy.released([variable.name for variable in policy.variables])
        values: dict[str, Value] = {"title": policy.title or policy.name, "variables": released}
        statements.append(Statement(N_("Microdata under the policy “{title}” with: {variables}."), values, source))
    for spec in facts.tables:
        source = Source("configuration", f"tables/{spec.name} ({spec.digest[:19]}…)")
        values = {"name": spec.name, "variables": spec.columns}
        statements.append(Statement(N_("Protected tables “{name}” of: {variables}."), values, source))
    for menu in facts.menus:
        source = Source("configuration", f"menus/{menu.name}")
        values = {"name": menu.title_fr or menu.title or menu.name, "variables": menu.columns}
        statements.append(
            Statement(N_("Tables that analysts order from the menu “{name}”, of: {variables}."), values, source)
        )
    statements += [
        Statement("{text}", {"text": _text(text)}, _person(facts, "recipients"))
        for text in facts.particulars.recipients
    ]
    holes = []
    if not (facts.policies or facts.tables or facts.menus):
        holes.append(Hole(N_("What is to be published?"), "--policy, --tables, --menu"))
    transfers = facts.particulars.transfers
    if transfers.empty:
        holes.append(Hole(N_("Where do the machines stand, and does anything leave the country?"), "transfers"))
    else:
        values = {"text": _text(transfers)}
        statements.append(Statement(N_("Place and transfers: {text}"), values, _person(facts, "transfers")))
    return Section(N_("Recipients"), tuple(statements), tuple(holes))


def _retention(facts: Facts) -> Section:
    statements: list[Statement] = []
    holes: list[Hole] = []
    for schema in facts.registers:
        days = facts.retention.get(schema.register_id, facts.retention.get(""))
        if days is None:
            question = N_("How many days are its files kept after they were sent?")
            holes.append(Hole(question, f"retention rule of {schema.register_id}"))
            continue
        values: dict[str, Value] = {"register": schema.register_id, "days": days}
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
        values = {"text": _text(why)}
        statements.append(Statement(N_("Reason for the retention: {text}"), values, _person(facts, "retention")))
    return Section(N_("Retention"), tuple(statements), tuple(holes))


MEASURES = (
    N_("Names and keys never leave the holder: the packages that link, store and serve cannot import what reads them."),
    N_("Each project has its own key of 256 bits; encodings of two rounds have nothing in common."),
    N_("Deliveries, join maps and content are signed by their holder and bound to project, round and period."),
    N_("Each act is one entry of a hash-tree log with signed checkpoints, which an auditor verifies offline."),
    N_("A release needs two persons: who prepared it does not approve it."),
)


def _security(facts: Facts) -> Section:
    statements = [Statement(key, {}, Source("configuration", "wasl")) for key in MEASURES]
    if facts.profile:
        values: dict[str, Value] = {"profile": facts.profile}
        source = Source("configuration", f"profile {facts.profile}")
        statements.append(Statement(N_("Encoding profile: {profile}."), values, source))
    statements += [
        Statement("{text}", {"text": _text(text)}, _person(facts, "organization"))
        for text in facts.particulars.organization
    ]
    question = N_("Which measures protect rooms, machines and staff?")
    holes = () if facts.particulars.organization else (Hole(question, "organization"),)
    return Section(N_("Security measures"), tuple(statements), holes)


VIEWS = {
    "linkage": N_("the linkage unit with the deliveries of one round"),
    "known": N_("the linkage unit that knows the rows of some persons"),
    "told": N_("the linkage unit that is told who shares a block"),
    "periods": N_("the linkage unit with the deliveries of several periods"),
    "joined": N_("the linkage unit and the spine keeper together"),
    "joined, payload": N_("the linkage unit, the spine keeper and the release desk together"),
    "payload": N_("the release desk with the content"),
    "order": N_("somebody who knows the order of the source"),
    "insider": N_("another holder with the key of the project"),
}


def _attacks(facts: Facts) -> Section:
    statements: list[Statement] = []
    for figure in facts.attacks:
        source = Source("measurement", figure.reference)
        values: dict[str, Value] = {
            "view": (VIEWS.get(figure.view, figure.view),),
            "named": figure.named,
            "exposed": figure.exposed,
            "attack": figure.attack,
        }
        key = N_("The strongest attack ({attack}) by {view} named {named} of {exposed} persons rightly.")
        statements.append(Statement(key, values, source))
        if figure.certain is not None:
            certain: dict[str, Value] = {"certain": figure.certain}
            statements.append(Statement(N_("It was certain of {certain} of them."), certain, source))
    if facts.attacks:
        key = N_("The adversary of these attacks owns a clean list of the same persons, the profile and the schema.")
        statements.append(Statement(key, {}, Source("measurement", facts.attacks[0].reference)))
    question = N_("How many persons does an attack on the encodings name? Run `wasl attack`.")
    return Section(
        N_("Measured attacks on the encodings"),
        tuple(statements),
        () if facts.attacks else (Hole(question, "--attacks attacks.json"),),
    )


def _risks(facts: Facts) -> Section:
    statements: list[Statement] = []
    for policy in facts.policies:
        if policy.thresholds.k is None:
            continue
        source = Source("configuration", f"disclosure/{policy.name}")
        keys = policy.named(Role.KEY)
        required: dict[str, Value] = {"policy": policy.name, "k": policy.thresholds.k, "keys": len(keys)}
        key = N_("Policy {policy}: at least {k} rows agree in all {keys} key variables, or nothing is released.")
        statements.append(Statement(key, required, source))
    for figure in facts.risks:
        values: dict[str, Value] = {
            "policy": figure.policy,
            "rows": figure.rows,
            "k": figure.k,
            "share": round(figure.share, 5),
        }
        key = N_("Measured under {policy}: {rows} rows, k = {k}, expected share of re-identified rows {share}.")
        statements.append(Statement(key, values, Source("measurement", figure.reference)))
    question = N_("What is the risk of the protected files? Run `wasl protect`.")
    holes = () if facts.risks else (Hole(question, "--risk internal-report.json"),)
    return Section(N_("Measured disclosure risks"), tuple(statements), holes)


def _residual(facts: Facts) -> Section:
    text = facts.particulars.residual_risk
    statements = [
        Statement(
            N_(
                "A holder that has the project's key and gets another holder's encodings can recognize persons in them."
            ),
            {},
            Source("configuration", "docs/attacks.md"),
        ),
        Statement(
            N_("A single installation that holds encodings, join maps and content together names most persons."),
            {},
            Source("configuration", "docs/attacks.md"),
        ),
    ]
    if text.empty:
        question = N_("How does the controller judge what remains, and what does it do about it?")
        return Section(N_("Residual risk"), tuple(statements), (Hole(question, "residual_risk"),))
    judged: dict[str, Value] = {"text": _text(text)}
    statements.append(Statement(N_("Judgement of the controller: {text}"), judged, _person(facts, "residual_risk")))
    return Section(N_("Residual risk"), tuple(statements))


def _rights(facts: Facts) -> Section:
    law = Source("configuration", "wasl")
    statements = [
        Statement(
            N_("Persons have rights of access, correction and objection (articles 7, 8 and 9 of law 09-08)."), {}, law
        ),
        Statement(
            N_("The articles cited here are to be checked by the controller's lawyer before the dossier is filed."),
            {},
            law,
        ),
        Statement(
            N_("A holder that receives an objection sends the record id; later runs and releases omit the person."),
            {},
            law,
        ),
    ]
    text = facts.particulars.rights
    if text.empty:
        question = N_("Where and how do persons ask for access, correction or objection?")
        return Section(N_("Rights of the persons"), tuple(statements), (Hole(question, "rights"),))
    values: dict[str, Value] = {"text": _text(text)}
    statements.append(Statement(N_("Where to ask: {text}"), values, _person(facts, "rights")))
    return Section(N_("Rights of the persons"), tuple(statements))


def _history(facts: Facts) -> Section:
    listed = [(number, event) for number, event in facts.entries if event.kind in RESULTS]
    statements = [_entry(number, event) for number, event in listed[-MOST_ENTRIES:]]
    if len(listed) > MOST_ENTRIES:
        values: dict[str, Value] = {"count": len(listed) - MOST_ENTRIES}
        key = N_("{count} earlier entries are not listed here; the log has them all.")
        statements.insert(0, Statement(key, values, Source("log", "0")))
    holes = () if listed else (Hole(N_("Nothing of this project stands in the log yet."), "log"),)
    return Section(N_("What was done so far, from the log"), tuple(statements), holes)


def _entry(number: int, event: AuditEvent) -> Statement:
    return Statement(RESULTS[event.kind], {"subject": event.subject}, Source("log", f"{number} ({event.at[:10]})"))


def _pairs(facts: Facts) -> list[tuple[str, str, list[PassFact]]]:
    """Every pair of registers that shares a pass, with the shared passes."""
    found = []
    for a, b in combinations(sorted(facts.registers, key=lambda schema: schema.register_id), 2):
        shared = [one for one in facts.passes if _has(a, one) and _has(b, one)]
        if shared:
            found.append((a.register_id, b.register_id, shared))
    return found


def _used(facts: Facts) -> list[PassFact]:
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


def _variables(facts: Facts) -> list[str]:
    """The variables that the policies and tables let out."""
    names = {name for policy in facts.policies for name in policy.released([one.name for one in policy.variables])}
    names |= {name for spec in facts.tables for name in spec.columns}
    return sorted(names | {name for menu in facts.menus for name in menu.columns})


def _text(text: Text) -> Localized:
    return {"fr": text.fr, "ar": text.ar, "en": text.en}


def _person(facts: Facts, key: str) -> Source:
    return Source("person", f"{facts.particulars_name}: {key}")
