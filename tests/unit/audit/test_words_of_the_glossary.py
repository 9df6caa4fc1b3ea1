"""The sentences of the log use the words of the glossary, so that a reader finds on a page what the log says."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import wasl.audit.events as events

GLOSSARY = Path(__file__).parents[3] / "docs" / "glossary.md"
TERMS = ("delivery", "join map", "payload", "spine")
SENTENCES = {
    name: one.sentences for name, one in inspect.getmembers(events, inspect.isclass) if getattr(one, "sentences", None)
}


def words_of(term: str) -> tuple[str, str]:
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == term:
            return cells[1], cells[2]
    raise AssertionError(term)


@pytest.mark.parametrize("term", TERMS)
def test_a_sentence_about_a_term_has_its_word_in_each_language(term: str) -> None:
    french, arabic = words_of(term)
    about = {name: said for name, said in SENTENCES.items() if re.search(rf"\b{term}\b", said["en"])}
    assert about
    for name, said in about.items():
        assert french in said["fr"].lower(), name
        plain = said["ar"].replace("ال", "")
        assert all(word.replace("ال", "")[:4] in plain for word in arabic.split()), name
