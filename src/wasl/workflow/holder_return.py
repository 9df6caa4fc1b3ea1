"""The act that prepares what a holder gets back after a linkage, about its own records only.

The return says of each record whether it is linked to another register, where a rule of the plan allows that. Of every
other register it gives counts and rates of agreement, in steps and from a minimum on. It never carries a value, a
record id or a person id of another register.

*Does not protect against:* a link between two told registers that exists only because both are linked to a third one.
The holder learns that link and not its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.audit.events import ReturnPrepared
from wasl.errors import AccessError, InputError, MismatchError
from wasl.linkage.plan import LinkagePlan, ReturnOptions
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.holder_return import COMPARED_IN, DUPLICATES, LINKED, HolderReturn
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.registers.exchange.plain_json import plain_json
from wasl.registers.schema import RegisterSchema
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.authorized import hold_return
from wasl.workflow.return_figures import (
    GRADES,
    INDIRECT,
    NONE,
    DirectLinks,
    OtherRegister,
    OwnRecords,
    compare,
    direct_links,
    own_figures,
    rounds_of,
    variables_of,
)

__all__ = ["holder_return"]

Ints = NDArray[np.int64]


def holder_return(
    plan: LinkagePlan,
    schemas: Mapping[str, RegisterSchema],
    register: str,
    spine: pa.Table,
    links: pa.Table,
    payloads: Sequence[Payload],
    report: Mapping[str, Any],
    options: RunOptions,
    *,
    join: JoinMap | None = None,
    earlier: Sequence[HolderReturn] = (),
) -> Act[HolderReturn, ReturnPrepared]:
    """Prepare the return of one register.

    Args:
        plan: The plan of the run; its ``returns`` say what may be told.
        schemas: The schema of every register of the spine, by the register's name there.
        register: Whose return.
        spine: ``spine.parquet`` of the act `resolve`.
        links: ``links.parquet`` of the same act.
        payloads: Of the register and of the others; without one, its variables are not compared.
        report: ``report.json`` of the same act.
        options: The authorization to which the act is held, and the day.
        join: The join map of the register; with it the return says which records could not be compared at all.
        earlier: Returns of the same register of earlier rounds, for quality over rounds.

    Returns:
        Artifact ``return.parquet``.

    Raises:
        AuthorizationError: The authorization in the options does not cover the return.
        AccessError: The register, or one that a rule names as told, has ``return = "none"``.
        InputError: The spine has no such register, or a schema is missing.
        MismatchError: The plan is not that of the run, or an input belongs to another register.
    """
    names = spine.column("register").cast(pa.string()).to_numpy(zero_copy_only=False)
    present = sorted(set(names.tolist()))
    _require_schemas(schemas, present, register)
    schemas[register].require_return()
    _require_same(plan, register, report, join, earlier)
    shown = _shown(plan.returns, schemas, present, register)
    standing = hold_return(options, register, shown, report, payloads, join)
    own = np.flatnonzero(names == register)
    person = spine.column("person_id").combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    ids = spine.column("record_id").combine_chunks()
    records = OwnRecords(register, own, person, ids, variables_of(payloads, register, ids.take(pa.array(own))))

    columns: dict[str, pa.Array] = {"record_id": ids.take(pa.array(own)), DUPLICATES: _duplicates(person[own])}
    if join is not None:
        columns[COMPARED_IN] = _compared_in(columns["record_id"], join)
    others = {
        name: OtherRegister(name, told, np.flatnonzero(names == name), direct_links(links, register, name))
        for name, told in shown.items()
    }
    for name, other in others.items():
        if other.told:
            columns[LINKED + name] = _grades(columns["record_id"], records.partner_in(other) >= 0, other.direct)
    round_name = join.round if join is not None else plan.round
    summary = own_figures(records, columns) | {
        "minimum": plan.returns.minimum,
        "registers_not_shown": len(present) - 1 - len(shown),
        "rules_without_register": sorted(set(plan.returns.told.get(register, ())) - set(present)),
        **compare(records, others.values(), payloads, report, plan.returns),
    }
    summary["rounds"] = rounds_of(summary, str(report.get("run", "")), round_name, earlier)
    source: Mapping[str, Any] = next((one for one in report.get("sources", ()) if one["register"] == register), {})
    found = HolderReturn(
        register=register,
        holder=schemas[register].holder,
        project=str(source.get("project", "")),
        run=str(report.get("run", "")),
        round=round_name,
        plan_digest=plan.digest,
        spine_digest=digest_table(spine),
        summary=plain_json(summary),
        rows=pa.table(columns),
    )
    event = ReturnPrepared(
        run=found.run,
        plan_digest=found.plan_digest,
        spine_digest=found.spine_digest,
        records=len(own),
        told=found.told,
        return_digest=digest_table(found.rows),
        authorization=standing.decision if standing else None,
    )
    shown_report = {**found.summary, **({} if standing is None else {"authorization": standing.to_json()})}
    return Act({"return.parquet": found.to_table()}, event, shown_report, found)


def _require_schemas(schemas: Mapping[str, RegisterSchema], present: Sequence[str], register: str) -> None:
    if register not in present:
        raise InputError(f"the spine has no register {register!r}.", remedy=f"It has {', '.join(present)}.")
    missing = [name for name in present if name not in schemas]
    if missing:
        raise InputError(
            f"the schema of {', '.join(missing)} is missing: it says whether anything of the register may be told.",
            remedy="Give the schema of every register of the linkage.",
        )


def _require_same(
    plan: LinkagePlan,
    register: str,
    report: Mapping[str, Any],
    join: JoinMap | None,
    earlier: Sequence[HolderReturn],
) -> None:
    """Refuse inputs of another run, plan or register."""
    bare = plan.model_copy(update={"returns": ReturnOptions()})
    stated = report.get("plan_digest")
    if stated not in (plan.digest, LinkagePlan.model_validate(bare.model_dump(mode="json")).digest):
        raise MismatchError(
            "the plan is not the one the run followed.", remedy="Give that plan; only its returns may differ."
        )
    if join is not None and join.register != register:
        raise MismatchError(f"the join map is that of {join.register!r}, not of {register!r}.")
    for one in earlier:
        if one.register != register:
            raise MismatchError(f"an earlier return is that of {one.register!r}, not of {register!r}.")


def _shown(
    rules: ReturnOptions, schemas: Mapping[str, RegisterSchema], present: Sequence[str], register: str
) -> dict[str, bool]:
    """The other registers of which anything is said, and whether record by record."""
    ruled = set(rules.told.get(register, ()))
    for name in sorted(ruled):
        if name in schemas and schemas[name].returns == "none":
            raise AccessError(
                f"a rule would tell {register!r} who stands in {name!r}, and the schema of {name!r} says "
                'return = "none".',
                remedy="Remove the register from `returns.told` of the plan.",
            )
    holder = schemas[register].holder.strip().casefold()
    return {
        name: name in ruled or schemas[name].holder.strip().casefold() == holder
        for name in present
        if name != register and schemas[name].returns != "none"
    }


def _duplicates(person: Ints) -> pa.Array:
    """The number of each record's group among the register's records of one person, null where it is alone."""
    _, first, group, size = np.unique(person, return_index=True, return_inverse=True, return_counts=True)
    several = size > 1
    order = np.argsort(first[several], kind="stable")
    number = np.zeros(len(size), np.int64)
    number[np.flatnonzero(several)[order]] = np.arange(1, len(order) + 1)
    return pa.array(number[group], pa.int64(), mask=~several[group])


def _compared_in(ids: pa.Array, join: JoinMap) -> pa.Array:
    """In how many passes each record has a row."""
    rows = join.rows.filter(pc.is_valid(join.rows["row_id"]))
    place = pc.index_in(rows["record_id"].combine_chunks(), value_set=ids)
    known = place.drop_null().to_numpy().astype(np.int64)
    return pa.array(np.bincount(known, minlength=len(ids)), pa.int64())


def _grades(ids: pa.Array, linked: NDArray[np.bool_], direct: DirectLinks) -> pa.Array:
    """What each record is told: the best grade of its direct links, where it is linked at all."""
    place = pc.index_in(direct.record_id, value_set=ids).to_numpy(zero_copy_only=False)
    best = np.full(len(ids), INDIRECT, np.int8)
    known = ~np.isnan(place.astype(float))
    np.maximum.at(best, place[known].astype(np.int64), direct.grade[known])
    code = np.where(linked, best, NONE)
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array(list(GRADES)))
