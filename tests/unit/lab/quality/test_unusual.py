"""Unusual registers: the linkage is right, or its report says that it is not."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.holder.profile import EncodingProfile
from wasl.lab.quality.habits import HABITS
from wasl.lab.quality.measure import Outcome, link_prepared, plan_of, prepare
from wasl.lab.quality.unusual import UNUSUAL

SMALL = 700
TWICE_IN_ONE = ("twice-in-one", "a-few-twice", "twice-in-one-bare")


def linked(name: str, profile: str, persons: int = SMALL, seed: int = 3) -> Outcome:
    kind = UNUSUAL[name]
    sample = kind.draw(persons, np.random.default_rng(seed))
    return link_prepared(
        prepare(sample, EncodingProfile.load(profile, family=kind.family), kind.family), plan_of(sample)
    )


@pytest.mark.parametrize("name", sorted(UNUSUAL))
def test_a_draw_has_the_persons_it_says(name: str) -> None:
    sample = UNUSUAL[name].draw(300, np.random.default_rng(1))
    assert all(frame["record"].is_unique for frame in sample.registers.values())
    if name not in ("twice", "many-times", "three-twice-bare", *TWICE_IN_ONE):
        assert all(frame["person"].is_unique for frame in sample.registers.values())


def test_columns_exchanged_in_one_register_are_noticed() -> None:
    found = linked("exchanged", "open")
    assert "unfound-matches" in found.failed
    assert found.quality["recall"]["value"] < 0.2


@pytest.mark.parametrize("profile", ["open", "guarded"])
def test_a_register_that_holds_people_twice_is_noticed(profile: str) -> None:
    assert "held-once" in linked("twice", profile).failed


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("name", TWICE_IN_ONE)
def test_one_register_that_holds_people_twice_is_noticed(name: str, seed: int) -> None:
    found = linked(name, "guarded", 1_500, seed)
    assert "held-once" in found.failed
    assert found.precision > 0.9
    assert found.quality["recall"]["value"] is None


@pytest.mark.parametrize("name", [*HABITS, "twins-morocco", "few-names-morocco", "one-nation", "new-year-morocco"])
def test_registers_that_hold_nobody_twice_are_believed(name: str) -> None:
    found = linked(name, "guarded", 1_500)
    assert "held-once" not in found.failed
    assert not any(check["name"] == "held-once" and check.get("warning") for check in found.checks)


@pytest.mark.parametrize("name", ["three-columns", "all", "few-names", "twins", "new-year"])
def test_what_is_linked_right_passes(name: str) -> None:
    found = linked(name, "open")
    assert {"unfound-matches", "held-once"}.isdisjoint(found.failed)
    assert found.precision > 0.9
    assert found.recall > 0.85


@pytest.mark.parametrize("name", ["none", "few-matches-morocco"])
def test_links_are_none_or_looked_at_where_hardly_anybody_is_in_both(name: str) -> None:
    found = linked(name, "guarded", 2_400)
    assert found.false_pairs == 0 or "few-links" in found.failed


@pytest.mark.parametrize("name", ["three-columns", "days-months", "year-later", "many-times"])
def test_recall_of_all_pairs_allows_for_matches_with_several_errors(name: str) -> None:
    found = linked(name, "open", 2_000, 13)
    assert found.covers("recall")
    assert found.quality["recall"]["high"] - found.quality["recall"]["low"] < 0.1


def test_passes_that_compare_one_thing_do_not_show_recall() -> None:
    found = linked("years-only-morocco", "guarded", 1_500, 13)
    assert found.quality["recall"]["value"] is None
    assert "the same field" in found.quality["recall"]["reason"]


@pytest.mark.parametrize("name", ["month-later", "coarse-births"])
def test_an_error_that_all_births_share_makes_no_relatives_of_matches(name: str) -> None:
    found = linked(name, "guarded", 1_000)
    assert found.f1 > 0.9
    assert "block-matches" not in found.failed


@pytest.mark.parametrize(
    ("name", "profile", "persons", "said"),
    [
        ("slipped-births-bare", "guarded", 1_000, {"torn-records", "block-matches"}),
        ("slipped-third-bare", "open", 700, {"torn-records"}),
        ("cut-bare", "guarded", 1_000, {"unknown-recall"}),
        ("three-twice-bare", "open", 2_000, {"held-once"}),
    ],
)
def test_files_that_cannot_be_linked_right_say_so(name: str, profile: str, persons: int, said: set[str]) -> None:
    found = linked(name, profile, persons, 15)
    assert said & set(found.failed)
