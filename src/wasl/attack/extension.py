"""Dataset extension: from persons whose encodings are known, to the others of the same delivery.

Who knows the rows of some persons (its own, its clients') knows which block is which wherever one of them stands, and
compares every other row with theirs: similarity to known persons is a fingerprint.

*Source:* seeded graph matching, Fishkind et al., Pattern Recognition 87, 2019; the threat is the known-plaintext
setting of Schäfer, Armknecht, Heng, "R+R: Revisiting graph matching attacks", ACSAC 2024.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wasl.attack.graph_matching import match_seeded
from wasl.attack.knowledge import KnownPass
from wasl.attack.observation import PassView
from wasl.attack.similarity import expected_similarity, observed_similarity

__all__ = ["extend"]

Ints = npt.NDArray[np.int64]


def extend(
    view: PassView,
    known: KnownPass,
    taps: int,
    seeded: Ints,
    seed_records: Ints,
    rng: np.random.Generator,
    largest: int,
) -> tuple[Ints, Ints]:
    """Rows of a pass and own rows taken for the same person, given some rows whose record is known.

    Args:
        view: The pass as observed.
        known: The pass as imitated.
        taps: Input bits per released bit.
        seeded: Rows of ``view`` whose records are known.
        seed_records: Their records in the population.
        rng: Draws the sample of blocks too large.
        largest: Largest block attacked whole.
    """
    groups = sorted(set(view.filters) & set(known.view.filters))
    own_seed = known.row[seed_records]
    seeded, own_seed = seeded[own_seed >= 0], own_seed[own_seed >= 0]
    rows, own = [], []
    for block in np.unique(view.block[seeded]):
        here = np.flatnonzero(view.block[seeded] == block)
        left_seed, right_seed = seeded[here], own_seed[here]
        left = np.setdiff1d(np.flatnonzero(view.block == block), left_seed)
        right = np.setdiff1d(np.flatnonzero(known.view.block == known.view.block[right_seed[0]]), right_seed)
        if not len(left) or not len(right):
            continue
        left, right = rng.permutation(left)[:largest], rng.permutation(right)[:largest]
        if len(left) == len(right) == 1 or not groups:
            count = min(len(left), len(right))
            rows.append(left[:count])
            own.append(right[:count])
            continue
        left_seed, right_seed = left_seed[: largest // 2], right_seed[: largest // 2]
        left_all, right_all = np.concatenate([left_seed, left]), np.concatenate([right_seed, right])
        seeds = np.arange(len(left_seed))
        found = match_seeded(
            observed_similarity(view.take(left_all), groups),
            expected_similarity(known, right_all, groups, taps),
            (seeds, seeds),
        )
        new = found.observed >= len(seeds)
        rows.append(left_all[found.observed[new]])
        own.append(right_all[found.expected[new]])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.concatenate(own)
