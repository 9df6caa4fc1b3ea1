"""People of one household share surname, street and town: they must not be taken for one another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wasl.linkage.quality.evaluate import evaluate
from wasl.linkage.resolve import resolve
from wasl.linkage.score import score_pairs


@pytest.fixture(scope="module")
def households(simulator):
    """900 people in households of three; two registers of 600, half of each in both."""
    people = simulator.persons(900, seed=21)
    heads = people.index // 3 * 3
    for column in ("surname", "street", "town"):
        people[column] = people[column].to_numpy()[heads]
    order = np.random.default_rng(5).permutation(900)
    left, right = people.iloc[order[:600]].reset_index(drop=True), people.iloc[order[300:]].reset_index(drop=True)
    return [
        simulator.delivered(simulator.damaged(left, 1), "alpha", profile="open", seed=1),
        simulator.delivered(simulator.damaged(right, 2), "beta", profile="open", seed=2),
    ]


def test_probabilities_mean_what_they_say_among_relatives(households, plan):
    scored = score_pairs(plan, [r.delivery for r in households])
    result = resolve(plan, scored, [r.join for r in households], run="x")
    truth = pd.concat([r.truth for r in households])
    found = evaluate(result.spine, truth, [r.keep for r in households], result.links)
    assert found.pairwise.true == 300
    assert found.pairwise.f1 > 0.97
    assert found.calibration.precision_at_half >= 0.95
    assert found.calibration.error <= 0.03
    assert scored.model.passes[0].expected_matches == pytest.approx(300, rel=0.05)
