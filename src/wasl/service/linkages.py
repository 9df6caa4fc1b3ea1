"""Linkage runs: from deliveries to scored pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from wasl.audit.events import LinkageRequested, PairsReceived
from wasl.errors import InputError, NotFoundError, StateError
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.plan import LinkagePlan
from wasl.registers.documents import validate_document
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.delivery_header import DeliveryHeader, require_comparable
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.plain_json import plain_json
from wasl.registers.exchange.remaining_rows import RemainingRows
from wasl.service.access import Action
from wasl.service.artifacts import keep_artifact
from wasl.service.documents import accept_plan
from wasl.service.held_acts import held_options, kept_purpose, recorded_excess, require_in_force, require_same_decisions
from wasl.service.intake import ParquetFile
from wasl.service.jobs import cancel_job, finish_job, job_caller, queue_job
from wasl.service.objections import objected_records, objections_logged, pin_objections
from wasl.service.pins import last_sent
from wasl.service.ports import Area, Caller, Incoming, Office, Part, Progress, Reader
from wasl.service.projects import open_project
from wasl.service.records import Job, JobKind, ReviewPair, Run, Submission, SubmissionKind
from wasl.service.states import RunStatus
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import asked_for_sources, hold, hold_linkage, sources_of_maps
from wasl.workflow.grey_zone import grey_zone
from wasl.workflow.link import link
from wasl.workflow.objections import deliveries_without, maps_without

__all__ = [
    "cancel_run",
    "find_run",
    "import_pairs",
    "maps_of",
    "request_linkage",
    "run_deliveries",
    "run_plan",
    "score",
    "scored_pairs",
]


def request_linkage(
    office: Office,
    caller: Caller,
    *,
    project: str,
    plan: Mapping[str, Any],
    deliveries: Sequence[str],
    onto: str = "",
    purpose: str = "",
) -> Run:
    """Ask for a linkage run of these deliveries, or of the latest of every register when none are named.

    Raises:
        SchemaError: The plan does not hold together.
        MismatchError: The deliveries cannot be compared, or the plan does not accept their profile.
        StateError: There is nothing to link, or this installation does not link.
        AuthorizationError: No decision of the authority covers it.
    """
    caller.check(Action.LINKAGE_REQUEST, project=project)
    if office.part is Part.SPINE:
        raise StateError("this installation keeps the spine and does not link.", remedy="Import scored pairs.")
    document = accept_plan(plan)
    with recorded_excess(office, caller, project=project, subject="linkage"), office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        require_in_force(office, ledger, project, "link")
        chosen = _chosen_deliveries(ledger, project, deliveries)
        headers = [DeliveryHeader.from_json(dict(submission.header)) for submission in chosen]
        require_comparable(headers)
        document.require_accepts(headers)
        standing = hold_linkage(held_options(office, ledger, project, RunOptions(), purpose=purpose), headers)
        if onto:
            _require_spine(ledger, project, onto)
        run_id = office.new_id()
        job = queue_job(office, caller, JobKind.SCORE, project=project, subject=run_id)
        run = Run(
            id=run_id,
            created_at=caller.stamp,
            created_by=caller.actor.name,
            project=project,
            plan=document.model_dump(mode="json"),
            plan_digest=document.digest,
            deliveries=[submission.id for submission in chosen],
            onto=onto,
            job=job.id,
            objections=pin_objections(ledger, project),
            purpose=kept_purpose(standing, purpose),
        )
        event = caller.event(
            LinkageRequested(
                plan_digest=document.digest,
                deliveries=tuple(submission.digest for submission in chosen),
                seed=document.model.seed,
                onto=onto,
                **objections_logged(ledger, run),
            ),
            project=project,
            subject=run_id,
        )
        ledger.save(run, job, event=event)
        return ledger.get(Run, run_id)


def import_pairs(
    office: Office, caller: Caller, *, project: str, plan: Mapping[str, Any], incoming: Incoming, purpose: str = ""
) -> Run:
    """Begin a run with pairs scored by the linkage unit's own installation (strong mode).

    Raises:
        DeliveryError: The file is not one of scored pairs.
        StateError: This installation is not the spine keeper's.
        AuthorizationError: No decision of the authority covers the pairs.
    """
    caller.check(Action.PAIRS_SEND, project=project)
    if office.part is not Part.SPINE:
        raise StateError("only the spine keeper's own installation imports scored pairs.")
    document = accept_plan(plan)
    with recorded_excess(office, caller, project=project, subject="linkage"), office.ledger.reading() as state:
        open_project(state, project)
        require_in_force(office, state, project, "link")
        options = held_options(office, state, project, RunOptions(), purpose=purpose)
    ParquetFile(incoming.path, "file of scored pairs", office.limits).measure_text()
    scored = ScoredPairs.from_table(*read_parquet(incoming.path, "file of scored pairs"))
    with recorded_excess(office, caller, project=project, subject="linkage"):
        sources = sources_of_maps([], scored.report["sources"])
        keys = scored.pairs.column("pass").cast(pa.string()).unique().to_pylist()
        standing = hold(options, asked_for_sources("link", sources, options, keys=keys))
    stored = incoming.keep()
    run = Run(
        id=office.new_id(),
        created_at=caller.stamp,
        created_by=caller.actor.name,
        project=project,
        plan=document.model_dump(mode="json"),
        plan_digest=document.digest,
        status=RunStatus.SCORED,
        pairs=stored.digest,
        report=plain_json(scored.report),
        purpose=kept_purpose(standing, purpose),
    )
    event = caller.event(
        PairsReceived(
            plan_digest=document.digest, pairs=scored.pairs.num_rows, pairs_digest=digest_table(scored.pairs)
        ),
        project=project,
        subject=run.id,
    )
    with office.ledger.writing(caller) as ledger:
        ledger.save(run, *_review_pairs(office, caller, run, scored), event=event)
        return ledger.get(Run, run.id)


def score(office: Office, job: Job, progress: Progress) -> None:
    """The job: compare the run's deliveries and keep the scored pairs with their report."""
    with office.ledger.reading() as state:
        run = state.get(Run, job.subject)
        submissions = require_deliveries(state, run)
        records, maps = objected_records(state, run), maps_of(state, submissions)
        working = RunOptions(threads=office.threads, progress=progress)
        options = held_options(office, state, run.project, working, purpose=run.purpose)
    _, rows = maps_without([JoinMap.open(office.files.path(Area.SPINE, one.file), records) for one in maps], records)
    deliveries = deliveries_without(run_deliveries(office, submissions), rows)
    left_out = sum(one.source.left_out for one in deliveries if isinstance(one.source, RemainingRows))
    act = link(run_plan(run), deliveries, options)
    with office.ledger.reading() as state:
        require_deliveries(state, run)
    stored = keep_artifact(office, Area.LINKAGE, act.artifacts["pairs.parquet"])
    caller = job_caller(office, job)
    done = replace(
        run,
        status=RunStatus.SCORED,
        pairs=stored,
        report=_report(act.result, left_out),
    )
    event = caller.event(act.event, project=run.project, subject=run.id)
    with office.ledger.writing(caller) as ledger:
        require_deliveries(ledger, run)
        require_same_decisions(office, ledger, run.project, options)
        finish_job(ledger, job, done, *_review_pairs(office, caller, run, act.result), event=event)


