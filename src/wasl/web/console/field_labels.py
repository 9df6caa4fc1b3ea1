"""What fields of forms are called on the pages, for messages that name a field."""

from __future__ import annotations

from string import digits

from wasl.locale import N_, Messages
from wasl.web.console.documents import THRESHOLDS

__all__ = ["FIELD_LABELS", "label_of_field"]

FIELD_LABELS = {
    "actor": N_("Person"),
    "attacks": N_("Measured attacks (content of attacks.json, may be empty)"),
    "authorization": N_("Decision"),
    "confirmation": N_("Your token, once more"),
    "days": N_("Days"),
    "decided": N_("Day of the decision"),
    "decision": N_("Number of the decision"),
    "definition": N_("Schema (TOML or JSON)"),
    "description": N_("description"),
    "digest": N_("Digest"),
    "document": N_("Plan (TOML); leave it empty to use the plan as it ships"),
    "dossier": N_("Version"),
    "expires": N_("Last day on which it holds"),
    "from": N_("From"),
    "group": N_("Follow the categories of"),
    "k": N_("k"),
    "kind": N_("Kind"),
    "l": N_("l (distinct sensitive values)"),
    "level": N_("to level (0: as it is)"),
    "measure": N_("Measure"),
    "menu": N_("Dimensions, measures, tables and rules"),
    "name": N_("Name"),
    "note": N_("Your checkpoint, the whole text"),
    "onto": N_("Continue the persons of"),
    "own_menus": N_("Own menus of tables (TOML or JSON)"),
    "own_policies": N_("Own policies (TOML or JSON)"),
    "part1": N_("First part"),
    "part2": N_("Second part"),
    "particulars": N_("Particulars (TOML or JSON)"),
    "plan": N_("Plan"),
    "policy": N_("Policy (JSON or TOML)"),
    "project": N_("Project"),
    "purpose": N_("Purpose that this serves"),
    "q": N_("Search in titles and keywords"),
    "reason": N_("Reason; it stands in the log for good"),
    "records": N_("Record ids, one a line"),
    "register": N_("Register"),
    "risk": N_("Largest risk of a row"),
    "role": N_("Role"),
    "round": N_("Round (empty: all)"),
    "run": N_("Run"),
    "schema": N_("Start from a schema that ships"),
    "seed": N_("Seed of random choices (empty: drawn)"),
    "signer": N_("Public key its deliveries must be signed with"),
    "specification": N_("Who is in the file, and which variables"),
    "subject": N_("Run, release or thing"),
    "table": N_("Table"),
    "title": N_("Title"),
    "to": N_("To"),
    "token": N_("Token"),
    "variable": N_("Variable"),
    "without": N_("Struck out by the authority"),
} | {one.name: one.label for one in THRESHOLDS}
"""Labels by the name of the field."""


def label_of_field(name: object, language: Messages) -> str:
    """The label of a field in a language, or its name where it has none.

    Fields of thresholds begin with ``t_``; those of scenarios end with the number of their row.
    """
    plain = str(name).removeprefix("t_").rstrip(digits)
    known = FIELD_LABELS.get(str(name)) or FIELD_LABELS.get(plain)
    return language.text(known) if known else str(name)
