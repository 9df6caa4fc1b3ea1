"""Returns: what a holder gets back after a linkage, about its own records only.

A holder asks for the return of its register; a job prepares it from the run's spine and the payloads that are still
there. Persons who objected are left out. A register whose schema says ``return = "none"`` gets nothing, whoever asks.

Does not protect against: a holder who learns of a link between two told registers through a third one; see
`wasl.workflow.holder_return`.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from wasl.audit.events import ReturnRequested
from wasl.compliance.acts import Asked
from wasl.errors import NotFoundError, StaleError, StateError
from wasl.registers.documents import validate_document
from wasl.registers.exchange.holder_return import HolderReturn
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.payload import Payload
from wasl.registers.schema import RegisterSchema
from wasl.service.access import Action
from wasl.service.artifacts import keep_artifact
from wasl.service.fetched import asked_for_run
from wasl.service.held_acts import held_options, recorded_excess, require_in_force, require_same_decisions
from wasl.service.jobs import finish_job, job_caller, queue_job
from wasl.service.linkages import find_run, run_plan
from wasl.service.objections import persons_known, without_objections
from wasl.service.ports import Area, Caller, Office, Part, Progress, Reader
from wasl.service.projects import open_project, register_id
from wasl.service.records import Job, JobKind, Register, Run, Submission, SubmissionKind
from wasl.workflow.act import RunOptions
from wasl.workflow.authorized import hold_output
from wasl.workflow.holder_return import holder_return

__all__ = ["asked_for_return", "find_return", "prepare_return", "request_return", "return_name"]


def return_name(register: str) -> str:
    """The name of a register's return among the artifacts of its run."""
    return f"return/{register}.parquet"


def request_return(office: Office, caller: Caller, *, project: str, run: str, register: str) -> Job:
    """Ask that the return of a register be prepared, or prepared anew.

    Raises:
        AccessError: The register's schema says ``return = "none"``.
        StateError: The run has no spine, or this installation keeps none.
        AuthorizationError: No decision of the authority covers it.
    """
    caller.check(Action.RETURN_REQUEST, project=project, register=register)
    if office.part is Part.LINKAGE:
        raise StateError("this installation links and keeps no spine, so it has nothing to return.")
    with recorded_excess(office, caller, project=project, subject=register), office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        require_in_force(office, ledger, project, "return")
        found = find_run(ledger, project, run)
        _schema(ledger, project, register).require_return()
        if not found.spine:
            raise StateError(f"run {run} has no spine yet.", remedy="Ask again when it is resolved.")
        options = held_options(office, ledger, project, RunOptions(), purpose=found.purpose)
        hold_output("return", options, recipient=f"holder:{register}")
        job = queue_job(office, caller, JobKind.RETURN, project=project, subject=run)
        job = replace(job, result={"register": register})
        event = caller.event(ReturnRequested(register=register), project=project, subject=run)
        ledger.save(job, event=event)
        return ledger.get(Job, job.id)


def asked_for_return(office: Office, project: str, run: str, register: str) -> Asked:
    """The request for the file of a return, as the gate compares it."""
    with office.ledger.reading() as state:
        return asked_for_run(find_run(state, project, run), recipient=f"holder:{register}")


def prepare_return(office: Office, job: Job, progress: Progress) -> None:
    """The job: prepare the return and keep it with the run."""
    progress(0, 2)
    register = str(job.result["register"])
    with office.ledger.reading() as state:
        run = state.get(Run, job.subject)
        declared = state.select(Register, project=run.project)
        payloads = [state.get(Submission, one) for one in run.payloads]
        join = _join_map(state, run, register)
        seen = persons_known(state, run.id)
        options = held_options(office, state, run.project, RunOptions(), purpose=run.purpose)
        earlier = [
            one.artifacts[return_name(register)]
            for one in state.select(Run, project=run.project)
            if one.id < run.id and return_name(register) in one.artifacts
        ]
    spine, metadata = read_parquet(office.files.path(Area.SPINE, run.spine), "spine")
    links, _ = read_parquet(office.files.path(Area.SPINE, run.links), "links")
    read = [
        Payload.read(office.files.path(Area.RELEASE, one.file))
        for one in payloads
        if not one.withdrawn and not one.purged
    ]
    with office.ledger.reading() as state:
        spine, read, _ = without_objections(state, run.project, spine, read)
    act = holder_return(
        run_plan(run),
        {one.name: _document(one) for one in declared},
        register,
        spine.replace_schema_metadata(metadata),
        _links_within(links, spine),
        read,
        {**run.report, **run.report.get("resolution", {}), "run": run.id},
        options,
        join=None if join is None else JoinMap.read(office.files.path(Area.SPINE, join.file)),
        earlier=[HolderReturn.read(office.files.path(Area.SPINE, digest)) for digest in earlier],
    )
    progress(1, 2)
    stored = keep_artifact(office, Area.SPINE, act.artifacts["return.parquet"])
    caller = job_caller(office, job)
    event = caller.event(act.event, project=run.project, subject=register)
    with office.ledger.writing(caller) as ledger:
        now = ledger.get(Run, run.id)
        if persons_known(ledger, run.id) != seen:
            raise StaleError("persons objected, or files were erased, while the return was made.")
        require_same_decisions(office, ledger, run.project, options)
        kept = replace(now, artifacts={**now.artifacts, return_name(register): stored})
        finish_job(ledger, job, kept, event=event)


def find_return(office: Office, project: str, run: str, register: str) -> tuple[HolderReturn, str]:
    """The return of a register, and the digest of its file.

    Raises:
        AccessError: The register's schema says ``return = "none"`` by now.
        NotFoundError: It was not prepared yet.
    """
    with office.ledger.reading() as state:
        found = find_run(state, project, run)
        _schema(state, project, register).require_return()
    digest = str(found.artifacts.get(return_name(register), ""))
    if not digest:
        raise NotFoundError(
            f"no return of {register!r} was prepared for run {run}.", remedy="Ask for it first: its holder may."
        )
    return HolderReturn.read(office.files.path(Area.SPINE, digest)), digest


def _schema(ledger: Reader, project: str, register: str) -> RegisterSchema:
    return _document(ledger.get(Register, register_id(project, register)))


def _document(register: Register) -> RegisterSchema:
    return validate_document(RegisterSchema, dict(register.definition), f"the schema of {register.name!r}")


def _join_map(ledger: Reader, run: Run, register: str) -> Submission | None:
    """The join map of the register's delivery, if there is one and it was not erased."""
    digests = {one["delivery_digest"] for one in run.report.get("sources", []) if one["register"] == register}
    sent = ledger.select(
        Submission,
        project=run.project,
        register=register,
        kind=SubmissionKind.JOIN_MAP,
        withdrawn=False,
        purged=False,
    )
    fitting = [one for one in sent if one.header.get("delivery_digest") in digests]
    return fitting[-1] if fitting else None


def _links_within(links: pa.Table, spine: pa.Table) -> pa.Table:
    """The links of which both records are in the spine still."""
    ids = spine.column("record_id").combine_chunks()
    kept = [pc.is_in(links.column(f"{side}_record_id"), value_set=ids) for side in ("left", "right")]
    return links.filter(pc.and_(*kept))
