"""Completeness: every kind of event has a sentence in each language, and every field a word."""

from __future__ import annotations

import dataclasses
import string

import pytest

from wasl.audit.events import KINDS, AuditEvent, LegacyHappening, RegisterEncoded
from wasl.audit.filters import EventFilter
from wasl.audit.sentences import DETAIL_WORDS, say_detail, say_event, say_kind
from wasl.errors import VerificationError

LANGUAGES = ("fr", "ar", "en")
ENCODED = RegisterEncoded(
    delivery="sha256:" + "ab" * 32, key_id="k1", schema="s", profile="guarded", records=1234567, rejects=0, leak=0.25
)
SAMPLES = {"str": "x", "int": 3, "bool": True, "float": 0.5, "tuple[str, ...]": ("a", "b")}


def event(happening=ENCODED, **changes):
    values = {"at": "2026-03-01T10:00:00.000Z", "actor": "amina", "project": "simimo", "subject": "cnss"}
    return AuditEvent(happening, **{**values, **changes})


def sample(kind, *, optional):
    """A happening of a kind with every field filled, or only those that must be."""
    values = {}
    for field in dataclasses.fields(kind):
        first = field.type.split(" | ")[0]
        if optional or field.default is dataclasses.MISSING:
            values[field.name] = SAMPLES[first]
    return kind(**values)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_has_a_sentence_in_each_language(kind):
    assert set(kind.sentences) == set(LANGUAGES)
    assert len(set(kind.sentences.values())) == 3
    for language in LANGUAGES:
        fields = {name for _, name, _, _ in string.Formatter().parse(kind.sentences[language]) if name}
        assert fields <= {"actor", "subject"}
        said = say_event(event(sample(kind, optional=True)), language)
        assert said.endswith(".")
        assert "{" not in said


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("optional", [True, False])
def test_every_kind_round_trips_through_its_canonical_bytes(kind, optional):
    original = event(sample(kind, optional=optional), request="r-1", role="admin")
    data = original.canonical_bytes()
    assert AuditEvent.parse(data) == original
    assert AuditEvent.parse(data).canonical_bytes() == data


def test_every_field_has_a_word_in_each_language():
    assert all(set(words) == set(LANGUAGES) for words in DETAIL_WORDS.values())
    fields = {field.name for kind in KINDS.values() for field in dataclasses.fields(kind)}
    assert fields <= set(DETAIL_WORDS), sorted(fields - set(DETAIL_WORDS))


def test_fields_are_said_in_the_language():
    said = say_event(event(), "en")
    assert said.startswith("amina encoded the register cnss (project: simimo; delivery: sha256:abababababab…; key: k1;")
    assert "records: 1,234,567" in said
    assert "leak T: 0.25" in said
    said = say_event(event(), "fr")
    assert "enregistrements : 1\u202f234\u202f567" in said
    assert "fuite T : 0,25" in said
    assert say_event(event(), "ar").startswith("رمّز \u2068amina\u2069 السجل \u2068cnss\u2069")


@pytest.mark.parametrize(
    ("value", "french", "arabic"),
    [
        ("2026-12-27T20:05:07.394Z", "27 déc. 2026, 20:05:07 UTC", "27/12/2026، 20:05:07 UTC"),
        ("2026-12-31", "31 décembre 2026", "31 دجنبر 2026"),
        ("2026-10", "2026-10", "2026-10"),
        ("2026-13-45", "2026-13-45", "2026-13-45"),
        (-1234.5, "-1\u202f234", "-1.234"),
        (0.5, "0,5", "0,5"),
    ],
)
def test_days_moments_and_numbers_are_said_as_the_language_writes_them(value, french, arabic):
    assert say_detail(value, "fr") == french
    assert say_detail(value, "ar").replace("\u200e", "").replace("\u200f", "") == arabic


def test_each_value_of_an_arabic_sentence_is_isolated_and_no_value_can_end_it():
    said = say_event(dataclasses.replace(event(), actor="a\u2069b", subject="\u202ec"), "ar")
    depth = 0
    for letter in said:
        depth += {"\u2068": 1, "\u2069": -1}.get(letter, 0)
        assert depth in (0, 1)
    assert depth == 0
    assert "\u202e" not in said


def test_every_kind_is_said_without_a_thing():
    said = [say_kind(kind, language) for kind in KINDS if KINDS[kind].sentences for language in LANGUAGES]
    assert len(said) > 150
    assert not [one for one in said if "{" in one or not one.strip()]


def test_entries_of_release_0_1_0_keep_their_bytes():
    old = event(LegacyHappening("RegisterEncoded", {"f1": 0.987, "registers": ["a", "b"], "é": None}))
    data = old.canonical_bytes()
    assert b"schema" not in data
    assert AuditEvent.parse(data) == old
    assert AuditEvent.parse(data).canonical_bytes() == data


@pytest.mark.parametrize(
    "change",
    [
        {"records": "many"},
        {"records": None},
        {"surplus": 1},
        {"leak": "high"},
        {"records": True},
    ],
)
def test_fields_of_another_type_are_refused(change):
    with pytest.raises(VerificationError):
        RegisterEncoded.from_detail({**ENCODED.detail(), **change})


def test_a_missing_field_is_refused():
    detail = ENCODED.detail()
    del detail["records"]
    with pytest.raises(VerificationError, match="records"):
        RegisterEncoded.from_detail(detail)


def test_what_is_not_finite_is_left_out():
    assert "leak" not in dataclasses.replace(ENCODED, leak=float("nan")).detail()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"nonsense",
        event().canonical_bytes() + b" ",
        event().canonical_bytes().replace(b"Register", b"X"),
        event().canonical_bytes().replace(b'"schema":2', b'"schema":9'),
    ],
)
def test_what_is_not_an_event_is_refused(data):
    with pytest.raises(VerificationError):
        AuditEvent.parse(data)


def test_filters_choose():
    entry = event()
    assert EventFilter().matches(entry)
    assert EventFilter(kinds=frozenset({entry.kind}), actor="amina", project="simimo", subject="cn").matches(entry)
    assert EventFilter(after="2026-03-01", before="2026-03-02").matches(entry)
    for other in (
        EventFilter(kinds=frozenset({"KeyCreated"})),
        EventFilter(actor="omar"),
        EventFilter(project="x"),
        EventFilter(subject="dgsn"),
        EventFilter(after="2026-03-02"),
        EventFilter(before="2026-03-01"),
    ):
        assert not other.matches(entry)


def test_control_characters_do_nothing():
    old = LegacyHappening("RegisterEncoded", {"reason": "\x07", "n\x1b": 1})
    said = say_event(event(old, subject="a\x1b[2Jb\u202ec", actor="x\ny"), "en")
    assert said == "x\ufffdy encoded the register a\ufffd[2Jb\ufffdc (project: simimo; reason: \ufffd; n\ufffd: 1)."
