"""What linking costs against rows: time, processor time, memory, completeness, from ten thousand rows to ten million.

Deliveries are made up pass by pass, without names. They hold filters of pseudo-random bits, and copies of some of them
with wrong groups and missed blocks. Blocks are as small as profiles make them. So ten million rows are made in minutes,
and the measured process does what ``wasl link`` does: reads files, scores, writes pairs, resolves persons.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.linkage.model.pairs import binary_column
from wasl.linkage.plan import LinkagePlan
from wasl.registers.compiled import njit
from wasl.registers.exchange.delivery import delivery_writer
from wasl.registers.exchange.delivery_header import SCHEME_VERSION, DeliveryHeader, PassSummary
from wasl.registers.exchange.encoded_rows import PART_ROWS, parts_digest
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.join_rows import JOIN_MAP_SCHEMA
from wasl.registers.profiles import shipped_profiles

__all__ = ["draw", "made_up_delivery", "measure", "run"]

SIZES = (10_000, 100_000, 1_000_000, 4_000_000, 10_000_000)
PASSES = ("birth", "names", "place", "day")
GROUPS = ("contact", "names")
WORDS = 16
COPIES = 0.3
"""Share of rows that are a copy of another."""
MISSED, WRONG = 0.25, 0.3
"""Share of copies in another block of a pass, and share of their groups that are wrong."""
PERSONS_PER_BLOCK = 1.25
REGISTER = "people"


@njit(cache=True)
def _mixed(value: np.uint64, salt: np.uint64) -> np.uint64:
    """A pseudo-random number: one step of SplitMix64."""
    x = value + salt * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(cache=True)
def _numbers(values: np.ndarray, salt: int) -> np.ndarray:
    out = np.empty(len(values), np.uint64)
    for i in range(len(values)):
        out[i] = _mixed(np.uint64(values[i]), np.uint64(salt))
    return out


@njit(cache=True)
def _filters(persons: np.ndarray, records: np.ndarray, wrong: np.ndarray, salt: int) -> np.ndarray:
    """(rows, words) filters: of a person all alike, but for a quarter of the bits where a record's group is wrong."""
    out = np.empty((len(persons), WORDS), np.uint64)
    for i in range(len(persons)):
        seed = _mixed(np.uint64(persons[i]), np.uint64(salt))
        noise = _mixed(np.uint64(records[i]), np.uint64(salt + 1))
        for w in range(WORDS):
            out[i, w] = _mixed(seed, np.uint64(w + 1))
            if wrong[i]:
                out[i, w] ^= _mixed(noise, np.uint64(w + 1)) & _mixed(noise, np.uint64(w + 101))
    return out


def _share(values: NDArray[Any], salt: int) -> NDArray[np.float64]:
    """Pseudo-random shares."""
    return _numbers(values, salt) / 2.0**64


def _labels(values: NDArray[Any], salt: int) -> NDArray[np.uint8]:
    """(rows, 16) bytes."""
    both = np.column_stack([_numbers(values, salt), _numbers(values, salt + 1)])
    return both.astype(">u8").view(np.uint8)


def made_up_delivery(rows: int, folder: Path, seed: int = 1) -> float:
    """Write ``delivery.parquet`` and ``join.parquet`` of a register that holds some persons twice.

    Args:
        rows: How many; three in ten are copies of others.
        folder: Where to.
        seed: Of every draw.

    Returns:
        Pair completeness: the share of copies that share a block with their original in some pass.
    """
    copies = int(rows * COPIES)
    record = np.arange(rows)
    person = np.where(record < rows - copies, record, record - (rows - copies))
    is_copy = record >= rows - copies
    salts = [seed * 1_000_000 + 1_000 * k for k in range(len(PASSES))]
    wrong = [is_copy & (_share(record, seed * 1_000_000 + 7 + g) < WRONG) for g in range(len(GROUPS))]
    blocks = max(1, int((rows - copies) / PERSONS_PER_BLOCK))
    met = np.zeros(rows, np.bool_)
    summaries: list[PassSummary] = []
    joins: list[NDArray[np.uint8]] = []
    orders: list[NDArray[np.int64]] = []
    widths = {"block": 16, "row_id": 16} | {f"filter_{group}": 8 * WORDS for group in GROUPS}
    with delivery_writer(folder / "delivery.parquet") as file:
        writer = file.open(widths)
        for salt, name in zip(salts, PASSES, strict=True):
            stray = is_copy & (_share(record, salt + 1) < MISSED)
            block = _numbers(np.where(stray, record + rows, person), salt + 2) % np.uint64(blocks)
            met |= is_copy & ~stray
            row_id = _labels(record, salt + 3)
            order = np.argsort(row_id[:, :8].copy().view(">u8").reshape(-1).astype(np.uint64))
            for start in range(0, rows, PART_ROWS):
                part = order[start : start + PART_ROWS]
                columns = {
                    "block": binary_column(_labels(block[part], salt + 5)),
                    "row_id": binary_column(row_id[part]),
                }
                for g, group in enumerate(GROUPS):
                    cells = _filters(person[part], record[part], wrong[g][part], salt + 10 * (g + 1))
                    columns[f"filter_{group}"] = _wide(cells)
                writer.add(name, pa.table(columns))
            sizes = np.bincount(block.astype(np.int64), minlength=blocks)
            summaries.append(PassSummary(name, rows, int((sizes > 0).sum()), int(sizes.max()), 0.0, {}))
            joins.append(row_id[order])
            orders.append(order)
        digest = parts_digest(writer.kept().parts)
        header = DeliveryHeader(
            SCHEME_VERSION, "guarded", shipped_profiles()["morocco/guarded"], "benchmark", "key", "nobody",
            REGISTER, "schema", "2026", rows, 0, (), dict.fromkeys(GROUPS, 64 * WORDS), 0.0, tuple(summaries),
            digest, "2026-01-01",
        )  # fmt: skip
        writer.finish(header)
    _join_map(folder, header, joins, orders)
    return float(met.sum()) / copies


