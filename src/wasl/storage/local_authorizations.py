"""Authorizations of an installation without a service: a file per project in the home folder, held against the log.

The log has the digest of every authorization that was stored, in order, and each revocation. A file that is missing or
does not hold those authorizations stops the verbs that need it.

Does not protect against: a user who deletes the home folder. Auditors see that in the checkpoints they keep.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

from wasl.audit.events import AuditEvent
from wasl.compliance.authorization import Authorization, Decisions
from wasl.errors import InputError, VerificationError
from wasl.registers.documents import validate_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.plain_json import json_bytes
from wasl.registers.exchange.whole_files import write_whole
from wasl.storage.local_log import LocalLog

__all__ = ["LocalAuthorizations"]

STORED, REVOKED = "AuthorizationStored", "AuthorizationRevoked"


class LocalAuthorizations:
    """The authorizations in a home folder.

    Attributes:
        folder: Where the files are.
        log: The log that has their digests.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / "authorizations"
        self.log = LocalLog(home)

    def store(self, authorization: Authorization) -> Path:
        """Write an authorization behind those of the same project; the caller logs it next.

        Raises:
            InputError: It was revoked.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(authorization.project)
        logged, revoked = self._logged(authorization.project)
        if authorization.digest in revoked:
            raise InputError(
                f"the decision {authorization.decision!r} was revoked.", remedy="Store the new decision by its number."
            )
        held = self._read(path) if path.exists() else []
        kept = [one for one in held if one.digest in logged and one.digest != authorization.digest]
        documents = [one.model_dump(mode="json") for one in (*kept, authorization)]
        write_whole(path, json_bytes(documents))
        return path

    def find(self, project: str, decision: str) -> Authorization:
        """The stored authorization of this number.

        Raises:
            InputError: There is none, or it is revoked already.
        """
        held = self.of(project)
        found = [one for one in (held.stored if held is not None else ()) if one.decision == decision]
        if not found or found[-1].revoked is not None:
            raise InputError(
                f"project {project!r} has no decision {decision!r} that could be revoked.",
                remedy="Give the number and the project as `wasl authorize` stored them.",
            )
        return found[-1]

    def of(self, project: str) -> Decisions | None:
        """The decisions on a project, or None where none was ever stored.

        Raises:
            VerificationError: The file is missing, or file and log do not have the same authorizations.
        """
        logged, revoked = self._logged(project)
        path = self._path(project)
        if not logged:
            if path.exists():
                raise self._unlogged(path)
            return None
        if not path.exists():
            raise VerificationError(
                f"{path}: the authorization of project {project!r} was stored but its file is missing.",
                remedy="Restore the file, or store the decision again (`wasl authorize`).",
            )
        stored = self._read(path)
        # Files of earlier versions have the last one only; without earlier decisions less is covered, never more.
        if not stored or [one.digest for one in stored] != logged[-len(stored) :]:
            raise VerificationError(
                f"{path}: this is not the authorization that the log has.",
                remedy="Restore the file, or store the decision again (`wasl authorize`).",
            )
        return Decisions(
            tuple(one.model_copy(update={"revoked": revoked.get(one.digest)}) for one in stored), project=project
        )

    def projects(self) -> list[str]:
        """The projects with an authorization, by name.

        Raises:
            VerificationError: There is a file of a project that the log does not know.
        """
        found = sorted({event.project for event in self._events() if event.kind == STORED})
        known = {self._path(project) for project in found}
        for path in sorted(self.folder.glob("*.json")):
            if path not in known:
                raise self._unlogged(path)
        return found

    def _unlogged(self, path: Path) -> VerificationError:
        """The log was lost or cut, or the work ended between the file and its entry: no act goes through unheld."""
        return VerificationError(
            f"{path}: the log does not have this authorization.",
            remedy="Restore the log of this installation, or store the decision again (`wasl authorize`).",
        )

    def _path(self, project: str) -> Path:
        return self.folder / f"{digest_json(project).removeprefix('sha256:')[:32]}.json"

    def _read(self, path: Path) -> list[Authorization]:
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{path} is not JSON.", remedy="Restore it, or store the decision again.") from error
        documents = value if isinstance(value, list) else [value]
        return [validate_document(Authorization, one, str(path)) for one in documents]

    def _logged(self, project: str) -> tuple[list[str], dict[str, dt.date]]:
        """The digest of each authorization stored, in order, and the day of each revocation by digest."""
        stored: list[str] = []
        revoked: dict[str, dt.date] = {}
        for event in self._events():
            if event.project != project:
                continue
            digest = str(event.detail["authorization"])
            if event.kind == REVOKED:
                revoked[digest] = dt.date.fromisoformat(str(event.detail["revoked"]))
            else:
                stored = [one for one in stored if one != digest]
                stored.append(digest)
        return stored, revoked

    def _events(self) -> Iterator[AuditEvent]:
        for line in self.log.events():
            if b'"AuthorizationStored"' not in line and b'"AuthorizationRevoked"' not in line:
                continue
            event = AuditEvent.from_json(json.loads(line))
            if event.kind in (STORED, REVOKED):
                yield event
