"""What clerks decided on an earlier merge, as decisions on the pairs of this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import InputError
from wasl.linkage.model.pairs import ScoredPairs
from wasl.workflow.own_registers import Decision, OwnRegister

__all__ = ["decided_rows", "standing_decisions"]


def standing_decisions(
    registers: Sequence[OwnRegister], decisions: Sequence[Decision]
) -> tuple[list[Decision], list[Decision]]:
    """The decisions whose two records are there, and those of which a record has left its register since.

    Raises:
        InputError: No decision has both its records, or one names another register: they belong to another merge.
    """
    names = [one.name for one in registers]
    foreign = sorted({name for one in decisions for name in (one.register_a, one.register_b)} - set(names))
    if foreign:
        raise InputError(
            f"the decisions are on records of {', '.join(foreign)}, which is neither register of this merge "
            f"({', '.join(names)}).",
            remedy="Use the sheet of doubtful pairs that a merge of these two registers wrote.",
        )
    there = _ids_of(registers, {end for one in decisions for end in _ends(one)})
    standing = [one for one in decisions if all(end in there for end in _ends(one))]
    gone = [one for one in decisions if not all(end in there for end in _ends(one))]
    if gone and not standing:
        raise InputError(
            f"of all {len(gone)} decisions a record is in neither register.",
            remedy="Use the sheet of doubtful pairs that a merge of these two registers wrote.",
        )
    return standing, gone


def _ends(one: Decision) -> tuple[tuple[str, str], tuple[str, str]]:
    """The two records of a decision."""
    return (one.register_a, one.record_a), (one.register_b, one.record_b)


def decided_rows(
    scored: ScoredPairs, registers: Sequence[OwnRegister], decisions: Sequence[Decision]
) -> tuple[dict[int, str], int]:
    """Clerks' decisions as decisions on rows of the scored pairs, and how many concern no scored pair.

    Args:
        scored: The pairs of rows.
        registers: Both registers.
        decisions: Decisions on records that are there, see :func:`standing_decisions`.
    """
    if not decisions:
        return {}, 0
    ends = [_ends(one) for one in decisions]
    ids = _ids_of(registers, {end for pair in ends for end in pair})
    places = _pair_places(scored, registers, ids)
    rows: dict[int, str] = {}
    unmet = 0
    for pair, one in zip(ends, decisions, strict=True):
        found = places.get(frozenset(pair), ())
        unmet += not found
        rows |= dict.fromkeys(found, one.decision)
    return rows, unmet


def _ids_of(registers: Sequence[OwnRegister], wanted: Set[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Record ids by register and record number, of the wanted records that there are."""
    ids: dict[tuple[str, str], bytes] = {}
    for one in registers:
        records = pa.array([record for name, record in wanted if name == one.name], pa.string())
        rows = pc.index_in(records, value_set=one.record)
        found = zip(records.to_pylist(), one.record_id.take(rows).to_pylist(), strict=True)
        ids |= {(one.name, record): record_id for record, record_id in found if record_id is not None}
    return ids


def _pair_places(
    scored: ScoredPairs, registers: Sequence[OwnRegister], wanted: Mapping[tuple[str, str], bytes]
) -> dict[frozenset[tuple[str, str]], list[int]]:
    """The rows of the scored pairs that compare two wanted records, by the two records.

    Args:
        scored: The pairs of rows.
        registers: For their join maps.
        wanted: Record id by register and record number.
    """
    record_of = {(name, record_id): record for (name, record), record_id in wanted.items()}
    opened: list[pd.DataFrame] = []
    for one in registers:
        rows = one.join_map.rows
        mine = pa.array([record_id for name, record_id in record_of if name == one.name], rows["record_id"].type)
        frame = rows.filter(pc.is_in(rows["record_id"], value_set=mine)).to_pandas()
        frame["register"] = one.name
        frame["record"] = [record_of[one.name, record_id] for record_id in frame["record_id"]]
        opened.append(frame[["register", "pass", "row_id", "record"]].astype({"pass": str}))
    rows_of = pd.concat(opened, ignore_index=True)
    pairs = scored.pairs.select(["left_register", "left_row_id", "right_register", "right_row_id", "pass"]).to_pandas()
    pairs = pairs.astype({"left_register": str, "right_register": str, "pass": str}).reset_index(names="place")
    for side in ("left", "right"):
        renamed = rows_of.rename(columns={"register": f"{side}_register", "row_id": f"{side}_row_id"})
        pairs = pairs.merge(renamed, on=[f"{side}_register", f"{side}_row_id", "pass"])
        pairs = pairs.rename(columns={"record": f"{side}_record"})
    places: dict[frozenset[tuple[str, str]], list[int]] = {}
    columns = ("place", "left_register", "left_record", "right_register", "right_record")
    for place, a, i, b, j in pairs[list(columns)].to_numpy():
        places.setdefault(frozenset(((a, i), (b, j))), []).append(int(place))
    return places
