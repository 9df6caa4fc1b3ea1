"""Disclosure control: seconds per operation on made-up census rows, beside pandas and pycanon where installed."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from wasl.lab.peers import ask_peer

__all__ = ["cost_series", "draw_costs", "made_up_census", "run"]

ROWS, MIDDLE_ROWS, QUICK_ROWS = 1_000_000, 100_000, 3_000
CATEGORIES = (2, 12, 7, 9, 5, 4, 3, 20)
LATTICE_CATEGORIES = (2, 80, 5, 7, 16, 41, 8, 14, 2)

PYCANON = """
import json, os, sys, time
import pandas as pd
from pycanon import anonymity
frame = pd.read_csv(sys.argv[1])
keys = [name for name in frame if name.startswith('k')]
began = time.perf_counter()
anonymity.k_anonymity(frame, keys)
print(json.dumps(time.perf_counter() - began))
"""


def made_up_census(rows: int, keys: int = len(CATEGORIES), seed: int = 1) -> pd.DataFrame:
    """Rows with skewed keys ``k0`` …, a weight, a household number and two numbers; nobody is in it."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for j in range(keys):
        width = CATEGORIES[j % len(CATEGORIES)]
        columns[f"k{j}"] = np.minimum(rng.geometric(0.35, rows) - 1, width - 1)
    columns["weight"] = rng.uniform(5.0, 15.0, rows).round(2)
    columns["household"] = rng.integers(0, max(rows // 4, 1), rows)
    columns["wage"] = rng.lognormal(8.3, 0.6, rows).round(2)
    columns["savings"] = columns["wage"] * rng.uniform(0, 5, rows)
    columns["spending"] = columns["wage"] * rng.uniform(0.2, 1, rows)
    return pd.DataFrame(columns)


def run(*, peers: Path | None = None, repeats: int = 3, quick: bool = False) -> list[dict[str, Any]]:
    """Measure every operation once to compile and ``repeats`` times; medians and the spread between them.

    Args:
        peers: Folder with the peers' environments.
        repeats: Runs of each measurement.
        quick: Few rows: shows that it works, not how fast it is.
    """
    rows, middle = (QUICK_ROWS, QUICK_ROWS) if quick else (ROWS, MIDDLE_ROWS)
    results = []
    for name, size, operation in [*_key_operations(rows, middle), *_number_operations(rows, middle), *_lattice(rows)]:
        results.append({"operation": name, "rows": size, **_timed(operation, repeats)})
    census = made_up_census(rows)
    results.append(
        {"operation": "pandas groupby size (peer)", "rows": rows, **_timed(lambda: _pandas_sizes(census), repeats)}
    )
    results += _pycanon(census.head(middle), peers, repeats)
    return results


def cost_series(repeats: int = 3, *, quick: bool = False) -> Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]:
    """Processor seconds against rows (8 keys) and against keys (10,000 rows), by operation: what the plots show."""
    from wasl.disclosure.keys.coding import code_columns
    from wasl.disclosure.risk.suda2 import MAX_VARIABLES

    sizes = (500, 1_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    widths = (2, 3) if quick else (2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
    by_rows: dict[str, list[tuple[float, float]]] = {}
    by_keys: dict[str, list[tuple[float, float]]] = {}
    for series, settings in (
        (by_rows, [(size, 8, size) for size in sizes]),
        (by_keys, [(sizes[1], w, w) for w in widths]),
    ):
        for rows, keys, place in settings:
            frame = made_up_census(rows, keys)
            columns = code_columns(frame, [f"k{j}" for j in range(keys)])
            for name, operation in _coded_operations(columns, frame).items():
                if name.startswith("SUDA2") and keys > MAX_VARIABLES:
                    continue
                series.setdefault(name, []).append((float(place), _timed(operation, repeats)["processor seconds"]))
    return {"rows": by_rows, "keys": by_keys}


def draw_costs(series: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]) -> dict[str, str]:
    """The figures of the documentation, as SVG, from what `cost_series` measured."""
    from wasl.disclosure.report.plots import scaling_lines

    axes = {"rows": "rows (8 keys)", "keys": "keys (10,000 rows)"}
    return {
        f"disclosure-cost-{name}.svg": scaling_lines(series[name], x=axis, y="processor seconds")
        for name, axis in axes.items()
    }


def _coded_operations(columns: Sequence[Any], frame: pd.DataFrame) -> dict[str, Callable[[], object]]:
    from wasl.disclosure.keys.frequencies import Missing, frequencies
    from wasl.disclosure.methods.local_suppression import local_suppression
    from wasl.disclosure.risk.reidentification import household_risk, individual_risk
    from wasl.disclosure.risk.suda2 import suda2

    weights = frame["weight"].to_numpy()
    households = pd.factorize(frame["household"])[0]

    def risk() -> object:
        found = frequencies(columns, weight=weights)
        return household_risk(individual_risk(found.sample, found.population), households)

    return {
        "frequencies": lambda: frequencies(columns, weight=weights),
        "individual and household risk": risk,
        "SUDA2 with DIS": lambda: suda2(columns),
        "local suppression, k = 3": lambda: local_suppression(columns, 3),
        "local suppression, k = 3, certain company": lambda: local_suppression(columns, 3, missing=Missing(0.0)),
    }


def _key_operations(rows: int, middle: int) -> list[tuple[str, int, Callable[[], object]]]:
    from wasl.disclosure.keys.coding import code_columns
    from wasl.disclosure.methods.pram import pram

    keys = [f"k{j}" for j in range(len(CATEGORIES))]
    large, small = made_up_census(rows), made_up_census(middle)
    columns = code_columns(large, keys)
    operations: list[tuple[str, int, Callable[[], object]]] = [
        ("coding of 8 keys", rows, lambda: code_columns(large, keys)),
        *((name, rows, operation) for name, operation in _coded_operations(columns, large).items()),
        ("invariant PRAM", rows, lambda: pram(columns[1], np.random.default_rng(1))),
    ]
    suppress = _coded_operations(code_columns(small, keys), small)["local suppression, k = 3"]
    return [*operations, ("local suppression, k = 3", middle, suppress)]


def _number_operations(rows: int, middle: int) -> list[tuple[str, int, Callable[[], object]]]:
    from wasl.disclosure.methods.microaggregation import microaggregate
    from wasl.disclosure.methods.rank_swapping import rank_swap

    names = ["wage", "savings", "spending"]
    large, small = made_up_census(rows)[names].to_numpy(), made_up_census(middle)[names].to_numpy()
    return [
        ("rank swapping", rows, lambda: rank_swap(large[:, 0], 0.05, np.random.default_rng(1))),
        ("MDAV exact, 3 variables, k = 3", middle, lambda: microaggregate(small, 3)),
        ("MDAV in blocks, 3 variables, k = 3", rows, lambda: microaggregate(large, 3)),
    ]


def _lattice(rows: int) -> list[tuple[str, int, Callable[[], object]]]:
    """Nine keys with the hierarchy heights of the customary Adult benchmark: 12,960 nodes."""
    from wasl.disclosure.keys.coding import code_columns
    from wasl.disclosure.keys.hierarchy import Hierarchy
    from wasl.disclosure.lattice.goals import k_goal
    from wasl.disclosure.lattice.search import search_lattice

    rng = np.random.default_rng(2)
    heights = (1, 4, 1, 2, 3, 2, 2, 2, 1)
    frame = pd.DataFrame(
        {f"v{j}": np.minimum(rng.geometric(0.3, rows) - 1, width - 1) for j, width in enumerate(LATTICE_CATEGORIES)}
    )
    columns = code_columns(frame, [str(name) for name in frame.columns])
    hierarchies = []
    for column, height in zip(columns, heights, strict=True):
        leaves = [int(text) for text in column.texts]
        levels = [tuple(f"{leaf // 4**level}*{level}" for leaf in leaves) for level in range(1, height)]
        hierarchies.append(Hierarchy(column.name, tuple(column.texts), (*levels, ("*",) * len(leaves))))

    def search(limit: float) -> Callable[[], object]:
        return lambda: search_lattice(columns, hierarchies, [k_goal(rows, 5)], suppression_limit=limit)

    return [
        ("lattice optimum, 9 keys, k = 5", rows, search(0.0)),
        ("lattice optimum, 9 keys, k = 5, 5 % suppression", rows, search(0.05)),
    ]


def _pandas_sizes(frame: pd.DataFrame) -> object:
    return frame.groupby(_keys_of(frame), sort=False).size()


def _timed(operation: Callable[[], object], repeats: int) -> dict[str, float]:
    """After one unmeasured run: median wall and processor seconds, and the slowest over the fastest run."""
    operation()
    wall, processor = [], []
    for _ in range(repeats):
        began, began_processor = time.perf_counter(), time.process_time()
        operation()
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - began_processor)
    return {
        "seconds": statistics.median(wall),
        "processor seconds": statistics.median(processor),
        "spread": max(wall) / min(wall),
    }


def _keys_of(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns if str(name).startswith("k")]


def _pycanon(frame: pd.DataFrame, peers: Path | None, repeats: int) -> list[dict[str, Any]]:
    """Pycanon's k-anonymity on the same rows, and ours on the way from the same frame."""
    from wasl.disclosure.keys.frequencies import frequencies

    keys = _keys_of(frame)
    ours = _timed(lambda: frequencies(frame, keys), repeats)
    result: dict[str, Any] = {"operation": "k-anonymity from a frame", "rows": len(frame), **ours}
    if peers is None:
        return [result]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        frame[keys].to_csv(path, index=False)
        seconds = [float(ask_peer(peers, "pycanon", "-c", PYCANON, path)) for _ in range(repeats)]
    peer = statistics.median(seconds)
    return [
        {**result, "times faster than pycanon": peer / ours["seconds"]},
        {
            "operation": "k-anonymity, pycanon (peer)",
            "rows": len(frame),
            "seconds": peer,
            "spread": max(seconds) / min(seconds),
        },
    ]
