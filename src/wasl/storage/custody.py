"""The folders and the signing key of a database; a misspelt setting or an old backup is found at the start.

Each area folder carries a marker with the installation's id and with the log as it last was. A start is refused when
the marker is missing, names another installation or another area, or knows a longer or another log than the database
has. So no process works, and no sweep runs, on files that the database does not record.

Does not protect against: a person who copies a marker together with the folder.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import AuditEvent
from wasl.audit.notes import NoteVerifier
from wasl.audit.tree import root_at
from wasl.errors import StateError, VerificationError
from wasl.service.ports import Area, Caller
from wasl.storage.ledger import SqlLedger
from wasl.storage.tables import installation

__all__ = ["Custody"]

MARKER = ".wasl-area.json"
FORMAT = "wasl-area/1"
OWN_NAMES = re.compile(r"[0-9a-f]{2}|\.incoming|\.quarantine")
"""Names in an area folder of release 0.1.0, which wrote no markers."""


@dataclass(frozen=True, slots=True)
class Custody:
    """The identity of an installation.

    Attributes:
        ledger: Its database.
        folders: Its area folders.
        id: Its id, in the database and in every marker.
    """

    ledger: SqlLedger
    folders: Mapping[Area, Path]
    id: str

    @classmethod
    def take(
        cls, ledger: SqlLedger, folders: Mapping[Area, Path], *, new_id: str, at: str, accept_older: bool = False
    ) -> Custody:
        """Tie the folders to the database, or check that they are tied to it.

        Args:
            ledger: The database.
            folders: The area folders; they exist.
            new_id: The id of an installation that has none yet.
            at: Now, ISO 8601 UTC.
            accept_older: Whether a database that is older than its folders is meant (after a restore).

        Raises:
            StateError: A folder is not the one this database was used with; names the folder and the setting.
        """
        with ledger.engine.begin() as connection:
            row = connection.execute(sa.select(installation)).one_or_none()
            if row is None:
                values = {"id": new_id, "created_at": at, "verifier": "", "areas": []}
                connection.execute(sa.insert(installation).values(values))
                found, tied = new_id, set[str]()
            else:
                found, tied = str(row.id), set(row.areas)
        custody = cls(ledger, folders, found)
        for area, folder in folders.items():
            custody._require(area, folder, tied, accept_older=accept_older)
        for area in folders:
            custody._mark(area, *custody._log(), force=accept_older)
        if set(folders) - tied:
            with ledger.engine.begin() as connection:
                connection.execute(sa.update(installation).values(areas=sorted(tied | {str(one) for one in folders})))
        return custody

    def verifier(self) -> NoteVerifier | None:
        """The public key the log of this database is signed with; None when it was never signed."""
        with self.ledger.engine.connect() as connection:
            text = connection.execute(sa.select(installation.c.verifier)).scalar_one()
        return NoteVerifier.parse(text) if text else None

    def tie_key(self, verifier: NoteVerifier) -> None:
        """Record the public key, or check that it is the recorded one.

        Raises:
            StateError: The log is signed by another key.
        """
        known = self.verifier()
        if known is None:
            with self.ledger.reading() as state:
                note = state.latest_checkpoint()
            if note is not None:  # a database of release 0.1.0, which recorded no key
                try:
                    Checkpoint.open(note, verifier)
                except VerificationError as error:
                    raise _foreign(_called(verifier), "another key") from error
            with self.ledger.engine.begin() as connection:
                connection.execute(sa.update(installation).values(verifier=str(verifier)))
        elif str(known) != str(verifier):
            raise _foreign(_called(verifier), _called(known))

    def rotate(self, caller: Caller, new: NoteVerifier, event: Callable[[int], AuditEvent]) -> None:
        """Log a change of the key and record the new key, in one transaction.

        Args:
            caller: Who changes it.
            new: The new public key.
            event: Makes the entry from the number of entries before it.
        """
        with self.ledger.writing(caller) as transaction:
            transaction.save(event=event(transaction.log_size()))
            transaction._connection.execute(sa.update(installation).values(verifier=str(new)))

    def witness(self) -> None:
        """Note in every folder how long the log is now; an older database is then recognized at the next start."""
        size, root = self._log()
        for area in self.folders:
            self._mark(area, size, root)

    def _log(self) -> tuple[int, str]:
        with self.ledger.reading() as state:
            size = state.log_size()
            return size, base64.b64encode(root_at(state, size)).decode() if size else ""

    def _require(self, area: Area, folder: Path, tied: set[str], *, accept_older: bool) -> None:
        setting = f"{area}_dir or data_dir"
        marker = _read(folder / MARKER)
        if marker is None:
            if str(area) in tied:
                raise StateError(
                    f"the folder {folder} is not the one this database keeps the area {area!s} in: it has no marker.",
                    remedy=f"Correct {setting}, mount the disk, or restore folders and database from one backup.",
                )
            strange = sorted(path.name for path in folder.iterdir() if OWN_NAMES.fullmatch(path.name) is None)
            if strange:
                raise StateError(
                    f"the folder {folder} holds things wasl did not make ({len(strange)} of them).",
                    remedy=f"Give wasl a folder of its own in {setting}.",
                )
            return
        if marker.get("installation") != self.id:
            raise StateError(
                f"the folder {folder} belongs to another installation than the database.",
                remedy=f"Correct {setting} or database_url; restore both from one backup.",
            )
        if marker.get("area") != str(area):
            raise StateError(
                f"the folder {folder} is that of the area {marker.get('area')!r}, not of {area!s}.",
                remedy=f"Correct {setting}: two folders were exchanged.",
            )
        if not accept_older:
            self._require_log(folder, int(marker.get("entries", 0)), str(marker.get("root", "")))

    def _require_log(self, folder: Path, entries: int, root: str) -> None:
        with self.ledger.reading() as state:
            size = state.log_size()
            same = entries <= size and (not entries or base64.b64encode(root_at(state, entries)).decode() == root)
        if same:
            return
        what = f"is older: its log has {size} entries" if size < entries else "has another log"
        raise StateError(
            f"the folder {folder} was used with a log of {entries} entries, but the database {what}.",
            remedy="Restore the newest backup of the database. To go on with this one all the same, start once with "
            "--accept-older-database (docs/deployment.md, Restore).",
        )

    def _mark(self, area: Area, size: int, root: str, *, force: bool = False) -> None:
        path = self.folders[area] / MARKER
        known = _read(path)
        if known is not None and int(known.get("entries", 0)) >= size and not force:
            return  # another process has seen a longer log
        marker = {"format": FORMAT, "installation": self.id, "area": str(area), "entries": size, "root": root}
        draft = path.with_name(f"{MARKER}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(marker) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StateError(f"{path} is damaged.", remedy="Restore it from a backup of the folder.") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise StateError(
            f"{path} is of another release.", remedy="Use the release of wasl that wrote it, or a newer one."
        )
    return value


def _foreign(found: str, known: str) -> StateError:
    return StateError(
        f"the signing key {found!r} is not the one the log is signed with ({known}).",
        remedy="Restore the key file from the backup, or correct signing_key_file. Former keys lie beside it, each "
        "under its id.",
    )


def _called(verifier: NoteVerifier) -> str:
    """The name and the id of a key: a rotated key has the name of the one before."""
    return f"{verifier.name}+{verifier.key_id.hex()}"