def _wide(cells: NDArray[np.uint64]) -> pa.Array:
    return pa.Array.from_buffers(pa.binary(8 * cells.shape[1]), len(cells), [None, pa.py_buffer(cells)])


def _join_map(
    folder: Path, header: DeliveryHeader, joins: Sequence[NDArray[np.uint8]], orders: Sequence[NDArray[np.int64]]
) -> None:
    from wasl.registers.exchange.digests import digest_json

    names = pa.array(PASSES, pa.string())
    chunks = [
        pa.record_batch(
            [
                binary_column(_labels(order, 99)),
                pa.DictionaryArray.from_arrays(pa.array(np.full(len(order), k, np.int32)), names),
                binary_column(row_ids),
            ],
            schema=JOIN_MAP_SCHEMA,
        )
        for k, (order, row_ids) in enumerate(zip(orders, joins, strict=True))
    ]
    JoinMap(REGISTER, digest_json(header.to_json()), pa.Table.from_batches(chunks)).write(folder / "join.parquet")


def measure(rows: int, folder: Path) -> dict[str, float]:
    """Link and resolve the files of :func:`made_up_delivery` in this process, and say what it took."""
    from wasl.linkage.resolve import resolve
    from wasl.linkage.score import score_pairs
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.parquet_tables import write_parquet

    plan = LinkagePlan.model_validate(
        {"name": "scale", "registers": {REGISTER: {"duplicate_free": False, "dedupe": True}}}
    )
    start, spent = perf_counter(), process_time()
    scored = score_pairs(plan, [Delivery.read(folder / "delivery.parquet")])
    write_parquet(scored.to_table(), folder / "pairs.parquet")
    linked = perf_counter()
    resolution = resolve(plan, scored, [JoinMap.read(folder / "join.parquet")], run="benchmark")
    write_parquet(resolution.spine, folder / "spine.parquet")
    done, processor = perf_counter(), process_time() - spent
    import resource  # POSIX only; this benchmark does not run on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {
        "s": done - start,
        "link s": linked - start,
        "resolve s": done - linked,
        "CPU s": processor,
        "peak GB": peak,
        "F1": _f1(rows, resolution.spine),
    }


def _f1(rows: int, spine: pa.Table) -> float:
    """Pairwise F1 of a spine whose true persons have one record or two."""
    copies = int(rows * COPIES)
    high = _numbers(np.arange(rows), 99)
    place = np.argsort(high)
    records = spine.column("record_id").combine_chunks()
    keys = np.frombuffer(records.buffers()[1], ">u8")[::2].astype(np.uint64)
    found = np.frombuffer(spine.column("person_id").combine_chunks().buffers()[1], "<u8")[::2]
    person = np.empty(rows, np.uint64)
    person[place[np.searchsorted(high[place], keys)]] = found
    right = int((person[rows - copies :] == person[:copies]).sum())
    _, sizes = np.unique(person, return_counts=True)
    return 2 * right / (copies + float((sizes * (sizes - 1) // 2).sum()))


def run(peers: Path | None = None, repeats: int = 1, quick: bool = False) -> list[dict[str, Any]]:
    """Measure sizes one after the other, each in a process of its own; no peer links encodings of this kind.

    Args:
        peers: Not used.
        repeats: Not used: one run of each size.
        quick: Small sizes.
    """
    del peers, repeats
    results = []
    for rows in (2_000, 5_000) if quick else SIZES:
        with tempfile.TemporaryDirectory() as place:
            completeness = made_up_delivery(rows, Path(place))
            command = [sys.executable, "-m", __name__, str(rows), place]
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
            results.append({"rows": rows, **json.loads(done.stdout), "pair completeness": completeness})
    return results


def draw(results: Sequence[dict[str, Any]]) -> bytes:
    """The results of :func:`run` as an SVG: seconds and memory against rows, both on logarithmic scales."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    rows = [result["rows"] for result in results]
    with mpl.rc_context({"svg.hashsalt": "wasl", "font.size": 9}):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        FigureCanvasSVG(figure)
        time, memory, quality = figure.subplots(1, 3)
        for name, label in (("s", "elapsed"), ("CPU s", "processor")):
            time.plot(rows, [result[name] for result in results], marker="o", markersize=3, label=label)
        memory.plot(rows, [result["peak GB"] for result in results], marker="o", markersize=3)
        for name in ("pair completeness", "F1"):
            quality.plot(rows, [result[name] for result in results], marker="o", markersize=3, label=name)
        time.set(xscale="log", yscale="log", xlabel="rows", ylabel="seconds")
        memory.set(xscale="log", yscale="log", ylim=(0.1, 20), xlabel="rows", ylabel="peak memory, GB")
        quality.set(xscale="log", ylim=(0.9, 1.005), xlabel="rows")
        time.legend(frameon=False)
        quality.legend(frameon=False)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Title": "Cost of linking against rows"})
    return buffer.getvalue()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]), Path(sys.argv[2]))))
