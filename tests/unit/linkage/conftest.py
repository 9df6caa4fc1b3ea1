"""Simulated deliveries: q-gram filters with XOR diffusion and hashed tokens, made without the holder's code."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.delivery_header import SCHEME_VERSION, DeliveryHeader, PassSummary
from wasl.registers.exchange.encoded_rows import RowsInMemory, parts_digest
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.join_rows import JOIN_MAP_SCHEMA
from wasl.registers.profiles import shipped_profiles

BITS, PLAIN_BITS, TAPS = 1024, 2048, 7


def label(*parts: object) -> bytes:
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest()


def grams(text: str) -> list[str]:
    return [f" {text} "[k : k + 2] for k in range(len(text) + 1)] if text else []


def filters(values: Sequence[Sequence[str]], key: str, per_gram: int, diffused: bool) -> np.ndarray:
    cache: dict[str, np.ndarray] = {}
    size = PLAIN_BITS if diffused else BITS
    plain = np.zeros((len(values), size), bool)
    for i, parts in enumerate(values):
        for text in parts:
            for gram in grams(text):
                tag = gram
                if tag not in cache:
                    seed = int.from_bytes(label(key, tag)[:8], "little")
                    cache[tag] = np.random.default_rng(seed).integers(0, size, per_gram)
                plain[i, cache[tag]] = True
    if diffused:
        taps = np.random.default_rng(int.from_bytes(label("taps", key)[:8], "little")).integers(0, size, (BITS, TAPS))
        out = np.zeros((len(values), BITS), bool)
        for k in range(TAPS):
            out ^= plain[:, taps[:, k]]
        plain = out
    return np.packbits(plain, axis=1, bitorder="little")


def fixed(cells: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    return pa.array(
        [None if missing is not None and missing[i] else bytes(cells[i]) for i in range(len(cells))],
        pa.binary(cells.shape[1]),
    )


def simulate(
    frame: pd.DataFrame,
    *,
    register: str,
    groups: dict[str, tuple[list[str], int]],
    passes: dict[str, list[str]],
    tokens: dict[str, list[str]] | None = None,
    profile: str = "guarded",
    record: str = "record",
    seed: int = 0,
    period: str = "2024",
) -> tuple[Delivery, JoinMap, dict[str, bytes]]:
    """A delivery of a frame of text columns ('' where missing), its join map, and record number -> record id."""
    tokens = tokens or {}
    rng = np.random.default_rng(seed)
    ids = [label("record", register, value) for value in frame[record]]
    tables, joins, summaries = [], [], []
    for name, columns in passes.items():
        blocks = ["|".join(values) for values in frame[columns].to_numpy().tolist()] if columns else [""] * len(frame)
        whole = np.array(
            [all(values) for values in frame[columns].to_numpy().tolist()] if columns else [True] * len(frame)
        )
        chosen = rng.permutation(np.flatnonzero(whole))
        part = frame.iloc[chosen]
        row_ids = [label("row", name, register, part[record].iloc[i]) for i in range(len(part))]
        data: dict[str, Any] = {
            "pass": pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(part), np.int32)), pa.array([name])),
            "block": pa.array([label("block", name, blocks[i]) for i in chosen], pa.binary(16)),
            "row_id": pa.array(row_ids, pa.binary(16)),
        }
        for token, source in tokens.items():
            joined = ["\x1f".join(v) if all(v) else "" for v in part[source].to_numpy().tolist()]
            data[f"token_{token}"] = pa.array([label(name, token, v) if v else None for v in joined], pa.binary(16))
        for group, (source, per_gram) in groups.items():
            values = part[source].to_numpy().tolist()
            cells = filters(values, f"{name}/{group}", per_gram, profile != "plain")
            data[f"filter_{group}"] = fixed(cells, np.array([not any(v) for v in values]))
        tables.append(pa.table(data))
        joins.append(
            pa.table(
                [pa.array([ids[i] for i in chosen], pa.binary(16)), data["pass"], data["row_id"]],
                schema=JOIN_MAP_SCHEMA,
            )
        )
        sizes = np.unique([blocks[i] for i in chosen], return_counts=True)[1]
        summaries.append(PassSummary(name, len(part), len(sizes), int(sizes.max(initial=0)), 0.0, {}))
    rows = RowsInMemory.of(pa.concat_tables(tables).unify_dictionaries())
    header = DeliveryHeader(
        SCHEME_VERSION, profile, shipped_profiles()[f"morocco/{profile}"], "test", "key", "holder", register, "schema",
        period, len(frame), 0, tuple(tokens), dict.fromkeys(groups, BITS), 0.0, tuple(summaries),
        parts_digest(rows.parts), "2026-01-01T00:00:00Z",
    )  # fmt: skip
    delivery = Delivery(header, rows)
    join = JoinMap(register, delivery.digest, pa.concat_tables(joins).unify_dictionaries())
    return delivery, join, dict(zip(frame[record], ids, strict=True))


GROUPS = {
    "names": (["given", "surname"], 20),
    "birth": (["year", "month", "day"], 30),
    "contact": (["street", "town"], 12),
}
PASSES = {"year": ["year"], "names": ["given_head", "surname_head"], "day": ["month", "day", "given_head"]}
OPEN = {"all": []}


def persons(count: int, seed: int) -> pd.DataFrame:
    """Made-up people: syllables for names, uniform births."""
    rng = np.random.default_rng(seed)
    syllables = ["ka", "ri", "mo", "sa", "du", "le", "ba", "ti", "no", "fe", "zu", "ha"]

    def words(parts: int) -> list[str]:
        return ["".join(syllables[k] for k in row) for row in rng.integers(0, len(syllables), (count, parts)).tolist()]

    frame = pd.DataFrame({"given": words(3), "surname": words(4), "street": words(5), "town": words(2)})
    frame["year"] = [f"Y{y}" for y in rng.integers(1950, 2004, count)]
    frame["month"] = [f"M{m:02}" for m in rng.integers(1, 13, count)]
    frame["day"] = [f"D{d:02}" for d in rng.integers(1, 29, count)]
    frame["passport"] = [f"P{n:07}" for n in rng.permutation(9_000_000)[:count]]
    frame["person"] = np.arange(count)
    return frame


def damaged(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A copy in which letters are changed, births wrong and cells missing here and there."""
    rng = np.random.default_rng(seed)
    out = frame.copy()
    for column in ("given", "surname", "street"):
        hit = np.flatnonzero(rng.random(len(out)) < 0.15)
        values = out[column].tolist()
        for i in hit:
            place = int(rng.integers(0, len(values[i])))
            values[i] = values[i][:place] + "x" + values[i][place + 1 :]
        out[column] = values
    out.loc[rng.random(len(out)) < 0.04, "day"] = "D01"
    out.loc[rng.random(len(out)) < 0.10, "street"] = ""
    out.loc[rng.random(len(out)) < 0.30, "passport"] = ""
    return out


