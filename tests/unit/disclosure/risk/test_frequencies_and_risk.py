import itertools
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import code_column, code_columns
from wasl.disclosure.keys.frequencies import Missing, frequencies, k_map, violations
from wasl.disclosure.risk.reidentification import (
    global_risk,
    household_risk,
    individual_risk,
    individual_risk_approximate,
    risk_threshold,
)
from wasl.errors import InputError

KEYS = ["sex", "age", "region"]


def brute_frequencies(frame, keys, weights, missing):
    values = frame[keys].to_numpy(object)
    holes = pd.isna(frame[keys]).to_numpy()
    f, big = [], []
    for i, j in itertools.product(range(len(values)), repeat=2):
        if j == 0:
            f.append(0.0)
            big.append(0.0)
        if missing.alpha is None:
            same = all(
                (holes[i, v] and holes[j, v]) or (not holes[i, v] and not holes[j, v] and values[i, v] == values[j, v])
                for v in range(len(keys))
            )
            share = 1.0 if same else 0.0
        else:
            possible = all(holes[i, v] or holes[j, v] or values[i, v] == values[j, v] for v in range(len(keys)))
            certain = not holes[j].any() or (holes[i] == holes[j]).all()
            share = 0.0 if not possible else 1.0 if certain else missing.alpha
        f[-1] += share
        big[-1] += share * weights[j]
    return np.array(f), np.array(big)


def test_frequencies_by_hand(small):
    found = frequencies(small, KEYS, weight="weight")
    assert found.sample.tolist() == [3, 3, 3, 1, 3, 3, 3, 1, 1, 1]
    assert found.population.tolist() == [30, 30, 30, 20, 15, 15, 15, 50, 2, 4]
    assert len(found.classes) == 6
    assert violations(found.sample, 2) == 4


@pytest.mark.parametrize(
    "missing", [Missing.wildcard(1.0), Missing.wildcard(0.3), Missing.wildcard(0.0), Missing.category()]
)
def test_frequencies_with_missing_values_agree_with_brute_force(rng, missing):
    frame = pd.DataFrame({f"k{j}": rng.integers(0, 3, 60).astype(object) for j in range(4)})
    frame = frame.mask(rng.random(frame.shape) < 0.2)
    weights = rng.uniform(1, 9, 60)
    found = frequencies(frame, list(frame), weight=weights, missing=missing)
    f, big = brute_frequencies(frame, list(frame), weights, missing)
    np.testing.assert_allclose(found.sample, f)
    np.testing.assert_allclose(found.population, big)


def test_many_keys_need_more_than_one_word(rng):
    frame = pd.DataFrame({f"k{j}": rng.integers(0, 300, 500) for j in range(12)})
    frame = pd.concat([frame, frame.iloc[:100]], ignore_index=True)
    classes = equivalence_classes(frame, list(frame))
    expected = frame.groupby(list(frame))["k0"].transform("size").to_numpy()
    np.testing.assert_array_equal(classes.sizes[classes.ids], expected)


def test_classes_grow_beyond_the_first_table(rng):
    frame = pd.DataFrame({"k": rng.permutation(50_000)})
    assert len(equivalence_classes(frame, ["k"])) == 50_000


@pytest.mark.parametrize(
    "values",
    [
        pa.array([3, None, 1, 3]),
        pa.array([3.0, float("nan"), 1.0, 3.0]),
        pa.array(["x", None, "a", "x"]),
        pa.array([True, None, False, True]),
        pa.array(["x", None, "a", "x"]).dictionary_encode(),
        pa.array([2**40, None, 1, 2**40]),
    ],
)
def test_coding_sorts_labels_and_keeps_missing(values):
    column = code_column("v", values)
    assert column.codes.tolist() == [1, -1, 0, 1]
    assert len(column.labels) == 2
    assert column.decode().to_pylist()[0] == values.to_pylist()[0]


def test_an_empty_and_an_all_missing_column():
    assert code_column("v", pa.array([None, None])).codes.tolist() == [-1, -1]
    assert len(code_column("v", pa.array([], pa.int64())).codes) == 0


