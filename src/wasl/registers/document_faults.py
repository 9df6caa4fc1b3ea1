"""What Pydantic and the TOML reader of Python say of a document, as messages of the catalogue.

Both write English sentences with values in them. They stand here so that `wasl.locale` recognizes them; nothing is
made from this list but their translations. A test compares it with what the installed Pydantic can say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wasl.locale import N_

__all__ = ["TOML_FAULTS", "VALUE_FAULTS", "safe_fault", "said_fault"]

VALUE_FAULTS: dict[str, tuple[str, ...]] = {
    "bool_parsing": (N_("Input should be a valid boolean, unable to interpret input"),),
    "bool_type": (N_("Input should be a valid boolean"),),
    "date_from_datetime_inexact": (N_("Datetimes provided to dates should have zero time - e.g. be exact dates"),),
    "date_from_datetime_parsing": (N_("Input should be a valid date or datetime, {error}"),),
    "date_parsing": (N_("Input should be a valid date in the format YYYY-MM-DD, {error}"),),
    "date_type": (N_("Input should be a valid date"),),
    "dict_type": (N_("Input should be a valid dictionary"), N_("Input should be an object")),
    "enum": (N_("one of these is expected: {choices}"), N_("the only value expected is {choice}")),
    "extra_forbidden": (N_("Extra inputs are not permitted"),),
    "finite_number": (N_("Input should be a finite number"),),
    "float_parsing": (N_("Input should be a valid number, unable to parse string as a number"),),
    "float_type": (N_("Input should be a valid number"),),
    "greater_than": (N_("Input should be greater than {least}"),),
    "greater_than_equal": (N_("Input should be greater than or equal to {least}"),),
    "int_from_float": (N_("Input should be a valid integer, got a number with a fractional part"),),
    "int_parsing": (N_("Input should be a valid integer, unable to parse string as an integer"),),
    "int_parsing_size": (N_("Unable to parse input string as an integer, exceeded maximum size"),),
    "int_type": (N_("Input should be a valid integer"),),
    "invalid_key": (N_("Keys should be strings"),),
    "json_invalid": (N_("JSON decode error"),),
    "less_than": (N_("Input should be less than {most}"),),
    "less_than_equal": (N_("Input should be less than or equal to {most}"),),
    "list_type": (N_("Input should be a valid list"), N_("Input should be a valid array")),
    "literal_error": (N_("one of these is expected: {choices}"), N_("the only value expected is {choice}")),
    "missing": (N_("Field required"),),
    "model_attributes_type": (N_("Input should be a valid dictionary or object to extract fields from"),),
    "model_type": (N_("Input should be a valid dictionary or instance of {class_name}"),),
    "multiple_of": (N_("Input should be a multiple of {divisor}"),),
    "none_required": (N_("Input should be None"), N_("Input should be null")),
    "recursion_loop": (N_("Recursion error - cyclic reference detected"),),
    "string_pattern_mismatch": (N_("String should match pattern {pattern}"),),
    "string_too_long": (
        N_("String should have at most {most} character"),
        N_("String should have at most {most} characters"),
    ),
    "string_too_short": (
        N_("String should have at least {least} character"),
        N_("String should have at least {least} characters"),
    ),
    "string_type": (N_("Input should be a valid string"),),
    "string_unicode": (N_("Input should be a valid string, unable to parse raw data as a unicode string"),),
    "too_long": (
        N_("{kind} should have at most {most} item after validation, not {found}"),
        N_("{kind} should have at most {most} items after validation, not {found}"),
    ),
    "too_short": (
        N_("{kind} should have at least {least} item after validation, not {found}"),
        N_("{kind} should have at least {least} items after validation, not {found}"),
    ),
    "tuple_type": (N_("Input should be a valid tuple"),),
    "set_type": (N_("Input should be a valid set"),),
    "frozen_set_type": (N_("Input should be a valid frozenset"),),
    "union_tag_invalid": (N_("Input tag {tag} found using {key} does not match any of the expected tags: {expected}"),),
    "union_tag_not_found": (N_("Unable to extract tag using discriminator {key}"),),
    "value_error": (),
    "assertion_error": (),
}
"""The messages of each kind of fault that documents and requests can have, by Pydantic's name of the kind. Those of
``value_error`` are sentences of the documents themselves."""

CONTAINERS = (N_("List"), N_("Tuple"), N_("Dictionary"), N_("Set"), N_("Frozenset"))
"""Values of ``{kind}``."""

QUOTING = frozenset(
    {
        *("union_tag_invalid", "value_error", "assertion_error", "json_invalid"),
        *("date_parsing", "date_from_datetime_parsing"),
    }
)
"""Kinds whose message may repeat what was sent."""

TOML_FAULTS = (
    N_("{fault} (at line {line}, column {column})"),
    N_("{fault} (at end of document)"),
    N_("Cannot declare {key} twice"),
    N_("Cannot mutate immutable namespace {key}"),
    N_("Cannot overwrite a value"),
    N_("Cannot redefine namespace {key}"),
    N_("Duplicate inline table key {key}"),
    N_("Escaped character is not a Unicode scalar value"),
    N_("Expected {character}"),
    N_("Expected '=' after a key in a key/value pair"),
    N_("Expected ']' at the end of a table declaration"),
    N_("Expected ']]' at the end of an array declaration"),
    N_("Expected newline or end of document after a statement"),
    N_("Found invalid character {character}"),
    N_("Illegal character {character}"),
    N_("Invalid date or datetime"),
    N_("Invalid hex value"),
    N_("Invalid initial character for a key part"),
    N_("Invalid statement"),
    N_("Invalid value"),
    N_("Unclosed array"),
    N_("Unclosed inline table"),
    N_("Unescaped '\\' in a string"),
    N_("Unterminated string"),
    N_("line {line}, column {column}"),
    N_("too deep"),
)
"""What ``tomllib`` says, and where."""

NOT_ACCEPTED = N_("the value is not accepted")


OWN_WORDS = {"value_error": "Value error, ", "assertion_error": "Assertion failed, "}
"""What Pydantic writes before the sentence of a document's own check."""
EXPECTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s,'"]+)""")
"""One of the values in ``'a', "it's" or 7``, or the conjunction."""


def said_fault(item: Mapping[str, Any]) -> str:
    """A fault as a sentence of the catalogue: a check's own words, and choices without the conjunction of English.

    Args:
        item: A fault as ``ValidationError.errors()`` lists it; its message may repeat what was given.
    """
    kind, message = str(item["type"]), str(item["msg"])
    if kind in OWN_WORDS:
        return message.removeprefix(OWN_WORDS[kind]).rstrip(".")
    if kind in ("literal_error", "enum"):
        found = EXPECTED.findall(str(item["ctx"]["expected"]))
        choices = [single or double or plain for single, double, plain in found if plain != "or"]
        many = len(choices) > 1
        return f"one of these is expected: {', '.join(choices)}" if many else f"the only value expected is {choices[0]}"
    return message


def safe_fault(item: Mapping[str, Any]) -> str:
    """The fault of a field of a request, in English, without anything of what was sent.

    Args:
        item: A fault as ``ValidationError.errors()`` lists it.
    """
    kind = item["type"]
    if kind in QUOTING or kind not in VALUE_FAULTS:
        return NOT_ACCEPTED if kind != "json_invalid" else "JSON decode error"
    return said_fault(item)
