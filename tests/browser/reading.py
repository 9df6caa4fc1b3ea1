"""Reads every page that links of the console lead to, sends every form with faults, and finds texts left in English.

No browser is needed: pages are plain HTML. A page of another thing of the same kind is read once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from lxml import html

from wasl.locale import Messages
from wasl.locale.messages import message_keys

FUNCTION_WORDS = [
    "the",
    "of",
    "and",
    "is",
    "are",
    "with",
    "from",
    "this",
    "that",
    "these",
    "those",
    "which",
    "was",
    "were",
    "has",
    "have",
    "had",
    "been",
    "being",
    "not",
    "for",
    "by",
    "to",
    "in",
    "it",
    "its",
    "their",
    "there",
    "cannot",
    "must",
    "every",
    "any",
    "each",
    "who",
    "what",
    "when",
    "where",
    "why",
    "how",
    "yes",
    "does",
    "did",
    "do",
    "than",
    "then",
    "only",
    "into",
    "about",
    "other",
    "another",
    "because",
    "while",
    "until",
    "after",
    "before",
    "without",
    "within",
    "nothing",
    "nobody",
    "never",
    "already",
    "again",
]
"""English words that stand in nearly every English sentence and in no French one."""
ENGLISH_WORD = re.compile(rf"(?<![\w’'-])({'|'.join(FUNCTION_WORDS)})(?![\w’'-])", re.IGNORECASE)
SKIPPED = {"script", "style", "code", "pre", "textarea", "bdi", "template", "option"}
"""Elements that hold names, documents and values, which are the same in every language."""
ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "aria-description")
IDENTIFIER = re.compile(r"^(0x)?[0-9a-f]{32}$")


def texts(page: html.HtmlElement) -> Iterator[str]:
    """Every text that a reader of the page sees or hears."""
    for element in page.iter():
        if not isinstance(element.tag, str) or any(
            one.tag in SKIPPED for one in (element, *element.iterancestors()) if isinstance(one.tag, str)
        ):
            continue
        yield from (element.get(name, "") for name in ATTRIBUTES)
        if element.tag in ("input", "button") and element.get("type") in ("submit", "button"):
            yield element.get("value", "")
        yield element.text or ""
        yield from (child.tail or "" for child in element)


def english_keys(language: Messages) -> set[str]:
    """The messages without values whose translation differs from the English text."""
    folder = files("wasl.locale").joinpath("catalogues", language.language)
    keys = {key for key in message_keys(folder, language.language) if "{" not in key and re.search("[A-Za-z]{3}", key)}
    translations = {language.text(key) for key in keys}
    return {key for key in keys if language.text(key) != key and key not in translations}


def english_in(text: str, language: Messages, keys: set[str]) -> list[str]:
    """The texts of a page that are English."""
    page = html.fromstring(text)
    found = []
    for one in page.xpath("//*[@lang='en']"):
        if not one.get("hreflang"):
            found.append(f"marked as English: {' '.join(one.itertext())[:160]}")
    for raw in texts(page):
        said = " ".join(raw.split())
        if said and (said in keys or (language.language != "en" and ENGLISH_WORD.search(said))):
            found.append(said[:160])
    return list(dict.fromkeys(found))
