"""Linkage of every pair of registers that share people in the synthetic Morocco: precision and recall."""

from __future__ import annotations

import secrets
from itertools import combinations
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from wasl.facade import encode, link
from wasl.holder.encode import Encoded
from wasl.holder.keys import LinkageKey
from wasl.linkage.plan import LinkagePlan
from wasl.population.generate import generate
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.schema import RegisterSchema

__all__ = ["run", "shared_pairs"]

PERSONS, QUICK_PERSONS = 20_000, 2_000
LEAST_COMMON = 10
"""Pairs of registers with fewer persons in common are left out and counted: their rates mean nothing."""
AGGREGATES = ("interior-border", "office-changes-remittances")


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
    key = LinkageKey.new("registers", secrets.token_bytes(32))
    needed = sorted({name for pair in pairs for name in pair})
    encoded = {
        name: encode(
            made.registers[name].to_pandas().replace({"": None}), RegisterSchema.load(name), key, period="2025"
        )
        for name in needed
    }
    rows = [_measure(encoded[a], encoded[b], truth) for a, b in pairs]
    rows.append({"left": "pairs left out", "right": f"fewer than {LEAST_COMMON} persons in common", "true": left_out})
    return rows


def shared_pairs(truth: pd.DataFrame) -> tuple[list[tuple[str, str]], int]:
    """The pairs of registers that share enough people, and how many pairs share some but too few."""
    members = {str(name): set(rows["person"]) for name, rows in truth.groupby("register")}
    common = {pair: len(members[pair[0]] & members[pair[1]]) for pair in combinations(sorted(members), 2)}
    enough = [pair for pair, count in common.items() if count >= LEAST_COMMON]
    return enough, sum(0 < count < LEAST_COMMON for count in common.values())


def _measure(left: Encoded, right: Encoded, truth: pd.DataFrame) -> dict[str, Any]:
    """Pairs across two registers, against the truth."""
    names = [one.delivery.header.register for one in (left, right)]
    row: dict[str, Any] = {"left": names[0], "right": names[1]}
    began = process_time()
    joins: list[JoinMap] = [left.join_map, right.join_map]
    result = link([left.delivery, right.delivery], LinkagePlan.load("morocco"), joins=joins)
    spine = result.spine
    if spine is None:
        raise ValueError("a linkage with join maps has a spine")
    found = spine.select(["person_id", "register", "record_id"]).to_pandas()
    found["record_id"] = [value.hex() for value in found["record_id"]]
    kept = pd.concat([one.keep_map.to_pandas() for one in (left, right)])
    judged = found.merge(kept, on=["register", "record_id"]).merge(truth, on=["register", "record"])
    a, b = (judged[judged["register"] == name] for name in names)
    linked = a.merge(b, on="person_id", suffixes=("_a", "_b"))
    right_ones = int(np.count_nonzero(linked["person_a"] == linked["person_b"]))
    true = len(a.merge(b, on="person"))
    return row | {
        "true": true,
        "linked": len(linked),
        "precision": right_ones / max(len(linked), 1),
        "recall": right_ones / max(true, 1),
        "cpu_s": round(process_time() - began, 2),
    }
