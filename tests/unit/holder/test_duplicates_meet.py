"""A register encoded to be searched for its duplicates: what the leak meter cuts, it does not cut between them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.lab.quality.kinds import KINDS
from wasl.lab.quality.measure import schema_of


def share_that_meets(frame: pd.DataFrame, profile: EncodingProfile) -> float:
    """Share of the pairs of records of one person that share a block in some pass."""
    made = encode(
        frame.drop(columns="person"),
        schema_of(frame, "febrl"),
        LinkageKey.new("meet", b"7" * 32),
        profile,
        created="2026-01-01T00:00:00Z",
        rng=np.random.default_rng(1),
        consent_weak_profile=True,
    )
    rows = made.delivery.rows.select(["pass", "row_id", "block"])
    rows = rows.set_column(0, "pass", rows["pass"].cast(pa.string())).to_pandas()
    joined = made.join_map.rows
    joined = joined.set_column(1, "pass", joined["pass"].cast(pa.string())).to_pandas()
    kept = made.keep_map.to_pandas()
    person = dict(zip(frame["record"].astype(str), frame["person"], strict=True))
    number = {bytes.fromhex(text): record for record, text in zip(kept["record"], kept["record_id"], strict=True)}
    met = joined.merge(rows, on=["pass", "row_id"])
    met["record"] = met["record_id"].map(number)
    met["person"] = met["record"].map(person)
    pairs: set[tuple[str, str]] = set()
    for _, together in met.groupby(["block", "person"]):
        records = sorted(together["record"])
        pairs.update((a, b) for k, a in enumerate(records) for b in records[k + 1 :])
    sizes = frame["person"].value_counts()
    return len(pairs) / int((sizes * (sizes - 1) // 2).sum())


def frequent_names(seed: int) -> pd.DataFrame:
    """Few names, many entries of each person: blocks above the limit in every pass that follows the name."""
    rng = np.random.default_rng(seed)
    frame = KINDS["historical"].draw(250, rng).registers["parish"]
    pool = frame["given"].iloc[:5].to_list()
    frame["given"] = [pool[code % 5] for code in pd.factorize(frame["person"])[0]]
    return frame


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: KINDS["historical"].draw(300, np.random.default_rng(seed)).registers["parish"],
        lambda seed: KINDS["names-birth"].draw(700, np.random.default_rng(seed)).registers["register"],
        frequent_names,
    ],
    ids=["historical", "names and birth", "few names"],
)
def test_the_meter_takes_few_true_pairs_apart(draw, seed):
    frame = draw(seed)
    profile = EncodingProfile.load("guarded", "febrl")
    uncut = share_that_meets(frame, profile.model_copy(update={"excess": "report"}))
    cut = share_that_meets(frame, profile)
    assert uncut > 0.7
    assert cut > uncut - 0.02
