"""The log of an installation without a service: an append-only file of events and its signed checkpoints.

In the home folder (``~/.wasl``, or ``WASL_HOME``):

- ``log.jsonl``: one canonical event per line, in order; only ever appended to;
- ``log.checkpoints``: one signed checkpoint per line (JSON strings), as signed after each append;
- ``log.checkpoint``: the latest checkpoint, a signed note;
- ``log.state``: the tree's frontier, so that an append need not read the log (rebuilt when missing);
- ``log.key`` (0600) and ``log.vkey``: the signing key, made on first use, and the verifier key.

Every append holds a file lock (``log.lock``) and is flushed to disk before it counts. The order is line, checkpoint,
state. After a crash at any point the next append signs the whole lines that were not yet signed, cuts off a torn last
line and records that it did so. A log shorter than its checkpoint was tampered with; nothing more is written to it.

The module uses no POSIX-only function. The file modes apply on Linux and macOS; on Windows the files inherit the access
rights of the user's profile folder.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from filelock import FileLock

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import AuditEvent, LogRecovered
from wasl.audit.export import ExportEntry, export_lines
from wasl.audit.merkle import Frontier, leaf_hash
from wasl.audit.notes import NoteSigner, NoteVerifier
from wasl.errors import StateError, VerificationError, WaslError

__all__ = ["LocalLog", "actor", "now", "signing_key"]

NOTES_TAIL_BYTES = 4096
"""Bytes read from the end of ``log.checkpoints``; a line has about 300, so the last whole line is among them."""

LOCK_POLL_SECONDS = 0.01
"""Seconds between two tries to take the lock; one append holds it for a few milliseconds."""

BINARY = getattr(os, "O_BINARY", 0)
"""On Windows: no translation of line ends, which would change the bytes that were hashed."""


def now() -> str:
    """The time of an event: ISO 8601 UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def actor() -> str:
    """The name of the user who runs the program, as this machine has it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name; ImportError: Windows without USERNAME
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"


def signing_key(folder: Path, stem: str, origin: str) -> NoteSigner:
    """The signing key ``<stem>.key`` of an installation, made on first use with its verifier key ``<stem>.vkey``.

    Args:
        folder: The home folder.
        stem: File name of the key without its extension.
        origin: Beginning of the key's name; a random part follows.
    """
    with LocalLog(folder).locked():
        path = folder / f"{stem}.key"
        if path.exists():
            return NoteSigner.parse(path.read_text(encoding="utf-8", errors="replace"))
        return _new_key(folder, stem, origin)


def _new_key(folder: Path, stem: str, origin: str) -> NoteSigner:
    signer = NoteSigner.generate(f"{origin}/{secrets.token_hex(8)}")
    _replace(folder / f"{stem}.vkey", f"{signer.verifier}\n")
    _replace(folder / f"{stem}.key", f"{signer.export()}\n", mode=0o600)
    return signer


@dataclass(frozen=True, slots=True)
class _State:
    """The frontier and where in the file its last line ends."""

    frontier: Frontier
    offset: int

    def to_json(self) -> str:
        hashes = [value.hex() for value in self.frontier.hashes]
        return json.dumps({"hashes": hashes, "offset": self.offset, "size": self.frontier.size})


class LocalLog:
    """The log in a folder.

    Attributes:
        folder: The home folder; made on first use, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines_path = folder / "log.jsonl"
        self.checkpoint_path = folder / "log.checkpoint"
        self.checkpoints_path = folder / "log.checkpoints"
        self.state_path = folder / "log.state"
        self.key_path = folder / "log.key"
        self.vkey_path = folder / "log.vkey"

    def append(self, event: AuditEvent) -> Checkpoint:
        """Append an event and sign the new checkpoint.

        Raises:
            VerificationError: The log is shorter than its checkpoint says, or does not lead to its root.
        """
        data = event.canonical_bytes()
        with self.locked():
            signer = self._signer()
            state = self._recover(signer)
            return self._write(signer, state, data)[1]

    def events(self) -> Iterator[bytes]:
        """The canonical bytes of every entry, in order, as they lie in the file."""
        if not self.lines_path.exists():
            return
        with self.lines_path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    yield line[:-1]

    def checkpoint_note(self) -> str:
        """The latest signed checkpoint.

        Raises:
            StateError: Nothing was logged yet.
        """
        if not self.checkpoint_path.exists():
            raise StateError(f"{self.folder}: nothing has been logged here yet.", remedy="Run any verb first.")
        return self.checkpoint_path.read_text(encoding="utf-8")

    def checkpoint_notes(self, *, tail_bytes: int | None = None) -> list[str]:
        """The checkpoints signed so far, oldest first; lines that are not whole are passed over.

        Args:
            tail_bytes: Read only the end of the file, so many bytes.
        """
        if not self.checkpoints_path.exists():
            return []
        with self.checkpoints_path.open("rb") as file:
            if tail_bytes is not None:
                file.seek(max(0, self.checkpoints_path.stat().st_size - tail_bytes))
            lines = file.read().decode(errors="replace").split("\n")
        notes: list[str] = []
        for line in lines:
            try:
                note = json.loads(line)
            except ValueError:
                continue
            if isinstance(note, str):
                notes.append(note)
        return notes

    def export(self) -> Iterator[bytes]:
        """The lines of an export of the whole log, as it lies on disk, damaged or not.

        Raises:
            StateError: Nothing was logged yet.
        """
        with self.locked():
            with suppress(WaslError):  # a damaged log is exported as it is: verification names the damage
                if self.key_path.exists():
                    self._recover(self._signer())
            note, notes = self.checkpoint_note(), self.checkpoint_notes()
            size = sum(1 for _ in self.events())
        signed = {_signed_size(earlier): earlier for earlier in notes}
        entries = (
            ExportEntry(data, checkpoint=signed.get(index + 1))
            for index, data in enumerate(islice(self.events(), size))
        )
        carried = sum(number in signed for number in range(1, size + 1))
        return export_lines(note, self.verifier(), entries, size=size, checkpoints=carried)

    def verifier(self) -> NoteVerifier:
        """The key that verifies this log's checkpoints.

        Raises:
            StateError: Nothing was logged yet, so there is no key.
        """
        if not self.vkey_path.exists():
            raise StateError(f"{self.folder}: this log has no key yet.", remedy="Run any verb first.")
        return NoteVerifier.parse(self.vkey_path.read_text(encoding="utf-8"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the log; waits while another process holds it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self.folder / "log.lock", poll_interval=LOCK_POLL_SECONDS):
            yield

    def _signer(self) -> NoteSigner:
        if self.key_path.exists():
            return NoteSigner.parse(self.key_path.read_text(encoding="utf-8", errors="replace"))
        if self.lines_path.exists():
            raise VerificationError(f"{self.key_path}: the signing key of this log is missing.", remedy="Restore it.")
        return _new_key(self.folder, "log", "wasl.local")

    def _recover(self, signer: NoteSigner) -> _State:
        """The tree of the whole lines on disk, after checking them against what was signed and mending a crash."""
        signed = self._latest_signed(signer.verifier)
        length = self.lines_path.stat().st_size if self.lines_path.exists() else 0
        state = self._stored_state(signed, length)
        if state.frontier.size == signed.size:
            self._require_root(state.frontier, signed)
        torn = 0
        if length > state.offset:
            state, torn = self._replay(state, signed)
        if state.frontier.size < signed.size:
            raise VerificationError(
                f"{self.lines_path}: holds {state.frontier.size} entries where its checkpoint says {signed.size}: "
                f"entry {state.frontier.size} and those after it were removed.",
                remedy="Restore the log from a copy.",
            )
        if signed.size == 0 and state.frontier.size > 1:
            raise VerificationError(
                f"{self.folder}: the checkpoints of the log were removed.", remedy="Restore the log from a copy."
            )
        if torn:
            os.truncate(self.lines_path, state.offset)
            event = AuditEvent(LogRecovered(torn_bytes=torn), now(), actor(), "", "log")
            state, _ = self._write(signer, state, event.canonical_bytes())
        elif state.frontier.size > signed.size:
            self._sign(signer, state)
        return state

    def _latest_signed(self, verifier: NoteVerifier) -> Checkpoint:
        """The longest state that was signed, of the latest checkpoint and the last kept one; empty without any."""
        notes = self.checkpoint_notes(tail_bytes=NOTES_TAIL_BYTES)[-1:]
        if self.checkpoint_path.exists():
            notes.append(self.checkpoint_path.read_text(encoding="utf-8"))
        signed = [Checkpoint.open(note, verifier) for note in notes]
        return max(signed, key=lambda checkpoint: checkpoint.size, default=Checkpoint.of(verifier.name, Frontier()))

    def _stored_state(self, signed: Checkpoint, length: int) -> _State:
        """The state on disk, or the empty one when it is missing, damaged or ahead of the log."""
        try:
            stored = json.loads(self.state_path.read_text(encoding="utf-8"))
            frontier = Frontier(int(stored["size"]), tuple(bytes.fromhex(value) for value in stored["hashes"]))
            offset = int(stored["offset"])
        except (OSError, ValueError, KeyError, TypeError):
            return _State(Frontier(), 0)
        known = frontier.size <= signed.size and 0 < offset <= length
        return _State(frontier, offset) if known else _State(Frontier(), 0)

    def _replay(self, state: _State, signed: Checkpoint) -> tuple[_State, int]:
        """The state after the whole lines behind ``state``, and the bytes of a torn last line."""
        frontier, offset = state.frontier, state.offset
        with self.lines_path.open("rb") as lines:
            lines.seek(offset)
            for line in lines:
                if not line.endswith(b"\n"):
                    return _State(frontier, offset), len(line)
                frontier, _ = frontier.append(leaf_hash(line[:-1]))
                offset += len(line)
                if frontier.size == signed.size:
                    self._require_root(frontier, signed)
        return _State(frontier, offset), 0

    def _require_root(self, frontier: Frontier, signed: Checkpoint) -> None:
        if frontier.root != signed.root:
            raise VerificationError(
                f"{self.lines_path}: its entries do not lead to the signed checkpoint: an entry was changed.",
                remedy="`wasl audit export` and `wasl audit verify` name the entry; restore the log from a copy.",
            )

    def _write(self, signer: NoteSigner, state: _State, data: bytes) -> tuple[_State, Checkpoint]:
        line = data + b"\n"
        _append(self.lines_path, line)
        frontier, _ = state.frontier.append(leaf_hash(data))
        grown = _State(frontier, state.offset + len(line))
        return grown, self._sign(signer, grown)

    def _sign(self, signer: NoteSigner, state: _State) -> Checkpoint:
        checkpoint = Checkpoint.of(signer.name, state.frontier)
        note = checkpoint.sign(signer)
        _append(self.checkpoints_path, json.dumps(note, ensure_ascii=False).encode() + b"\n")
        _replace(self.checkpoint_path, note)
        _replace(self.state_path, state.to_json(), durable=False)
        return checkpoint


def _signed_size(note: str) -> int:
    """The size a checkpoint says; -1 when it is damaged (its signature is the verifier's matter)."""
    try:
        return Checkpoint.parse(note.partition("\n\n")[0] + "\n").size
    except VerificationError:
        return -1


def _append(path: Path, line: bytes) -> None:
    """Append a line and wait until it is on disk; a short write is taken back, a torn line before it is closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | BINARY, 0o600)
    try:
        before = os.fstat(descriptor).st_size
        torn = before > 0 and _last_byte(descriptor, before) != b"\n"
        data = b"\n" + line if torn else line
        if os.write(descriptor, data) != len(data):
            os.ftruncate(descriptor, before)
            raise WaslError(f"{path}: the disk is full; nothing was logged.", remedy="Free some room and try again.")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last_byte(descriptor: int, size: int) -> bytes:
    """The last byte of a file of ``size`` bytes that is open for appending (which moves the position by itself)."""
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)


def _replace(path: Path, text: str, *, mode: int = 0o644, durable: bool = True) -> None:
    """Write a small file completely or leave the old one in place."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())
        file.flush()
        if durable:
            os.fsync(file.fileno())
    partial.replace(path)
