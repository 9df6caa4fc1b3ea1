"""Local suppression where keys are many: the goals hold, and nothing that is not needed is suppressed."""

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys import frequencies as frequencies_module
from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.frequencies import Missing, frequencies, violations
from wasl.disclosure.methods.local_suppression import Combination, local_suppression
from wasl.errors import InputError, PolicyError

MEANINGS = [Missing(), Missing(0.0), Missing(0.5), Missing.category()]


def columns_of(rng, rows, keys, width=4, missing=0.0):
    frame = pd.DataFrame({f"k{j}": np.minimum(rng.geometric(0.4, rows), width) for j in range(keys)}).astype("Int64")
    for name in frame:
        frame.loc[rng.random(rows) < missing, name] = pd.NA
    return code_columns(frame, list(frame))


def spare_cells(before, after, k):
    """Suppressed cells that could be put back one by one without a row falling below k."""
    spare = 0
    alone = equivalence_classes(before)  # rows of one class are put back together or not at all
    for v, (old, new) in enumerate(zip(before, after, strict=True)):
        for row in np.flatnonzero((new.codes < 0) & (old.codes >= 0) & (alone.sizes[alone.ids] == 1)):
            codes = new.codes.copy()
            codes[row] = old.codes[row]
            tried = [*after[:v], new.with_codes(codes), *after[v + 1 :]]
            spare += frequencies(tried).sample.min() >= k
    return spare


@pytest.mark.parametrize("search", ["sets", "nearest"])
@pytest.mark.parametrize(("rows", "keys", "missing"), [(60, 3, 0.0), (150, 6, 0.0), (150, 6, 0.1), (200, 9, 0.05)])
@pytest.mark.parametrize("k", [2, 3, 6])
def test_the_goal_holds(rng, search, rows, keys, missing, k):
    columns = columns_of(rng, rows, keys, missing=missing)
    done = local_suppression(columns, k, search=search)
    assert frequencies(done.columns).sample.min() >= k
    for old, new in zip(columns, done.columns, strict=True):
        assert np.all((new.codes == old.codes) | (new.codes < 0))
        assert done.cells[new.name] == np.count_nonzero((new.codes < 0) & (old.codes >= 0))


def test_values_that_are_not_needed_are_put_back(rng):
    for keys in (4, 7):
        columns = columns_of(rng, 60, keys)
        done = local_suppression(columns, 3, search="nearest")
        assert done.total > 0
        assert spare_cells(columns, done.columns, 3) == 0


def test_what_is_put_back_takes_no_certain_company_away(rng, monkeypatch):
    """Under the search of sets, rows with k certain matches keep them when values are put back."""
    from wasl.disclosure.methods import local_suppression as module

    for trial in range(20):
        columns = columns_of(np.random.default_rng(trial), 120, 5, width=6)
        done = local_suppression(columns, 3, search="sets")
        with monkeypatch.context() as patch:
            patch.setattr(module, "_restore", lambda *_, **__: None)
            plain = local_suppression(columns, 3, search="sets")
        assert done.total <= plain.total
        certain = [violations(frequencies(d.columns, missing=Missing(0.0)).sample, 3) for d in (done, plain)]
        assert certain[0] <= certain[1]
        assert frequencies(done.columns).sample.min() >= 3


@pytest.mark.parametrize("keys", [6, 8])
def test_the_nearest_need_fewer_cells_than_sets(rng, keys):
    columns = columns_of(rng, 400, keys)
    assert local_suppression(columns, 3, search="nearest").total <= local_suppression(columns, 3, search="sets").total


