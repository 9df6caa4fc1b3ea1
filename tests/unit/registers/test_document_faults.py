"""Whatever Pydantic or the TOML reader says of a document is said in French and Arabic too."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError, field_validator
from pydantic_core._pydantic_core import list_all_errors

import wasl.compliance.authorization
import wasl.compliance.particulars
import wasl.disclosure.policy
import wasl.linkage.plan
import wasl.publication.description
import wasl.registers.profiles
import wasl.registers.schema
import wasl.tables.menu
import wasl.tables.specification
import wasl.workflow.microdata_spec
from wasl.errors import SchemaError
from wasl.locale import Language, messages
from wasl.registers.document_faults import VALUE_FAULTS, safe_fault, said_fault
from wasl.registers.documents import Document

TEMPLATES = {one["type"]: one["message_template_python"] for one in list_all_errors()}
WRONG: tuple[Any, ...] = (
    None,
    "",
    "x" * 100_000,
    "?",
    -1,
    1.5,
    10**30,
    True,
    [],
    [[]],
    {},
    {"nobody": 1},
    [1, 1],
    "1e999",
)


BROKEN = (
    *("x", "a = ", "a = 'b", "[[a", "[a", "a = [1", "a = {b = 1", "a=1\na=2", "=1", "a = 1 b", "[a]\n[a]"),
    *('a = "\\q"', "a = 2026-13-01", 'a = "\\uD800"', "a.b=1\n[a]\n", "a = 1979-05-27T25:00:00Z", 'a = "\\u12"'),
)
"""Texts that are no TOML."""


def documents(base: type[BaseModel] = Document) -> Iterator[type[BaseModel]]:
    for one in base.__subclasses__():
        if one.__module__.startswith("wasl."):
            yield one
            yield from documents(one)


def faults(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Kind and message of every fault of the model with one wrong value in each of its fields."""
    for name, field in model.model_fields.items():
        for value in WRONG:
            try:
                model.model_validate({field.alias or name: value})
            except ValidationError as error:
                yield from ((item["type"], said_fault(item)) for item in error.errors())


def test_the_names_of_kinds_are_pydantics() -> None:
    assert VALUE_FAULTS.keys() <= TEMPLATES.keys()


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_fault_that_a_document_can_have_is_translated(language: Language) -> None:
    words = messages(language)
    found = {fault for model in set(documents()) for fault in faults(model)}
    assert {kind for kind, _ in found} >= {"missing", "extra_forbidden", "string_type", "int_type", "too_short"}
    unknown = {kind for kind, _ in found} - VALUE_FAULTS.keys()
    assert not unknown
    for kind, message in found:
        translated = words.known(message)
        assert translated is not None, (kind, message)
        assert not re.search(r" or |Value error|Assertion failed|expected", translated), translated


class Choices(BaseModel):
    """Choices of each number, with a check of its own."""

    one: Literal["or"] = "or"
    two: Literal["a", "b or c"] = "a"
    many: Literal["it's", "a, b", "or", 7] = "or"
    checked: int = 1

    @field_validator("checked")
    @classmethod
    def _check(cls, value: int) -> int:
        if value == 2:
            raise AssertionError("the period ends before it starts")
        if value == 3:
            raise ValueError("the period ends before it starts.")
        return value


def test_choices_are_listed_without_a_conjunction_and_checks_speak_for_themselves() -> None:
    said = {}
    for wrong in ({"one": "?", "two": "?", "many": "?", "checked": 2}, {"checked": 3}):
        with pytest.raises(ValidationError) as caught:
            Choices.model_validate(wrong)
        said |= {(item["loc"][0], item["type"]): said_fault(item) for item in caught.value.errors()}
    assert said == {
        ("one", "literal_error"): "the only value expected is or",
        ("two", "literal_error"): "one of these is expected: a, b or c",
        ("many", "literal_error"): "one of these is expected: it's, a, b, or, 7",
        ("checked", "assertion_error"): "the period ends before it starts",
        ("checked", "value_error"): "the period ends before it starts",
    }
    assert messages("fr").known(said["two", "literal_error"]) == "une de ces valeurs est attendue : a, b or c"


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("text", BROKEN)
def test_what_the_toml_reader_says_is_translated(language: Language, text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert messages(language).known(str(caught.value)) is not None, str(caught.value)


def test_the_fault_of_a_request_never_repeats_what_was_sent() -> None:
    for kind, template in TEMPLATES.items():
        item = {"type": kind, "msg": f"{template} MARKER", "ctx": {"expected": "'a' or 'b'"}}
        assert "MARKER" not in safe_fault(item) or kind in VALUE_FAULTS
    for kind in ("value_error", "assertion_error", "union_tag_invalid", "date_parsing", "url_parsing", "unheard_of"):
        assert safe_fault({"type": kind, "msg": "MARKER"}) == "the value is not accepted"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.json", "[" * 100_000 + "]" * 100_000),
        ("objects.json", '{"a":' * 100_000 + "1" + "}" * 100_000),
        ("deep.toml", "a = " + "[" * 100_000 + "]" * 100_000),
        ("dotted.toml", ".".join(["a"] * 100_000) + " = 1"),
        ("table.toml", "[" + ".".join(["a"] * 20_000) + "]\nb = 1"),
    ],
)
def test_a_document_nested_without_end_is_refused(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SchemaError, match="nested deeper"):
        wasl.registers.schema.RegisterSchema.load(path)


@pytest.mark.parametrize("fault", [{"protecton": {}}, {"protection": {"lower": "10%"}}, {"dimensions": [{"nam": "a"}]}])
def test_an_entry_at_fault_is_not_counted_as_missing(fault: dict[str, Any]) -> None:
    from wasl.registers.documents import validate_document
    from wasl.tables.specification import TablesSpec

    document = {"name": "t", "dimensions": [{"name": "a"}], **fault}
    with pytest.raises(SchemaError) as refused:
        validate_document(TablesSpec, document, "t.toml")
    assert "at least 1 item" not in str(refused.value)
    with pytest.raises(SchemaError, match=r"dimensions: .*at least 1 item"):
        validate_document(TablesSpec, {"name": "t", "dimensions": []}, "t.toml")
