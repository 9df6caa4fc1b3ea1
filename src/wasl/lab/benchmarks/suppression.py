"""Secondary suppression on made-up tables of several shapes: cost, bound, gap and processor seconds per seed.

The tables resemble business statistics: amounts are log-normal with heavy tails, branches and regions differ in size by
orders of magnitude, and many cells have one or two contributors.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec

__all__ = ["SHAPES", "made_up_enterprises", "run"]

ACTIVITY = {"name": "activity", "hierarchy": "activities"}
REGION = {"name": "region", "hierarchy": "regions"}
SHAPES: dict[str, list[list[dict[str, str]]]] = {
    "hierarchical": [[ACTIVITY, {"name": "size"}]],
    "linked by totals": [[ACTIVITY, {"name": "size"}], [ACTIVITY, {"name": "form"}]],
    "three dimensions": [[{"name": "branch"}, REGION, {"name": "size"}]],
}
"""The dimensions of each table of a shape."""
SEEDS = (1, 2, 3)
SECONDS = 60.0


def made_up_enterprises(rows: int, seed: int) -> tuple[pa.Table, dict[str, pa.Table]]:
    """Enterprises with activity (three levels), region (two levels), size, form and turnover; none exists."""
    rng = np.random.default_rng([seed, 174])
    classes = np.arange(88)
    activity = rng.choice(classes, rows, p=_skewed(rng, 88, 1.3))
    size = np.minimum(rng.geometric(0.65, rows) - 1, 2)
    region = rng.choice(10, rows, p=_skewed(rng, 10, 0.7))
    data = pa.table(
        {
            "activity": [f"c{a:02d}" for a in activity],
            "branch": [f"s{a // 5:02d}" for a in activity],
            "region": [f"r{r}" for r in region],
            "size": [f"t{s}" for s in size],
            "form": [f"f{f}" for f in rng.choice(3, rows, p=[0.75, 0.2, 0.05])],
            "turnover": np.round(rng.lognormal(2.5 + 1.8 * size, 1.6), 2) + 0.01,
        }
    )
    activities = pa.table(
        {
            "section": [f"a{a // 10}" for a in classes],
            "division": [f"s{a // 5:02d}" for a in classes],
            "class": [f"c{a:02d}" for a in classes],
        }
    )
    regions = pa.table({"part": [f"p{r // 4}" for r in range(10)], "region": [f"r{r}" for r in range(10)]})
    return data, {"activities": activities, "regions": regions}


def _skewed(rng: np.random.Generator, count: int, power: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    share = rng.permutation(np.arange(1, count + 1) ** -power)
    return np.asarray(share / share.sum(), dtype=np.float64)


def run(*, peers: Path | None = None, repeats: int = 3, quick: bool = False) -> list[dict[str, Any]]:
    """Protect a table of every shape for every seed; one line each.

    Args:
        peers: Not used: no installed peer suppresses cells.
        repeats: Not used: the seeds are the repetitions.
        quick: One seed and few seconds.
    """
    del peers, repeats
    results = []
    for shape, tables in SHAPES.items():
        for seed in SEEDS[:1] if quick else SEEDS:
            data, hierarchies = made_up_enterprises(1_000 if quick else 6_000, seed)
            spec = TablesSpec.model_validate(
                {
                    "name": "benchmark",
                    "input": {"value": "turnover"},
                    "primary": {"minimum_contributors": 3, "dominance": [{"n": 1, "k": 85}]},
                    "protection": {"lower": 0.1, "upper": 0.1, "time_limit_seconds": 5.0 if quick else SECONDS},
                    "tables": [{"name": f"t{i}", "dimensions": item} for i, item in enumerate(tables)],
                }
            )
            began = time.process_time()
            result = protect_tables(spec, [data], hierarchies)
            report = result.report
            results.append(
                {
                    "shape": shape,
                    "seed": seed,
                    "cells": sum(table.cells.size for table in result.tables),
                    "primary": report["primary"],
                    "secondary": report["secondary"],
                    "cost": report["cost"],
                    "bound": report["bound"],
                    "gap": report["gap"],
                    "proven": report["proven"],
                    "cells_after_reduction": report["steps"]["cells_after_reduction"],
                    "first_answer_seconds": report["steps"]["first_answer_seconds"],
                    "seconds": time.process_time() - began,
                }
            )
    return results