@pytest.mark.parametrize("search", ["sets", "nearest"])
def test_never_strata_and_combinations(rng, search):
    columns = columns_of(rng, 300, 8, width=2)
    strata = columns[7]
    goals = [Combination(("k0", "k1", "k2", "k3"), 4), Combination(("k2", "k4", "k5"), 6), Combination(("k6",), 3)]
    done = local_suppression(columns[:7], 3, never=["k1"], strata=strata, combinations=goals, search=search)
    assert done.cells["k1"] == 0
    for goal in goals:
        inside = [column for column in done.columns if column.name in goal.keys]
        assert frequencies([*inside, strata]).sample.min() >= goal.k
    with pytest.raises(PolicyError, match="cannot reach k = 250"):
        local_suppression(columns[:7], 250, strata=strata, search=search)


def test_twenty_keys_of_unequal_importance(rng):
    columns = columns_of(rng, 400, 20)
    importance = list(range(1, 21))
    done = local_suppression(columns, 3, importance=importance)
    assert frequencies(done.columns).sample.min() >= 3
    lost = [done.cells[f"k{j}"] for j in range(20)]
    assert sum(lost[:5]) < sum(lost[15:])
    again = local_suppression(done.columns, 3, importance=importance)
    assert again.total == 0


def test_as_many_keys_as_missing_values_are_counted_for(rng):
    columns = columns_of(rng, 60, 63, missing=0.02)
    (strata,) = code_columns(pd.DataFrame({"region": ["N", "S"] * 30}), ["region"])
    for missing in MEANINGS:
        done = local_suppression(columns[:62], 3, missing=missing)
        assert frequencies(done.columns, missing=missing).sample.min() >= 3
        done = local_suppression(columns[:61], 2, missing=missing, strata=strata, search="nearest")
        assert frequencies([*done.columns, strata], missing=missing).sample.min() >= 2
        with pytest.raises(InputError, match="at most 62 keys"):
            local_suppression(columns, 3, missing=missing)
        with pytest.raises(InputError, match="at most 62 keys"):
            local_suppression(columns[:62], 3, missing=missing, strata=strata)
    with pytest.raises(InputError, match="63 key variables; missing values are counted for at most 62"):
        frequencies(columns)
    assert frequencies(columns, missing=Missing.category()).sample.max() >= 1


@pytest.mark.parametrize("missing", [Missing(0.0), Missing(0.3), Missing.category()])
@pytest.mark.parametrize("search", ["auto", "sets", "nearest"])
@pytest.mark.parametrize(
    ("rows", "keys", "holes"), [(60, 3, 0.0), (150, 6, 0.1), (200, 9, 0.05), (200, 13, 0.0), (40, 5, 0.6)]
)
def test_certain_company(search, missing, rows, keys, holes):
    """Only rows that miss the same keys (and complete ones, under alpha) count for certain."""
    for seed in range(3):
        columns = columns_of(np.random.default_rng(seed), rows, keys, missing=holes)
        done = local_suppression(columns, 3, missing=missing, search=search)
        assert frequencies(done.columns, missing=missing).sample.min() >= 3
        for old, new in zip(columns, done.columns, strict=True):
            assert np.all((new.codes == old.codes) | (new.codes < 0))
            assert done.cells[new.name] == np.count_nonzero((new.codes < 0) & (old.codes >= 0))


@pytest.mark.parametrize("missing", [Missing(0.0), Missing(0.5), Missing.category()])
def test_the_default_never_needs_more_cells_than_sets(missing):
    for seed in range(6):
        columns = columns_of(np.random.default_rng(seed), 150, 4 + seed, missing=0.04 * (seed % 2))
        auto, sets, nearest = (
            local_suppression(columns, 3, missing=missing, search=way).total for way in ("auto", "sets", "nearest")
        )
        assert auto == min(sets, nearest)


@pytest.mark.parametrize("missing", [Missing(0.0), Missing.category()])
def test_few_rows_without_company_do_not_cost_the_others_their_values(missing):
    """Two odd rows in a file of pairs: they join one group, and the other rows keep what they have."""
    frame = pd.DataFrame({f"k{j}": [f"{j}{row // 3}" for row in range(60)] for j in range(5)})
    odd = pd.DataFrame({f"k{j}": [f"{j}0", "x"] if j else ["y", "z"] for j in range(5)})
    columns = code_columns(pd.concat([frame, odd], ignore_index=True), list(frame))
    for search in ("sets", "nearest"):
        done = local_suppression(columns, 3, missing=missing, search=search)
        assert frequencies(done.columns, missing=missing).sample.min() >= 3
        assert done.total <= 5 * 5 + 4


