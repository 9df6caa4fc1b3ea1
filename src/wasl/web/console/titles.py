"""Titles of tables and releases in the language of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wasl.locale import Messages
from wasl.service.records import Release, TableOrder

__all__ = ["label_in", "title_in"]


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


def label_in(thing: Mapping[str, Any], language: Messages, kind: str) -> str:
    """The ``label`` or ``title`` of a part of a document in a language, else in English, else its name."""
    return str(thing.get(f"{kind}_{language.language}") or thing.get(kind) or thing["name"])
