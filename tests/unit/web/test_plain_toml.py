"""TOML made to cost much: refused or read, wherever it comes in; before, each of these took minutes or gigabytes."""

import tomllib

import pytest

from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import SchemaError
from wasl.registers.plain_toml import MOST_KEY_DOTS, KeyDepthError, read_toml
from wasl.web.bodies import parse_toml
from wasl.web.console.documents import read_toml_field
from wasl.web.problems import HttpProblem

DEEP = {
    "bare": "a." * 150_000 + "a = 1",
    "quoted": '"a".' * 150_000 + "a = 1",
    "literal": "'a'." * 150_000 + "a = 1",
    "spaced": "a . " * 150_000 + "a = 1",
    "header": "[" + "a." * 150_000 + "a]",
    "after a comment": "# '\n" + "a . " * 9_000 + "a = 1 # '",
    "after a text": "a = 'x' # \"\n" + '"a".' * 9_000 + "b = 1",
}
COSTLY = {
    "escaped quotes without an end": 'a = "' + '\\"' * 400_000,
    "quotes": '"' * 900_000,
    "literal quotes": "'" * 900_000,
    "texts of several lines without an end": 'a = """' + '""x' * 300_000,
    "backslashes": 'a = "' + "\\" * 900_000,
    "a number": "a = " + "9" * 900_000,
    "arrays": "a = " + "[" * 300_000,
    "tables": "a = " + "{b = " * 150_000,
}


@pytest.mark.parametrize("kind", DEEP)
def test_a_key_of_many_parts_is_refused_before_it_is_parsed(kind):
    with pytest.raises(KeyDepthError):
        read_toml(DEEP[kind])
    with pytest.raises(HttpProblem, match="dots"):
        parse_toml(DEEP[kind])
    with pytest.raises(SchemaError, match="too deep"):
        read_toml_field(DEEP[kind], "the policy")


@pytest.mark.parametrize("kind", COSTLY)
def test_a_text_that_is_no_toml_is_refused_everywhere(kind, tmp_path):
    with pytest.raises((ValueError, RecursionError)):
        read_toml(COSTLY[kind])
    with pytest.raises(HttpProblem):
        parse_toml(COSTLY[kind])
    with pytest.raises(SchemaError):
        read_toml_field(COSTLY[kind], "the policy")
    path = tmp_path / "policy.toml"
    path.write_text(COSTLY[kind], encoding="utf-8")
    with pytest.raises(SchemaError):
        DisclosurePolicy.load(path)


@pytest.mark.parametrize("digits", ["f" * 5_000, "f" * 900_000])
def test_a_number_beyond_any_is_refused(digits, tmp_path):
    """Hexadecimal digits are not limited by Python, but a message cannot quote the number."""
    path = tmp_path / "policy.toml"
    path.write_text(f'name = "p"\nsampling_fraction = 0x{digits}\n', encoding="utf-8")
    with pytest.raises(SchemaError):
        DisclosurePolicy.load(path)


def test_dots_in_texts_comments_and_numbers_count_for_nothing():
    many = "." * 500
    text = f"""
    # {many}
    a = "{many} \\" {many}"
    b = '{many}'
    c = \"\"\"{many}
    "" {many}\"\"\"
    d = '''{many} '' {many}'''
    e = [1.5, 2.5]
    {".".join("k" * (MOST_KEY_DOTS + 1))} = 1
    """
    assert read_toml(text) == tomllib.loads(text)
