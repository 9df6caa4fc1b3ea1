"""What registers, columns, passes and released variables are called in a dossier: by title and label, not by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from wasl.compliance.facts import Facts
from wasl.compliance.statements import Localized
from wasl.locale import LANGUAGES, Messages, messages
from wasl.locale.messages import in_language
from wasl.registers.documents import shipped_documents
from wasl.registers.known_names import known_as, known_name
from wasl.registers.schema import RegisterSchema

__all__ = ["column_label", "derived_label", "listed", "pass_name", "register_titles", "variable_label"]


def register_titles(facts: Facts, register: str) -> Localized:
    """The title of a register in each language; its name where the dossier has no schema of it."""
    found = next((one for one in facts.registers if one.register_id == register), None)
    return {one: register if found is None else found.title_in(one) for one in LANGUAGES}


def listed(names: Iterable[Localized]) -> Localized:
    """Several things in one sentence of each language."""
    every = list(names)
    return {one: messages(one).list([name[one] for name in every]) if every else "–" for one in LANGUAGES}


def column_label(schema: RegisterSchema, name: str) -> Localized:
    """The label of a column of the file, with the heading that the file has where the two differ."""
    field = next(one for one in schema.fields if one.name == name)
    return {one: _with_heading(field.label_in(one), name) for one in LANGUAGES}


def derived_label(schema: RegisterSchema, standard: str, column: str) -> Localized:
    """The label of a payload variable, and the column it is made from."""
    variable = next(one for one in schema.payload if one.standard == standard)
    labels = (variable.label, variable.label_fr, variable.label_ar)
    return {
        one: _with_heading(in_language(one, *labels) or _word(standard, messages(one)), column) for one in LANGUAGES
    }


def pass_name(name: str) -> Localized:
    """The word for a pass in each language, or its name."""
    return {one: _word(name, messages(one)) for one in LANGUAGES}


def variable_label(name: str) -> Localized:
    """The label of a released variable, as the shipped descriptions have it; else the word for it, or its name."""
    labels = _shipped_labels().get(name)
    return {one: labels[one] if labels else _word(name, messages(one)) for one in LANGUAGES}


def _with_heading(label: str, heading: str) -> str:
    return label if label == heading else f"{label} ({heading})"


def _word(name: str, words: Messages) -> str:
    return known_as(name, words) if known_name(name) else words.text(name)


@cache
def _shipped_labels() -> Mapping[str, Localized]:
    """Labels of variables in the descriptions that ship; where two differ, the first by the name of its file."""
    found: dict[str, Localized] = {}
    for document in shipped_documents("publication"):
        for one in document.get("variables", ()):
            labels = [str(one.get(kind, "")) for kind in ("label", "label_fr", "label_ar")]
            if all(labels):
                found.setdefault(str(one["name"]), {code: in_language(code, *labels) for code in LANGUAGES})
    return found
