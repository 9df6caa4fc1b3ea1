"""Completeness: every kind of event has a sentence in both languages."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import wasl
from wasl.audit.events import AuditEvent, EventKind
from wasl.audit.filters import EventFilter
from wasl.audit.sentences import DETAIL_WORDS, SENTENCES, say_event
from wasl.errors import VerificationError


def event(kind=EventKind.REGISTER_ENCODED, **changes):
    values = {"at": "2026-03-01T10:00:00.000Z", "actor": "amina", "project": "simimo", "subject": "cnss", "detail": {}}
    return AuditEvent(kind, **{**values, **changes})


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_has_a_sentence_in_both_languages(kind):
    assert set(SENTENCES[kind]) == {"fr", "en"}
    assert SENTENCES[kind]["fr"] != SENTENCES[kind]["en"]
    for language in ("fr", "en"):
        fields = {name for _, name, _, _ in string.Formatter().parse(SENTENCES[kind][language]) if name}
        assert fields <= {"actor", "subject"}
        said = say_event(event(kind), language)
        assert said.endswith(".")
        assert "{" not in said


def test_every_detail_word_has_both_languages():
    assert all(set(words) == {"fr", "en"} for words in DETAIL_WORDS.values())


def test_the_details_the_program_writes_have_words():
    """Reads the dictionaries given as ``detail=`` in the source; the odd one without a word is said by its name."""
    written = set()
    for path in Path(wasl.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                details = [keyword.value for keyword in call.keywords if keyword.arg == "detail"]
                tables = [table for detail in details for table in ast.walk(detail) if isinstance(table, ast.Dict)]
                written |= {key.value for table in tables for key in table.keys if isinstance(key, ast.Constant)}
    assert len(written) > 30
    missing = written - set(DETAIL_WORDS)
    assert len(missing) <= 0.1 * len(written), sorted(missing)


def test_details_are_said_in_the_language():
    detail = {"records": 1234567, "leak": 0.25, "verified": True, "digest": "sha256:" + "ab" * 32, "odd_thing": None}
    assert say_event(event(detail=detail), "en") == (
        "amina encoded the register cnss (project: simimo; records: 1,234,567; leak T: 0.25; verified: yes; "
        "digest: sha256:abababababab…; odd thing: –)."
    )
    assert say_event(event(detail=detail), "fr") == (
        "amina a encodé le registre cnss (projet : simimo ; enregistrements : 1\u202f234\u202f567 ; fuite T : 0,25 ; "
        "vérifié : oui ; empreinte : sha256:abababababab… ; odd thing : –)."
    )


def test_events_round_trip_through_their_canonical_bytes():
    original = event(detail={"f1": 0.987, "registers": ["a", "b"], "é": None})
    assert AuditEvent.parse(original.canonical_bytes()) == original


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"nonsense",
        event().canonical_bytes() + b" ",
        event().canonical_bytes().replace(b"Register", b"X"),
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
        EventFilter(kinds=frozenset({EventKind.KEY_CREATED})),
        EventFilter(actor="omar"),
        EventFilter(project="x"),
        EventFilter(subject="dgsn"),
        EventFilter(after="2026-03-02"),
        EventFilter(before="2026-03-01"),
    ):
        assert not other.matches(entry)


def test_control_characters_do_nothing():
    said = say_event(event(subject="a\x1b[2Jb\u202ec", actor="x\ny", detail={"reason": "\x07", "n\x1b": 1}), "en")
    assert said == "x\ufffdy encoded the register a\ufffd[2Jb\ufffdc (project: simimo; reason: \ufffd; n\ufffd: 1)."
