"""Shipped documents are offered by title, in the language of the page."""

from __future__ import annotations

import re
import tomllib

import pytest

from wasl.locale import LANGUAGES, Language, messages
from wasl.web.console.shipped import TITLES, offered, shipped, shipped_text

KINDS = ("disclosure", "linkage", "menus", "microdata", "publication", "registers")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_document_is_offered_by_its_title(kind: str, language: Language) -> None:
    found = offered(kind, messages(language))
    assert [name for name, _ in found] == shipped(kind)
    for name, label in found:
        assert label.endswith(f" ({name})"), label
        assert language != "ar" or re.search("[\u0600-\u06ff]", label), label
        own = tomllib.loads(shipped_text(kind, name))
        assert language == "en" or not label.startswith(own["title"]) or own.get("title_fr") == own["title"], label


@pytest.mark.parametrize("kind", KINDS)
def test_a_title_without_translation_stands_among_the_messages(kind: str) -> None:
    for name in shipped(kind):
        document = tomllib.loads(shipped_text(kind, name))
        assert document.get("title_fr") or document["title"] in TITLES
