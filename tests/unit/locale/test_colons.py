"""A colon between two values is the language's own: French sets a space before it, which no template may forget."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from wasl.locale import LANGUAGES, messages

OWN_COLON = re.compile(r"(\}\}|</\w+>): ?(\{\{|<)")
TEMPLATES = [
    path
    for room in (("web", "console", "templates"), ("desk", "templates"))
    for path in files("wasl").joinpath(*room).iterdir()
    if path.name.endswith(".html")
]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_writes_a_colon_of_its_own(template) -> None:
    assert not OWN_COLON.findall(template.read_text(encoding="utf-8"))


def test_a_colon_of_its_own_is_found() -> None:
    assert OWN_COLON.search("<bdi>{{ name }}</bdi>: {{ value }}")
    assert OWN_COLON.search("{{ name }}: <b>{{ value }}</b>")


def test_only_french_sets_a_space_before_the_colon() -> None:
    assert {one: messages(one).colon for one in LANGUAGES} == {"fr": "\u00a0: ", "ar": ": ", "en": ": "}