def delivered(
    frame: pd.DataFrame, register: str, *, profile: str = "guarded", seed: int = 0, period: str = "2024"
) -> Any:
    frame = frame.assign(
        record=[f"{register}-{n}" for n in range(len(frame))],
        given_head=frame["given"].str[:3],
        surname_head=frame["surname"].str[:3],
    )
    made = simulate(
        frame,
        register=register,
        groups=GROUPS,
        passes=OPEN if profile in ("open", "plain") else PASSES,
        tokens={"passport": ["passport"]},
        profile=profile,
        seed=seed,
        period=period,
    )
    keep = pd.DataFrame(
        {"register": register, "record": list(made[2]), "record_id": [value.hex() for value in made[2].values()]}
    )
    truth = pd.DataFrame({"register": register, "record": frame["record"], "person": frame["person"]})
    return SimpleNamespace(delivery=made[0], join=made[1], keep=keep, truth=truth)


@pytest.fixture(scope="session")
def simulator() -> ModuleType:
    """This module, for tests that simulate people of their own."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def three_registers() -> list[Any]:
    """Three registers of overlapping people: 400, 300 and 200 records."""
    people = persons(600, seed=11)
    return [
        delivered(damaged(people.iloc[:400], 1), "alpha", seed=1),
        delivered(damaged(people.iloc[200:500], 2), "beta", seed=2),
        delivered(damaged(people.iloc[300:500], 3), "gamma", seed=3),
    ]


@pytest.fixture(scope="session")
def open_pair() -> list[Any]:
    people = persons(500, seed=12)
    return [
        delivered(damaged(people.iloc[:350], 1), "alpha", profile="open", seed=1),
        delivered(damaged(people.iloc[150:], 2), "beta", profile="open", seed=2),
    ]


@pytest.fixture(scope="session")
def plan() -> LinkagePlan:
    return LinkagePlan(name="test", profiles=("guarded", "open", "plain"))
