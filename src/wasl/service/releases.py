"""Releases of microdata: assembled from a spine and the payloads pinned to its run, protected under a policy."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from wasl.audit.events import AuditEvent, Happening, ProtectionFailed, ProtectionRequested
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError, NotFoundError, StateError, ThresholdError, WaslError
from wasl.publication.columns import typed_columns
from wasl.publication.description import DatasetDescription
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.payload import Payload
from wasl.registers.exchange.plain_json import plain_json
from wasl.service.access import Action
from wasl.service.artifacts import keep_artifacts
from wasl.service.documents import accept_description, accept_policy, accept_specification
from wasl.service.held_acts import held_options, kept_purpose, recorded_excess, require_in_force, require_same_decisions
from wasl.service.jobs import finish_job, job_caller, queue_job
from wasl.service.known_outside import known_orders, known_releases, rows_of, tables_of
from wasl.service.linkages import find_run
from wasl.service.objections import persons_known, require_same_persons, without_objections
from wasl.service.pins import pin_payloads, pinned_payloads, require_coverage, require_persons
from wasl.service.ports import Area, Caller, Office, Part, Progress, Reader
from wasl.service.projects import open_project
from wasl.service.records import Job, JobKind, Release, Run
from wasl.service.release_steps import find_release
from wasl.service.states import ReleaseStep, next_status
from wasl.tables.earlier import EarlierTable
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.assemble import assemble
from wasl.workflow.assess import assess
from wasl.workflow.authorized import hold_output
from wasl.workflow.microdata import MicrodataSpec
from wasl.workflow.protect import internal_pages, protect, seed_digest

__all__ = ["internal_file", "prepare_release", "protect_again", "protect_release", "without_seed"]

SEED_BITS = 62

SEED = "seed"
"""Part of the confidential report that stays in its file, for the release desk. Approvers and auditors read the rest:
with the seed and the data, random methods are undone."""

INTERNAL_FILE = "internal-report.json"


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
    purpose: str = "",
) -> Release:
    """Ask for microdata from a run's spine, protected under a policy.

    Raises:
        SchemaError: A document does not hold together.
        StateError: The run has no spine, or the project no payloads.
        AuthorizationError: No decision of the authority covers it.
    """
    caller.check(Action.RELEASE_PREPARE, project=project)
    if office.part is Part.LINKAGE:
        raise StateError("this installation links and prepares no releases.")
    documents = _accepted(specification, policy, description)
    with recorded_excess(office, caller, project=project, subject=title), office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        require_in_force(office, ledger, project, "protect")
        found = find_run(ledger, project, run)
        kept = _require_authorized(office, ledger, project, documents, purpose or found.purpose)
        if not found.spine:
            raise StateError(f"run {run} has no spine yet.", remedy="Resolve it first.")
        pinned = replace(found, payloads=pin_payloads(ledger, found))
        pinned_payloads(ledger, pinned)
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
            protected_by=caller.actor.name,
            purpose=kept,
        )
        runs = (pinned,) if pinned.payloads != found.payloads else ()
        ledger.save(release, *runs, job, event=_protection_event(caller, release))
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
    purpose: str = "",
) -> Release:
    """Protect anew, under changed documents where given; whatever was requested before is void.

    Raises:
        StateError: The release is on its way to the public, or there.
        AuthorizationError: No decision of the authority covers it.
    """
    caller.check(Action.RELEASE_PREPARE, project=project)
    with recorded_excess(office, caller, project=project, subject=release), office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        require_in_force(office, ledger, project, "protect")
        found = find_release(ledger, project, release)
        documents = _accepted(
            found.specification if specification is None else specification,
            found.policy if policy is None else policy,
            found.description if description is None else description,
        )
        kept = _require_authorized(office, ledger, project, documents, purpose or found.purpose)
        status = next_status(found.status, ReleaseStep.PROTECT_AGAIN)
        pinned_payloads(ledger, find_run(ledger, project, found.run))
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
            artifacts={},
            risk={},
            public_report={},
            failure="",
            requested_by="",
            decided_by="",
            reason="",
            protected_by=caller.actor.name,
            purpose=kept,
        )
        ledger.save(changed, job, event=_protection_event(caller, changed))
        return ledger.get(Release, release)


def _require_authorized(
    office: Office,
    ledger: Reader,
    project: str,
    documents: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
    purpose: str,
) -> str:
    """Refuse at once what the job would refuse: variables or microdata that the authorization does not cover.

    Returns:
        The purpose that is kept with the release.
    """
    names = MicrodataSpec.model_validate(documents[0]).columns
    released = DisclosurePolicy.model_validate(documents[1]).released(names)
    options = held_options(office, ledger, project, RunOptions(), purpose=purpose)
    return kept_purpose(hold_output("protect", options, output="microdata", variables=released), purpose)


def protect_release(office: Office, job: Job, progress: Progress) -> None:
    """The job: assemble the microdata, protect and attack them, and keep every artifact, or say why it cannot be done.

    The file is compared with every microdata file and answered table of the same project.
    """
    progress(0, 3)
    with office.ledger.reading() as state:
        release = state.get(Release, job.subject)
        run = state.get(Run, release.run)
        sent = pinned_payloads(state, run)
        published = known_releases(state, release.project, release.id)
        answered = known_orders(state, release.project)
        seen = persons_known(state, run.id)
    spine, metadata = read_parquet(office.files.path(Area.SPINE, run.spine), "spine")
    payloads = [Payload.read(office.files.path(Area.RELEASE, one.file)) for one in sent]
    with office.ledger.reading() as state:
        remaining, payloads, heard = without_objections(state, release.project, spine, payloads)
    coverage = require_coverage(remaining, payloads)
    left_out = spine.num_rows - remaining.num_rows
    spine = remaining
    with office.ledger.reading() as state:
        working = RunOptions(threads=office.threads, seed=release.seed)
        options = held_options(office, state, release.project, working, purpose=release.purpose)
    specification = MicrodataSpec.model_validate(release.specification)
    assembled = assemble(spine.replace_schema_metadata(metadata), payloads, specification, options, objections=heard)
    require_persons(assembled.result.table)
    policy = DisclosurePolicy.model_validate(release.policy)
    assessed = assess(assembled.result.table, policy, options)
    progress(1, 3)
    files = keep_artifacts(office, Area.RELEASE, assembled.artifacts)
    files |= {f"assessment/{name}": digest for name, digest in _keep(office, assessed).items()}
    caller = job_caller(office, job)
    with office.ledger.writing(caller) as ledger:
        ledger.hold(job)
        event = caller.event(assembled.event, project=release.project, subject=release.id)
        ledger.save(replace(release, microdata=files["microdata.parquet"], artifacts=files), event=event)
        ledger.save(event=caller.event(assessed.event, project=release.project, subject=release.id))
        release = ledger.get(Release, release.id)
    earlier: list[pa.Table | EarlierTable] = [rows_of(office, one) for one in published]
    earlier += [table for one in answered for table in tables_of(office, one)]
    compared = sorted(one.id for one in (*published, *answered))
    try:
        act = protect(assembled.result.table, policy, options, earlier=earlier)
    except ThresholdError as error:
        refused = replace(
            release, status=next_status(release.status, ReleaseStep.THRESHOLDS_MISSED), failure=str(error)
        )
        event = caller.event(_refusal(error), project=release.project, subject=release.id)
        with office.ledger.writing(caller) as ledger:
            finish_job(ledger, job, refused, event=event)
        return
    progress(2, 3)
    pages = internal_pages(act.result, besides=options.language)
    files |= _keep(office, act) | keep_artifacts(office, Area.RELEASE, pages)
    done = replace(
        release,
        status=next_status(release.status, ReleaseStep.THRESHOLDS_MET),
        protected=files["protected.parquet"],
        artifacts=files,
        risk={
            **without_seed(act.report),
            "coverage": coverage,
            "records_objected": left_out,
            "compared_with": compared,
            "description_fault": _description_fault(act.result.table, release),
        },
        public_report=plain_json(act.result.public_report()),
    )
    event = caller.event(act.event, project=release.project, subject=release.id)
    with office.ledger.writing(caller) as ledger:
        require_same_persons(ledger, run.id, seen)
        require_same_decisions(office, ledger, release.project, options)
        finish_job(ledger, job, done, event=event)


def without_seed(report: Mapping[str, Any]) -> dict[str, Any]:
    """A confidential report without the seed; the log has its digest."""
    return {name: part for name, part in report.items() if name != SEED}


def internal_file(release: Release) -> str:
    """The digest of the confidential report with the seed, for the release desk alone.

    Raises:
        NotFoundError: There is none yet.
    """
    if INTERNAL_FILE not in release.artifacts:
        raise NotFoundError(f"release {release.id} is {release.status} and has no confidential report yet.")
    return str(release.artifacts[INTERNAL_FILE])


def _keep(office: Office, act: Act[Any, Any]) -> dict[str, str]:
    return keep_artifacts(office, Area.RELEASE, act.artifacts)


def _refusal(error: WaslError) -> Happening:
    """The event the act attached to its refusal."""
    return error.event if isinstance(error.event, Happening) else ProtectionFailed(reason=type(error).__name__)


def _accepted(
    specification: Mapping[str, Any], policy: Mapping[str, Any], description: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The three documents, checked, as plain JSON."""
    return accept_specification(specification), accept_policy(policy), accept_description(description)


def _description_fault(table: pa.Table, release: Release) -> str:
    """Why the description of a release cannot be published with its file; empty where it fits.

    It is looked at when the file is protected: after an approval nobody could change it any more.
    """
    try:
        typed_columns(table, DatasetDescription.model_validate(release.description))
    except InputError as error:
        return error.message
    return ""


def _protection_event(caller: Caller, release: Release) -> AuditEvent:
    return caller.event(
        ProtectionRequested(
            run=release.run,
            policy_digest=DisclosurePolicy.model_validate(release.policy).digest,
            seed_digest=seed_digest(release.seed),
        ),
        project=release.project,
        subject=release.id,
    )
