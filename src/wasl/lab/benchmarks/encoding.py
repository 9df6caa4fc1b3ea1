"""Encoding speed: records a second of processor time, beside clkhash where it is installed."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from wasl.lab.benchmarks.linkage_data import made_up_register
from wasl.lab.peers import ask_peer

__all__ = ["run"]

ROWS = 300_000
QUICK_ROWS = 2_000
PEER_ROWS = 20_000
FIELDS = ["given_name", "surname", "address_1", "suburb", "date_of_birth"]

CLKHASH = """
import io, json, os, sys
from clkhash import clk
from clkhash.field_formats import StringSpec, FieldHashingProperties
from clkhash.comparators import NgramComparison
from clkhash.field_formats import BitsPerTokenStrategy
from clkhash.schema import Schema
path, fields = sys.argv[1], sys.argv[2].split(',')
how = lambda: FieldHashingProperties(comparator=NgramComparison(2), strategy=BitsPerTokenStrategy(20))
schema = Schema([StringSpec(name, how()) for name in fields], 1024)
text = open(path).read()
began = sum(os.times()[:4])
options = dict(validate=False, header=True, progress_bar=False, max_workers=1)
clk.generate_clk_from_csv(io.StringIO(text), 'secret', schema, **options)
print(json.dumps(sum(os.times()[:4]) - began))
"""


def run(*, peers: Path | None = None, repeats: int = 3, quick: bool = False) -> list[dict[str, Any]]:
    """Measure the profiles on made-up records of five fields, the names normalizer, and clkhash.

    Args:
        peers: Folder with the peers' environments.
        repeats: Runs of each measurement; the median is reported.
        quick: Few records: shows that it works, not how fast it is.
    """
    from wasl.holder.encode import encode
    from wasl.holder.keys import LinkageKey
    from wasl.holder.profile import EncodingPass, EncodingProfile
    from wasl.registers.reading.frames import register_from_table
    from wasl.registers.schema import RegisterSchema

    rows = QUICK_ROWS if quick else ROWS
    people = made_up_register(rows, 0, 1)
    schema = RegisterSchema.load("febrl")
    key = LinkageKey(bytes(range(32)), "benchmark")
    table = register_from_table(_arrow(people), schema)
    few = register_from_table(_arrow(people.head(500)), schema)
    groups = ("names", "birth", "contact")
    guarded = EncodingProfile.load("guarded", "febrl")
    blocks: tuple[tuple[Any, ...], ...] = (
        ("birth_date",),
        ("name_skeletons", "birth_year"),
        ("surname_skeleton", "postcode"),
        ("birth_days", "postcode"),
    )
    passes = tuple(EncodingPass(name=f"p{i}", block=block, groups=groups) for i, block in enumerate(blocks))
    profiles = {
        "open, 3 groups": EncodingProfile.load("open", "febrl"),
        "guarded, 4 passes × 3 groups": guarded.model_copy(update={"passes": passes, "drop_limit": 1.0}),
        "guarded as shipped": guarded,
        "tokens": EncodingProfile.load("tokens", "febrl"),
    }
    peer = _clkhash(peers, people, repeats, quick=quick)
    results: list[dict[str, Any]] = []
    for name, profile in profiles.items():

        def one(profile: EncodingProfile = profile) -> None:
            encode(table, schema, key, profile, created="", rng=np.random.default_rng(0), consent_weak_profile=True)

        encode(
            few, schema, key, profile, created="", rng=np.random.default_rng(0), consent_weak_profile=True
        )  # compiles, once
        speed = rows / _median(one, repeats)
        results.append(
            {"what": name, "records_per_s": speed, "rows": rows} | ({"ratio_to_clkhash": speed / peer} if peer else {})
        )
    results.append(
        {"what": "names normalized (each anew)", "records_per_s": _names_speed(people, repeats), "rows": rows}
    )
    if peer:
        results.append({"what": "clkhash, one undiffused filter", "records_per_s": peer, "ratio_to_clkhash": 1.0})
    return results


def _arrow(people: pd.DataFrame) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(people, preserve_index=False)


def _median(work: Callable[[], None], repeats: int) -> float:
    """Median processor seconds of some runs: other work on the machine counts little."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return statistics.median(times)


def _names_speed(people: pd.DataFrame, repeats: int) -> float:
    """Full names a second, nothing remembered from before."""
    from wasl.holder.names import normalizer

    names = (people["surname"].fillna("") + " " + people["given_name"].fillna("")).tolist()

    def work() -> None:
        normalizer.normalize.cache_clear()
        for name in names:
            normalizer.normalize(name)

    return len(names) / _median(work, repeats)


def _clkhash(peers: Path | None, people: pd.DataFrame, repeats: int, *, quick: bool) -> float | None:
    """Records a second of clkhash on one worker, or None when no folder of peers was given."""
    if peers is None:
        return None
    sample = people[FIELDS].fillna("").head(QUICK_ROWS if quick else PEER_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        sample.to_csv(path, index=False)
        arguments = ("-c", CLKHASH, path, ",".join(FIELDS))
        times = [float(ask_peer(peers, "clkhash", *arguments)) for _ in range(repeats)]
    return len(sample) / statistics.median(times)
