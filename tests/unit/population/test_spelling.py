"""Names are spelled by rules, and errors change what they say they change."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.population.arabic import arabic_spellings
from wasl.population.damage import mistype, mojibake, strip_zeros
from wasl.population.draws import Draws
from wasl.population.spelling import RULES, spellings


@pytest.mark.parametrize(
    ("name", "family", "expected"),
    [
        ("Mohamed", "maghreb", {"Mohammed", "Muhammad", "Med"}),
        ("Rachid", "maghreb", {"Rashid", "Rachide"}),
        ("El Alaoui", "maghreb", {"Alaoui", "El-Alaoui", "Elalaoui"}),
        ("Ndiaye", "westafrica", {"N'diaye", "Ndiaie"}),
        ("Cisse", "westafrica", {"Cise", "Sisse"}),
        ("Tshibangu", "centralafrica", {"Tchibangu"}),
        ("Jean-Marc", "european", {"Jean Marc", "J. Marc"}),
        ("Müller", "european", {"Mueller"}),
        ("Ateş", "turkic", {"Atesh"}),
    ],
)
def test_rules_reach_known_spellings(name: str, family: str, expected: set[str]) -> None:
    assert expected <= set(spellings(name, family, 40))


@pytest.mark.parametrize("family", sorted(RULES))
def test_spellings_begin_with_the_name_and_never_repeat(family: str) -> None:
    for name in ("Benjelloun", "Kouassi", "María José", "Xiaoming"):
        found = spellings(name, family, 14)
        assert found[0] == name
        assert len(set(found)) == len(found) <= 14


@pytest.mark.parametrize(
    ("latin", "arabic"), [("Mohamed", "محمد"), ("Khadija", "خديجة"), ("El Alaoui", "العلوي"), ("Karim", "كريم")]
)
def test_frequent_names_have_their_arabic_spelling(latin: str, arabic: str) -> None:
    assert arabic_spellings(latin)[0] == arabic


def test_typos_change_chosen_rows_only_and_by_one_letter() -> None:
    texts = np.array(["OUEDRAOGO", "Şahin", "BA", "MARTIN"] * 50, object)
    rows = np.tile([True, True, True, False], 50)
    damaged = mistype(texts, rows, Draws(1, "typos"))
    assert (damaged[~rows] == texts[~rows]).all()
    assert (damaged[2::4] == "BA").all()
    assert (damaged[0::4] != "OUEDRAOGO").mean() > 0.8
    assert {len(text) for text in damaged[0::4]} == {8, 9, 10}
    assert {text[0] for text in damaged[0::4]} <= {"O", "U"}


def test_mojibake_and_stripped_zeros_look_like_the_real_thing() -> None:
    assert mojibake(np.array(["Hélène", "Hélène"], object), np.array([True, False])).tolist() == ["HÃ©lÃ¨ne", "Hélène"]
    assert strip_zeros(np.array(["0012", "0012"], object), np.array([True, False])).tolist() == ["12", "0012"]
