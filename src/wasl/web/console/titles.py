"""Titles of tables and releases in the language of a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from wasl.locale import Language, Messages
from wasl.locale.messages import in_language
from wasl.locale.pages import begun, said
from wasl.service.ports import Reader
from wasl.service.records import Register, Release, TableOrder
from wasl.web.console.documents import THRESHOLDS

__all__ = [
    "label_in",
    "methods_of",
    "register_title",
    "said_in_words",
    "schema_labels",
    "title_in",
    "title_of_register",
    "variable_labels",
    "with_labels",
]

LABELS = ("label", "label_fr", "label_ar")
EXCEEDED = re.compile(r"thresholds\.(\w+)(?![\w.])")


def title_in(one: Release | TableOrder, language: Messages) -> str:
    """The title of a release, or of ordered tables.

    A title that a person wrote is shown as it is. One that the service took from the specification of the tables, or
    made of their dimensions, is shown in the language.
    """
    if isinstance(one, Release):
        return one.title
    table = one.specification["tables"][0]
    if one.title == table.get("title"):
        return label_in(table, language, "title")
    if one.title == ", ".join(dimension["name"] for dimension in table["dimensions"]):
        return language.list([label_in(dimension, language, "label") for dimension in table["dimensions"]])
    return one.title


def register_title(definition: Mapping[str, Any], language: Language) -> str:
    """The title of a register in a language, as its schema gives it; empty where it has none."""
    known = [str(definition.get(name) or "") for name in ("title", "title_fr", "title_ar")]
    return in_language(language, *known)


def schema_labels(definition: Mapping[str, Any], language: Language) -> dict[str, str]:
    """The labels of the variables that a register delivers, by their standard names, as its schema gives them."""
    columns = [*definition.get("fields", ()), *definition.get("payload", ())]
    labels = {
        str(one["standard"]): in_language(language, *(str(one.get(kind) or "") for kind in LABELS))
        for one in columns
        if one.get("standard")
    }
    return {name: label for name, label in labels.items() if label}


def title_of_register(state: Reader, project: str, register: str, language: Language) -> str:
    """The title of a register of a project in a language, or its name."""
    found = state.select(Register, project=project, name=register)
    return (register_title(found[0].definition, language) if found else "") or register


def variable_labels(description: Mapping[str, Any], language: Messages) -> dict[str, str]:
    """The labels of the variables that a description of a file has, by name."""
    return {
        str(one["name"]): label_in(one, language, "label")
        for one in description.get("variables", ())
        if one.get("label") or one.get(f"label_{language.language}")
    }


def label_in(thing: Mapping[str, Any], language: Messages, kind: str) -> str:
    """The ``label`` or ``title`` of a part of a document in a language, else in English, else its name."""
    return str(thing.get(f"{kind}_{language.language}") or thing.get(kind) or thing["name"])


def with_labels(text: str, labels: Mapping[str, str]) -> str:
    """A sentence about variables with their labels in the places of their names; other words stay as they are."""
    if not labels:
        return text
    names = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, sorted(labels, key=len, reverse=True)))})(?![\w-])")
    return names.sub(lambda found: labels[found[1]], text)


def said_in_words(english: str, labels: Mapping[str, str], language: Messages) -> Markup:
    """A sentence about a policy's thresholds with their names in words, and with labels for variables."""
    known = language.known(english, isolate=language.direction == "rtl")
    if known is None:
        return said(language, english)
    words = {one.name: language.text(one.label) for one in THRESHOLDS}
    in_words = with_labels(EXCEEDED.sub(lambda found: words.get(found[1], found[0]), known), labels)
    return escape(begun(in_words))


def methods_of(one: Release | TableOrder, language: Messages) -> list[str]:
    """The methods of a release or a table, in sentences of its public report, with labels for variables."""
    own = f"description_{language.language}"
    labels = variable_labels(one.description, language) if isinstance(one, Release) else {}
    found = [str(method.get(own) or method.get("description", "")) for method in one.public_report.get("methods", ())]
    return [with_labels(text, labels) for text in found]
