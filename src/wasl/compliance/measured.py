"""Chapters of a dossier about protection: security, measured attacks and risks, what the log shows."""

from __future__ import annotations

from wasl.audit.events import AuditEvent
from wasl.compliance.facts import Facts
from wasl.compliance.sources import by_person, localized_text
from wasl.compliance.statements import Hole, Section, Source, Statement, Value
from wasl.disclosure.policy import Role
from wasl.locale import N_

__all__ = ["attacks", "history", "risks", "security"]


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


MEASURES = (
    N_("Names and keys never leave the holder: the packages that link, store and serve cannot import what reads them."),
    N_("Each project has its own key of 256 bits; encodings of two rounds have nothing in common."),
    N_("Deliveries, join maps and content are signed by their holder and bound to project, round and period."),
    N_("Each act is one entry of a hash-tree log with signed checkpoints, which an auditor verifies offline."),
    N_("A release needs two persons: who prepared it does not approve it."),
)


def security(facts: Facts) -> Section:
    """Technical and organizational measures."""
    statements = [Statement(key, {}, Source("configuration", "wasl")) for key in MEASURES]
    if facts.profile:
        values: dict[str, Value] = {"profile": facts.profile}
        source = Source("configuration", f"profile {facts.profile}")
        statements.append(Statement(N_("Encoding profile: {profile}."), values, source))
    statements += [
        Statement("{text}", {"text": localized_text(text)}, by_person(facts, "organization"))
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


def attacks(facts: Facts) -> Section:
    """What measured attacks on the encodings named."""
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


def risks(facts: Facts) -> Section:
    """The thresholds of the policies, and the risks measured on protected files."""
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


def history(facts: Facts) -> Section:
    """The acts of the project so far, from the log."""
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
