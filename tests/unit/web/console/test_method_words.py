"""Methods of policies, attacks and cells of tables are shown by words and labels, whatever their kind."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.policy import document as policy_document
from wasl.disclosure.policy.method_documents.base import MethodBase
from wasl.disclosure.report.attack_tables import ATTACKS, attack_name
from wasl.locale import LANGUAGES, Language, messages
from wasl.registers.documents import config_dir
from wasl.web.console.method_words import METHOD_WORDS, method_in_words

LABELS = {"nationality": "Nationalité", "wage": "Salaire mensuel"}


def kinds_of(base: type[MethodBase]) -> set[str]:
    """The kinds of method that a policy can have."""
    found: set[str] = set()
    for one in base.__subclasses__():
        found |= kinds_of(one)
        if "kind" in one.model_fields:
            found |= set(get_args(one.model_fields["kind"].annotation))
    return found


def test_every_kind_of_method_has_words() -> None:
    assert policy_document is not None  # loads every kind
    assert kinds_of(MethodBase) == set(METHOD_WORDS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", sorted((config_dir() / "disclosure").glob("*.toml")), ids=lambda path: path.stem)
def test_methods_of_every_policy_that_ships_are_said_without_codes(path: Any, language: Language) -> None:
    methods = DisclosurePolicy.load(path).model_dump(mode="json")["methods"]
    words = messages(language)
    for method in methods:
        names = method.get("variables") or ([method["variable"]] if method.get("variable") else [])
        labels = {name: f"«{number}»" for number, name in enumerate(names)}
        said = method_in_words(method, labels, words)
        assert said.startswith(words.text(METHOD_WORDS[method["kind"]]))
        assert all(label in said for label in labels.values())
        assert "_" not in said
        assert method.get("level") is None or str(method["level"]) in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_attack_names_its_variable_by_the_label(language: Language) -> None:
    words = messages(language)
    assert "Salaire mensuel" in attack_name("inference of wage", words, LABELS)
    assert "age" in attack_name("inference of age", words, LABELS)
    for name in ATTACKS:
        assert attack_name(name, words, LABELS) == words.text(ATTACKS[name])
