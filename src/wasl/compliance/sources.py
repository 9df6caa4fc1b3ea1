"""Texts of a dossier in each language, and who stated them."""

from __future__ import annotations

from wasl.compliance.facts import Facts
from wasl.compliance.particulars import Text
from wasl.compliance.statements import Localized, Source
from wasl.locale import LANGUAGES, in_language, messages
from wasl.tables.menu import MenuSpec

__all__ = ["by_person", "in_every_language", "localized_text", "titles_of"]


def localized_text(text: Text) -> Localized:
    """A text of the particulars in each language."""
    return {"fr": text.fr, "ar": text.ar, "en": text.en}


def in_every_language(text: str) -> Localized:
    """A title of a document that ships in each language; another one is the same in all."""
    return {language: messages(language).sentence(text) for language in LANGUAGES}


def titles_of(thing: MenuSpec) -> Localized:
    """The title of a document that holds its translations."""
    return {one: in_language(one, thing.title, thing.title_fr, thing.title_ar) or thing.name for one in LANGUAGES}


def by_person(facts: Facts, key: str) -> Source:
    """The source of what a person stated."""
    return Source("person", f"{facts.particulars_name}: {key}")
