"""Authorizations of an installation without a service: a file per project in the home folder, held against the log.

The log has the digest of the authorization that was stored last for each project. A file that is missing or has another
digest stops the verbs that need it.

Does not protect against: a user who deletes the home folder. Auditors see that in the checkpoints they keep.
"""

from __future__ import annotations

import json
from pathlib import Path

from wasl.audit.events import AuditEvent
from wasl.compliance.authorization import Authorization
from wasl.errors import VerificationError
from wasl.registers.documents import validate_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.plain_json import json_bytes
from wasl.registers.exchange.whole_files import write_whole
from wasl.storage.local_log import LocalLog

__all__ = ["LocalAuthorizations"]


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
        """Write an authorization; the caller logs it next. It replaces the one before of the same project."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(authorization.project)
        write_whole(path, json_bytes(authorization.model_dump(mode="json")))
        return path

    def of(self, project: str) -> Authorization | None:
        """The authorization of a project, or None where none was ever stored.

        Raises:
            VerificationError: The file is missing or is not the one that the log has.
        """
        logged = self._logged().get(project)
        if logged is None:
            return None
        path = self._path(project)
        if not path.exists():
            raise VerificationError(
                f"{path}: the authorization of project {project!r} was stored but its file is missing.",
                remedy="Restore the file, or store the decision again (`wasl authorize`).",
            )
        document = validate_document(Authorization, json.loads(path.read_text(encoding="utf-8")), str(path))
        if document.digest != logged:
            raise VerificationError(
                f"{path}: this is not the authorization that the log has.",
                remedy="Restore the file, or store the decision again (`wasl authorize`).",
            )
        return document

    def projects(self) -> list[str]:
        """The projects with an authorization, by name."""
        return sorted(self._logged())

    def _path(self, project: str) -> Path:
        return self.folder / f"{digest_json(project).removeprefix('sha256:')[:32]}.json"

    def _logged(self) -> dict[str, str]:
        """The digest of the authorization stored last, by project."""
        found: dict[str, str] = {}
        for line in self.log.events():
            if b'"AuthorizationStored"' not in line:
                continue
            event = AuditEvent.from_json(json.loads(line))
            if event.kind == "AuthorizationStored":
                found[event.project] = str(event.detail["authorization"])
        return found