def require_deliveries(ledger: Reader, run: Run) -> list[Submission]:
    """The deliveries of a run.

    Raises:
        StateError: One was erased.
    """
    found = [ledger.get(Submission, one) for one in run.deliveries]
    gone = sorted(one.register for one in found if one.purged)
    if gone:
        raise StateError(
            f"the delivery of {', '.join(gone)} that run {run.id} used was erased.",
            remedy="Link again with what the holders have sent since.",
        )
    return found


def _report(scored: ScoredPairs, left_out: int) -> dict[str, Any]:
    report: dict[str, Any] = plain_json({**scored.report, "rows_of_objectors": left_out})
    return report


def maps_of(ledger: Reader, deliveries: Sequence[Submission]) -> list[Submission]:
    """The join maps of deliveries that are kept here: the one sent last for each."""
    digests = {one.digest for one in deliveries}
    found: dict[str, Submission] = {}
    for register in sorted({(one.project, one.register) for one in deliveries}):
        sent = ledger.select(
            Submission,
            project=register[0],
            register=register[1],
            kind=SubmissionKind.JOIN_MAP,
            withdrawn=False,
            purged=False,
        )
        for one in sorted(sent, key=lambda one: (one.sent_at or one.created_at, one.id)):
            if one.header["delivery_digest"] in digests:
                found[str(one.header["delivery_digest"])] = one
    return list(found.values())


