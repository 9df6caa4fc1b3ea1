"""Verbs of the client about what holders send."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from wasl.client.base import Session
from wasl.client.transport import Progress
from wasl.client.views import Submission

__all__ = ["Submissions"]

PARQUET = "application/vnd.apache.parquet"
PLURALS = {"delivery": "deliveries", "join-map": "join-maps", "payload": "payloads"}
Plural = Literal["deliveries", "join-maps", "payloads"]


class Submissions(Session):
    """Deliveries, join maps and payloads of a register."""

    def send_delivery(self, project: str, register: str, file: Path, progress: Progress | None = None) -> Submission:
        """Send a delivery."""
        return self._send(project, register, "deliveries", file, progress)

    def send_join_map(self, project: str, register: str, file: Path, progress: Progress | None = None) -> Submission:
        """Send a join map, to the spine keeper's installation."""
        return self._send(project, register, "join-maps", file, progress)

    def send_payload(self, project: str, register: str, file: Path, progress: Progress | None = None) -> Submission:
        """Send a payload."""
        return self._send(project, register, "payloads", file, progress)

    def submissions(self, project: str, register: str, kind: Plural = "deliveries") -> list[Submission]:
        """The submissions of one kind: ``deliveries``, ``join-maps`` or ``payloads``."""
        return list(self._pages(f"/v1/projects/{project}/registers/{register}/{kind}", Submission))

    def submission(self, project: str, register: str, submission: str, kind: Plural = "deliveries") -> Submission:
        """One submission."""
        path = f"/v1/projects/{project}/registers/{register}/{kind}/{submission}"
        return Submission.parse(self.transport.json("GET", path))

    def withdraw(self, submission: Submission) -> Submission:
        """Take a submission back: nothing uses it from then on."""
        plural = PLURALS[submission.kind]
        path = f"/v1/projects/{submission.project}/registers/{submission.register}/{plural}/{submission.id}/withdraw"
        return Submission.parse(self.transport.json("POST", path, etag=submission.etag))

    def download_delivery(self, project: str, register: str, submission: str, out: Path) -> str:
        """Fetch the file of a delivery."""
        path = f"/v1/projects/{project}/registers/{register}/deliveries/{submission}/file"
        return self.transport.download(path, out)

    def _send(self, project: str, register: str, plural: str, file: Path, progress: Progress | None) -> Submission:
        path = f"/v1/projects/{project}/registers/{register}/{plural}"
        return Submission.parse(self.transport.upload(path, file, PARQUET, progress))
