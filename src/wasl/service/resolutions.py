"""Resolution: scored pairs, reviewers' verdicts and join maps become a spine; and the proof that it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa

from wasl.audit.events import EventKind
from wasl.errors import StateError
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.resolve import Resolution, resolve
from wasl.registers.exchange.delivery import read_parquet, write_parquet
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.service.access import Action
from wasl.service.jobs import finish_job, job_caller, queue_job
from wasl.service.linkages import find_run, plain_report, run_plan, score_run, scored_pairs
from wasl.service.ports import Area, Caller, Office, Part, Progress, Reader
from wasl.service.records import Job, JobKind, Run, Submission, SubmissionKind
from wasl.service.reviews import review_queue, settled
from wasl.service.states import RunStatus

__all__ = ["reproduce", "request_reproduction", "request_resolution", "resolve_run"]


def request_resolution(office: Office, caller: Caller, *, project: str, run: str) -> Run:
    """Ask for the spine of a scored run.

    Raises:
        StateError: The run is not scored, a join map is missing, or this installation does not keep the spine.
    """
    caller.check(Action.SPINE_RESOLVE, project=project)
    if office.part is Part.LINKAGE:
        raise StateError(
            "this installation links and keeps no spine.", remedy="Hand pairs.parquet to the spine keeper."
        )
    with office.ledger.writing(caller) as ledger:
        found = find_run(ledger, project, run)
        if found.status is not RunStatus.SCORED:
            raise StateError(f"run {run} is {found.status}; only a scored run can be resolved.")
        _join_maps(ledger, found)
        job = queue_job(office, caller, JobKind.RESOLVE, project=project, subject=run)
        event = caller.event(EventKind.RESOLUTION_REQUESTED, project=project, subject=run)
        ledger.save(replace(found, status=RunStatus.RESOLVING, job=job.id), job, event=event)
        return ledger.get(Run, run)


def resolve_run(office: Office, job: Job, progress: Progress) -> None:
    """The job: resolve the run and keep spine, links and conflicts in the spine keeper's area."""
    progress(0, 2)
    with office.ledger.reading() as state:
        run = state.get(Run, job.subject)
        maps = _join_maps(state, run)
        verdicts = settled(review_queue(state, run.id))
        onto = state.get(Run, run.onto).spine if run.onto else ""
    resolution = _resolve(office, run, scored_pairs(office, run), maps, verdicts, onto)
    progress(1, 2)
    tables = {"spine": resolution.spine, "links": resolution.links, "conflicts": resolution.conflicts}
    files = {
        name: office.files.make(Area.SPINE, partial(write_parquet, table)).digest for name, table in tables.items()
    }
    caller = job_caller(office, job)
    done = replace(
        run,
        status=RunStatus.RESOLVED,
        spine=files["spine"],
        links=files["links"],
        conflicts=files["conflicts"],
        spine_digest=digest_table(resolution.spine),
        report=plain_report({**run.report, "resolution": resolution.report}),
    )
    event = caller.event(
        EventKind.SPINE_RESOLVED,
        project=run.project,
        subject=run.id,
        detail={
            "spine_digest": done.spine_digest,
            "records": resolution.spine.num_rows,
            "links": resolution.links.num_rows,
            "conflicts": resolution.conflicts.num_rows,
            "decided": len(verdicts),
        },
    )
    with office.ledger.writing(caller) as ledger:
        finish_job(ledger, job, done, event=event)


def request_reproduction(office: Office, caller: Caller, *, project: str, run: str) -> Job:
    """Ask that a resolved run be done again from its deliveries, plan and seed, and the spines compared.

    Raises:
        StateError: The run has no spine, or its pairs were made elsewhere.
    """
    caller.check(Action.LINKAGE_REPRODUCE, project=project)
    with office.ledger.writing(caller) as ledger:
        found = find_run(ledger, project, run)
        if not found.spine or not found.deliveries:
            raise StateError(f"run {run} has no spine made here from deliveries, so there is nothing to reproduce.")
        job = queue_job(office, caller, JobKind.REPRODUCE, project=project, subject=run)
        event = caller.event(EventKind.REPRODUCTION_REQUESTED, project=project, subject=run)
        ledger.save(job, event=event)
        return ledger.get(Job, job.id)


def reproduce(office: Office, job: Job, progress: Progress) -> None:
    """The job: repeat the run from what was recorded and compare the spine's digest."""
    with office.ledger.reading() as state:
        run = state.get(Run, job.subject)
        submissions = [state.get(Submission, one) for one in run.deliveries]
        maps = _join_maps(state, run)
        verdicts = settled(review_queue(state, run.id))
        onto = state.get(Run, run.onto).spine if run.onto else ""
    scored = score_run(office, run, submissions, progress)
    found = digest_table(_resolve(office, run, scored, maps, verdicts, onto).spine)
    same = found == run.spine_digest
    result = {"run": run.id, "recorded": run.spine_digest, "reproduced": found, "same": same}
    caller = job_caller(office, job)
    event = caller.event(
        EventKind.LINKAGE_REPRODUCED,
        project=run.project,
        subject=run.id,
        detail={"spine_digest": found, "plan_digest": run.plan_digest, "verified": same},
    )
    with office.ledger.writing(caller) as ledger:
        finish_job(ledger, replace(job, result=result), event=event)


def _resolve(
    office: Office,
    run: Run,
    scored: ScoredPairs,
    maps: list[Submission],
    verdicts: Mapping[int, str],
    onto: str,
) -> Resolution:
    joins = [JoinMap.read(office.files.path(Area.SPINE, one.file)) for one in maps]
    earlier = read_parquet(office.files.path(Area.SPINE, onto), "spine")[0] if onto else None
    decided = replace(scored, pairs=apply_verdicts(scored.pairs, verdicts))
    return resolve(run_plan(run), decided, joins, run=run.id, onto=earlier)


def apply_verdicts(pairs: pa.Table, verdicts: Mapping[int, str]) -> pa.Table:
    """The scored pairs with reviewers' words in the model's place: probability 1 for the same, none for different."""
    if not verdicts:
        return pairs
    places = np.fromiter(verdicts, np.int64, len(verdicts))
    same = np.array([verdicts[int(place)] == "same" for place in places])
    probability = pairs.column("probability").to_numpy().copy()
    probability[places] = np.where(same, 1.0, 0.0)
    keep = np.ones(pairs.num_rows, bool)
    keep[places[~same]] = False
    column = pairs.column_names.index("probability")
    return pairs.set_column(column, pairs.schema.field(column), pa.array(probability)).filter(pa.array(keep))


def _join_maps(ledger: Reader, run: Run) -> list[Submission]:
    """The join map of every delivery the run's pairs were made from.

    Raises:
        StateError: One is missing; names the register.
    """
    needed = {source["delivery_digest"]: source["register"] for source in run.report.get("sources", [])}
    sent = ledger.select(Submission, project=run.project, kind=SubmissionKind.JOIN_MAP, withdrawn=False)
    maps = {str(one.header["delivery_digest"]): one for one in sent}
    missing = sorted(register for digest, register in needed.items() if digest not in maps)
    if missing:
        raise StateError(
            f"the join map of {', '.join(missing)} is missing for the delivery that was linked.",
            remedy="Its holder sends the join map that `wasl encode` made beside the delivery.",
        )
    return [maps[digest] for digest in needed]
