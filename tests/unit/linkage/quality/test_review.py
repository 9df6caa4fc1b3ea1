"""The review sample: drawn where the model doubts, blind, and what decisions say holds up against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.errors import InputError
from wasl.linkage.quality.review import REVIEW_FIELDS, draw_sample, estimate_from_review


def population(seed, pairs=6000):
    """Probabilities as a linkage shows them, most of them sure, and truth that follows them."""
    rng = np.random.default_rng(seed)
    probability = np.where(rng.random(pairs) < 0.8, rng.beta(0.3, 0.02, pairs), rng.beta(0.4, 0.6, pairs))
    return probability, probability >= 0.5, rng.random(pairs) < probability


def design_of(probability, linked, size, seed):
    sample = draw_sample(probability, linked, size, np.random.default_rng(seed))
    return sample, pa.table(sample.columns(linked), schema=pa.schema(REVIEW_FIELDS))


def decided(truth):
    return pd.DataFrame({"pair": np.arange(1, len(truth) + 1), "decision": np.where(truth, "match", "non-match")})


def test_the_sample_is_drawn_most_where_the_model_doubts():
    probability, linked, _ = population(1)
    sample, design = design_of(probability, linked, 300, 1)
    assert 290 <= len(sample.chosen) <= 320
    assert len(set(sample.chosen.tolist())) == len(sample.chosen)
    by_stratum = design.to_pandas().groupby("stratum").first()
    doubtful = by_stratum[(by_stratum["stratum_probability"] - 0.5).abs() < 0.3]["inclusion"].min()
    sure = by_stratum[by_stratum["stratum_probability"] > 0.99]["inclusion"].min()
    assert doubtful > 3 * sure
    held = design.to_pandas().groupby("stratum").agg(n=("pair", "size"), N=("stratum_pairs", "first"))
    assert held["N"].sum() == len(probability)
    assert (design.to_pandas().groupby("stratum")["inclusion"].first() == held["n"] / held["N"]).all()


def test_the_draw_follows_its_seed_and_is_shown_in_no_order():
    probability, linked, _ = population(2)
    once, again = (design_of(probability, linked, 100, 3)[0].chosen for _ in range(2))
    assert once.tolist() == again.tolist()
    assert design_of(probability, linked, 100, 4)[0].chosen.tolist() != once.tolist()
    shown = linked[once]
    assert 10 < np.flatnonzero(shown).mean() / len(shown) * 100 < 90


def test_small_strata_are_taken_whole_and_nothing_is_drawn_of_nothing():
    sample, _ = design_of(np.array([0.9, 0.3, 0.02]), np.array([True, False, False]), 50, 1)
    assert sorted(sample.chosen.tolist()) == [0, 1, 2]
    assert sample.inclusion.tolist() == [1, 1, 1]
    assert len(draw_sample(np.empty(0), np.empty(0, bool), 50, np.random.default_rng(0)).chosen) == 0
    assert len(draw_sample(np.array([0.5]), np.array([True]), 0, np.random.default_rng(0)).chosen) == 0


def test_the_interval_covers_the_truth():
    hits = {"precision": 0, "recall": 0}
    for seed in range(60):
        probability, linked, truth = population(seed)
        sample, design = design_of(probability, linked, 200, seed)
        found = estimate_from_review(design, decided(truth[sample.chosen]), 0.0, np.random.default_rng(seed))
        real = {"precision": truth[linked].mean(), "recall": truth[linked].sum() / truth.sum()}
        for name, value in real.items():
            hits[name] += found[name]["low"] <= value <= found[name]["high"]
    assert min(hits.values()) >= 52


def test_reviewers_find_out_a_model_that_is_wrong():
    probability, linked, _ = population(5)
    sample, design = design_of(probability, linked, 300, 1)
    found = estimate_from_review(design, decided(np.zeros(len(sample.chosen), bool)), 0.0, np.random.default_rng(0))
    assert found["precision"]["value"] == 0
    assert found["precision"]["high"] < 0.2


def test_undecided_pairs_count_for_nothing_and_unmet_matches_against_recall():
    probability, linked, truth = population(6)
    sample, design = design_of(probability, linked, 100, 1)
    sheet = decided(truth[sample.chosen])
    sheet.loc[:9, "decision"] = ["", "unsure"] * 5
    found = estimate_from_review(design, sheet, 0.0, np.random.default_rng(0))
    assert (found["drawn"], found["undecided"]) == (len(sample.chosen), 10)
    less = estimate_from_review(design, sheet, 500.0, np.random.default_rng(0))
    assert less["recall"]["value"] < found["recall"]["value"] - 0.03
    assert less["precision"] == found["precision"]


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        (pd.DataFrame({"pair": [1]}), "lack the column decision"),
        (pd.DataFrame({"pair": [1, 9999], "decision": ["match", "match"]}), "row 3 .* no pair of this sample"),
        (pd.DataFrame({"pair": [1, 1], "decision": ["match", "match"]}), "row 2 .* or twice"),
        (pd.DataFrame({"pair": [1, 2], "decision": ["match", "maybe"]}), "row 3 .* not a decision"),
    ],
)
def test_a_sheet_that_does_not_fit_is_refused(sheet, message):
    probability, linked, _ = population(7, 200)
    _, design = design_of(probability, linked, 50, 1)
    with pytest.raises(InputError, match=message):
        estimate_from_review(design, sheet, 0.0, np.random.default_rng(0))
