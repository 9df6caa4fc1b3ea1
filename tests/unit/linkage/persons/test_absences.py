"""What neither of two records has: unknown days of birth are shared by records of one person."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.persons.absences import ABSENCE_BOUND, weight_of_absence
from wasl.linkage.persons.records import Records, Roster

PASSES = ("names", "birth", "day-word", "passport")
PERSONS = 4_000


def world(share_vague: float, passes=PASSES, seed=0):
    """Two registers of the same persons, of whom a share has no day of birth, and pairs of all and of namesakes.

    Returns:
        The records, the left and right sides of the pairs, whether each is a match.
    """
    rng = np.random.default_rng(seed)
    vague = rng.random(PERSONS) < share_vague
    written = [vague & (rng.random(PERSONS) < 0.95) | (rng.random(PERSONS) < 0.01) for _ in range(2)]
    in_pass = np.ones((2 * PERSONS, len(passes)), bool)
    for number, name in enumerate(passes):
        if name in ("birth", "day-word"):
            in_pass[:, number] = ~np.concatenate(written)
        if name == "passport":
            in_pass[:, number] = rng.random(2 * PERSONS) < 0.8
    source = np.repeat(np.arange(2, dtype=np.int32), PERSONS)
    ids = np.array([k.to_bytes(2, "big") + bytes(14) for k in range(2 * PERSONS)], "V16")
    roster = Roster(("a", "b"), source, ids, np.arange(2 * PERSONS))
    records = Records(("a", "b"), ("a", "b"), source, source, ids, passes, in_pass, roster)
    person = np.arange(PERSONS)
    left = np.concatenate([person, person])
    right = PERSONS + np.concatenate([person, (person + 7) % PERSONS])
    return records, left, right, np.arange(2 * PERSONS) < PERSONS


def doubtful(match):
    """Log-odds that tell matches from others, without certainty."""
    return np.where(match, 1.0, -1.0)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_both_without_a_day_gain_and_one_without_loses(share):
    records, left, right, match = world(share)
    added = weight_of_absence(doubtful(match), left, right, records)
    lacks = ~records.in_pass[:, 1]
    both, one = lacks[left] & lacks[right], lacks[left] ^ lacks[right]
    assert (added[both] > 0.3).all()
    assert (added[one] < -0.3).all()
    assert not added[~both & ~one].any()
    assert np.abs(added).max() <= ABSENCE_BOUND


def test_what_one_pass_alone_asks_for_is_no_trait():
    """A record that the leak meter leaves out is absent from one pass, which says nothing of the person."""
    records, left, right, match = world(0.0, ("names", "birth", "passport"))
    assert not weight_of_absence(doubtful(match), left, right, records).any()


def test_what_nobody_or_everybody_lacks_is_no_trait():
    records, left, right, match = world(1.0)
    assert not weight_of_absence(doubtful(match), left, right, records).any()


def test_absence_at_random_hardly_counts():
    """Two passes whose absent records are drawn by lot: matches share them as often as others do."""
    records, left, right, match = world(0.0)
    lot = np.random.default_rng(5).random(2 * PERSONS) < 0.8
    records.in_pass[:, 1] = lot
    records.in_pass[:, 2] = lot
    assert np.abs(weight_of_absence(doubtful(match), left, right, records)).max() < 0.3
