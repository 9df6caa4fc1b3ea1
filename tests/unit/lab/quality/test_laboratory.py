"""The laboratory's kinds at small sizes: linked right where data suffice, refused where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.holder.profile import EncodingProfile
from wasl.lab.quality.kinds import KINDS, Sample
from wasl.lab.quality.measure import Outcome, link_prepared, plan_of, prepare


def linked(sample: Sample, profile: str = "open", family: str = "febrl", **model) -> Outcome:
    prepared = prepare(sample, EncodingProfile.load(profile, family=family), family)
    return link_prepared(prepared, plan_of(sample, **model))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_draw_follows_its_seed(name: str) -> None:
    first, again, other = (KINDS[name].draw(60, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for register, frame in first.registers.items():
        assert frame.equals(again.registers[register])
        assert not frame.equals(other.registers[register])
        assert frame["record"].is_unique
        if first.duplicate_free:
            assert frame["person"].is_unique


def test_foreigners_share_as_few_names_as_they_should() -> None:
    sample = KINDS["foreigners"].draw(6_000, np.random.default_rng(1))
    both = sample.registers["permits"].merge(sample.registers["insured"], on="person")
    for column, share in (("surname", 0.07), ("given", 0.13)):
        assert (both[f"{column}_x"] == both[f"{column}_y"]).mean() == pytest.approx(share, abs=0.03)


def test_names_and_birth_date_only() -> None:
    found = linked(KINDS["names-birth"].draw(2_500, np.random.default_rng(1)))
    assert found.f1 > 0.93
    assert found.failed == []


@pytest.mark.parametrize("profile", ["open", "guarded"])
def test_distinct_persons_stay_distinct(profile: str) -> None:
    found = linked(KINDS["distinct"].draw(2_500, np.random.default_rng(1)), profile)
    assert found.false_pairs <= 2


def test_dates_that_were_not_read_fail_a_check() -> None:
    sample = KINDS["names-birth"].draw(2_500, np.random.default_rng(1))
    frame = sample.registers["register"]
    read = np.random.default_rng(2).random(len(frame)) < 0.1
    lost = frame.assign(birth=np.where(read, frame["birth"], ""))
    assert "evidence" in linked(Sample({"register": lost}, False), "guarded").failed


def test_a_wrong_model_fails_a_check() -> None:
    sample = KINDS["names-birth"].draw(2_500, np.random.default_rng(1))
    spread = (0.89, *[0.011] * 10)
    found = linked(sample, m={"birth": spread})
    assert found.failed
