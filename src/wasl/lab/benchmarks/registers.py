"""Precision and recall of every pair of registers that share people in the synthetic Morocco.

Each pair is measured twice: linked alone, and within one linkage of all registers that share people, as the mission
links them. The linkage of all has more evidence: a model is fitted on more pairs, and a person in three registers is
found by the best of three pairs.

Beside them stands what the cleartext of the two registers allows (:mod:`wasl.lab.benchmarks.data_limit`), so that a
reader sees why a pair misses the goal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wasl.facade import encode, link, new_key
from wasl.facade.given import quietly
from wasl.holder.encode import Encoded
from wasl.lab.benchmarks.data_limit import clear_records, reach_of_the_data
from wasl.linkage.plan import LinkagePlan
from wasl.population.generate import Population, generate
from wasl.registers.exchange.join_map import JoinMap

__all__ = ["run", "shared_pairs"]

PERSONS, QUICK_PERSONS = 20_000, 2_000
LEAST_COMMON = 10
"""Pairs of registers with fewer persons in common are left out and counted: their rates mean nothing."""
RECALL, PRECISION = 0.97, 0.99
"""The goal for every pair of registers."""
OTHER_DRAWS = (101, 102)
"""Seeds of the draws whose truth trains the classifier of the cleartext."""


def run(*, peers: Path | None, repeats: int, quick: bool) -> list[dict[str, Any]]:
    """Precision and recall of every pair of registers under ``guarded``, once.

    Args:
        peers: Not used: no other program links these registers.
        repeats: Not used: the figures are not times.
        quick: 2,000 persons instead of 20,000.
    """
    del peers, repeats
    made = generate(QUICK_PERSONS if quick else PERSONS, 1, scope="all")
    truth = made.truth.to_pandas()
    pairs, left_out = shared_pairs(truth)
    key = new_key("registers")
    needed = sorted({name for pair in pairs for name in pair})
    rows = []
    with quietly():
        encoded = {
            name: encode(made.registers[name].to_pandas().replace({"": None}), name, key, period="2025")
            for name in needed
        }
        for group in _groups(pairs):
            together = _persons(_linked([encoded[name] for name in group]), [encoded[name] for name in group], truth)
            for a, b in pairs:
                if a in group:
                    rows.append(_measure(encoded[a], encoded[b], truth) | _rates(together, a, b, "together_"))
    limits = _limits(made, needed, pairs, quick)
    for row in rows:
        row["data_precision"], row["data_recall"] = limits[row["left"], row["right"]]
        row["misses_goal_by"] = _reason(row)
    counted = {name: sum(_reaches(row, prefix) for row in rows) for name, prefix in PREFIXES.items()}
    reasons = [row["misses_goal_by"] for row in rows]
    what = f"recall {RECALL} and precision {PRECISION}"
    sums = {name: _sums(rows, prefix) for name, prefix in PREFIXES.items() if name != "cleartext"}
    rows += [{"left": "all pairs", "right": name, **figures} for name, figures in sums.items()]
    rows += [{"left": f"pairs with {what}", "right": name, "true": count} for name, count in counted.items()]
    rows += [
        {"left": "pairs that miss it together, by", "right": reason, "true": reasons.count(reason)}
        for reason in (LINKAGE, DATA)
    ]
    rows.append({"left": "pairs left out", "right": f"fewer than {LEAST_COMMON} persons in common", "true": left_out})
    return rows


PREFIXES = {"alone": "", "together": "together_", "cleartext": "data_"}
"""Ways to link a pair of registers, each with the beginning of its columns of rates."""
LINKAGE, DATA = "linkage", "data"
"""Why a pair of registers misses the goal: the cleartext of the two reaches it, or does not reach it either."""


def _reaches(row: Mapping[str, Any], prefix: str) -> bool:
    """Whether a pair of registers reaches the goal."""
    return bool(row[f"{prefix}recall"] >= RECALL and row[f"{prefix}precision"] >= PRECISION)


def _reason(row: Mapping[str, Any]) -> str:
    """Why a pair of registers misses the goal when all are linked together; empty where it does not."""
    if _reaches(row, PREFIXES["together"]):
        return ""
    return LINKAGE if _reaches(row, PREFIXES["cleartext"]) else DATA


def _limits(
    made: Population, needed: Sequence[str], pairs: Sequence[tuple[str, str]], quick: bool
) -> dict[tuple[str, str], tuple[float, float]]:
    """Precision and recall that the cleartext of each pair of registers allows."""
    draws = [made]
    draws += [
        generate(QUICK_PERSONS if quick else PERSONS, seed, scope="all") for seed in OTHER_DRAWS[: 1 if quick else 2]
    ]
    mine, *others = (
        clear_records({name: one.registers[name] for name in needed}, one.truth.to_pandas()) for one in draws
    )
    return reach_of_the_data(mine, others, pairs, RECALL, PRECISION)


def shared_pairs(truth: pd.DataFrame) -> tuple[list[tuple[str, str]], int]:
    """The pairs of registers that share enough people, and how many pairs share some but too few."""
    members = {str(name): set(rows["person"]) for name, rows in truth.groupby("register")}
    common = {pair: len(members[pair[0]] & members[pair[1]]) for pair in combinations(sorted(members), 2)}
    enough = [pair for pair, count in common.items() if count >= LEAST_COMMON]
    return enough, sum(0 < count < LEAST_COMMON for count in common.values())


def _groups(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The registers that share people, directly or through others, in groups."""
    groups: list[set[str]] = []
    for pair in pairs:
        met = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in met] + [set(pair).union(*met)]
    return [sorted(group) for group in groups]


