"""Records of what leaves: releases of microdata, menus and orders of tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wasl.service.records.base import Noun
from wasl.service.states import MenuStatus, ReleaseStatus

__all__ = ["Release", "TableMenu", "TableOrder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Noun):
    """A file on its way to the public.

    Attributes:
        project, run: From which spine.
        title: What a reader sees.
        specification, policy, description: The documents it is made by (microdata, disclosure, dataset).
        seed: Of every random choice in its protection.
        status: Where it stands.
        job: The job that works on it, or that last did.
        microdata, protected, package: SHA-256 of the stored files, empty until made.
        artifacts: SHA-256 of every stored artifact of assembly and protection, by file name.
        risk: The confidential report: risk before and after, utility, changes.
        public_report: What readers are told: methods and information loss.
        failure: Why protection or packaging failed; empty otherwise.
        requested_by, decided_by, reason: The four eyes, and what the second pair said.
        protected_by: Who asked for the protection that counts; does not decide on it either.
        manifest_digest: The digest of the signed manifest once published.
        published_at: ISO 8601 UTC, empty before.
        purpose: What for, as stated, else that of its run; every later step is held to it.
    """

    project: str
    run: str
    title: str
    specification: Mapping[str, Any]
    policy: Mapping[str, Any]
    description: Mapping[str, Any]
    seed: int
    status: ReleaseStatus = ReleaseStatus.PROTECTING
    job: str = ""
    microdata: str = ""
    protected: str = ""
    package: str = ""
    artifacts: Mapping[str, str] = field(default_factory=dict)
    risk: Mapping[str, Any] = field(default_factory=dict)
    public_report: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    requested_by: str = ""
    decided_by: str = ""
    reason: str = ""
    manifest_digest: str = ""
    published_at: str = ""
    protected_by: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMenu(Noun):
    """What analysts may order from the linked data of a run, once an approver has opened it.

    Attributes:
        project, run: From which spine.
        title: What a reader sees.
        specification: The microdata the tables are made of, as a document; nobody downloads them.
        menu: What may be ordered and by which rules, as a document.
        menu_digest: Its digest.
        hierarchies: Text of each hierarchy file the menu names.
        status: Offered, open or closed.
        decided_by: Who opened it.
        reason: Why it was closed.
    """

    project: str
    run: str
    title: str
    specification: Mapping[str, Any]
    menu: Mapping[str, Any]
    menu_digest: str
    hierarchies: Mapping[str, str] = field(default_factory=dict)
    status: MenuStatus = MenuStatus.OFFERED
    decided_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOrder(Noun):
    """Tables that were ordered, on their way to whoever ordered them and to the public.

    Attributes:
        project, menu, run: From which menu, and from which spine.
        title: What a reader sees.
        request: What was ordered, as a document.
        specification: The specification it became.
        seed: Of every random choice.
        status, job: Where it stands, and the job that works on it or that last did.
        protected: SHA-256 of the answer: a ZIP file of everything that may leave.
        artifacts: SHA-256 of every stored artifact, by file name; some are for the desk alone.
        report: The confidential report of the protection.
        public_report: How many cells have which status, by table.
        earlier: The answered orders it was audited against.
        record_key_id: Which secret the record keys were derived with; empty without record keys.
        answered: Whether it was ever approved: whoever ordered it may know it from then on.
        package, manifest_digest, published_at: As of a release.
        failure: Why it could not be made, for whoever ordered it.
        requested_by, decided_by, reason, protected_by: The four eyes, as of a release.
        purpose: What for, as stated, else that of its run; every later step is held to it.
    """

    project: str
    menu: str
    run: str
    title: str
    request: Mapping[str, Any]
    specification: Mapping[str, Any]
    seed: int
    status: ReleaseStatus = ReleaseStatus.PROTECTING
    job: str = ""
    protected: str = ""
    artifacts: Mapping[str, str] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    public_report: Mapping[str, Any] = field(default_factory=dict)
    earlier: list[str] = field(default_factory=list)
    record_key_id: str = ""
    answered: bool = False
    package: str = ""
    failure: str = ""
    requested_by: str = ""
    decided_by: str = ""
    reason: str = ""
    manifest_digest: str = ""
    published_at: str = ""
    protected_by: str = ""
    purpose: str = ""
