"""Sentences about variables and thresholds are shown in words."""

from __future__ import annotations

import pytest

from wasl.locale import LANGUAGES, Language, messages
from wasl.web.console.documents import THRESHOLDS
from wasl.web.console.titles import said_in_words, with_labels

LABELS = {"age_group": "Âge, groupes", "age": "Âge", "wage": "Salaire", "a.b": "A <B>"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("age_group : valeurs regroupées", "Âge, groupes : valeurs regroupées"),
        ("rares : age, age_group, wage.", "rares : Âge, Âge, groupes, Salaire."),
        ("(wage); mileage, wage-x, x-age, my_age", "(Salaire); mileage, wage-x, x-age, my_age"),
        ("\u2068wage\u2069: ", "\u2068Salaire\u2069: "),
        ("rien", "rien"),
    ],
)
def test_labels_stand_in_the_places_of_names(text: str, shown: str) -> None:
    assert with_labels(text, LABELS) == shown
    assert with_labels(text, {}) == text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("threshold", [one.name for one in THRESHOLDS])
def test_no_short_name_of_a_threshold_is_shown(threshold: str, language: Language) -> None:
    words = messages(language)
    english = f"the policy 'public-use' is not met: thresholds.{threshold} (a.b): 0.2 where 0.01 is required (26 rows)."
    shown = str(said_in_words(english, LABELS, words))
    label = next(words.text(one.label) for one in THRESHOLDS if one.name == threshold)
    assert "thresholds." not in shown
    assert str(label) in shown.replace("&#39;", "'")
    assert "A &lt;B&gt;" in shown


def test_a_sentence_that_no_catalogue_has_stays_as_it_is() -> None:
    assert 'lang="en"' in str(said_in_words("this text is in no catalogue, thresholds.k", LABELS, messages("fr")))
