"""Sentences of pages: values of the other direction of writing keep their own order."""

from __future__ import annotations

import pytest

from wasl.locale import messages
from wasl.locale.pages import PageText, begun

AGENT, ARABIC = "agent-2 (HCP)", "المصلحة 2 (المغرب)"


@pytest.mark.parametrize(
    ("language", "turned", "plain"),
    [("ar", AGENT, ARABIC), ("fr", ARABIC, AGENT), ("en", ARABIC, AGENT)],
)
def test_a_value_of_the_other_direction_is_isolated(language: str, turned: str, plain: str) -> None:
    page = PageText(messages(language))  # type: ignore[arg-type]
    assert f"\u2068{turned}\u2069" in page.text("asked for by {user}", user=turned)
    again = page.text("asked for by {user}", user=f"\u2068{turned}\u2069")
    assert again.count("\u2068") == 1, "a value is isolated once"
    assert "\u2068" not in page.text("asked for by {user}", user=plain)
    assert "\u2068" not in page.text("{count} person", count=3)
    assert f"\u2068{turned}\u2069" in page.plural("{count} of {name}", "{count} of {name}", 2, name=turned)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("this token is not valid (any more).", "This token is not valid (any more)."),
        ("a user's name is made of a-z.", "A user's name is made of a-z."),
        ("l'entrée est close.", "L'entrée est close."),
        ("échec de la lecture.", "Échec de la lecture."),
        ("wasl cannot read it.", "wasl cannot read it."),
        ("dgsn-permits has no spine.", "dgsn-permits has no spine."),
        ("part1.toml: no list.", "part1.toml: no list."),
        ("purposes: a list is expected.", "purposes: a list is expected."),
        ("a label", "a label"),
        ("3 pairs are left.", "3 pairs are left."),
        ("\u2068agent\u2069 لا يستطيع.", "\u2068agent\u2069 لا يستطيع."),
        ("", ""),
    ],
)
def test_a_sentence_of_a_page_begins_with_a_capital_letter(sentence: str, shown: str) -> None:
    assert begun(sentence) == shown
