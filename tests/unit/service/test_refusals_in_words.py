"""A refusal names roles by words, in each language; permissions and roles have no codes there."""

from __future__ import annotations

import re

import pytest

from wasl.errors import AccessError, InputError
from wasl.locale import messages
from wasl.locale.code_words import ROLE_WORDS
from wasl.service.access import NO_PROJECT, PERMISSIONS, PUBLIC_ACTIONS, REGISTER_BOUND, Action, Actor, Role

LANGUAGES = ("fr", "ar")
CODES = {one.value for one in Role} - {text for text in ROLE_WORDS.values() if " " not in text}
"""Roles whose code is not the English word."""


def actor(role: Role) -> Actor:
    bound = {"project": "p", "register": "r"} if role in REGISTER_BOUND else {}
    return Actor("amina", role, **bound)


@pytest.mark.parametrize("role", Role)
def test_a_refusal_says_in_words_whose_role_it_is(role: Role) -> None:
    asked = 0
    for action in Action:
        if action in PUBLIC_ACTIONS or role in PERMISSIONS[action]:
            continue
        with pytest.raises(AccessError) as refusal:
            actor(role).check(action)
        english = refusal.value.message
        assert action.value not in english
        for language in LANGUAGES:
            words = messages(language)
            said = words.known(english)
            assert said is not None, english
            assert all(words.text(ROLE_WORDS[one]) in said for one in (role, *PERMISSIONS[action]))
            assert not CODES & set(re.findall(r"[a-z]+", said)) - {"analyste"}, said
        asked += 1
    assert asked > 10


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", sorted(REGISTER_BOUND))
def test_a_token_without_its_register_is_refused_in_words(role: Role, language: str) -> None:
    with pytest.raises(InputError) as refusal:
        Actor("amina", role, NO_PROJECT)
    words = messages(language)
    assert words.text(ROLE_WORDS[role]) in str(words.known(refusal.value.message))
    assert words.known(refusal.value.remedy) not in (None, refusal.value.remedy)
