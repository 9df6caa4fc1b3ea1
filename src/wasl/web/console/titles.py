"""Titles of tables and releases in the language of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasl.locale import Language, Messages
from wasl.locale.messages import in_language
from wasl.service.records import Release, TableOrder

__all__ = ["label_in", "register_title", "title_in", "variable_labels"]


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
