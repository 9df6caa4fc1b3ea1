"""Threat: a signing key that is lost or replaced. The old key signs the new one, in the log and in the export."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from service_support import Template, make_settings

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.notes import NoteSigner, NoteVerifier
from wasl.audit.rotation import Rotation, endorse, trusted_keys
from wasl.audit.verification import verify_export
from wasl.errors import KeyFileError, StateError, VerificationError
from wasl.registers.exchange.digests import canonical_json
from wasl.service.access import Actor, Role
from wasl.service.log import export_log, sign_checkpoint
from wasl.service.ports import Caller
from wasl.service.projects import create_project
from wasl.web.installation import Installation


class Log:
    """A service's log whose key changes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.settings = make_settings(folder, url)
        self.keys: list[NoteVerifier] = []
        self.opened = Installation.open(self.settings)
        self.note_key()
        self.grow("before")

    def note_key(self) -> None:
        self.keys.append(self.opened.office.signer.verifier)

    def grow(self, name: str) -> str:
        create_project(self.opened.office, self.opened.operator(), name=name, title=name)
        return sign_checkpoint(self.opened.office, self.opened.operator())

    def again(self) -> None:
        self.opened.close()
        self.opened = Installation.open(self.settings)

    def rotate(self, name: str) -> None:
        self.opened.rotate_key(reason="yearly")
        self.again()
        self.note_key()
        self.grow(name)

    def lose_key(self, name: str) -> None:
        self.opened.close()
        self.settings.key_path.unlink()
        Installation.replace_lost_key(self.settings, reason="the disk broke")
        self.opened = Installation.open(self.settings)
        self.note_key()
        self.grow(name)

    def export(self) -> list[bytes]:
        auditor = Caller(Actor("auditor", Role.AUDITOR), self.opened.office.now())
        return list(export_log(self.opened.office, auditor))


@pytest.fixture
def log(sqlite_template: Template, tmp_path: Path) -> Iterator[Log]:
    folder = tmp_path / "data"
    made = Log(folder, sqlite_template.copy(folder))
    yield made
    made.opened.close()


def test_every_key_of_the_chain_verifies_the_whole_log(log: Log) -> None:
    kept = Checkpoint.open(log.grow("kept"), log.keys[0])
    log.rotate("first")
    log.rotate("second")
    assert len({str(key) for key in log.keys}) == 3
    assert len({key.name for key in log.keys}) == 1
    export = log.export()
    for key in log.keys:
        result = verify_export(export, key)
        assert result.verified, result.fault
    assert verify_export(export, log.keys[0], since=kept).since == kept.size
    entries = [json.loads(line)["event"] for line in export[1:]]
    assert [one["detail"]["reason"] for one in entries if one["kind"] == "KeyRotated"] == ["yearly"] * 2


def test_a_foreign_key_does_not_verify(log: Log) -> None:
    log.rotate("first")
    other = NoteSigner.generate(log.keys[0].name).verifier
    assert not verify_export(log.export(), other).verified


def test_a_header_with_another_chain_does_not_verify(log: Log) -> None:
    """A thief of nothing but the export puts a key of his own into the header."""
    log.rotate("first")
    first, *rest = log.export()
    header = json.loads(first)
    thief = NoteSigner.generate(log.keys[0].name)
    forged = endorse(thief, log.keys[-1], 5)
    for rotations in ([], [asdict(forged)], header["rotations"] * 2):
        changed = {**header, "rotations": rotations}
        result = verify_export([canonical_json(changed) + b"\n", *rest], log.keys[0])
        assert not result.verified


def test_a_lost_key_breaks_the_chain_and_the_log_says_so(log: Log) -> None:
    log.lose_key("after")
    export = log.export()
    assert verify_export(export, log.keys[-1]).verified, "trusted by hand"
    assert not verify_export(export, log.keys[0]).verified, "nobody signed the change"
    last = next(json.loads(line)["event"] for line in export[1:] if b"KeyRotated" in line)
    assert (last["detail"]["endorsement"], last["detail"]["reason"]) == ("", "the disk broke")


def test_a_key_that_is_there_is_not_lost(log: Log) -> None:
    log.opened.close()
    with pytest.raises(StateError, match="is there"):
        Installation.replace_lost_key(log.settings, reason="x")


def test_the_old_key_stops_the_start_after_a_rotation(log: Log) -> None:
    old = log.settings.key_path.read_text(encoding="utf-8")
    log.rotate("first")
    log.opened.close()
    log.settings.key_path.write_text(old, encoding="utf-8")
    with pytest.raises(StateError, match="not the one"):
        Installation.open(log.settings)
    log.settings.key_path.unlink()
    with pytest.raises(KeyFileError, match="missing"):
        Installation.open(log.settings)
    archived = next(log.settings.home.glob("log.key.*"))
    assert archived.read_text(encoding="utf-8") == old, "the old key is kept for the archive"


def test_a_rotation_cut_off_before_the_file_was_in_place_is_completed(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("wasl.web.installation.install_next", die)
        with pytest.raises(KeyboardInterrupt):
            log.opened.rotate_key(reason="cut off")
    log.again()
    log.note_key()
    assert log.keys[-1] != log.keys[0]
    log.grow("after")
    assert verify_export(log.export(), log.keys[0]).verified


def test_a_rotation_cut_off_before_it_was_logged_changes_nothing(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("wasl.storage.custody.Custody.rotate", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            log.opened.rotate_key(reason="cut off")
    log.again()
    assert log.opened.office.signer.verifier == log.keys[0]
    assert verify_export(log.export(), log.keys[0]).verified


class TestChain:
    def chain(self, length: int) -> tuple[list[NoteSigner], list[Rotation]]:
        keys = [NoteSigner.generate("log") for _ in range(length)]
        return keys, [endorse(old, new.verifier, 3) for old, new in itertools.pairwise(keys)]

    @pytest.mark.parametrize("known", range(4))
    def test_any_key_leads_to_all(self, known: int) -> None:
        keys, steps = self.chain(4)
        assert trusted_keys(keys[known].verifier, steps) == [key.verifier for key in keys]

    def test_an_endorsement_of_another_key_is_refused(self) -> None:
        keys, steps = self.chain(3)
        wrong = Rotation(steps[0].old_key, steps[0].new_key, steps[1].endorsement)
        with pytest.raises(VerificationError):
            trusted_keys(keys[0].verifier, [wrong])

    def test_a_key_of_another_name_is_refused(self) -> None:
        with pytest.raises(VerificationError):
            endorse(NoteSigner.generate("one"), NoteSigner.generate("two").verifier, 1)
