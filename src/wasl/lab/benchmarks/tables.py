"""Tables: seconds from records to a table with margins and cell keys, beside the package of the ONS where installed."""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wasl.lab.peers import ask_peer
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec

__all__ = ["made_up_records", "run"]

ROWS, QUICK_ROWS = 1_000_000, 5_000
SMALL = (85, 11)
"""Codes of the table of 86 x 12 = 1,032 cells with margins."""
LARGE = (15, 11, 16, 17, 9, 4)
"""Codes of the table of 2.9 million cells with margins in six dimensions."""
QUICK_LARGE = (3, 2, 3, 2, 2, 4)

ONS = """
import json, sys, time
import pandas as pd
from importlib import resources
from cell_key_perturbation.create_perturbed_table import create_perturbed_table
frame = pd.read_csv(sys.argv[1])
rows = []
for count in range(1, 751):
    for key in range(256):
        rows.append((count, key, (key * 7 + count) % 5 - 2))
table = pd.DataFrame(rows, columns=["pcv", "ckey", "pvalue"])
runs = []
for _ in range(int(sys.argv[2])):
    began = time.process_time()
    create_perturbed_table(data=frame, ptable=table, geog=[], tab_vars=["a", "b"], record_key="record_key",
                           use_existing_ons_id=False)
    runs.append(time.process_time() - began)
print(json.dumps(sorted(runs)[len(runs) // 2]))
"""


def made_up_records(rows: int, sizes: tuple[int, ...], seed: int = 1) -> pa.Table:
    """Rows with columns ``a``, ``b``, … of so many codes and a record key below 256; nobody is in it."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for name, size in zip("abcdef", sizes, strict=False):
        indices = rng.integers(0, size, rows).astype(np.int32)
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(indices), pa.array([f"{name}{i}" for i in range(size)]))
    columns["record_key"] = pa.array(rng.integers(0, 256, rows))
    return pa.table(columns)


def run(*, peers: Path | None = None, repeats: int = 3, quick: bool = False) -> list[dict[str, Any]]:
    """Measure each table once to compile and ``repeats`` times; medians of processor seconds.

    Args:
        peers: Folder with the peers' environments.
        repeats: Runs of each measurement.
        quick: Few rows: shows that it works, not how fast it is.
    """
    rows = QUICK_ROWS if quick else ROWS
    results = []
    for sizes, compared in ((SMALL, True), (QUICK_LARGE if quick else LARGE, False)):
        data = made_up_records(rows, sizes)
        if compared:  # both read plain text; wasl is faster still on coded columns
            data = pa.table(
                {
                    n: c if n == "record_key" else c.cast(pa.string())
                    for n, c in zip(data.column_names, data.columns, strict=True)
                }
            )
        spec = _specification(len(sizes))
        protect_tables(spec, [data], {})
        times = []
        for _ in range(repeats):
            began = time.process_time()
            result = protect_tables(spec, [data], {})
            times.append(time.process_time() - began)
        own = statistics.median(times)
        peer = _ons(data, peers, repeats) if compared else None
        line: dict[str, Any] = {
            "what": f"{rows:,} records to {result.tables[0].cells.size:,} cells in {len(sizes)} dimensions",
            "seconds": own,
            "peak_gb": _peak_gigabytes(),
        }
        if peer is not None:
            line |= {"ons": peer, "ratio": peer / own}
        results.append(line)
    return results


def _specification(dimensions: int) -> TablesSpec:
    return TablesSpec.model_validate(
        {
            "name": "benchmark",
            "dimensions": [{"name": name} for name in "abcdef"[:dimensions]],
            "protection": {"method": "cell-key", "cell_key": {"modulus": 256}},
        }
    )


def _ons(data: pa.Table, peers: Path | None, repeats: int) -> float | None:
    """Seconds of the ONS package for the same table: it makes the finest cells alone, without margins."""
    if peers is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.csv"
        frame: pd.DataFrame = data.to_pandas()
        frame.to_csv(path, index=False)
        return float(ask_peer(peers, "cell-key-perturbation", "-c", ONS, path, repeats))


def _peak_gigabytes() -> float:
    """The largest memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
