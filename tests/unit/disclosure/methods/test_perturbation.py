import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.methods import microaggregation
from wasl.disclosure.methods.microaggregation import mdav_groups, microaggregate, ranked_groups
from wasl.disclosure.methods.noise import add_correlated_noise, add_noise
from wasl.disclosure.methods.pram import invariant_matrix, pram, retention_matrix
from wasl.disclosure.methods.rank_swapping import rank_swap
from wasl.disclosure.methods.record_swapping import swap_records
from wasl.disclosure.methods.shuffling import shuffle_values
from wasl.disclosure.risk.continuous_risk import interval_risk, linkage_risk
from wasl.errors import InputError


def brute_mdav(points, k):
    """MDAV as it is written down: scan everything, every time."""
    left = np.arange(len(points))
    groups = np.empty(len(points), int)
    made = 0

    def take(origin, left, made):
        order = np.argsort(((points[left] - origin) ** 2).sum(axis=1), kind="stable")[:k]
        groups[left[order]] = made
        return np.delete(left, order), made + 1

    while len(left) >= 2 * k:
        centre = points[left].mean(axis=0)
        r = points[left[np.argmax(((points[left] - centre) ** 2).sum(axis=1))]]
        s = points[left[np.argmax(((points[left] - r) ** 2).sum(axis=1))]]
        two = len(left) >= 3 * k
        left, made = take(r, left, made)
        if not two:
            break
        left, made = take(s, left, made)
    groups[left] = made
    return groups


@pytest.mark.parametrize(("rows", "k"), [(7, 3), (50, 3), (200, 5), (301, 4), (1000, 3)])
@pytest.mark.parametrize("variables", [1, 2, 5])
def test_mdav_is_the_scan_of_everything(rng, rows, variables, k):
    points = rng.standard_normal((rows, variables))
    np.testing.assert_array_equal(mdav_groups(points, k), brute_mdav(points, k))


@pytest.mark.parametrize("variables", [1, 2, 3])
def test_ties_go_to_the_first_row(rng, variables):
    points = rng.integers(0, 3, (700, variables)).astype(float)
    np.testing.assert_array_equal(mdav_groups(points, 3), brute_mdav(points, 3))


def test_mdav_blocks_keep_group_sizes(rng, monkeypatch):
    monkeypatch.setattr(microaggregation, "BLOCK_ROWS", 200)
    sizes = np.bincount(mdav_groups(rng.standard_normal((1000, 3)), 3))
    assert sizes.min() >= 3
    assert sizes.max() <= 5


@pytest.mark.parametrize("spread", ["normal", "skewed", "ties"])
def test_a_limited_search_keeps_group_sizes_and_loses_little_more(rng, monkeypatch, spread):
    monkeypatch.setattr(microaggregation, "VISITS", 300)
    points = {
        "normal": rng.standard_normal((3_000, 10)),
        "skewed": rng.lognormal(size=(3_000, 10)),
        "ties": rng.integers(0, 3, (3_000, 10)).astype(float),
    }[spread]
    exact, limited = mdav_groups(points, 3), mdav_groups(points, 3, exact_rows=100)
    sizes = np.bincount(limited)
    assert (sizes.min(), sizes.sum()) == (3, 3_000)
    assert sizes.max() <= 5
    assert within(points, limited) <= 1.05 * within(points, exact)


def within(points, groups):
    """The sum of squares inside groups."""
    means = np.array([np.bincount(groups, weights=column) / np.bincount(groups) for column in points.T]).T
    return ((points - means[groups]) ** 2).sum()


@pytest.mark.parametrize("method", ["mdav", "ranking", "pca"])
def test_microaggregation_keeps_means_and_group_sizes(rng, method):
    values = rng.lognormal(size=(101, 3))
    done = microaggregate(values, 4, method=method)
    np.testing.assert_allclose(done.values.mean(axis=0), values.mean(axis=0))
    assert done.sizes.min() >= 4
    for j in range(3):
        _, counts = np.unique(np.round(done.values[:, j], 10), return_counts=True)
        assert counts.min() >= 4


def test_rows_with_missing_values_are_grouped_among_themselves(rng):
    values = rng.standard_normal((40, 2))
    values[:6, 1] = np.nan
    done = microaggregate(values, 3)
    assert np.isnan(done.values[:6, 1]).all()
    assert set(done.groups[:6]).isdisjoint(done.groups[6:])
    values[6, 0] = np.nan
    with pytest.raises(InputError, match="of one kind there are 1"):
        microaggregate(values, 3)


def test_ranked_groups_give_the_remainder_to_the_last():
    assert ranked_groups(np.array([5.0, 1.0, 4.0, 2.0, 3.0]), 2).tolist() == [1, 0, 1, 0, 1]


def test_the_invariant_matrix_preserves_frequencies(rng):
    t = np.array([50.0, 30.0, 15.0, 5.0, 0.0])
    matrix = invariant_matrix(retention_matrix(5, 0.7), t)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    np.testing.assert_allclose(t @ matrix, t)
    assert matrix[4, 4] == 1.0