def _linked(registers: Sequence[Encoded]) -> pa.Table:
    """The spine of a linkage under the shipped plan."""
    joins: list[JoinMap] = [one.join_map for one in registers]
    result = link([one.delivery for one in registers], LinkagePlan.load("morocco"), joins=joins)
    if result.spine is None:
        raise ValueError("a linkage with join maps has a spine")
    return result.spine


def _persons(spine: pa.Table, registers: Sequence[Encoded], truth: pd.DataFrame) -> pd.DataFrame:
    """The person found and the true person of every record."""
    found = spine.select(["person_id", "register", "record_id"]).to_pandas().astype({"register": str})
    found["record_id"] = [value.hex() for value in found["record_id"]]
    kept = pd.concat([one.keep_map.to_pandas() for one in registers])
    judged: pd.DataFrame = found.merge(kept, on=["register", "record_id"]).merge(truth, on=["register", "record"])
    return judged


def _rates(judged: pd.DataFrame, left: str, right: str, prefix: str = "") -> dict[str, Any]:
    """Pairs across two registers, against the truth."""
    a, b = (judged[judged["register"] == name] for name in (left, right))
    linked = a.merge(b, on="person_id", suffixes=("_a", "_b"))
    right_ones = int(np.count_nonzero(linked["person_a"] == linked["person_b"]))
    true = len(a.merge(b, on="person"))
    return {
        "true": true,
        f"{prefix}linked": len(linked),
        f"{prefix}precision": right_ones / max(len(linked), 1),
        f"{prefix}recall": right_ones / max(true, 1),
    }


def _measure(left: Encoded, right: Encoded, truth: pd.DataFrame) -> dict[str, Any]:
    """Two registers linked alone, against the truth."""
    names = [one.delivery.header.register for one in (left, right)]
    began = process_time()
    judged = _persons(_linked([left, right]), [left, right], truth)
    rates = _rates(judged, *names)
    return {"left": names[0], "right": names[1], **rates, "cpu_s": round(process_time() - began, 2)}


def _sums(rows: Sequence[Mapping[str, Any]], prefix: str) -> dict[str, Any]:
    """All pairs of all registers, as one rate."""
    true, linked = (sum(row[name] for row in rows) for name in ("true", f"{prefix}linked"))
    good = sum(row[f"{prefix}recall"] * row["true"] for row in rows)
    return {"true": true, "linked": linked, "precision": good / max(linked, 1), "recall": good / max(true, 1)}
