"""Resolution: scored pairs, reviewers' verdicts and join maps become a spine; and the proof that it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from wasl.audit.events import ReproductionRequested, ResolutionRequested
from wasl.audit.reproduction import RecordedRun
from wasl.errors import StaleError, StateError
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.objections import ObjectionLists
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.plain_json import plain_json
from wasl.service.access import Action
from wasl.service.artifacts import keep_artifacts
from wasl.service.held_acts import held_options, recorded_excess, require_in_force, require_same_decisions
from wasl.service.jobs import finish_job, job_caller, queue_job
from wasl.service.linkages import find_run, require_deliveries, run_deliveries, run_plan, scored_pairs
from wasl.service.objections import objections_logged, objections_of, pin_objections
from wasl.service.pins import pin_payloads
from wasl.service.ports import Area, Caller, Office, Part, Progress, Reader
from wasl.service.projects import open_project
from wasl.service.records import Job, JobKind, Run, Submission, SubmissionKind
from wasl.service.reviews import review_queue, settled
from wasl.service.states import RunStatus
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import asked_for_sources, hold, sources_of_maps
from wasl.workflow.reproduce import reproduce as run_again
from wasl.workflow.resolve import resolve

__all__ = ["reproduce", "request_reproduction", "request_resolution", "resolve_run"]


def request_resolution(office: Office, caller: Caller, *, project: str, run: str) -> Run:
    """Ask for the spine of a scored run.

    Raises:
        StateError: The run is not scored, a join map is missing, or this installation does not keep the spine.
        AuthorizationError: No decision of the authority covers it.
    """
    caller.check(Action.SPINE_RESOLVE, project=project)
    if office.part is Part.LINKAGE:
        raise StateError(
            "this installation links and keeps no spine.", remedy="Hand pairs.parquet to the spine keeper."
        )
    with recorded_excess(office, caller, project=project, subject=run), office.ledger.writing(caller) as ledger:
        require_in_force(office, ledger, project, "resolve")
        found = find_run(ledger, project, run)
        if found.status is not RunStatus.SCORED:
            raise StateError(f"run {run} is {found.status}; only a scored run can be resolved.")
        open_project(ledger, project)
        options = held_options(office, ledger, project, RunOptions(), purpose=found.purpose)
        hold(options, asked_for_sources("resolve", sources_of_maps([], found.report.get("sources", ())), options))
        _join_maps(ledger, found)
        job = queue_job(office, caller, JobKind.RESOLVE, project=project, subject=run)
        resolving = replace(found, status=RunStatus.RESOLVING, job=job.id, payloads=pin_payloads(ledger, found))
        told = ResolutionRequested()
        if not found.deliveries:  # pairs made elsewhere, where nobody could know whose rows they are
            resolving = replace(resolving, objections=pin_objections(ledger, project))
            told = ResolutionRequested(**objections_logged(ledger, resolving))
        event = caller.event(told, project=project, subject=run)
        ledger.save(resolving, job, event=event)
        return ledger.get(Run, run)


def resolve_run(office: Office, job: Job, progress: Progress) -> None:
    """The job: resolve the run and keep every artifact in the spine keeper's area."""
    with office.ledger.reading() as state:
        run = state.get(Run, job.subject)
        inputs = _inputs(state, run)
        objections = objections_of(state, run)
        working = RunOptions(threads=office.threads, progress=progress)
        options = held_options(office, state, run.project, working, purpose=run.purpose)
    act = resolve(
        run_plan(run),
        scored_pairs(office, run),
        _read_maps(office, inputs.maps, objections),
        options,
        run=run.id,
        onto=_read_onto(office, inputs.onto),
        decisions=inputs.decisions,
        objections=objections,
    )
    files = keep_artifacts(office, Area.SPINE, act.artifacts)
    caller = job_caller(office, job)
    done = replace(
        run,
        status=RunStatus.RESOLVED,
        spine=files["spine.parquet"],
        links=files["links.parquet"],
        conflicts=files["conflicts.parquet"],
        artifacts=files,
        spine_digest=act.event.spine_digest,
        report=plain_json({**run.report, "resolution": act.report}),
    )
    event = caller.event(act.event, project=run.project, subject=run.id)
    with office.ledger.writing(caller) as ledger:
        if run.onto and ledger.get(Run, run.onto).spine != inputs.onto:
            raise StaleError("records of the spine that is continued were erased meanwhile.")
        require_same_decisions(office, ledger, run.project, options)
        finish_job(ledger, job, done, event=event)


