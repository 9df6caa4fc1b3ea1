"""Laws of disclosure control, on tables drawn at random."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.frequencies import Missing, frequencies
from wasl.disclosure.methods.local_suppression import local_suppression
from wasl.disclosure.methods.microaggregation import microaggregate
from wasl.disclosure.methods.rank_swapping import rank_swap
from wasl.disclosure.risk.diversity import l_diversity
from wasl.disclosure.risk.reidentification import global_risk, household_risk, individual_risk, risk_threshold
from wasl.disclosure.risk.suda2 import suda2

LAWS = settings(max_examples=30, deadline=None)


@st.composite
def tables(draw, holes=True):
    rows, keys = draw(st.integers(8, 40)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    frame = pd.DataFrame({f"k{j}": rng.integers(0, draw(st.integers(1, 4)), rows).astype(float) for j in range(keys)})
    return frame.mask(rng.random(frame.shape) < 0.15) if holes and draw(st.booleans()) else frame


@LAWS
@given(tables(), st.sampled_from([0.0, 0.4, 1.0]), st.integers(2, 6))
def test_local_suppression_reaches_k_and_never_lowers_a_count(frame, alpha, k):
    missing = Missing.wildcard(alpha)
    columns = code_columns(frame, list(frame))
    done = local_suppression(columns, k, missing=missing)
    after = frequencies(done.columns, missing=missing).sample
    assert after.min() >= k
    if alpha == 1.0:
        assert np.all(after >= frequencies(columns, missing=missing).sample)
    again = local_suppression(done.columns, k, missing=missing)
    assert again.total == 0


@LAWS
@given(tables(), st.sampled_from([0.0, 0.4, 1.0]))
def test_more_trust_in_missing_values_never_lowers_a_count(frame, alpha):
    low = frequencies(frame, list(frame), missing=Missing.wildcard(0.0)).sample
    middle = frequencies(frame, list(frame), missing=Missing.wildcard(alpha)).sample
    high = frequencies(frame, list(frame), missing=Missing.wildcard(1.0)).sample
    assert np.all((low >= 1) & (low <= middle) & (middle <= high) & (high <= len(frame)))


@LAWS
@given(tables())
def test_the_order_of_rows_and_keys_does_not_matter(frame):
    order = np.random.default_rng(1).permutation(len(frame))
    keys = list(frame)
    shuffled = frame.iloc[order].reset_index(drop=True)
    np.testing.assert_array_equal(frequencies(frame, keys).sample[order], frequencies(shuffled, keys[::-1]).sample)
    np.testing.assert_allclose(suda2(frame, keys).scores[order], suda2(shuffled, keys[::-1]).scores)


@LAWS
@given(tables(holes=False), st.floats(1.0, 500.0))
def test_individual_risk_falls_with_frequency_and_weight(frame, weight):
    found = frequencies(frame, list(frame), weight=np.full(len(frame), weight))
    risks = individual_risk(found.sample, found.population)
    assert np.all((risks > 0) & (risks <= 1.0 / found.sample + 1e-12))
    heavier = individual_risk(found.sample, found.population * 2)
    assert np.all(heavier < risks)
    order = np.argsort(found.sample)
    assert np.all(np.diff(risks[order]) <= 1e-15)


@LAWS
@given(tables(holes=False), st.integers(1, 5))
def test_a_household_is_at_least_as_exposed_as_its_members(frame, size):
    found = frequencies(frame, list(frame))
    risks = individual_risk(found.sample, found.population * 3)
    household = household_risk(risks, np.arange(len(risks)) // size)
    assert np.all(household >= risks - 1e-12)
    assert np.all(household <= 1.0)


@LAWS
@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=50), st.floats(0.001, 0.5))
def test_the_threshold_keeps_its_promise(values, target):
    risks = np.array(values)
    threshold = risk_threshold(risks, target)
    if threshold is None:
        assert global_risk(risks).share <= target
    else:
        assert np.minimum(risks, threshold).mean() <= target + 1e-12


@LAWS
@given(tables(holes=False))
def test_entropy_diversity_never_exceeds_distinct_diversity(frame):
    frame["s"] = np.arange(len(frame)) % 3
    distinct, entropy, recursive = l_diversity(frame, [n for n in frame if n != "s"], "s")
    assert np.all(entropy <= distinct + 1e-9)
    assert np.all(recursive <= distinct)


@LAWS
@given(st.integers(6, 80), st.integers(2, 5), st.integers(1, 3), st.integers(0, 10**6))
def test_microaggregation_groups_are_large_enough_and_keep_means(rows, size, variables, seed):
    values = np.random.default_rng(seed).normal(size=(rows, variables))
    for method in ("mdav", "ranking", "pca"):
        done = microaggregate(values, size, method=method)
        assert done.sizes.min() >= min(size, rows)
        np.testing.assert_allclose(done.values.mean(axis=0), values.mean(axis=0), atol=1e-12)


@LAWS
@given(st.integers(2, 60), st.floats(0.01, 1.0), st.integers(0, 10**6))
def test_rank_swapping_is_a_permutation(rows, window, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rows)
    swapped = rank_swap(values, window, rng)
    np.testing.assert_array_equal(np.sort(swapped), np.sort(values))
