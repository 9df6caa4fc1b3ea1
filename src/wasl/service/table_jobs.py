"""Jobs of ordered tables: tabulated and protected beside everything that was answered before, then packaged.

An answer is audited against all earlier answers and microdata files of the project. It is approved only while that is
still all: a table answered, or a file approved, meanwhile sends the order back to its protection.

Does not protect against: an approver of a menu who lets crossings be answered by rule that should have been looked at.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wasl.audit.events import (
    Happening,
    MicrodataAssembled,
    ProtectionFailed,
    ReleaseRequested,
    TablesApprovedByRule,
    TablesProtected,
)
from wasl.errors import InputError, StaleError, StateError, ThresholdError
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.payload import Payload
from wasl.service.artifacts import keep_artifact, keep_artifacts
from wasl.service.held_acts import held_options, require_same_decisions
from wasl.service.jobs import finish_job, job_caller
from wasl.service.known_outside import csv_of_texts, file_of, known_ids, known_orders, known_releases, tables_of
from wasl.service.log import prove_release
from wasl.service.objections import PersonsKnown, persons_known, without_objections
from wasl.service.packages import require_publishing
from wasl.service.pins import pinned_payloads, require_coverage, require_persons
from wasl.service.ports import Area, Caller, Office, Progress, Reader, Writer
from wasl.service.records import Job, Run, TableMenu, TableOrder
from wasl.service.states import ReleaseStep, next_status
from wasl.service.table_menus import menu_of
from wasl.service.table_orders import INTERNAL
from wasl.tables.cell_keys.records import record_key_id
from wasl.tables.earlier import EarlierTable
from wasl.tables.earlier_file import EarlierFile
from wasl.tables.menu import ApprovalRule, TableRequest
from wasl.tables.protect import ProtectedTables
from wasl.tables.specification import ProtectionMethod, TablesSpec
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.assemble import assemble
from wasl.workflow.microdata import Microdata, MicrodataSpec, with_texts_of_persons
from wasl.workflow.publish import zip_package
from wasl.workflow.publish_tables import publish_tables
from wasl.workflow.tabulate import internal_artifacts, tabulate

__all__ = ["make_tables", "package_tables"]

MOST_ATTEMPTS = 3
"""Protections of one order before the job waits a moment; each repetition follows an answer that came between."""

SEED = "seed"
"""Part of the report that stays in its file, for the release desk. With the seed, random rounding is undone in part,
and more people read the report than that file."""

REFUSAL = "the tables cannot be protected as ordered; order fewer dimensions, or coarser ones."
"""What whoever ordered is told; the message of the act names unsafe cells."""


def make_tables(office: Office, job: Job, progress: Progress) -> None:
    """The job: assemble, tabulate and protect beside all earlier answers; then request, and approve where a rule does.

    Raises:
        StateError: The secret of the record keys is not the one of earlier tables.
        InputError: The order has more cells than the menu allows.
    """
    progress(0, 100)
    with office.ledger.reading() as state:
        found = state.get(TableOrder, job.subject)
        menu = state.get(TableMenu, found.menu)
        working = RunOptions(seed=found.seed, progress=progress)
        options = held_options(office, state, found.project, working, purpose=found.purpose)
    spec, rules = TablesSpec.model_validate(found.specification), menu_of(menu)
    hierarchies = {name: _levels(text) for name, text in menu.hierarchies.items()}
    keyed = spec.protection.method is ProtectionMethod.CELL_KEY
    for _ in range(MOST_ATTEMPTS):
        assembled, coverage, seen = _microdata(office, menu, options)
        data = with_texts_of_persons(assembled.result.table)
        cells = _cells(spec, data, hierarchies)
        if not TableRequest.model_validate(found.request).table and cells > rules.crossings.max_cells:
            raise InputError(
                f"the order has {cells:,} cells; the menu allows {rules.crossings.max_cells:,}.",
                remedy="Cross fewer or coarser dimensions.",
            )
        with office.ledger.reading() as state:
            if keyed:
                _require_same_secret(state, office)
            answered = known_orders(state, found.project, found.id)
            published = known_releases(state, found.project)
        earlier: list[EarlierTable | EarlierFile] = [table for one in answered for table in tables_of(office, one)]
        earlier += [file_of(office, one) for one in published]
        try:
            act = tabulate(
                spec,
                [data],
                hierarchies,
                options,
                earlier=earlier,
                secret=office.record_secret if keyed else b"",
            )
        except ThresholdError as error:
            _refuse(office, job, found, error)
            return
        made = replace(
            found,
            **_kept(office, act),
            report={name: part for name, part in act.report.items() if name != SEED} | {"coverage": coverage},
            public_report=_public_report(act),
            earlier=sorted(one.id for one in (*answered, *published)),
            record_key_id=record_key_id(office.record_secret) if keyed else "",
        )
        try:
            _commit(office, job, made, (assembled.event, act), menu, seen, options)
        except _OvertakenError:
            continue
        return
    raise StaleError("other tables were answered, or persons left, each time this order was protected.")


class _OvertakenError(Exception):
    """Tables were answered meanwhile, and the audit lacks them; or persons left, and are in these."""


def _commit(
    office: Office,
    job: Job,
    made: TableOrder,
    acts: tuple[MicrodataAssembled, Act[ProtectedTables, TablesProtected]],
    menu: TableMenu,
    seen: PersonsKnown,
    options: RunOptions,
) -> None:
    """Save the protected tables, request their approval, and approve them where the menu's rule does.

    Raises:
        _OvertakenError: An order was answered that these tables were not audited against, or persons objected, or their
            records were erased, who are in them; nothing is saved.
        StaleError: The decisions of the authority changed.
    """
    assembled, act = acts
    caller = job_caller(office, job)
    with office.ledger.writing(caller) as ledger:
        ledger.hold(job)
        ledger.save(event=caller.event(assembled, project=made.project, subject=made.id))
        protected = _advance(ledger, caller, made, ReleaseStep.THRESHOLDS_MET, act.event)
        if known_ids(ledger, made.project, made.id) != made.earlier:
            raise _OvertakenError
        require_same_decisions(office, ledger, made.project, options)
        pinned_payloads(ledger, ledger.get(Run, made.run))
        if persons_known(ledger, made.run) != seen:
            raise _OvertakenError
        status = next_status(protected.status, ReleaseStep.REQUEST)
        asked = ReleaseRequested(
            from_status=protected.status.value, to_status=status.value, protected=protected.protected
        )
        requested = replace(protected, requested_by=made.created_by)
        if not _approved_by_rule(act, made, menu):
            event = caller.event(asked, project=made.project, subject=made.id)
            finish_job(ledger, job, replace(requested, status=status), event=event)
            return
        requested = _advance(ledger, caller, requested, ReleaseStep.REQUEST, asked)
        approved = next_status(requested.status, ReleaseStep.APPROVE_BY_RULE)
        answer = TablesApprovedByRule(
            menu=menu.id,
            menu_opened_by=menu.decided_by,
            from_status=requested.status.value,
            to_status=approved.value,
            protected=requested.protected,
        )
        done = replace(requested, status=approved, decided_by=menu.decided_by, answered=True)
        finish_job(ledger, job, done, event=caller.event(answer, project=made.project, subject=made.id))


def _approved_by_rule(act: Act[ProtectedTables, TablesProtected], made: TableOrder, menu: TableMenu) -> bool:
    """Tell if the menu's approver has decided beforehand.

    Where the audit had to leave earlier tables out, a person decides.
    """
    rule = menu_of(menu).approval_of(TableRequest.model_validate(made.request))
    audit = act.report.get("audit") or {}
    return rule is ApprovalRule.MENU and not audit.get("earlier_tables_left_out")


def _advance(ledger: Writer, caller: Caller, made: TableOrder, step: ReleaseStep, happening: Happening) -> TableOrder:
    event = caller.event(happening, project=made.project, subject=made.id)
    ledger.save(replace(made, status=next_status(made.status, step)), event=event)
    return ledger.get(TableOrder, made.id)


def _refuse(office: Office, job: Job, found: TableOrder, error: ThresholdError) -> None:
    """Commit that the tables cannot be protected; only the desk is told which cells are in the way."""
    caller = job_caller(office, job)
    status = next_status(found.status, ReleaseStep.THRESHOLDS_MISSED)
    refused = replace(found, status=status, failure=REFUSAL, report={"refusal": str(error)})
    happening = error.event if isinstance(error.event, Happening) else ProtectionFailed(reason=type(error).__name__)
    with office.ledger.writing(caller) as ledger:
        finish_job(ledger, job, refused, event=caller.event(happening, project=found.project, subject=found.id))


def package_tables(office: Office, job: Job, progress: Progress) -> None:
    """The job: build and sign the package of approved tables and put it into the catalogue."""
    progress(0, 2)
    with office.ledger.reading() as state:
        found = require_publishing(state.get(TableOrder, job.subject))
        options = held_options(office, state, found.project, RunOptions(), purpose=found.purpose)
    checkpoint, proofs = prove_release(office, found.id)
    with zipfile.ZipFile(office.files.path(Area.RELEASE, found.protected)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    caller = job_caller(office, job)
    act = publish_tables(
        files,
        TablesSpec.model_validate(found.specification),
        options,
        title=found.title,
        cells=sum(int(one["cells"]) for one in found.report["tables"]),
        signer=office.signer,
        created=caller.at,
        log_checkpoint=checkpoint,
        log_proofs=proofs,
    )
    stored = keep_artifact(office, Area.PUBLIC, zip_package(act.result))
    progress(1, 2)
    done = replace(
        found,
        status=next_status(found.status, ReleaseStep.PACKAGED),
        package=stored,
        manifest_digest=act.event.manifest_digest,
        published_at=caller.stamp,
    )
    with office.ledger.writing(caller) as ledger:
        require_same_decisions(office, ledger, found.project, options)
        finish_job(ledger, job, done, event=caller.event(act.event, project=found.project, subject=found.id))


def _require_same_secret(state: Reader, office: Office) -> None:
    """Refuse another secret than the one of earlier tables: with two noises for one cell, readers could take the mean.

    Raises:
        StateError: It is another one.
    """
    own = record_key_id(office.record_secret)
    if any(one.record_key_id not in ("", own) for one in state.select(TableOrder, answered=True)):
        raise StateError(
            "the secret of the record keys is not the one earlier tables were made with.",
            remedy="Restore the file record.key of this installation from the backup.",
        )


def _microdata(
    office: Office, menu: TableMenu, options: RunOptions
) -> tuple[Act[Microdata, MicrodataAssembled], dict[str, float], PersonsKnown]:
    """The microdata of a menu, never stored; the coverage of each payload; whose data could be used then."""
    with office.ledger.reading() as state:
        run = state.get(Run, menu.run)
        sent = pinned_payloads(state, run)
        seen = persons_known(state, run.id)
    spine, metadata = read_parquet(office.files.path(Area.SPINE, run.spine), "spine")
    payloads = [Payload.read(office.files.path(Area.RELEASE, one.file)) for one in sent]
    with office.ledger.reading() as state:
        spine, payloads, heard = without_objections(state, menu.project, spine, payloads)
    coverage = require_coverage(spine, payloads)
    specification = MicrodataSpec.model_validate(menu.specification)
    act = assemble(spine.replace_schema_metadata(metadata), payloads, specification, options, objections=heard)
    require_persons(act.result.table)
    return act, coverage, seen


def _levels(text: str) -> pa.Table:
    """A hierarchy file as a table of texts.

    Raises:
        InputError: It is no CSV with a header.
    """
    header = text.lstrip("\ufeff").splitlines()[0] if text.strip() else ""
    delimiter = max((";", "\t", ","), key=header.count)
    names = [name.strip().strip('"') for name in header.split(delimiter)]
    return csv_of_texts(text.encode(), names, delimiter)


def _cells(spec: TablesSpec, data: pa.Table, hierarchies: Mapping[str, pa.Table]) -> int:
    """Cells of an order, margins and empty ones included: an upper bound. A median band is made from its classes."""
    cells = len(spec.tables[0].input.bands) + 1
    for dimension in spec.tables[0].dimensions:
        if dimension.hierarchy:
            levels = hierarchies[dimension.hierarchy]
            codes = len({code for name in levels.column_names for code in levels.column(name).to_pylist()})
        elif dimension.bands:
            codes = len(dimension.bands) + 1
        else:
            codes = int(pc.count_distinct(data.column(dimension.source)).as_py())
        cells *= codes + 1
    return cells


def _kept(office: Office, act: Act[ProtectedTables, TablesProtected]) -> dict[str, Any]:
    """The artifacts in the store, a ZIP file of those that stay in the office, and one of those that may leave."""
    files = keep_artifacts(office, Area.RELEASE, act.artifacts)
    data = {name: office.files.path(Area.RELEASE, digest).read_bytes() for name, digest in files.items()}
    inside = internal_artifacts(list(files))
    files[INTERNAL] = keep_artifact(office, Area.RELEASE, zip_package({name: data.pop(name) for name in inside}))
    return {"artifacts": files, "protected": keep_artifact(office, Area.RELEASE, zip_package(data))}


def _public_report(act: Act[ProtectedTables, TablesProtected]) -> dict[str, Any]:
    """What whoever ordered is told beside the tables: the method, and how many cells have which status."""
    tables = [
        {"name": one["name"], "cells": one["cells"], "status": dict(one["status"])} for one in act.report["tables"]
    ]
    return {"method": act.report["method"], "tables": tables}