def run_deliveries(office: Office, submissions: Sequence[Submission]) -> list[Delivery]:
    """The deliveries of a run, read when they are needed."""
    return [Delivery.read(office.files.path(Area.LINKAGE, one.file)) for one in submissions]


def scored_pairs(office: Office, run: Run) -> ScoredPairs:
    """The scored pairs a run has kept."""
    area = Area.SPINE if office.part is Part.SPINE else Area.LINKAGE
    return ScoredPairs.from_table(*read_parquet(office.files.path(area, run.pairs), "file of scored pairs"))


def cancel_run(office: Office, caller: Caller, *, project: str, run: str) -> Run:
    """Ask a run's job to stop."""
    caller.check(Action.LINKAGE_CANCEL, project=project)
    with office.ledger.reading() as state:
        found = find_run(state, project, run)
    with office.ledger.reading() as state:
        open_project(state, project)
    cancel_job(office, caller, found.job)
    return found


def find_run(ledger: Reader, project: str, run: str) -> Run:
    """The run, if it is one of this project.

    Raises:
        NotFoundError: It is not.
    """
    found = ledger.select(Run, id=run, project=project)
    if not found:
        raise NotFoundError(f"there is no run {run!r} in this project.")
    return found[0]


def run_plan(run: Run) -> LinkagePlan:
    """The run's plan."""
    return validate_document(LinkagePlan, dict(run.plan), "the linkage plan")


def _chosen_deliveries(ledger: Reader, project: str, wanted: Sequence[str]) -> list[Submission]:
    sent = ledger.select(Submission, project=project, kind=SubmissionKind.DELIVERY, withdrawn=False, purged=False)
    if wanted:
        by_id = {one.id: one for one in sent}
        missing = [name for name in wanted if name not in by_id]
        if missing:
            raise InputError(f"{len(missing)} of the deliveries named are not in this project, or were withdrawn.")
        return [by_id[name] for name in dict.fromkeys(wanted)]
    latest = last_sent(sent)
    if not latest:
        raise StateError("there is no delivery to link.", remedy="Wait until the holders have sent theirs.")
    return list(latest.values())


def _require_spine(ledger: Reader, project: str, onto: str) -> None:
    if not find_run(ledger, project, onto).spine:
        raise StateError(f"run {onto} has no spine to continue.", remedy="Resolve it first.")


def _review_pairs(office: Office, caller: Caller, run: Run, scored: ScoredPairs) -> list[ReviewPair]:
    """The pairs of the grey zone, the least certain first, without anything that says whose they are."""
    places = grey_zone(scored, run_plan(run))[: office.limits.max_review_pairs]
    rows = scored.pairs.take(pa.array(places)).to_pylist()
    return [
        ReviewPair(
            id=f"{run.id}-{number:06d}",
            created_at=caller.stamp,
            created_by=caller.actor.name,
            run=run.id,
            project=run.project,
            number=number,
            place=int(place),
            linkage_pass=row["pass"],
            left_register=row["left_register"],
            right_register=row["right_register"],
            weight=row["weight"],
            probability=row["probability"],
            pattern=row["pattern"],
        )
        for number, (place, row) in enumerate(zip(places, rows, strict=True))
    ]