def test_pram_draws_from_its_matrix(rng):
    column = code_columns(pd.DataFrame({"v": np.repeat(["a", "b", None], 20_000)}), ["v"])[0]
    done = pram(column, rng, matrix=np.array([[0.9, 0.1], [0.3, 0.7]]), invariant=False)
    after = done.column.codes
    assert np.mean(after[:20_000] == 1) == pytest.approx(0.1, abs=0.01)
    assert np.mean(after[20_000:40_000] == 0) == pytest.approx(0.3, abs=0.015)
    assert (after[40_000:] == -1).all()
    assert done.changed == int((after != column.codes).sum())
    again = pram(column, np.random.default_rng(1), retain=0.8)
    same = pram(column, np.random.default_rng(1), retain=0.8)
    np.testing.assert_array_equal(again.column.codes, same.column.codes)
    with pytest.raises(InputError, match="not probabilities"):
        pram(column, rng, matrix=np.array([[0.9, 0.2], [0.3, 0.7]]))


def test_noise_has_the_asked_size_and_correlated_noise_keeps_the_covariance(rng):
    x = rng.multivariate_normal([5, -3], [[4.0, 1.5], [1.5, 1.0]], 20_000)
    assert (add_noise(x, 0.2, rng) - x).std(axis=0) == pytest.approx(0.2 * x.std(axis=0), rel=0.05)
    noisy = add_correlated_noise(x, 0.5, rng)
    np.testing.assert_allclose(np.cov(noisy.T), np.cov(x.T), rtol=0.06)
    np.testing.assert_allclose(noisy.mean(axis=0), x.mean(axis=0), atol=0.05)
    with pytest.raises(InputError, match="positive"):
        add_noise(x, 0.0, rng)


def test_rank_swapping_keeps_margins_and_the_window(rng):
    x = rng.lognormal(size=500)
    x[::50] = np.nan
    y = rank_swap(x, 0.05, rng)
    known = ~np.isnan(x)
    np.testing.assert_array_equal(np.isnan(y), ~known)
    np.testing.assert_array_equal(np.sort(y[known]), np.sort(x[known]))
    ranks = {value: rank for rank, value in enumerate(np.sort(x[known]))}
    moved = np.array([abs(ranks[a] - ranks[b]) for a, b in zip(x[known], y[known], strict=True)])
    assert moved.max() <= round(0.05 * known.sum())
    assert np.mean(moved > 0) > 0.9
    with pytest.raises(InputError, match=r"Write 5 % as 0.05"):
        rank_swap(x, 5, rng)


def test_shuffling_keeps_margins_and_rank_relations(rng):
    s = rng.standard_normal((3000, 1))
    x = np.exp(s + 0.5 * rng.standard_normal((3000, 1)))
    y = shuffle_values(x, s, rng)
    np.testing.assert_array_equal(np.sort(y, axis=0), np.sort(x, axis=0))
    before, after = (pd.DataFrame({"s": s[:, 0], "x": m[:, 0]}).corr("spearman").iloc[0, 1] for m in (x, y))
    assert after == pytest.approx(before, abs=0.04)
    assert np.mean(x == y) < 0.05


def test_swapped_households_stay_whole_and_areas_keep_their_sizes(rng):
    households = np.repeat(np.arange(400), rng.integers(1, 4, 400))
    region = rng.integers(0, 3, 400)
    frame = pd.DataFrame(
        {
            "region": region[households],
            "province": (region * 10 + rng.integers(0, 3, 400))[households],
            "age": rng.integers(0, 80, len(households)),
        }
    )
    areas, age = code_columns(frame, ["region", "province"]), code_columns(frame, ["age"])
    done = swap_records(households, areas, [], age, rng, k=2, rate=0.05)
    after_region, after_province = (column.decode().to_numpy() for column in done.areas)
    np.testing.assert_array_equal(after_province // 10, after_region)
    first = np.unique(households, return_index=True)[1]
    for before, after in ((frame["region"], after_region), (frame["province"], after_province)):
        np.testing.assert_array_equal(after[first][households], after)
        np.testing.assert_array_equal(np.bincount(after[first]), np.bincount(before.to_numpy()[first]))
    assert done.swapped >= 0.05 * 400
    with pytest.raises(InputError, match="differs inside a household"):
        swap_records(np.zeros(len(households), np.int64), areas, [], age, rng)


def test_unmasked_values_are_linked_and_random_ones_are_not(rng):
    x = rng.standard_normal((300, 3))
    assert linkage_risk(x, x).share == pytest.approx(1.0)
    assert interval_risk(x, x) == 1.0
    assert linkage_risk(x, rng.permutation(x)).share < 0.05
    ties = np.zeros((10, 1))
    assert linkage_risk(ties, ties).expected == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(12))
def test_the_first_component_has_one_direction_whatever_rounding_does(seed):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=51)
    values = np.column_stack([first, rng.normal(size=51) - 0.7 * first])
    groups = microaggregate(values, 4, method="pca").groups
    scaled = microaggregate(values * [3.0, 1 / 7.0], 4, method="pca").groups
    assert np.array_equal(groups, scaled)
