"""Records of the service: frozen, with an identifier and a version that rises with every change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wasl.service.states import MenuStatus, ReleaseStatus, RunStatus

__all__ = [
    "Decision",
    "DossierFile",
    "Job",
    "JobKind",
    "JobStatus",
    "Noun",
    "Objection",
    "Project",
    "Register",
    "Release",
    "RetentionRule",
    "ReviewPair",
    "Run",
    "StoredAuthorization",
    "Submission",
    "SubmissionKind",
    "TableMenu",
    "TableOrder",
    "Token",
    "TokenStatus",
    "User",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """Anything the service keeps.

    Attributes:
        id: Its identifier; identifiers of one kind sort by age.
        version: 0 before it is first saved; the ETag of the API.
        created_at: ISO 8601 UTC.
        created_by: The user who made it.
    """

    id: str
    version: int = 0
    created_at: str
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Noun):
    """Registers linked under one key.

    Attributes:
        title: What a reader sees.
        closed: Whether submissions and runs are refused.
    """

    title: str
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Noun):
    """A register declared in a project.

    Attributes:
        project, name: Where, and its short name, the ``id`` of its schema.
        holder: Who keeps it.
        definition: The register schema as a document.
        schema_digest: The digest every submission must carry.
        signer: The holder's Ed25519 public key (base64) deliveries must be signed with, or empty.
    """

    project: str
    name: str
    holder: str
    definition: Mapping[str, Any]
    schema_digest: str
    signer: str = ""


class SubmissionKind(StrEnum):
    """Kinds of file that a holder sends."""

    DELIVERY = "delivery"
    JOIN_MAP = "join-map"
    PAYLOAD = "payload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Noun):
    """A file a holder sent.

    Attributes:
        kind: Delivery, join map or payload.
        project, register: For which register.
        digest: What names its content: the delivery's digest; for others the file's.
        file: SHA-256 of the stored file.
        size_bytes, rows: How much.
        header: The delivery's header, the join map's or the payload's, as the file carries it.
        withdrawn: Whether its holder took it back: nothing uses it from then on.
        sent_at: When it was last sent; the submission sent last counts, whatever was sent in between.
        purged: Whether its file was erased; digest and record stay.
    """

    kind: SubmissionKind
    project: str
    register: str
    digest: str
    file: str
    size_bytes: int
    rows: int
    header: Mapping[str, Any]
    withdrawn: bool = False
    sent_at: str = ""
    purged: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFile(Noun):
    """A version of the dossier that the authority is asked to authorize.

    Attributes:
        project, number: Of which project, and which version.
        digest: Digest of what it states and asks for.
        statements: How many sentences it has.
        holes: Places that only people can fill in.
        document: The dossier as a JSON value.
        particulars: What people wrote for it.
        files: SHA-256 of its stored files, by name.
    """

    project: str
    number: int
    digest: str
    statements: int
    holes: list[str]
    document: Mapping[str, Any]
    particulars: Mapping[str, Any]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAuthorization(Noun):
    """A decision of the authority; the one stored last holds for the project.

    Attributes:
        project: Of which project.
        decision, decided, expires: Its number, its day, and the last day on which it holds.
        dossier: The version of the dossier it was given on.
        document: The authorization with its scope, as a document.
    """

    project: str
    decision: str
    decided: str
    expires: str
    dossier: str
    document: Mapping[str, Any]


class JobKind(StrEnum):
    """What workers do."""

    SCORE = "score"
    RESOLVE = "resolve"
    PROTECT = "protect"
    PACKAGE = "package"
    REPRODUCE = "reproduce"
    ERASE = "erase"
    TABULATE = "tabulate"
    RETURN = "return"
    PACKAGE_TABLES = "package-tables"
    COMPARE = "compare"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PARKED = "parked"
    """Broke down too often; an administrator can queue it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Noun):
    """Long work, done by whichever worker holds its lease.

    Attributes:
        kind, project, subject: What to do, on which run or release.
        status: Where it stands.
        percent: Progress, 0 to 100.
        attempt: How often a worker took it; a worker whose attempt is not the last can commit nothing.
        cancel_asked: Whether somebody asked to stop it.
        failure: Why it failed; empty otherwise.
        result: What it found, for jobs that change nothing (a reproduction).
        failures: How often it broke down for an unknown reason; restarts and a full disk do not count.
        not_before: No worker takes it before this time, in seconds since 1970.
    """

    kind: JobKind
    project: str
    subject: str
    status: JobStatus = JobStatus.QUEUED
    percent: int = 0
    attempt: int = 0
    cancel_asked: bool = False
    failure: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    failures: int = 0
    not_before: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Noun):
    """Somebody known to the installation; the id is the name.

    Attributes:
        title: Full name or office, for readers of the log.
        disabled: Whether all tokens are dead.
    """

    title: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Noun):
    """An account of an OIDC issuer and the user it stands for; the id is a hash of issuer and subject.

    Attributes:
        user: The user name.
        issuer: Who vouches for the account.
        released: Whether the name was given to another account; this one is refused.
    """

    user: str
    issuer: str
    released: bool = False


class TokenStatus(StrEnum):
    """Where a token stands."""

    REQUESTED = "requested"
    """One administrator asked for it; another must agree."""
    INVITED = "invited"
    """Its owner can redeem the invitation and see the secret, once."""
    ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Noun):
    """A bearer token: its secret is stored hashed and was shown once.

    Attributes:
        user, role, project, register: Whose, for what, and how far it reaches (None: everywhere).
        secret_hash: Argon2id hash of the secret.
        expires_at: ISO 8601 UTC.
        revoked: Whether it is dead before that.
        status: Whether it is in use yet.
        approved_by: The second administrator, where two were needed.
        invitation: SHA-256 of each part of the invitation, in hexadecimal.
    """

    user: str
    role: str
    project: str | None
    register: str | None
    secret_hash: str = field(repr=False)
    expires_at: str
    revoked: bool = False
    status: TokenStatus = TokenStatus.ACTIVE
    approved_by: str = ""
    invitation: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule(Noun):
    """Retention of the files that a register sent.

    Attributes:
        project, register: Where; an empty register stands for all registers of the project.
        round: Of which round; empty for every round without a rule of its own.
        days: Days after the last sending.
    """

    project: str
    register: str
    round: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection(Noun):
    """Records of persons who objected to the use of their data.

    Attributes:
        project, register: Where.
        records: Their record ids, 32 hexadecimal digits each.
    """

    project: str
    register: str
    records: list[str]
