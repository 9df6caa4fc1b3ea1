"""False and missed matches by register, nationality, sex and birth period, as the probabilities themselves say.

A record that was linked is wrong with one minus the probability of its best link. A record that stands alone misses its
match with one minus the probability that it has none. The chance that its match met it in no pass is added; it is known
by register only. Both rates are about records: *false* of those linked, *missed* of those that have a match.

The intervals allow for chance and for a model whose error rates are wrong by three quarters (standard deviation).

*Does not hold for:* groups whose records meet much more seldom than others of their registers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.linkage.quality.estimates import Estimate, estimate_ratio, spread_of
from wasl.registers.exchange.payload import Payload

__all__ = ["BREAKDOWN_SCHEMA", "UNMET_KEY", "GroupQuality", "attributes_of", "break_down", "by_group"]

UNMET_KEY = b"wasl.unmet"
"""In the metadata of a spine file: by register, the chance that a record that stands alone has a match it never met."""
LEAST_RECORDS = 20
"""Groups of fewer records are shown together."""
UNKNOWN, OTHERS = "unknown", "others"
ATTRIBUTES = {"nationality": "nationality", "sex": "sex", "birth_period": "birth_year"}
"""What quality is broken down by besides the register, and the payload column that tells it."""
PERIOD = 10
"""Years of birth are shown by so many."""
BREAKDOWN_SCHEMA = pa.schema(
    [
        ("attribute", pa.string()),
        ("group", pa.string()),
        ("records", pa.int64()),
        ("linked", pa.int64()),
        *(
            (f"{rate}{part}", pa.float64())
            for rate in ("false_match", "missed_match")
            for part in ("", "_low", "_high")
        ),
    ]
)


@dataclass(frozen=True, slots=True)
class GroupQuality:
    """Quality of the linkage of a group of records.

    Attributes:
        group: Which.
        records, linked: How many, and how many were linked to another record.
        false_match: Share of the linked ones that are linked to nobody of theirs.
        missed_match: Share of those with a match that stand alone.
    """

    group: str
    records: int
    linked: int
    false_match: Estimate
    missed_match: Estimate

    def to_json(self) -> dict[str, Any]:
        """The group as a JSON value."""
        return {
            "group": self.group,
            "records": self.records,
            "linked": self.linked,
            "false_match": self.false_match.to_json(),
            "missed_match": self.missed_match.to_json(),
        }


def by_group(
    single: NDArray[np.bool_],
    probability: NDArray[np.float64],
    unmet: NDArray[np.float64],
    group: NDArray[np.int64],
    names: Sequence[str],
) -> list[GroupQuality]:
    """False and missed matches of groups of records.

    Args:
        single: (records) whether the record stands alone.
        probability: (records) that its best link is right; of a record alone, that it has no match among those met.
        unmet: (records) chance that a record that stands alone has a match it never met.
        group: (records) int64 into `names`.
        names: Of the groups.
    """
    doubt = 1.0 - probability
    chance = np.where(single, np.minimum(doubt + unmet, 1.0), doubt)
    size = len(names)
    held = np.bincount(group, minlength=size)
    linked = np.bincount(group[~single], minlength=size)
    wrong, missed = (np.bincount(group[side], weights=chance[side], minlength=size) for side in (~single, single))
    noise = chance * (1.0 - chance)
    of_wrong, of_missed = (np.bincount(group[side], weights=noise[side], minlength=size) for side in (~single, single))
    found = []
    for k in np.flatnonzero(held).tolist():
        right = float(linked[k] - wrong[k])
        precision = estimate_ratio(right, float(wrong[k]), spread_of(float(wrong[k]), float(of_wrong[k])))
        recall = estimate_ratio(right, float(missed[k]), spread_of(float(missed[k]), float(of_missed[k])))
        found.append(GroupQuality(names[k], int(held[k]), int(linked[k]), _opposite(precision), _opposite(recall)))
    return found


def _opposite(estimate: Estimate) -> Estimate:
    return Estimate(1.0 - estimate.value, 1.0 - estimate.high, 1.0 - estimate.low)


def break_down(
    spine: pa.Table, attributes: Mapping[str, Sequence[str | None] | NDArray[np.object_]], unmet: Mapping[str, float]
) -> pa.Table:
    """Quality of the records of a spine by each of some attributes, and by register.

    Args:
        spine: ``register``, ``grade`` and ``probability`` of each record.
        attributes: Name to the value of each record of the spine.
        unmet: Register to the chance that a record of it that stands alone has a match it never met.

    Returns:
        Table of ``BREAKDOWN_SCHEMA``; groups of few records are shown together.
    """
    register = spine.column("register").cast(pa.string()).to_numpy(zero_copy_only=False)
    single = spine.column("grade").cast(pa.string()).to_numpy(zero_copy_only=False) == "single"
    probability = spine.column("probability").to_numpy()
    known, code = np.unique(register.astype(str), return_inverse=True)
    never = np.array([unmet.get(name, 0.0) for name in known.tolist()])[code]
    rows: list[dict[str, Any]] = []
    for attribute, values in {"register": register, **attributes}.items():
        texts = pc.fill_null(pa.array(values, pa.string()), UNKNOWN).to_numpy(zero_copy_only=False)
        names, code, count = np.unique(texts.astype(str), return_inverse=True, return_counts=True)
        few = count < LEAST_RECORDS
        labels = [*names[~few].tolist(), OTHERS]
        place = np.where(few, len(labels) - 1, np.cumsum(~few) - 1)[code]
        rows += [
            {"attribute": attribute, "group": found.group, "records": found.records, "linked": found.linked}
            | _columns("false_match", found.false_match)
            | _columns("missed_match", found.missed_match)
            for found in by_group(single, probability, never, place, labels)
        ]
    return pa.Table.from_pylist(rows, schema=BREAKDOWN_SCHEMA)


def _columns(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def attributes_of(spine: pa.Table, payloads: Sequence[Payload]) -> dict[str, NDArray[np.object_]]:
    """Nationality, sex and period of birth of each record of a spine, from the payloads; None where they lack it."""
    found: dict[str, NDArray[np.object_]] = {}
    register = spine.column("register").cast(pa.string()).to_numpy(zero_copy_only=False)
    ids = spine.column("record_id").combine_chunks()
    for payload in payloads:
        mine = np.flatnonzero(register == payload.register)
        place = pc.index_in(ids.take(pa.array(mine)), value_set=payload.rows.column("record_id").combine_chunks())
        for attribute, name in ATTRIBUTES.items():
            if name in payload.rows.column_names:
                values = payload.rows.column(name).take(place)
                texts = _period(values) if attribute == "birth_period" else values.cast(pa.string())
                column = found.setdefault(attribute, np.full(len(register), None, np.object_))
                column[mine] = texts.to_numpy(zero_copy_only=False)
    return found


def _period(years: pa.ChunkedArray) -> pa.ChunkedArray:
    """Years as the period they fall in, as text."""
    whole = years.cast(pa.int64())
    return pc.binary_join_element_wise(pc.multiply(pc.divide(whole, PERIOD), PERIOD).cast(pa.string()), "s", "")
