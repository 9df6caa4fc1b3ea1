"""Templates: tables have names, fields have labels that messages use, lists have the comma of the language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wasl import desk
from wasl.locale import LANGUAGES, messages
from wasl.web.console import templates
from wasl.web.console.field_labels import FIELD_LABELS, label_of_field
from wasl.web.console.forms import NAMING_FIELDS, PageFault
from wasl.web.console.sayings import Saying

CONSOLE = sorted(Path(templates.__file__).parent.glob("*.html"))
DESK = sorted((Path(desk.__file__).parent / "templates").glob("*.html"))
TABLE = re.compile(r"<table\b[^>]*>(?:\s*<caption>)?")
WRITTEN = re.compile(
    r'<(?:textarea|input type="(?:text|number|password|search|date)")[^>]*? name="([a-z_0-9]+)(?:{{[^}]*}})?"'
    r'|field\("([a-z_0-9]+)"'
)
LATIN_COMMA = re.compile(r"[})]}(?:</\w+>)?, |%}, ")


@pytest.mark.parametrize("path", [*CONSOLE, *DESK], ids=lambda path: path.stem)
def test_a_table_has_a_name(path: Path) -> None:
    tables = TABLE.findall(path.read_text(encoding="utf-8"))
    assert all("aria-label" in one or "<caption>" in one for one in tables)


@pytest.mark.parametrize("path", [*CONSOLE, *DESK], ids=lambda path: path.stem)
def test_a_list_takes_its_comma_from_the_language(path: Path) -> None:
    assert not LATIN_COMMA.findall(path.read_text(encoding="utf-8"))


def test_a_field_that_people_fill_in_has_a_label_for_messages() -> None:
    found = {name for path in CONSOLE for pair in WRITTEN.findall(path.read_text(encoding="utf-8")) for name in pair}
    named = {name for name in found if name}
    assert {"days", "reason", "policy", "k"} <= named
    unknown = {one for one in named if label_of_field(one, messages("ar")) == one} - {
        "k",
        "t_",
    }  # "k" is called k; "t_" begins thresholds
    assert not unknown


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_names_a_field_as_the_page_does(language: str) -> None:
    words = messages(language)  # type: ignore[arg-type]
    for name in (*FIELD_LABELS, "k3", "name12", "t_suda_dis"):
        for message in NAMING_FIELDS:
            fault = PageFault(422, message, name=name, most=5, least=1)
            assert label_of_field(name, words) in Saying.of_fault(fault, words).reason
    assert label_of_field("no-such-field", words) == "no-such-field"