def request_reproduction(office: Office, caller: Caller, *, project: str, run: str) -> Job:
    """Ask that a resolved run be done again from its deliveries, plan and seed, and the spines compared.

    Raises:
        StateError: The run has no spine, or its pairs were made elsewhere.
        AuthorizationError: No decision of the authority is in force.
    """
    caller.check(Action.LINKAGE_REPRODUCE, project=project)
    with recorded_excess(office, caller, project=project, subject=run), office.ledger.writing(caller) as ledger:
        require_in_force(office, ledger, project, "reproduce")
        found = find_run(ledger, project, run)
        if any(ledger.get(Submission, one).purged for one in found.deliveries):
            raise StateError(f"deliveries of run {run} were erased, so it cannot be reproduced.")
        if not found.spine or not found.deliveries:
            raise StateError(f"run {run} has no spine made here from deliveries, so there is nothing to reproduce.")
        job = queue_job(office, caller, JobKind.REPRODUCE, project=project, subject=run)
        event = caller.event(ReproductionRequested(), project=project, subject=run)
        ledger.save(job, event=event)
        return ledger.get(Job, job.id)


def reproduce(office: Office, job: Job, progress: Progress) -> None:
    """The job: run the linkage again from what was recorded and compare the digests."""
    with office.ledger.reading() as state:
        run = state.get(Run, job.subject)
        submissions = require_deliveries(state, run)
        inputs = _inputs(state, run)
        objections = objections_of(state, run)
        options = held_options(office, state, run.project, RunOptions(threads=office.threads, progress=progress))
    recorded = RecordedRun(
        run=run.id,
        project=run.project,
        entry=-1,
        plan_digest=run.plan_digest,
        delivery_digests=tuple(one.digest for one in submissions),
        pairs_digest=digest_table(scored_pairs(office, run).pairs),
        spine_digest=run.spine_digest,
        decided=len(inputs.decisions),
    )
    act = run_again(
        recorded,
        run_plan(run),
        run_deliveries(office, submissions),
        _read_maps(office, inputs.maps, objections),
        options,
        onto=_read_onto(office, inputs.onto),
        decisions=inputs.decisions,
        objections=objections,
    )
    found, same = act.result.spine_digest, not act.result.differing
    result = {"run": run.id, "recorded": run.spine_digest, "reproduced": found, "same": same}
    caller = job_caller(office, job)
    event = caller.event(act.event, project=run.project, subject=run.id)
    with office.ledger.writing(caller) as ledger:
        require_same_decisions(office, ledger, run.project, options)
        finish_job(ledger, replace(job, result=result), event=event)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Input of a resolution besides the scored pairs.

    Attributes:
        maps: The join map of every delivery.
        decisions: Reviewers' settled decisions by row of the scored pairs.
        onto: Digest of the stored spine to build onto, or empty.
    """

    maps: list[Submission]
    decisions: Mapping[int, str]
    onto: str


def _inputs(ledger: Reader, run: Run) -> _Inputs:
    onto = ledger.get(Run, run.onto).spine if run.onto else ""
    return _Inputs(_join_maps(ledger, run), settled(review_queue(ledger, run.id)), onto)


def _read_maps(office: Office, maps: Sequence[Submission], objections: ObjectionLists | None) -> list[JoinMap]:
    objected = objections.by_register() if objections is not None else {}
    return [JoinMap.open(office.files.path(Area.SPINE, one.file), objected) for one in maps]


def _read_onto(office: Office, onto: str) -> pa.Table | None:
    return read_parquet(office.files.path(Area.SPINE, onto), "spine")[0] if onto else None


def _join_maps(ledger: Reader, run: Run) -> list[Submission]:
    """The join map of every delivery the run's pairs were made from.

    Raises:
        StateError: One is missing; names the register.
    """
    needed = {source["delivery_digest"]: source["register"] for source in run.report.get("sources", [])}
    sent = ledger.select(Submission, project=run.project, kind=SubmissionKind.JOIN_MAP, withdrawn=False, purged=False)
    ordered = sorted(sent, key=lambda one: (one.sent_at or one.created_at, one.id))
    maps = {str(one.header["delivery_digest"]): one for one in ordered}
    missing = sorted(register for digest, register in needed.items() if digest not in maps)
    if missing:
        raise StateError(
            f"the join map of {', '.join(missing)} is missing for the delivery that was linked.",
            remedy="Its holder sends the join map that `wasl encode` made beside the delivery.",
        )
    return [maps[digest] for digest in needed]
