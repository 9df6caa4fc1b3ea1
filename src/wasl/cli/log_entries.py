"""What verbs read of a log: this installation's, or an export of another one, verified before it is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from wasl.errors import InputError, KeyFileError, VerificationError

if TYPE_CHECKING:
    from wasl.audit.events import AuditEvent
    from wasl.audit.notes import NoteVerifier
    from wasl.audit.verification import LogVerification

__all__ = ["faults_of", "read_entries", "read_text", "read_verifier", "require_sound"]


def require_sound(export_file: Path | None, public_key: str) -> None:
    """Refuse a log that was changed: its digests prove nothing.

    Args:
        export_file: An export, or None for this installation's log.
        public_key: The key that the auditor keeps, as a file or a line; empty: the key that the export names itself.

    Raises:
        VerificationError: Names the first bad entry.
    """
    from wasl.cli.audit_trail import open_log

    if export_file is None and not public_key and next(iter(open_log().events()), None) is None:
        return  # an empty log has no key yet, and records nothing
    faults_of(export_file, public_key).require()


def faults_of(export_file: Path | None, public_key: str = "") -> LogVerification:
    """Verify this log, or an export against a key or the one that it names itself.

    Raises:
        InputError: A key is given without an export.
        VerificationError: The file is no export.
    """
    from wasl.audit.verification import verify_export
    from wasl.cli.audit_trail import open_log

    if export_file is None:
        if public_key:
            raise InputError("--public-key is of an export.", remedy="Give the export as well.")
        log = open_log()
        return verify_export(log.export(), log.verifier())
    verifier = read_verifier(public_key) if public_key else _named_verifier(export_file)
    with export_file.open("rb") as lines:
        return verify_export(lines, verifier)


def _named_verifier(export_file: Path) -> NoteVerifier:
    """The key that an export names in its first line. It shows alterations, not who wrote the log."""
    from wasl.audit.notes import NoteVerifier

    with export_file.open("rb") as lines:
        first = next(lines, b"")
    try:
        return NoteVerifier.parse(str(json.loads(first)["verifier"]))
    except (ValueError, KeyError, TypeError, KeyFileError) as error:
        raise VerificationError(
            f"{export_file}: not an export of a log, or its first line was changed.",
            remedy="`wasl audit export` writes one.",
        ) from error


def read_verifier(key_or_file: str) -> NoteVerifier:
    """The verifier key in a file, or given as its line.

    Raises:
        KeyFileError: Neither a file nor a verifier key.
    """
    from wasl.audit.notes import NoteVerifier

    path = Path(key_or_file)
    if not _is_file(path) and "+" not in key_or_file:  # every key has two
        raise KeyFileError(
            f"{key_or_file}: there is no such file, and it is no verifier key (name+id+base64).",
            remedy="`wasl audit key --out FILE` writes the key of a log.",
        )
    return NoteVerifier.parse(read_text(path) if _is_file(path) else key_or_file)


def read_entries(export_file: Path | None) -> Iterator[tuple[int, AuditEvent]]:
    """The numbered entries of an export, or of this installation's log where none is given."""
    from wasl.audit.events import AuditEvent
    from wasl.cli.audit_trail import open_log

    if export_file is None:
        for index, data in enumerate(open_log().events()):
            try:
                yield index, AuditEvent.parse(data)
            except VerificationError as error:
                raise VerificationError(f"entry {index}: {error.message}") from error
        return
    with export_file.open("rb") as lines:
        for index, line in enumerate(lines, start=-1):
            if index < 0:  # the header
                continue
            try:
                yield index, AuditEvent.from_json(json.loads(line)["event"])
            except (ValueError, KeyError, TypeError) as error:
                raise VerificationError(f"{export_file}: entry {index} is not that of an export.") from error


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a key is too long for a file name
        return False


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        VerificationError: It is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise VerificationError(f"{path}: not UTF-8 text: it was changed.") from error
