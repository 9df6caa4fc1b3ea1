"""Logs written by release 0.1.0, by its command line and by its service, still verify, read and are found in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wasl.audit.events import KINDS, AuditEvent, LegacyHappening
from wasl.audit.notes import NoteVerifier
from wasl.audit.reproduction import find_run
from wasl.audit.sentences import say_event
from wasl.audit.verification import verify_export

FOLDER = Path(__file__).parent / "log-0.1.0"
LOGS = ("command-line", "service")


def lines(name):
    return (FOLDER / f"{name}.jsonl").read_bytes().splitlines(keepends=True)


def events(name):
    return [AuditEvent.from_json(json.loads(line)["event"]) for line in lines(name)[1:]]


@pytest.mark.parametrize("name", LOGS)
def test_the_log_verifies(name):
    verifier = NoteVerifier.parse((FOLDER / f"{name}.vkey").read_text(encoding="utf-8").strip())
    result = verify_export(lines(name), verifier)
    assert result.verified, result.fault
    assert result.entries == len(events(name)) > 10


@pytest.mark.parametrize("name", LOGS)
def test_one_changed_byte_is_found(name):
    verifier = NoteVerifier.parse((FOLDER / f"{name}.vkey").read_text(encoding="utf-8").strip())
    changed = lines(name)
    changed[5] = changed[5].replace(b'"at":"2026', b'"at":"2025', 1)
    assert not verify_export(changed, verifier).verified


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_every_entry_is_said(name, language):
    for event in events(name):
        assert isinstance(event.happening, LegacyHappening)
        assert event.kind in KINDS
        assert say_event(event, language).endswith(".")


@pytest.mark.parametrize("name", LOGS)
def test_a_run_is_found(name):
    log = events(name)
    runs = [event.subject for event in log if event.kind == "SpineResolved"]
    assert runs
    for run in runs:
        recorded = find_run(log, run=run)
        assert recorded.delivery_digests
        assert recorded.plan_digest.startswith("sha256:")
        assert recorded.spine_digest.startswith("sha256:")