def test_wrong_column_and_weight_are_named(small):
    with pytest.raises(InputError, match="no such column: height"):
        frequencies(small, ["height"])
    with pytest.raises(InputError, match="not positive in 1 rows, first in row 3"):
        frequencies(small, KEYS, weight=np.array([1, 1, 0, 1, 1, 1, 1, 1, 1, 1.0]))


def test_k_map_counts_in_the_population(small):
    population = pd.concat([small] * 3 + [small.iloc[[3]]], ignore_index=True)
    assert k_map(small, population, KEYS).tolist() == [9, 9, 9, 4, 9, 9, 9, 3, 3, 3]
    assert k_map(small, small.iloc[:3], KEYS).tolist() == [3, 3, 3, 0, 0, 0, 0, 0, 0, 0]


def closed_form(f, p):
    """Benedetti-Franconi's closed forms for f = 1, 2, 3, in plain floating point."""
    q = p / (1 - p)
    if f == 1:
        return q * math.log(1 / p)
    if f == 2:
        return q - q * q * math.log(1 / p)
    return q / 2 * (1 - 2 * q + 2 * q * q * math.log(1 / p) * 1.0) if f == 3 else None


def series(f, F):
    p = f / F
    term = total = 1.0
    n = 0
    while term > 1e-18 * total:
        term *= (n + 1) * (1 - p) / (f + 1 + n)
        total += term
        n += 1
    return p / f * total


@pytest.mark.parametrize("f", [1.0, 1.5, 2.0, 3.0, 7.25, 40.0, 5000.0])
@pytest.mark.parametrize("ratio", [1.0, 1.001, 2.0, 10.0, 300.0, 20_000.0])
def test_individual_risk_is_the_positive_series(f, ratio):
    found = individual_risk(np.array([f]), np.array([f * ratio]))[0]
    assert found == pytest.approx(series(f, f * ratio), rel=1e-10)
    assert 0 < found <= 1 / f + 1e-15


@pytest.mark.parametrize(("f", "p"), [(1, 0.01), (2, 0.02), (1, 0.3), (2, 0.4)])
def test_individual_risk_agrees_with_closed_forms(f, p):
    assert individual_risk(np.array([float(f)]), np.array([f / p]))[0] == pytest.approx(closed_form(f, p), rel=1e-9)
    assert individual_risk_approximate(np.array([float(f)]), np.array([f / p]))[0] == pytest.approx(closed_form(f, p))


def test_individual_risk_never_overflows_at_large_counts():
    risks = individual_risk(np.array([176.0, 1e6, 1e9]), np.array([17_600.0, 1e8, 1e12]))
    assert np.isfinite(risks).all()
    assert np.all(risks > 0)


def test_approximation_covers_fractional_frequencies():
    assert individual_risk_approximate(np.array([1.5]), np.array([65.0]))[0] > 0


def test_household_risk_by_hand():
    risks = np.array([0.1, 0.2, 0.5, 1.0])
    household = household_risk(risks, np.array([0, 0, 1, 2]))
    np.testing.assert_allclose(household, [0.28, 0.28, 0.5, 1.0])


def test_threshold_keeps_the_file_at_its_risk(rng):
    risks = rng.beta(0.3, 5, 400)
    for target in (0.005, 0.01, 0.03):
        threshold = risk_threshold(risks, target)
        assert np.minimum(risks, threshold).mean() <= target
        larger = np.sort(risks[risks > threshold])
        if len(larger):
            assert np.minimum(risks, larger[0]).mean() > target
    assert risk_threshold(risks, 0.9) is None
    with pytest.raises(InputError, match="share between 0 and 1"):
        risk_threshold(risks, 1.0)


def test_global_risk_of_nothing_is_nothing():
    assert global_risk(np.zeros(0)).expected == 0.0


def test_columns_of_a_frame_and_a_table_code_alike(small):
    left = code_columns(small, KEYS)
    right = code_columns(pa.Table.from_pandas(small), KEYS)
    for a, b in zip(left, right, strict=True):
        assert a.codes.tolist() == b.codes.tolist()
