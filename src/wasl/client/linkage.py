"""Verbs of the client about linkage runs: review, resolution, results, returns to holders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from wasl.client.base import Session, document
from wasl.client.submissions import PARQUET
from wasl.client.transport import Progress
from wasl.client.views import Decision, Document, Evidence, Job, ReviewPair, Run

__all__ = ["Linkage"]

RunFile = Literal["pairs", "links", "conflicts", "spine"]
Verdict = Literal["same", "different", "unsure"]


class Linkage(Session):
    """Runs, review, resolution, results and returns."""

    def request_linkage(
        self, project: str, plan: Document, *, deliveries: Sequence[str] = (), onto: str = "", purpose: str = ""
    ) -> Run:
        """Ask for a run."""
        body = {"plan": document(plan), "deliveries": list(deliveries), "onto": onto, "purpose": purpose}
        return Run.parse(self.transport.json("POST", f"/v1/projects/{project}/linkage-runs", body))

    def import_pairs(self, project: str, plan: str, file: Path, *, purpose: str = "") -> Run:
        """Begin a run with pairs scored elsewhere; the plan as JSON text (strong mode)."""
        path = f"/v1/projects/{project}/pairs"
        return Run.parse(self.transport.upload(path, file, PARQUET, params={"plan": plan, "purpose": purpose}))

    def run(self, project: str, run: str) -> Run:
        """A run."""
        return Run.parse(self.transport.json("GET", f"/v1/projects/{project}/linkage-runs/{run}"))

    def runs(self, project: str) -> list[Run]:
        """The project's runs."""
        return list(self._pages(f"/v1/projects/{project}/linkage-runs", Run))

    def cancel_run(self, project: str, run: str) -> Run:
        """Ask the job of a run to stop."""
        return Run.parse(self.transport.json("POST", f"/v1/projects/{project}/linkage-runs/{run}/cancel"))

    def report(self, project: str, run: str) -> dict[str, Any]:
        """A run's report."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/linkage-runs/{run}/report"))

    def report_page(self, project: str, run: str, language: str = "en") -> str:
        """A run's report as one HTML page in a language (``fr``, ``ar`` or ``en``)."""
        return self.transport.text("GET", f"/v1/projects/{project}/linkage-runs/{run}/report.html", language=language)

    def review_queue(self, project: str, run: str, state: str | None = None) -> list[ReviewPair]:
        """The masked pairs to review."""
        params = {} if state is None else {"state": state}
        return list(self._pages(f"/v1/projects/{project}/linkage-runs/{run}/review-queue", ReviewPair, params))

    def decisions(self, project: str, run: str) -> list[Decision]:
        """Decisions: a reviewer sees the own ones, the linkage unit all."""
        return list(self._pages(f"/v1/projects/{project}/linkage-runs/{run}/decisions", Decision))

    def decide(self, project: str, run: str, pair: str, verdict: Verdict) -> None:
        """Say whether a pair is one person: ``same``, ``different`` or ``unsure``."""
        body = {"pair": pair, "verdict": verdict}
        self.transport.json("POST", f"/v1/projects/{project}/linkage-runs/{run}/decisions", body)

    def review_pair(self, project: str, run: str, pair: str) -> Evidence:
        """A masked pair with what speaks for and against it."""
        path = f"/v1/projects/{project}/linkage-runs/{run}/review-queue/{pair}"
        return Evidence.parse(self.transport.json("GET", path))

    def take_back(self, project: str, run: str, pair: str) -> Decision:
        """Take the own decision on a pair back, so that one can decide anew."""
        path = f"/v1/projects/{project}/linkage-runs/{run}/decisions/{pair}/take-back"
        return Decision.parse(self.transport.json("POST", path))

    def request_resolution(self, project: str, run: str) -> Run:
        """Ask for the spine."""
        return Run.parse(self.transport.json("POST", f"/v1/projects/{project}/linkage-runs/{run}/resolution"))

    def request_reproduction(self, project: str, run: str) -> Job:
        """Ask that a run be repeated and the spines compared."""
        return Job.parse(self.transport.json("POST", f"/v1/projects/{project}/linkage-runs/{run}/reproduction"))

    def download_run(self, project: str, run: str, what: RunFile, out: Path, progress: Progress | None = None) -> str:
        """Fetch ``pairs``, ``links``, ``conflicts`` or ``spine`` of a run."""
        return self.transport.download(f"/v1/projects/{project}/linkage-runs/{run}/{what}", out, progress)

    def request_return(self, project: str, run: str, register: str) -> Job:
        """Ask for what a holder gets back about its own records."""
        path = f"/v1/projects/{project}/linkage-runs/{run}/returns/{register}"
        return Job.parse(self.transport.json("POST", path))

    def holder_return(self, project: str, run: str, register: str) -> dict[str, Any]:
        """The summary of a return: linked records, agreement, duplicates, missing values, earlier rounds."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/linkage-runs/{run}/returns/{register}"))

    def download_return(self, project: str, run: str, register: str, out: Path) -> str:
        """Fetch a return, for `wasl open`."""
        return self.transport.download(f"/v1/projects/{project}/linkage-runs/{run}/returns/{register}/file", out)
