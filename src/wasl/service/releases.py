"""Releases: microdata assembled and protected, requested by one person, decided by another, published as approved."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from wasl.audit.events import AuditEvent, EventKind
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.errors import AccessError, InputError, NotFoundError, StateError, ThresholdError
from wasl.registers.exchange.delivery import read_parquet, write_parquet
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.payload import Payload
from wasl.service.access import Action
from wasl.service.documents import accept_description, accept_policy, accept_specification
from wasl.service.jobs import finish_job, job_caller, queue_job
from wasl.service.linkages import find_run, plain_report
from wasl.service.microdata import MicrodataSpec, assemble_microdata
from wasl.service.packaging import write_package
from wasl.service.ports import Area, Caller, Office, Part, Progress, Reader
from wasl.service.projects import open_project
from wasl.service.records import Job, JobKind, Release, Run, Submission, SubmissionKind
from wasl.service.states import ReleaseStep, next_status

__all__ = [
    "approve_release",
    "find_release",
    "package",
    "prepare_release",
    "protect_again",
    "protect_release",
    "publish_release",
    "refuse_release",
    "request_release",
    "require_other_eyes",
    "withdraw_release",
]

SEED_BITS = 62


def prepare_release(
    office: Office,
    caller: Caller,
    *,
    project: str,
    run: str,
    title: str,
    specification: Mapping[str, Any],
    policy: Mapping[str, Any],
    description: Mapping[str, Any],
    seed: int | None = None,
) -> Release:
    """Ask for microdata from a run's spine, protected under a policy.

    Raises:
        SchemaError: A document does not hold together.
        StateError: The run has no spine, or the project no payloads.
    """
    caller.check(Action.RELEASE_PREPARE, project=project)
    if office.part is Part.LINKAGE:
        raise StateError("this installation links and prepares no releases.")
    documents = _accepted(specification, policy, description)
    with office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        if not find_run(ledger, project, run).spine:
            raise StateError(f"run {run} has no spine yet.", remedy="Resolve it first.")
        if not _payloads(ledger, project):
            raise StateError("no holder has sent a payload yet, so there is nothing to release.")
        release_id = office.new_id()
        job = queue_job(office, caller, JobKind.PROTECT, project=project, subject=release_id)
        release = Release(
            id=release_id,
            created_at=caller.stamp,
            created_by=caller.actor.name,
            project=project,
            run=run,
            title=title,
            specification=documents[0],
            policy=documents[1],
            description=documents[2],
            seed=secrets.randbits(SEED_BITS) if seed is None else seed,
            job=job.id,
        )
        ledger.save(release, job, event=_protection_event(caller, release))
        return ledger.get(Release, release_id)


def protect_again(
    office: Office,
    caller: Caller,
    *,
    project: str,
    release: str,
    version: int,
    specification: Mapping[str, Any] | None = None,
    policy: Mapping[str, Any] | None = None,
    description: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> Release:
    """Protect anew, under changed documents where given; whatever was requested before is void.

    Raises:
        StateError: The release is on its way to the public, or there.
    """
    caller.check(Action.RELEASE_PREPARE, project=project)
    with office.ledger.writing(caller) as ledger:
        found = find_release(ledger, project, release)
        status = next_status(found.status, ReleaseStep.PROTECT_AGAIN)
        documents = _accepted(
            found.specification if specification is None else specification,
            found.policy if policy is None else policy,
            found.description if description is None else description,
        )
        job = queue_job(office, caller, JobKind.PROTECT, project=project, subject=release)
        changed = replace(
            found,
            version=version,
            status=status,
            specification=documents[0],
            policy=documents[1],
            description=documents[2],
            seed=found.seed if seed is None else seed,
            job=job.id,
            microdata="",
            protected="",
            package="",
            risk={},
            public_report={},
            failure="",
            requested_by="",
            decided_by="",
            reason="",
        )
        ledger.save(changed, job, event=_protection_event(caller, changed))
        return ledger.get(Release, release)


def protect_release(office: Office, job: Job, progress: Progress) -> None:
    """The job: assemble the microdata, protect them, and keep both with the report, or say why it cannot be done."""
    progress(0, 3)
    with office.ledger.reading() as state:
        release = state.get(Release, job.subject)
        run = state.get(Run, release.run)
        sent = _payloads(state, release.project)
    spine, _ = read_parquet(office.files.path(Area.SPINE, run.spine), "spine")
    payloads = [Payload.read(office.files.path(Area.RELEASE, one.file)) for one in sent]
    microdata = assemble_microdata(spine, payloads, MicrodataSpec.model_validate(release.specification))
    progress(1, 3)
    assembled = office.files.make(Area.RELEASE, lambda path: write_parquet(microdata.table, path))
    caller = job_caller(office, job)
    detail = {
        "run": run.id,
        "spine_digest": run.spine_digest,
        "policy_digest": digest_json(dict(release.policy)),
        "microdata": assembled.digest,
        "rows": microdata.table.num_rows,
        "seed": release.seed,
    }
    table = microdata.table.drop_columns([name for name in ("person_id",) if name in microdata.table.column_names])
    try:
        result = protect(table, DisclosurePolicy.model_validate(release.policy), seed=release.seed)
    except ThresholdError as error:
        refused = replace(
            release,
            status=next_status(release.status, ReleaseStep.THRESHOLDS_MISSED),
            microdata=assembled.digest,
            failure=str(error),
        )
        event = caller.event(EventKind.PROTECTION_REFUSED, project=release.project, subject=release.id, detail=detail)
        with office.ledger.writing(caller) as ledger:
            finish_job(ledger, job, refused, event=event)
        return
    progress(2, 3)
    protected = office.files.make(Area.RELEASE, lambda path: write_parquet(result.table, path))
    done = replace(
        release,
        status=next_status(release.status, ReleaseStep.THRESHOLDS_MET),
        microdata=assembled.digest,
        protected=protected.digest,
        risk=plain_report(result.internal_report()),
        public_report=plain_report(result.public_report()),
    )
    event = caller.event(
        EventKind.PROTECTION_APPLIED,
        project=release.project,
        subject=release.id,
        detail={**detail, "protected": protected.digest},
    )
    with office.ledger.writing(caller) as ledger:
        finish_job(ledger, job, done, event=event)


def request_release(office: Office, caller: Caller, *, project: str, release: str, version: int) -> Release:
    """Ask for the publication of a protected file. Only a file that meets its thresholds has the status for it."""
    return _step(office, caller, project, release, version, ReleaseStep.REQUEST, EventKind.RELEASE_REQUESTED)


def approve_release(
    office: Office, caller: Caller, *, project: str, release: str, version: int, reason: str = ""
) -> Release:
    """Approve a requested release, as somebody else than those who prepared and requested it."""
    return _step(office, caller, project, release, version, ReleaseStep.APPROVE, EventKind.RELEASE_APPROVED, reason)


def refuse_release(office: Office, caller: Caller, *, project: str, release: str, version: int, reason: str) -> Release:
    """Refuse a requested release, with the reason.

    Raises:
        InputError: There is no reason.
    """
    if not reason.strip():
        raise InputError("a refusal says why.")
    return _step(office, caller, project, release, version, ReleaseStep.REFUSE, EventKind.RELEASE_REFUSED, reason)


def withdraw_release(
    office: Office, caller: Caller, *, project: str, release: str, version: int, reason: str
) -> Release:
    """Take a published release out of the catalogue, with the reason; its record stays."""
    return _step(office, caller, project, release, version, ReleaseStep.WITHDRAW, EventKind.RELEASE_WITHDRAWN, reason)


def publish_release(office: Office, caller: Caller, *, project: str, release: str, version: int) -> Release:
    """Ask for the packaging and publication of an approved release."""
    caller.check(Action.RELEASE_PUBLISH, project=project)
    with office.ledger.writing(caller) as ledger:
        found = find_release(ledger, project, release)
        job = queue_job(office, caller, JobKind.PACKAGE, project=project, subject=release)
        changed = replace(
            found, version=version, status=next_status(found.status, ReleaseStep.PUBLISH), job=job.id, failure=""
        )
        event = caller.event(EventKind.PUBLICATION_REQUESTED, project=project, subject=release)
        ledger.save(changed, job, event=event)
        return ledger.get(Release, release)


def package(office: Office, job: Job, progress: Progress) -> None:
    """The job: build and sign the package of an approved release and put it into the catalogue."""
    progress(0, 2)
    with office.ledger.reading() as state:
        release = state.get(Release, job.subject)
        checkpoint = state.latest_checkpoint() or ""
    table, _ = read_parquet(office.files.path(Area.RELEASE, release.protected), "protected file")
    caller = job_caller(office, job)
    manifest_digest = ""

    def write(path: Path) -> None:
        nonlocal manifest_digest
        manifest_digest = write_package(office, release, table, checkpoint=checkpoint, created=caller.at, path=path)

    stored = office.files.make(Area.PUBLIC, write)
    progress(1, 2)
    done = replace(
        release,
        status=next_status(release.status, ReleaseStep.PACKAGED),
        package=stored.digest,
        manifest_digest=manifest_digest,
        published_at=caller.stamp,
    )
    event = caller.event(
        EventKind.RELEASE_PUBLISHED,
        project=release.project,
        subject=release.id,
        detail={"manifest_digest": manifest_digest, "file": stored.digest, "protected": release.protected},
    )
    with office.ledger.writing(caller) as ledger:
        finish_job(ledger, job, done, event=event)


def find_release(ledger: Reader, project: str, release: str) -> Release:
    """The release, if it is one of this project.

    Raises:
        NotFoundError: It is not.
    """
    found = ledger.select(Release, id=release, project=project)
    if not found:
        raise NotFoundError(f"there is no release {release!r} in this project.")
    return found[0]


def require_other_eyes(release: Release, caller: Caller) -> None:
    """The four-eyes rule: whoever prepared or requested a release decides on it neither directly nor by proxy.

    A token that one of them issued to somebody else does not count as other eyes either.

    Raises:
        AccessError: The caller is one of the first two eyes.
    """
    first = {release.created_by, release.requested_by}
    if caller.actor.name in first or caller.actor.issued_by in first:
        raise AccessError(
            "whoever prepared or requested a release cannot decide on it.", remedy="Another person must decide."
        )


def _step(
    office: Office,
    caller: Caller,
    project: str,
    release: str,
    version: int,
    step: ReleaseStep,
    kind: EventKind,
    reason: str = "",
) -> Release:
    action = step.action
    if action is None:
        raise AccessError(f"the step '{step}' is the service's own.")
    caller.check(action, project=project)
    with office.ledger.writing(caller) as ledger:
        found = find_release(ledger, project, release)
        status = next_status(found.status, step)
        changed = replace(found, version=version, status=status)
        if step is ReleaseStep.REQUEST:
            changed = replace(changed, requested_by=caller.actor.name)
        if step in (ReleaseStep.APPROVE, ReleaseStep.REFUSE):
            require_other_eyes(found, caller)
            changed = replace(changed, decided_by=caller.actor.name, reason=reason)
        if step is ReleaseStep.WITHDRAW:
            changed = replace(changed, reason=reason)
        event = caller.event(
            kind,
            project=project,
            subject=release,
            detail={"from": found.status.value, "to": status.value, "protected": found.protected},
        )
        ledger.save(changed, event=event)
        return ledger.get(Release, release)


def _accepted(
    specification: Mapping[str, Any], policy: Mapping[str, Any], description: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The three documents, checked, as plain JSON."""
    return accept_specification(specification), accept_policy(policy), accept_description(description)


def _protection_event(caller: Caller, release: Release) -> AuditEvent:
    return caller.event(
        EventKind.PROTECTION_REQUESTED,
        project=release.project,
        subject=release.id,
        detail={"run": release.run, "policy_digest": digest_json(dict(release.policy)), "seed": release.seed},
    )


def _payloads(ledger: Reader, project: str) -> list[Submission]:
    """The latest payload of every register."""
    sent = ledger.select(Submission, project=project, kind=SubmissionKind.PAYLOAD, withdrawn=False)
    return list({one.register: one for one in sent}.values())
