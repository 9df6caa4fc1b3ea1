"""Bodies of requests: what any database can store and every reader understands alike, or a clear refusal."""

from __future__ import annotations

import json

import pytest

from wasl.web.bodies import parse_json, parse_toml
from wasl.web.problems import HttpProblem

HOSTILE: dict[str, bytes] = {
    "a field twice": b'{"a": 1, "b": {"c": 1, "c": 2}}',
    "a number beyond floats": b'{"a": 1e400}',
    "a negative number beyond floats": b"[-1e999]",
    "an exponent of 5,000 digits": b"1e" + b"9" * 5000,
    "a whole number of 5,000 digits": b"9" * 5000,
    "a whole number beyond 64 bits": b"[9223372036854775808]",
    "no number": b'{"a": NaN}',
    "infinity": b"[Infinity]",
    "deep lists": b"[" * 100_000,
    "closed deep lists": b"[" * 50_000 + b"]" * 50_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "half a letter": b'"\\ud800"',
    "half a letter in a name": b'{"\\udfff": 1}',
    "a NUL": b'"\\u0000"',
    "a NUL after a backslash": b'"\\\\\\u0000"',
    "no text": b'"\xff"',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "two values": b'{"a": 1} {"a": 2}',
    "nothing": b"",
    "white space": b" \n ",
    "a control character": b'"\x01"',
    "a comma too many": b"[1,]",
    "single quotes": b"{'a': 1}",
    "a hundred thousand values": b"[" + b"0," * 100_000 + b"0]",
}
TOML_TEXTS: dict[str, str] = {
    "infinity": "a = inf",
    "no number": "a = nan",
    "beyond floats": "a = 1e400",
    "beyond 64 bits": "a = 99999999999999999999",
    "a key twice": "a = 1\na = 2",
    "a table twice": "[a]\n[a]",
    "half a letter": 'a = "\\ud800"',
    "a NUL": 'a = "\\u0000"',
    "hexadecimal digits": "a = 0x" + "f" * 5000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(HttpProblem) as caught:
        parse_json(HOSTILE[name])
    assert caught.value.status in (400, 413, 422)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", TOML_TEXTS)
def test_hostile_toml_is_refused(name: str) -> None:
    with pytest.raises(HttpProblem) as caught:
        parse_toml(TOML_TEXTS[name])
    assert caught.value.status in (400, 422)


@pytest.mark.parametrize(
    "value",
    [{}, [], 0, -(1 << 63), (1 << 63) - 1, 1e308, "", "\\u0000", "سلا", "\u202e", {"a": [{"b": None}, True, 0.1]}],
)
def test_ordinary_values_are_what_they_were(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), "\ufeff" + json.dumps(value)):
        assert parse_json(text.encode()) == value
