"""Records with numbers of their own: different numbers bound a probability as far as numbers hardly change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wasl.lab.quality.kinds import NATIONALITIES, Sample
from wasl.lab.quality.measure import COLUMNS, link_prepared, plan_of, prepare
from wasl.lab.quality.people import change_date, corrupt, draw_names, draw_persons, respell
from wasl.linkage.persons.own_numbers import LEAST_EQUAL, highest_odds

NUMBERS = ("passport", "permit")


def bound(pairs: list[tuple[int, float, int, bool]], numbers: tuple[str, ...] = NUMBERS) -> np.ndarray:
    """Highest log-odds of pairs given as (how many, log-odds by name, numbers both have, whether one is equal)."""
    rows = [(odds + 0.01 * k, held, equal) for many, odds, held, equal in pairs for k in range(many)]
    count = len(rows)
    in_pass = np.ones((2 * count, 3), np.bool_)
    for k, (_, held, _) in enumerate(rows):
        in_pass[k, 1:] = [held > 0, held > 1]
    records: Any = SimpleNamespace(
        in_pass=in_pass, passes=("birth", "passport", "permit"), sources=("a", "b"),
        source=np.repeat([0, 1], count).astype(np.int32),
    )  # fmt: skip
    meetings = [(k, 0, odds) for k, (odds, _, _) in enumerate(rows)]
    meetings += [(k, 1, 9.0) for k, (_, _, equal) in enumerate(rows) if equal]
    group, passes, odds = (np.array(column) for column in zip(*meetings, strict=True))
    ends = np.arange(count), np.arange(count) + count
    return highest_odds(count, group, passes.astype(np.int32), odds.astype(np.float64), ends, records, numbers)


USUAL = [(900, 9.0, 1, True), (100, 4.0, 1, True), (90, 9.0, 1, False), (10, 4.0, 1, False)]
"""A tenth of the numbers changed, whatever the names are."""


def test_numbers_change_as_often_whatever_the_names_are() -> None:
    found = bound(USUAL)
    assert np.isinf(found[:1090]).all()
    assert (found[1090:] > 1.5).all()  # nine of ten and more are matches


def test_more_different_numbers_than_change_are_of_relatives() -> None:
    found = bound([*USUAL, (90, 4.0, 1, False)])
    assert (found[-90:] < 0.0).all()


def test_a_pair_that_agrees_as_no_match_does_and_has_two_other_numbers_is_hardly_one() -> None:
    found = bound([*USUAL, (1, 2.0, 2, False)])
    assert found[-1] < -3.0


def test_pairs_without_two_numbers_and_pairs_that_agree_well_are_left_alone() -> None:
    found = bound([*USUAL, (5, 2.0, 0, False), (3, 9.5, 2, False)])
    assert np.isinf(found[-8:]).all()


def test_nothing_is_concluded_from_few_equal_numbers() -> None:
    assert np.isinf(bound([(LEAST_EQUAL - 1, 9.0, 1, True), (5, 2.0, 2, False)])).all()


def test_a_number_of_which_a_person_has_several_says_nothing() -> None:
    assert np.isinf(bound([*USUAL, (90, 4.0, 1, False)], ())).all()


SIBLINGS = (
    ("M", "Hassan", "Houcine"), ("M", "Assane", "Ousseynou"), ("F", "Fatoumata", "Aminata"), ("F", "Awa", "Adama"),
    ("M", "Amadou", "Issa", "Seydou"), ("F", "Mariam", "Khadija", "Rokia"),
)  # fmt: skip
"""Sex and given names of twins, and of three children of one birth."""


def registers(seed: int) -> tuple[Sample, list[list[int]]]:
    """Permits and insured; of each set of siblings the first stands in one register, the others in the other."""
    rng = np.random.default_rng(seed)
    count = 1_500
    people = draw_persons(count, rng, (1960, 2004))
    people["nationality"] = draw_names(np.array(NATIONALITIES, object), count, rng, 0.9)
    people["passport"] = [f"P{number}" for number in rng.permutation(10**6)[:count] + 10**7]
    people["permit"] = [f"T{number}" for number in rng.permutation(10**6)[:count] + 10**7]
    taken = iter(rng.permutation(count).tolist())
    sets = [[next(taken) for _ in names] for _, *names in SIBLINGS]
    there = rng.random((2, count)) < 0.7
    for (sex, *names), rows in zip(SIBLINGS, sets, strict=True):
        people.loc[rows, ["surname", "birth", "nationality"]] = people.loc[
            [rows[0]] * len(rows), ["surname", "birth", "nationality"]
        ].to_numpy()
        people.loc[rows, "sex"] = sex
        people.loc[rows, "given"] = names
        there[:, rows] = False
        there[0, rows[0]], there[1, rows[1:]] = True, True
    parts: dict[str, pd.DataFrame] = {}
    for name, held in zip(("permits", "insured"), there, strict=True):
        rows = people[held].copy()
        corrupt(rows, "given", 0.1, respell, rng)
        corrupt(rows, "surname", 0.1, respell, rng)
        corrupt(rows, "birth", 0.03, change_date, rng)
        corrupt(
            rows,
            "passport",
            0.07,
            lambda values, r: np.array([f"Z{k}" for k in r.integers(1e7, 1e8, len(values))]),
            rng,
        )
        shuffled = rows.iloc[rng.permutation(len(rows))].reset_index(drop=True)
        shuffled.insert(0, "record", [f"{name}{k}" for k in range(len(shuffled))])
        parts[name] = shuffled
    return Sample(parts, True), sets


@pytest.mark.parametrize("seed", [1, 2])
def test_twins_with_passports_and_permits_of_their_own_are_not_linked(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wasl.holder.profile import EncodingProfile

    for number in NUMBERS:
        monkeypatch.setitem(COLUMNS, number, {"role": "identifier", "feature": number})
    sample, sets = registers(seed)
    prepared = prepare(sample, EncodingProfile.load("guarded", family="morocco"), "morocco", seed)
    plan = plan_of(sample)
    found = link_prepared(prepared, plan)
    assert found.f1 > 0.99
    siblings = {person for people in sets for person in people}
    assert linked_siblings(prepared, plan, siblings) <= 1


def linked_siblings(prepared: Any, plan: Any, siblings: set[int]) -> int:
    """Links between siblings of one birth, each of whom stands in one register only."""
    from wasl.linkage.resolve import resolve
    from wasl.linkage.score import score_pairs

    scored = score_pairs(plan, [part.delivery for part in prepared.encoded])
    spine = resolve(plan, scored, [part.join_map for part in prepared.encoded], run="r").spine.to_pandas()
    keep = pd.concat([part.keep_map.to_pandas() for part in prepared.encoded]).astype(str)
    rows = spine.assign(record_id=[value.hex() for value in spine["record_id"]])
    rows = rows.merge(keep, on=["register", "record_id"]).merge(prepared.truth, on=["register", "record"])
    mine = rows[rows["person"].astype(int).isin(siblings)]
    together = rows[rows["person_id"].isin(mine["person_id"])].groupby("person_id").size()
    return int((together > 1).sum())
