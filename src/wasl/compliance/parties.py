"""Chapters of a dossier about people and their words: controller, purposes, residual risk, rights."""

from __future__ import annotations

from wasl.compliance.facts import Facts
from wasl.compliance.particulars import Contact
from wasl.compliance.sources import by_person, localized_text
from wasl.compliance.statements import Hole, Section, Source, Statement, Value
from wasl.locale import N_

__all__ = ["controller", "purposes", "residual", "rights"]


def controller(facts: Facts) -> Section:
    """The controller, the contact of the authority, and the data-protection officer."""
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
        statements.append(Statement(key, {"name": localized_text(contact.name)}, by_person(facts, name)))
        statements += _reached(facts, name, contact)
        if contact.address.empty:
            holes.append(Hole(N_("At which address?"), f"{name}.address"))
    return Section(N_("Controller"), tuple(statements), tuple(holes))


def _reached(facts: Facts, name: str, contact: Contact) -> list[Statement]:
    said: list[Statement] = []
    if not contact.representative.empty:
        values: dict[str, Value] = {"name": localized_text(contact.representative)}
        said.append(Statement(N_("Represented by {name}."), values, by_person(facts, f"{name}.representative")))
    if not contact.address.empty:
        values = {"address": localized_text(contact.address)}
        said.append(Statement(N_("Address: {address}."), values, by_person(facts, f"{name}.address")))
    reach = " · ".join(one for one in (contact.telephone, contact.email) if one)
    if reach:
        said.append(Statement(N_("Telephone and e-mail: {reach}."), {"reach": reach}, by_person(facts, name)))
    return said


def purposes(facts: Facts) -> Section:
    """The purposes of the linkage, and the texts that permit it."""
    known = facts.particulars
    statements = [
        Statement("{text}", {"text": localized_text(text)}, by_person(facts, "purposes")) for text in known.purposes
    ]
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
        Statement(N_("Legal basis: {text}"), {"text": localized_text(text)}, by_person(facts, "legal_basis"))
        for text in known.legal_basis
    ]
    if not known.legal_basis:
        holes.append(Hole(N_("Which texts permit each holder to keep and to send its data?"), "legal_basis"))
    return Section(N_("Purposes and legal basis"), tuple(statements), tuple(holes))


def residual(facts: Facts) -> Section:
    """What remains, and how the controller judges it."""
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
    judged: dict[str, Value] = {"text": localized_text(text)}
    statements.append(Statement(N_("Judgement of the controller: {text}"), judged, by_person(facts, "residual_risk")))
    return Section(N_("Residual risk"), tuple(statements))


def rights(facts: Facts) -> Section:
    """The rights of the persons, and where to ask for them."""
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
    values: dict[str, Value] = {"text": localized_text(text)}
    statements.append(Statement(N_("Where to ask: {text}"), values, by_person(facts, "rights")))
    return Section(N_("Rights of the persons"), tuple(statements))
