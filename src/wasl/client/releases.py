"""Verbs of the client about releases of microdata, scenarios and the public catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from wasl.client.base import Session, document
from wasl.client.transport import Progress
from wasl.client.views import Document, Job, Published, Release

__all__ = ["Releases"]

ReleaseStep = Literal["protect", "request", "approve", "refuse", "revoke", "publish", "withdraw"]


class Releases(Session):
    """Releases of microdata, scenarios and the public catalogue."""

    def prepare_release(
        self,
        project: str,
        *,
        run: str,
        title: str,
        specification: Document,
        policy: Document,
        description: Document,
        seed: int | None = None,
        purpose: str = "",
    ) -> Release:
        """Ask for protected microdata."""
        body = {
            "run": run,
            "title": title,
            "specification": document(specification),
            "policy": document(policy),
            "description": document(description),
            "seed": seed,
            "purpose": purpose,
        }
        return Release.parse(self.transport.json("POST", f"/v1/projects/{project}/releases", body))

    def release(self, project: str, release: str) -> Release:
        """A release."""
        return Release.parse(self.transport.json("GET", f"/v1/projects/{project}/releases/{release}"))

    def releases(self, project: str) -> list[Release]:
        """The releases of a project."""
        return list(self._pages(f"/v1/projects/{project}/releases", Release))

    def download_release(
        self, project: str, release: str, what: Literal["protected", "package", "internal-report.json"], out: Path
    ) -> str:
        """Fetch the ``protected`` file, the ``package`` or the confidential report with the seed of a release."""
        return self.transport.download(f"/v1/projects/{project}/releases/{release}/{what}", out)

    def risk(self, project: str, release: str) -> dict[str, Any]:
        """The confidential report of a release."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/releases/{release}/risk"))

    def risk_page(self, project: str, release: str, language: str = "en") -> str:
        """The confidential report of a release as one HTML page in a language (``fr``, ``ar`` or ``en``)."""
        path = f"/v1/projects/{project}/releases/{release}/internal-report.html"
        return self.transport.text("GET", path, language=language)

    def step(self, release: Release, step: ReleaseStep, body: Mapping[str, Any] | None = None) -> Release:
        """Take a release a step on: see docs/service.md, "The way of a release"."""
        path = f"/v1/projects/{release.project}/releases/{release.id}/{step}"
        return Release.parse(self.transport.json("POST", path, dict(body or {}), etag=release.etag))

    def request_comparison(
        self, project: str, release: str, scenarios: Mapping[str, Document], *, groups: Sequence[str] = ()
    ) -> Job:
        """Ask that policies, each under a name, be measured side by side on the microdata of a release."""
        named = [{"name": name, "policy": document(policy)} for name, policy in scenarios.items()]
        body = {"scenarios": named, "groups": list(groups)}
        return Job.parse(self.transport.json("POST", f"/v1/projects/{project}/releases/{release}/scenarios", body))

    def comparison(self, project: str, release: str) -> dict[str, Any]:
        """The scenarios compared last: risk, utility, and what each group keeps."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/releases/{release}/scenarios"))

    def catalogue(self) -> list[Published]:
        """The published releases; needs no token."""
        return list(self._pages("/v1/catalogue", Published))

    def published(self, release: str) -> Published:
        """A published release; needs no token."""
        return Published.parse(self.transport.json("GET", f"/v1/catalogue/{release}"))

    def download_published(self, release: str, out: Path, progress: Progress | None = None) -> str:
        """Fetch the package of a published release; needs no token."""
        return self.transport.download(f"/v1/catalogue/{release}/package", out, progress)
