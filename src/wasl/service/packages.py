"""Packages: an approved release is built, signed, and put into the catalogue."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from wasl.audit.events import PublicationRequested
from wasl.errors import StateError
from wasl.publication.description import DatasetDescription
from wasl.registers.documents import validate_document
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.plain_json import json_bytes
from wasl.service.access import Action
from wasl.service.artifacts import keep_artifact
from wasl.service.held_acts import held_options, recorded_excess, require_in_force, require_same_decisions
from wasl.service.jobs import finish_job, job_caller, queue_job
from wasl.service.log import prove_release
from wasl.service.ports import Area, Caller, Office, Progress
from wasl.service.projects import open_project
from wasl.service.records import Job, JobKind, Release, TableOrder
from wasl.service.release_steps import find_in_project, require_publishable
from wasl.service.states import ReleaseStatus, ReleaseStep, next_status
from wasl.workflow.act import RunOptions
from wasl.workflow.publish import PUBLIC_REPORTS, publish, zip_package

__all__ = ["ask_publication", "package", "publish_release", "require_publishing"]

R = TypeVar("R", Release, TableOrder)


def publish_release(office: Office, caller: Caller, *, project: str, release: str, version: int) -> Release:
    """Ask for the packaging and publication of an approved release."""
    return ask_publication(office, caller, Release, JobKind.PACKAGE, project=project, name=release, version=version)


def ask_publication(
    office: Office, caller: Caller, kind: type[R], job_kind: JobKind, *, project: str, name: str, version: int
) -> R:
    """Queue the job that packages and publishes approved microdata or tables."""
    caller.check(Action.RELEASE_PUBLISH, project=project)
    with recorded_excess(office, caller, project=project, subject=name), office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        require_in_force(office, ledger, project, "publish")
        found = find_in_project(ledger, kind, project, name)
        require_publishable(office, ledger, found)
        job = queue_job(office, caller, job_kind, project=project, subject=name)
        changed = replace(
            found, version=version, status=next_status(found.status, ReleaseStep.PUBLISH), job=job.id, failure=""
        )
        event = caller.event(PublicationRequested(), project=project, subject=name)
        ledger.save(changed, job, event=event)
        return ledger.get(kind, name)


def package(office: Office, job: Job, progress: Progress) -> None:
    """The job: build and sign the package of an approved release and put it into the catalogue."""
    progress(0, 2)
    with office.ledger.reading() as state:
        release = require_publishing(state.get(Release, job.subject))
        options = held_options(office, state, release.project, RunOptions(), purpose=release.purpose)
    checkpoint, proofs = prove_release(office, release.id)
    table, _ = read_parquet(office.files.path(Area.RELEASE, release.protected), "protected file")
    caller = job_caller(office, job)
    act = publish(
        table,
        _public_reports(office, release),
        validate_document(DatasetDescription, dict(release.description), "the dataset description"),
        options,
        signer=office.signer,
        created=caller.at,
        log_checkpoint=checkpoint,
        log_proofs=proofs,
    )
    stored = keep_artifact(office, Area.PUBLIC, zip_package(act.result))
    progress(1, 2)
    done = replace(
        release,
        status=next_status(release.status, ReleaseStep.PACKAGED),
        package=stored,
        manifest_digest=act.event.manifest_digest,
        published_at=caller.stamp,
    )
    event = caller.event(act.event, project=release.project, subject=release.id)
    with office.ledger.writing(caller) as ledger:
        require_same_decisions(office, ledger, release.project, options)
        finish_job(ledger, job, done, event=event)


def require_publishing(release: R) -> R:
    """The release, if it is still to be published.

    Raises:
        StateError: It was made void meanwhile.
    """
    if release.status is not ReleaseStatus.PUBLISHING:
        raise StateError(f"release {release.id} is {release.status} and is not published: {release.failure}")
    return release


def _public_reports(office: Office, release: Release) -> dict[str, bytes]:
    """The public reports of the protection; a release of an older service has only the stored JSON value."""
    stored = {name: release.artifacts[name] for name in PUBLIC_REPORTS if name in release.artifacts}
    if not stored:
        return {PUBLIC_REPORTS[0]: json_bytes(release.public_report)}
    return {name: office.files.path(Area.RELEASE, digest).read_bytes() for name, digest in stored.items()}
