"""Records of a linkage: runs, pairs under review and the reviewers' decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wasl.service.records.base import Noun
from wasl.service.states import RunStatus

__all__ = ["Decision", "ReviewPair", "Run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Noun):
    """A linkage run: from deliveries to scored pairs, and from those to a spine.

    Attributes:
        project: Its project.
        plan, plan_digest: The linkage plan as a document, and its digest.
        deliveries: Submission ids of the deliveries; empty for a run that began with imported pairs.
        onto: The run whose spine this one continues, or empty.
        status: Where it stands.
        job: The job that works on it, or that last did.
        pairs, links, spine, conflicts: SHA-256 of the stored files, empty until made.
        artifacts: SHA-256 of every stored artifact of the resolution, by file name.
        spine_digest: The digest of the spine's rows.
        report: The linkage report: counts and measures.
        failure: Why it failed; empty otherwise.
        payloads: Submission ids of the payloads its releases use, pinned when the spine was asked for.
        objections: Objections whose records it leaves out, pinned when it, or its spine, was asked for.
        purpose: What for, as stated or as the only one of the decision; what follows from the run is held to it.
    """

    project: str
    plan: Mapping[str, Any]
    plan_digest: str
    deliveries: list[str] = field(default_factory=list)
    onto: str = ""
    status: RunStatus = RunStatus.REQUESTED
    job: str = ""
    pairs: str = ""
    links: str = ""
    spine: str = ""
    conflicts: str = ""
    artifacts: Mapping[str, str] = field(default_factory=dict)
    spine_digest: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    payloads: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)
    purpose: str = ""

    @property
    def failed_checks(self) -> list[str]:
        """Names of the self-checks of the linkage that did not pass."""
        resolution = self.report.get("resolution", {})
        checks = resolution.get("checks", self.report.get("checks", []))
        return [str(check["name"]) for check in checks if not check["passed"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPair(Noun):
    """A pair of the grey zone, masked: how it agrees, never who it is.

    Attributes:
        run, project: Of which run.
        number: Its place in the queue, the least certain first.
        place: Its row in the run's pairs file.
        linkage_pass: The pass it was met in.
        left_register, right_register: Between which registers.
        weight, probability, pattern: What the model says of it.
    """

    run: str
    project: str
    number: int
    place: int
    linkage_pass: str
    left_register: str
    right_register: str
    weight: float
    probability: float
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Noun):
    """One reviewer's word on one pair; its id is made of both, so nobody decides twice.

    Attributes:
        run, project, pair: About what.
        reviewer: Whose.
        verdict: ``same``, ``different`` or ``unsure``; empty when the reviewer took it back.
    """

    run: str
    project: str
    pair: str
    reviewer: str
    verdict: str