@pytest.mark.parametrize("missing", [Missing(0.0), Missing(0.5), Missing.category()])
@pytest.mark.parametrize("search", ["sets", "nearest"])
def test_certain_company_inside_strata_and_without_touching_some_keys(rng, missing, search):
    columns = columns_of(rng, 400, 9, width=3)
    goals = [Combination(("k0", "k1", "k2", "k3", "k4"), 4), Combination(("k2", "k5", "k6", "k7"), 6)]
    done = local_suppression(
        columns[:8], 3, never=["k1"], strata=columns[8], combinations=goals, missing=missing, search=search
    )
    assert done.cells["k1"] == 0
    for goal in goals:
        inside = [column for column in done.columns if column.name in goal.keys]
        assert frequencies([*inside, columns[8]], missing=missing).sample.min() >= goal.k
    with pytest.raises(PolicyError, match="cannot reach k = 350"):
        local_suppression(columns[:8], 350, strata=columns[8], missing=missing, search=search)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_the_scan_counts_what_patterns_count(rng, monkeypatch, alpha):
    columns = columns_of(rng, 300, 7, width=300, missing=0.3)
    weights = rng.uniform(1, 9, 300)
    scanned = frequencies(columns, weight=weights, missing=Missing(alpha))
    monkeypatch.setattr(frequencies_module, "SCAN_PATTERNS", 10**9)
    by_pattern = frequencies(columns, weight=weights, missing=Missing(alpha))
    np.testing.assert_allclose(scanned.sample, by_pattern.sample)
    np.testing.assert_allclose(scanned.population, by_pattern.population)
    monkeypatch.setattr(frequencies_module, "SCAN_PATTERNS", 0)
    again = frequencies(columns, weight=weights, missing=Missing(alpha))
    np.testing.assert_allclose(again.sample, by_pattern.sample)


def test_a_key_named_twice_is_refused(rng):
    columns = columns_of(rng, 50, 3)
    with pytest.raises(InputError, match="key named twice: k1"):
        local_suppression([*columns, columns[1]], 3)


def test_large_files_are_cut_into_blocks(rng, monkeypatch):
    from wasl.disclosure.methods import nearest_holes as module

    columns = columns_of(rng, 4_000, 11)
    monkeypatch.setattr(module, "PAIRS", 1)
    for missing in MEANINGS:
        done = local_suppression(columns, 3, missing=missing, search="nearest")
        assert frequencies(done.columns, missing=missing).sample.min() >= 3


def complete_and_alone(columns):
    """Rows without a missing key that no other row certainly agrees with: whoever knows the keys knows the row."""
    complete = np.all([column.codes >= 0 for column in columns], axis=0)
    return int((complete & (frequencies(columns, missing=Missing(0.0)).sample < 2)).sum())


def test_the_default_leaves_fewer_rows_complete_and_alone_than_the_fewest_cells_do():
    """One blank age shelters every age under a full wildcard; the default does not use that up to ten keys."""
    gained = 0
    for seed in range(8):
        columns = columns_of(np.random.default_rng(seed), 200, 3 + seed, width=6)
        auto, sets, nearest = (local_suppression(columns, 3, search=way) for way in ("auto", "sets", "nearest"))
        assert [one.codes.tolist() for one in auto.columns] == [one.codes.tolist() for one in sets.columns]
        assert complete_and_alone(auto.columns) <= complete_and_alone(nearest.columns)
        assert auto.total >= nearest.total
        gained += complete_and_alone(nearest.columns) - complete_and_alone(auto.columns)
    assert gained > 50
