import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.utility.information_loss import (
    confidence_overlap,
    eigenvalue_drift,
    hellinger,
    il1,
    il1s,
    propensity_mse,
    regression_overlap,
    total_variation,
    within_groups,
)
from wasl.disclosure.utility.measures import compare
from wasl.errors import InputError


def test_losses_by_hand():
    x, y = np.array([[1.0, 10.0], [3.0, 10.0], [0.0, 40.0]]), np.array([[2.0, 10.0], [3.0, 20.0], [1.0, 40.0]])
    assert il1(x, y) == pytest.approx(100 * (1 + 0 + 0 + 10 / 10 + 0))  # the cell with x = 0 counts nothing
    s = x.std(axis=0, ddof=1)
    assert il1s(x, y).total == pytest.approx((2 / s[0] + 10 / s[1]) / np.sqrt(2))
    assert il1s(x, y).mean == pytest.approx(il1s(x, y).total / 6)
    assert hellinger(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(1.0)
    assert total_variation(np.array([0.5, 0.5]), np.array([0.8, 0.2])) == pytest.approx(0.3)
    z = np.array([[0.0], [2.0], [4.0], [6.0]])
    assert within_groups(z, np.array([[1.0], [1.0], [5.0], [5.0]])) == pytest.approx(100 * 4 / 20)
    with pytest.raises(InputError, match="shape"):
        il1(x, y[:2])


def test_nothing_lost_is_no_loss(rng):
    x = rng.normal(size=(50, 3))
    assert (il1(x, x), il1s(x, x).total, eigenvalue_drift(x, x)) == (0.0, 0.0, 0.0)
    assert confidence_overlap(x[:, 0], x[:, 0]) == pytest.approx(1.0)
    assert regression_overlap(x[:, :2], x[:, 2], x[:, :2], x[:, 2]) == pytest.approx(1.0)
    pmse, ratio = propensity_mse(x, x)
    assert pmse == pytest.approx(0.0, abs=1e-12)
    assert ratio == pytest.approx(0.0, abs=1e-6)


def test_intervals_apart_overlap_negatively(rng):
    x = rng.normal(size=400)
    assert confidence_overlap(x, x + 5) < 0
    assert 0 < confidence_overlap(x, x + 0.02) < 1


def test_propensity_tells_a_shifted_file_from_a_fresh_sample(rng):
    x = rng.normal(size=(3000, 2))
    fresh = propensity_mse(x, rng.normal(size=(3000, 2)))[1]
    shifted = propensity_mse(x, rng.normal([0.5, 0.0], size=(3000, 2)))[1]
    assert fresh < 12
    assert shifted > 50


def test_dependent_variables_do_not_break_eigenvalues(rng):
    x = rng.normal(size=(60, 3))
    x[:, 2] = x[:, 0] + x[:, 1]
    assert np.isfinite(eigenvalue_drift(x, x + rng.normal(size=x.shape) * 0.01))


def test_recoding_is_loss_of_detail_not_distortion(rng):
    original = pd.DataFrame({"age": rng.integers(20, 60, 500), "sex": rng.choice(["F", "M"], 500)})
    protected = original.assign(age=[f"{a // 10 * 10}s" for a in original["age"]])
    report = compare(original, protected, categorical=["age", "sex"])
    age = report.variables["age"]
    assert (age.categories_after, age.changed, age.hellinger, age.suppressed) == (4, 0.0, 0.0, 0.0)
    assert 0 < age.detail_kept < 1
    assert report.variables["sex"].detail_kept == 1.0
    assert report.crosstabs == 0.0


def test_suppression_and_swapping_are_told_apart(rng):
    original = pd.DataFrame({"a": rng.choice(list("xyz"), 400), "b": rng.choice(list("uv"), 400)})
    holed, swapped = original.copy(), original.copy()
    holed.loc[:39, "a"] = None
    swapped["a"] = rng.permutation(swapped["a"].to_numpy())
    lost, mixed = (compare(original, other, categorical=["a", "b"]) for other in (holed, swapped))
    assert lost.variables["a"].suppressed == pytest.approx(0.1)
    assert lost.variables["a"].changed == 0.0
    assert lost.suppressed_cells == pytest.approx(0.05)
    assert mixed.variables["a"].changed > 0.4
    assert mixed.variables["a"].hellinger == pytest.approx(0.0)
    assert mixed.crosstabs > 0


def test_numbers_and_regressions(rng):
    sex = rng.choice(["F", "M"], 600)
    wage = np.where(sex == "F", 5000, 6000) + rng.normal(0, 300, 600)
    original = pd.DataFrame({"sex": sex, "wage": wage})
    kept = compare(original, original, categorical=["sex"], numeric=["wage"])
    broken = compare(original, original.assign(wage=rng.permutation(wage)), categorical=["sex"], numeric=["wage"])
    assert kept.regressions["wage"] == pytest.approx(1.0)
    assert broken.regressions["wage"] < 0.5
    assert broken.numbers["wage"].overlap == pytest.approx(1.0)
    assert kept.il1 == 0.0


def test_unaligned_files_are_compared_by_their_distributions(rng):
    original = pd.DataFrame({"a": rng.choice(list("xyz"), 900)})
    drawn = pd.DataFrame({"a": rng.choice(list("xyz"), 300)})
    report = compare(original, drawn, categorical=["a"], aligned=False)
    assert (report.rows_before, report.rows_after) == (900, 300)
    assert report.variables["a"].hellinger < 0.1
