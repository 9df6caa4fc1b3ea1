"""The figures of a holder's return: of its own records, of each other register, and of the rounds before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.linkage.plan import ReturnOptions
from wasl.registers.exchange.holder_return import COMPARED_IN, DUPLICATES, HolderReturn
from wasl.registers.exchange.payload import Payload

__all__ = [
    "GRADES",
    "INDIRECT",
    "NONE",
    "DirectLinks",
    "OtherRegister",
    "OwnRecords",
    "compare",
    "direct_links",
    "own_figures",
    "rounds_of",
    "variables_of",
]

Ints = NDArray[np.int64]

GRADES = ("none", "indirect", "review", "link")
"""Values of a column ``linked:REGISTER``: not linked; one person through a third record; doubtful; sure."""
NONE, INDIRECT, REVIEW, LINK = range(4)


@dataclass(frozen=True, slots=True)
class OwnRecords:
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

    def partner_in(self, other: OtherRegister) -> Ints:
        """(records) for each the first record of its person in the other register, −1 where there is none."""
        return _first_of_person(self.person[self.rows], self.person[other.rows])


@dataclass(frozen=True, slots=True)
class OtherRegister:
    """Another register of which something is said.

    Attributes:
        register: Its name.
        told: Whether record by record.
        rows: (its records) their rows in the spine.
        direct: The links between the two registers.
    """

    register: str
    told: bool
    rows: Ints = field(repr=False)
    direct: DirectLinks = field(repr=False)


@dataclass(frozen=True, slots=True)
class DirectLinks:
    """Links between records of the register and of another one: own record id, grade and pattern of each."""

    record_id: pa.Array = field(repr=False)
    grade: NDArray[np.int8] = field(repr=False)
    pattern: pa.DictionaryArray = field(repr=False)


def direct_links(links: pa.Table, register: str, other: str) -> DirectLinks:
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
    return DirectLinks(both["id"].combine_chunks(), grade, both["pattern"].combine_chunks().dictionary_encode())


def variables_of(payloads: Sequence[Payload], register: str, ids: pa.Array) -> dict[str, pa.ChunkedArray]:
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


def own_figures(own: OwnRecords, columns: Mapping[str, pa.Array]) -> dict[str, Any]:
    """Figures of the register's own records: persons, duplicates, records that no pass holds, empty values."""
    records = len(own.rows)
    compared = columns.get(COMPARED_IN)
    return {
        "records": records,
        "persons": len(np.unique(own.person[own.rows])),
        "duplicate_records": records - columns[DUPLICATES].null_count,
        "not_comparable": None if compared is None else int(pc.sum(pc.equal(compared, 0)).as_py() or 0),
        "missing": [
            {
                "variable": name,
                "missing": int(column.null_count),
                "share": round(column.null_count / max(records, 1), 4),
            }
            for name, column in sorted(own.variables.items())
        ],
    }


def compare(
    own: OwnRecords,
    others: Iterable[OtherRegister],
    payloads: Sequence[Payload],
    report: Mapping[str, Any],
    rules: ReturnOptions,
) -> dict[str, Any]:
    """How many records are linked to each other register, and how often the two agree on each variable."""
    top = _top_states(report)
    registers: list[dict[str, Any]] = []
    agreement: list[dict[str, Any]] = []
    for other in others:
        partner = own.partner_in(other)
        registers.append(_count(other.register, int((partner >= 0).sum()), len(own.rows), rules, told=other.told))
        there = variables_of(payloads, other.register, own.ids.take(pa.array(other.rows)))
        agreement += _payload_agreement(own, there, other.register, partner, rules)
        agreement += _comparison_agreement(other.direct, other.register, top, rules)
    return {"registers": registers, "agreement": agreement}


def rounds_of(
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


def _first_of_person(wanted: Ints, among: Ints) -> Ints:
    """For each wanted person the first record of that person in the other register, -1 where there is none."""
    persons, first = np.unique(among, return_index=True)
    if not len(persons):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(persons, wanted), len(persons) - 1)
    return np.where(persons[place] == wanted, first[place], -1)


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
    own: OwnRecords, there: Mapping[str, pa.ChunkedArray], other: str, partner: Ints, rules: ReturnOptions
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
    direct: DirectLinks, other: str, top: Mapping[str, int], rules: ReturnOptions
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
