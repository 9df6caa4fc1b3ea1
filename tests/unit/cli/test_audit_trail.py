from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import AuditEvent, KeyCreated, KeyWrapped, LinkageEvaluated
from wasl.audit.merkle import Frontier, leaf_hash
from wasl.audit.notes import NoteVerifier
from wasl.audit.verification import verify_export
from wasl.cli.audit_trail import open_log, record_event
from wasl.errors import KeyFileError, StateError, VerificationError
from wasl.storage.local_log import LocalLog


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    return open_log()


def record(count, start=0):
    for number in range(start, start + count):
        record_event(KeyWrapped(recipients=number), subject=f"k{number}")


def kinds(log):
    return [AuditEvent.parse(data).kind for data in log.events()]


def require_whole(log, size):
    events = list(log.events())
    assert len(events) == size
    checkpoint = Checkpoint.open(log.checkpoint_note(), log.verifier())
    assert checkpoint == Checkpoint.of(log.verifier().name, Frontier().extend(map(leaf_hash, events)))
    assert verify_export(log.export(), log.verifier()).verified


def test_events_are_appended_and_signed(log):
    record(3)
    require_whole(log, 3)
    first = AuditEvent.parse(next(log.events()))
    assert (first.kind, first.subject, first.detail) == ("KeyWrapped", "k0", {"recipients": 0})


def test_the_key_is_made_once_and_for_the_owner_only(log):
    record(1)
    key = log.key_path.read_text()
    record(1)
    assert log.key_path.read_text() == key
    assert log.key_path.stat().st_mode & 0o077 == 0
    assert log.folder.stat().st_mode & 0o077 == 0
    assert isinstance(log.verifier(), NoteVerifier)


def test_numbers_of_numpy_and_measures_that_are_not_finite_are_plain(log):
    np = pytest.importorskip("numpy")
    evaluated = LinkageEvaluated(
        precision=np.float64(0.5), recall=float("inf"), f1=np.float64("nan"), records=np.int64(7)
    )
    record_event(evaluated, subject="s")
    assert AuditEvent.parse(next(log.events())).detail == {"precision": 0.5, "records": 7}


def test_nothing_logged_yet_is_said_so(log):
    assert list(log.events()) == []
    for read in (log.checkpoint_note, log.verifier, log.export):
        with pytest.raises(StateError):
            read()


def test_a_torn_last_line_is_cut_and_recorded(log):
    record(2)
    with log.lines_path.open("ab") as lines:
        lines.write(b'{"actor":"som')
    record(1, start=2)
    assert kinds(log) == ["KeyWrapped"] * 2 + ["LogRecovered", "KeyWrapped"]
    require_whole(log, 4)


@pytest.mark.parametrize("lost", ["log.state", "log.checkpoint", "both"])
def test_a_crash_between_line_checkpoint_and_state_is_mended(log, lost):
    record(4)
    kept = {path.name: path.read_bytes() for path in (log.state_path, log.checkpoint_path)}
    record(1, start=4)
    for name, before in kept.items():
        if lost in (name, "both"):  # as if the machine had stopped before this file was replaced
            (log.folder / name).write_bytes(before)
    record(1, start=5)
    require_whole(log, 6)


def test_a_crash_before_signing_does_not_make_the_export_look_tampered(log):
    record(3)
    event = AuditEvent(KeyCreated(), "2026-01-01T00:00:00Z", "a", "", "s")
    with log.lines_path.open("ab") as lines:
        lines.write(event.canonical_bytes() + b"\n")
    result = verify_export(log.export(), log.verifier())
    assert result.verified
    assert result.entries == 4


def test_a_log_without_its_checkpoints_is_not_signed_anew(log):
    record(3)
    for path in (log.checkpoint_path, log.checkpoints_path, log.state_path):
        path.unlink()
    with pytest.raises(VerificationError, match="checkpoints of the log were removed"):
        record(1)


def test_a_log_rolled_back_to_an_older_checkpoint_is_found(log):
    record(2)
    old = {path: path.read_bytes() for path in (log.lines_path, log.checkpoint_path, log.state_path)}
    record(2, start=2)
    for path, data in old.items():
        path.write_bytes(data)
    with pytest.raises(VerificationError, match="entry 2 and those after it were removed"):
        record(1)


@pytest.mark.parametrize("damage", [b"", b"nonsense", b'{"size": 9}', b'{"hashes": [], "offset": 0, "size": 0}'])
def test_a_damaged_state_is_rebuilt(log, damage):
    record(3)
    log.state_path.write_bytes(damage)
    record(1, start=3)
    require_whole(log, 4)


def test_a_torn_checkpoint_line_loses_no_other(log):
    record(2)
    with log.checkpoints_path.open("ab") as notes:
        notes.write(b'"wasl')
    record(1)
    assert len(log.checkpoint_notes()) == 3
    require_whole(log, 3)


def test_a_shortened_log_is_not_written_to(log):
    record(3)
    data = log.lines_path.read_bytes()
    log.lines_path.write_bytes(data[: data.rindex(b"\n", 0, -1) + 1])
    with pytest.raises(VerificationError, match="entry 2 and those after it were removed"):
        record(1)


def test_a_removed_log_is_not_begun_anew(log):
    record(2)
    log.lines_path.unlink()
    with pytest.raises(VerificationError, match="removed"):
        record(1)


def test_an_edited_log_is_found_when_its_state_is_rebuilt(log):
    record(3)
    log.lines_path.write_bytes(log.lines_path.read_bytes().replace(b'"k1"', b'"kX"'))
    log.state_path.unlink()
    with pytest.raises(VerificationError, match="was changed"):
        record(1)


def test_an_edited_state_is_found(log):
    record(3)
    state = json.loads(log.state_path.read_text())
    state["hashes"][0] = "00" * 32
    log.state_path.write_text(json.dumps(state))
    with pytest.raises(VerificationError):
        record(1)


def test_a_lost_key_is_not_replaced(log):
    record(1)
    log.key_path.unlink()
    with pytest.raises(VerificationError, match="signing key"):
        record(1)
    log.key_path.write_text("nonsense")
    with pytest.raises(KeyFileError):
        record(1)


def test_an_edited_entry_is_named_by_the_export(log):
    record(5)
    log.lines_path.write_bytes(log.lines_path.read_bytes().replace(b'"k3"', b'"kX"'))
    fault = verify_export(log.export(), log.verifier()).fault
    assert (fault.entry, fault.last) == (3, 3)


def test_concurrent_verbs_lose_nothing(tmp_path):
    program = (
        "from wasl.cli.audit_trail import record_event\nfrom wasl.audit.events import KeyCreated\n"
        "for n in range(15): record_event(KeyCreated(), subject=str(n))"
    )
    environment = {**os.environ, "WASL_HOME": str(tmp_path)}
    running = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    require_whole(LocalLog(tmp_path), 45)
