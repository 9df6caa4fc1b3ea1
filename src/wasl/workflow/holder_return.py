"""The act that prepares what a holder gets back after a linkage, about its own records only.

The return says of each record whether it is linked to another register, where a rule of the plan allows that. Of every
other register it gives counts and rates of agreement, in steps and from a minimum on. It never carries a value, a
record id or a person id of another register.

*Does not protect against:* a link between two told registers that exists only because both are linked to a third one.
The holder learns that link and not its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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

__all__ = ["holder_return"]

Ints = NDArray[np.int64]

GRADES = ("none", "indirect", "review", "link")
"""Values of a column ``linked:REGISTER``: not linked; one person through a third record; doubtful; sure."""
NONE, INDIRECT, REVIEW, LINK = range(4)


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
    records = _Own(register, own, person, ids, _variables(payloads, register, ids.take(pa.array(own))))

    columns: dict[str, pa.Array] = {"record_id": ids.take(pa.array(own)), DUPLICATES: _duplicates(person[own])}
    if join is not None:
        columns[COMPARED_IN] = _compared_in(columns["record_id"], join)
    top = _top_states(report)
    others: list[dict[str, Any]] = []
    agreement: list[dict[str, Any]] = []
    for other, told in shown.items():
        rows = np.flatnonzero(names == other)
        partner = _first_of_person(person[own], person[rows])
        linked = partner >= 0
        direct = _direct(links, register, other)
        if told:
            columns[LINKED + other] = _grades(columns["record_id"], linked, direct)
        others.append(_count(other, int(linked.sum()), len(own), plan.returns, told=told))
        there = _variables(payloads, other, ids.take(pa.array(rows)))
        agreement += _payload_agreement(records, there, other, partner, plan.returns)
        agreement += _comparison_agreement(direct, other, top, plan.returns)

    missing = [
        {"variable": name, "missing": int(column.null_count), "share": round(column.null_count / max(len(own), 1), 4)}
        for name, column in sorted(records.variables.items())
    ]
    source: Mapping[str, Any] = next((one for one in report.get("sources", ()) if one["register"] == register), {})
    duplicates = columns[DUPLICATES]
    summary: dict[str, Any] = {
        "records": len(own),
        "persons": len(np.unique(person[own])),
        "duplicate_records": len(own) - duplicates.null_count,
        "not_comparable": None if join is None else int(pc.sum(pc.equal(columns[COMPARED_IN], 0)).as_py() or 0),
        "minimum": plan.returns.minimum,
        "registers": others,
        "registers_not_shown": len(present) - 1 - len(shown),
        "rules_without_register": sorted(set(plan.returns.told.get(register, ())) - set(present)),
        "agreement": agreement,
        "missing": missing,
    }
    round_name = join.round if join is not None else plan.round
    summary["rounds"] = _rounds(summary, str(report.get("run", "")), round_name, earlier)
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


@dataclass(frozen=True, slots=True)
class _Own:
    """The records of the register.

    Attributes:
        register: Its name.
        rows: (records) their rows in the spine.
        person: (spine) person of every record, as a number.
        ids: (spine) record ids.
        variables: Payload columns, one row per record.
    """

    register: str
    rows: Ints
    person: Ints = field(repr=False)
    ids: pa.Array = field(repr=False)
    variables: Mapping[str, pa.ChunkedArray] = field(repr=False)


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


def _variables(payloads: Sequence[Payload], register: str, ids: pa.Array) -> dict[str, pa.ChunkedArray]:
    """The payload columns of a register for its records, null where no payload has the record."""
    found: dict[str, pa.ChunkedArray] = {}
    for payload in payloads:
        if payload.register != register:
            continue
        place = pc.index_in(ids, value_set=payload.rows.column("record_id").combine_chunks())
        for name in payload.rows.column_names:
            if name == "record_id":
                continue
            column = payload.rows.column(name)
            if pa.types.is_dictionary(column.type):
                column = column.cast(column.type.value_type)
            values = column.take(place)
            found[name] = pc.coalesce(found[name], values) if name in found else values
    return found


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


def _first_of_person(wanted: Ints, among: Ints) -> Ints:
    """For each wanted person the first record of that person in the other register, -1 where there is none."""
    persons, first = np.unique(among, return_index=True)
    if not len(persons):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(persons, wanted), len(persons) - 1)
    return np.where(persons[place] == wanted, first[place], -1)


@dataclass(frozen=True, slots=True)
class _Direct:
    """Links between records of the register and of another one: own record id, grade and pattern of each."""

    record_id: pa.Array = field(repr=False)
    grade: NDArray[np.int8] = field(repr=False)
    pattern: pa.DictionaryArray = field(repr=False)


def _direct(links: pa.Table, register: str, other: str) -> _Direct:
    """The pairs graded ``link`` or ``review`` between two registers."""
    sides = []
    for mine, theirs in (("left", "right"), ("right", "left")):
        here = pc.and_(
            pc.equal(links[f"{mine}_register"].cast(pa.string()), register),
            pc.equal(links[f"{theirs}_register"].cast(pa.string()), other),
        )
        part = links.filter(here)
        sides.append(pa.table({"id": part[f"{mine}_record_id"], "grade": part["grade"].cast(pa.string()),
                               "pattern": part["pattern"].cast(pa.string())}))  # fmt: skip
    both = pa.concat_tables(sides)
    both = both.filter(pc.is_in(both["grade"], value_set=pa.array(["link", "review"])))
    grade = np.where(np.asarray(pc.equal(both["grade"], "link")), LINK, REVIEW).astype(np.int8)
    return _Direct(both["id"].combine_chunks(), grade, both["pattern"].combine_chunks().dictionary_encode())


def _grades(ids: pa.Array, linked: NDArray[np.bool_], direct: _Direct) -> pa.Array:
    """What each record is told: the best grade of its direct links, where it is linked at all."""
    place = pc.index_in(direct.record_id, value_set=ids).to_numpy(zero_copy_only=False)
    best = np.full(len(ids), INDIRECT, np.int8)
    known = ~np.isnan(place.astype(float))
    np.maximum.at(best, place[known].astype(np.int64), direct.grade[known])
    code = np.where(linked, best, NONE)
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array(list(GRADES)))


def _count(other: str, linked: int, records: int, rules: ReturnOptions, *, told: bool) -> dict[str, Any]:
    """How many records are linked to a register: exactly where it is told, else in steps, away from none and all."""
    withheld = not told and (linked < rules.minimum or records - linked < rules.minimum)
    value = linked if told else linked // rules.minimum * rules.minimum
    return {"register": other, "told": told, "withheld": withheld, "linked": None if withheld else value}


def _rate(other: str, variable: str, kind: str, equal: int, compared: int, rules: ReturnOptions) -> dict[str, Any]:
    """A rate of agreement in whole percent, withheld where it rests on few records."""
    withheld = compared < rules.minimum
    return {
        "register": other,
        "variable": variable,
        "kind": kind,
        "withheld": withheld,
        "compared": None if withheld else compared // rules.minimum * rules.minimum,
        "rate": None if withheld else round(equal / compared, 2),
    }


def _payload_agreement(
    own: _Own, there: Mapping[str, pa.ChunkedArray], other: str, partner: Ints, rules: ReturnOptions
) -> Iterable[dict[str, Any]]:
    """Rates of equal values among records linked to the other register, by variable that both payloads have."""
    linked = np.flatnonzero(partner >= 0)
    for name in sorted(set(own.variables) & set(there)):
        mine = own.variables[name].take(pa.array(linked))
        theirs = there[name].take(pa.array(partner[linked]))
        if mine.type != theirs.type:
            mine, theirs = mine.cast(pa.string()), theirs.cast(pa.string())
        same = pc.equal(mine, theirs)
        compared = len(linked) - same.null_count
        yield _rate(other, name, "value", int(pc.sum(same).as_py() or 0), compared, rules)


def _comparison_agreement(
    direct: _Direct, other: str, top: Mapping[str, int], rules: ReturnOptions
) -> Iterable[dict[str, Any]]:
    """Rates of full agreement among direct links, by comparison of the linkage (names, birth, origin, …)."""
    patterns = [_states(text) for text in direct.pattern.dictionary.to_pylist()]
    count = np.bincount(direct.pattern.indices.to_numpy(), minlength=len(patterns))
    for name in sorted({name for states in patterns for name in states}):
        here = np.array([states.get(name, 0) for states in patterns], np.int64)
        best = top.get(name, int(here.max(initial=0)))
        yield _rate(
            other, name, "comparison", int(count[here >= max(best, 1)].sum()), int(count[here > 0].sum()), rules
        )


def _states(pattern: str) -> dict[str, int]:
    """The level of each comparison of a pattern; missing ones are left out."""
    parts = (part.rsplit(":", 1) for part in pattern.split())
    return {name: int(level) for name, level in parts if level.isdigit()}


def _top_states(report: Mapping[str, Any]) -> dict[str, int]:
    """The highest level of each comparison, from the model in the report."""
    found: dict[str, int] = {}
    for step in report.get("model", ()):
        for comparison in step["comparisons"]:
            name, level = str(comparison["name"]), int(comparison["states"]) - 1
            found[name] = max(found.get(name, 0), level)
    return found


def _rounds(
    summary: Mapping[str, Any], run: str, round_name: str, earlier: Sequence[HolderReturn]
) -> list[dict[str, Any]]:
    """The figures of earlier rounds and of this one, in the order of the returns; a repeated run counts once."""
    rounds: dict[str, dict[str, Any]] = {}
    for one in earlier:
        for line in one.summary.get("rounds", ()):
            rounds[str(line["run"])] = dict(line)
    rounds.pop(run, None)
    rounds[run] = {
        "run": run,
        "round": round_name,
        "records": summary["records"],
        "duplicate_records": summary["duplicate_records"],
        "not_comparable": summary["not_comparable"],
        "linked": {one["register"]: one["linked"] for one in summary["registers"]},
        "agreement": {
            f"{one['register']}/{one['kind']}/{one['variable']}": one["rate"] for one in summary["agreement"]
        },
        "missing": {one["variable"]: one["share"] for one in summary["missing"]},
    }
    return list(rounds.values())
