"""A second measurement with u-probabilities counted on strangers."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.model.second_look import Look, second_look

M = np.array([0.02, 0.08, 0.9])
U = np.array([0.9, 0.09, 0.01])
COMPARISONS = 3
RECORDS = 2_000.0


def draw(matches, seed=0):
    """Candidates of two registers of 2,000 records: the matches, and the strangers that agree on something."""
    rng = np.random.default_rng(seed)
    true = np.concatenate([np.ones(matches, bool), np.zeros(3_000, bool)])
    levels = tuple(np.where(true, rng.choice(3, len(true), p=M), rng.choice(3, len(true), p=U)) for _ in range(3))
    seen = true | (sum(level == 2 for level in levels) > 0)
    random = tuple(rng.choice(3, 50_000, p=U) for _ in range(COMPARISONS))

    def look(columns):
        zero = np.zeros(len(columns[0]), np.int64)
        return Look(zero, zero, tuple(column.astype(np.int64) for column in columns))

    return look(tuple(level[seen] for level in levels)), look(random), true[seen]


def odds_of(first, pairs, strangers):
    opinions = [5 * M] * COMPARISONS
    none = Look(pairs.side[:0], pairs.trait[:0], tuple(levels[:0] for levels in pairs.levels))
    return second_look(first, pairs, strangers, none, np.array([RECORDS**2]), opinions, np.array([5.0]))


@pytest.mark.parametrize("matches", [20, 200])
@pytest.mark.parametrize("first", [0.2, 0.5, 0.9])
def test_the_result_does_not_depend_on_where_the_first_measurement_begins(matches, first):
    pairs, strangers, true = draw(matches)
    odds = odds_of(np.full(len(true), first), pairs, strangers)
    # Prior odds of 20 or 200 in four millions, three times m / u = 90.
    expected = np.log(matches / RECORDS**2) + COMPARISONS * np.log(M[2] / U[2])
    whole = np.all([levels == 2 for levels in pairs.levels], axis=0)
    assert odds[whole] == pytest.approx(expected, abs=0.8)
    assert (odds[~whole] < odds[whole].min()).all()


def test_agreement_of_strangers_is_counted_by_trait():
    zero, one = np.zeros(1, np.int64), np.ones(1, np.int64)
    same = np.repeat([0, 1], 10_000)
    agree = np.where(same == 1, np.arange(20_000) % 10 == 0, np.arange(20_000) % 1_000 == 0).astype(np.int64)
    strangers = Look(np.zeros(20_000, np.int64), same, (agree,))
    pairs = Look(np.zeros(2, np.int64), np.array([0, 1]), (np.ones(2, np.int64),))
    none = Look(zero[:0], zero[:0], (zero[:0],))
    odds = second_look(
        np.full(2, 0.5), pairs, strangers, none, np.array([1e4]), [np.array([0.1, 4.9])], np.array([2.5, 2.5])
    )
    assert odds[0] - odds[1] == pytest.approx(np.log(0.1 / 0.001), abs=0.5)
    assert len(second_look(np.empty(0), Look(zero[:0], one[:0], (zero[:0],)), strangers, none, np.array([1e4]),
                           [np.array([0.1, 4.9])], np.array([2.5, 2.5]))) == 0  # fmt: skip


def test_a_rare_agreement_is_counted_on_pairs_drawn_for_their_trait():
    """One in 10,000 strangers of the trait agrees: among 500 random ones none, among 200,000 drawn for it twenty."""
    rng = np.random.default_rng(1)
    random = Look(np.zeros(50_000, np.int64), np.repeat([0, 1], [49_500, 500]), (np.zeros(50_000, np.int64),))
    agree = (rng.random(200_000) < 1e-4).astype(np.int64)
    alike = Look(np.zeros(200_000, np.int64), np.ones(200_000, np.int64), (agree,))
    none = Look(agree[:0], agree[:0], (agree[:0],))
    pairs = Look(np.zeros(1, np.int64), np.ones(1, np.int64), (np.ones(1, np.int64),))
    arguments = np.array([1e4]), [np.array([0.1, 4.9])], np.array([2.5, 2.5])
    without = second_look(np.full(1, 0.5), pairs, random, none, *arguments)
    found = second_look(np.full(1, 0.5), pairs, random, alike, *arguments)
    assert without - found > np.log(5)  # the agreement had counted for far more than it says
    assert agree.mean() == pytest.approx(1e-4, rel=0.5)
