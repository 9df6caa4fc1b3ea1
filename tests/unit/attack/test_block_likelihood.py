"""Blocks recognized by likelihood."""

from __future__ import annotations

import numpy as np

from wasl.attack.block_likelihood import match_blocks
from wasl.attack.campaign import Target
from wasl.attack.knowledge import Knowledge
from wasl.attack.outcomes import clopper_pearson


def test_posteriors_are_calibrated(six: tuple[Target, Knowledge]) -> None:
    target, knowledge = six
    expected = right = 0.0
    for name, view in target.passes.items():
        known = knowledge.passes[name]
        claims = match_blocks(view, known, knowledge.taps, np.random.default_rng(0))
        real, own = target.truth[name][claims.rows], known.record[claims.own]
        right += int(((real >= 0) & (knowledge.person[real] == knowledge.person[own])).sum())
        expected += float(claims.posterior.sum())
    # Under one-to-one matching the sum of posteriors is the expected number of right claims.
    assert 0.6 < right / expected < 1.5


def test_rows_of_one_composition_and_no_similarity_share_the_probability(permits: tuple[Target, Knowledge]) -> None:
    target, knowledge = permits
    view, known = target.passes["permit"], knowledge.passes["permit"]
    claims = match_blocks(view, known, knowledge.taps, np.random.default_rng(0))
    alone = claims.posterior[claims.posterior > 0]
    assert (alone <= 1.0).all()
    # A permit number is one person's: whatever the filters are, blocks of one row show only which filters are missing.
    assert claims.posterior.sum() < 10


def test_certain_claims_are_right_about_as_often_as_they_say(six: tuple[Target, Knowledge]) -> None:
    target, knowledge = six
    certain = right = 0
    for name in ("passport", "permit", "birth", "certificate"):
        known = knowledge.passes[name]
        claims = match_blocks(target.passes[name], known, knowledge.taps, np.random.default_rng(0))
        real, own = target.truth[name][claims.rows], known.record[claims.own]
        good = (real >= 0) & (knowledge.person[real] == knowledge.person[own])
        certain += int(claims.certain.sum())
        right += int((good & claims.certain).sum())
    assert certain > 0
    assert clopper_pearson(right, certain)[1] > 0.85
