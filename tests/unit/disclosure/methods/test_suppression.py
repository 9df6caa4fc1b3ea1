import itertools

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.frequencies import Missing, frequencies
from wasl.disclosure.methods.local_suppression import (
    Combination,
    default_importance,
    local_suppression,
    suppress_above_risk,
    suppression_order,
)
from wasl.disclosure.methods.recode import suppress_records
from wasl.errors import InputError, PolicyError


def frame_of(rng, rows=150, holes=0.05):
    frame = pd.DataFrame({f"k{j}": np.minimum(rng.geometric(0.4, rows), 6).astype(float) for j in range(4)})
    return frame.mask(rng.random(frame.shape) < holes)


@pytest.mark.parametrize("missing", [Missing.wildcard(), Missing.wildcard(0.5), Missing.wildcard(0.0)])
@pytest.mark.parametrize("k", [2, 5])
def test_reaches_k_and_only_removes(rng, k, missing):
    columns = code_columns(frame_of(rng), ["k0", "k1", "k2", "k3"])
    done = local_suppression(columns, k, missing=missing)
    assert frequencies(done.columns, missing=missing).sample.min() >= k
    for before, after in zip(columns, done.columns, strict=True):
        assert np.all((after.codes == before.codes) | (after.codes == -1))
        assert done.cells[before.name] == np.sum((after.codes == -1) & (before.codes != -1))


def test_missing_as_a_category_is_reached_too(rng):
    columns = code_columns(frame_of(rng, 400, 0.0), ["k0", "k1"])
    done = local_suppression(columns, 3, missing=Missing.category())
    assert frequencies(done.columns, missing=Missing.category()).sample.min() >= 3


def test_rows_without_company_hide_among_each_other():
    columns = code_columns(pd.DataFrame({"a": [1, 1, 1, 1, 2, 3], "b": [1, 1, 1, 1, 2, 3]}), ["a", "b"])
    for missing in (Missing.category(), Missing.wildcard(0.0)):
        done = local_suppression(columns, 3, missing=missing)
        assert frequencies(done.columns, missing=missing).sample.min() >= 3


def test_nothing_is_suppressed_where_nothing_violates():
    columns = code_columns(pd.DataFrame({"a": [1, 1, 2, 2], "b": [1, 1, 1, 1]}), ["a", "b"])
    done = local_suppression(columns, 2)
    assert (done.total, done.rows) == (0, 0)


def test_as_few_cells_as_an_exhaustive_search_on_tiny_tables(rng):
    """No choice of fewer cells reaches k = 2 under the wildcard meaning."""
    for _ in range(6):
        frame = pd.DataFrame({"a": rng.integers(0, 3, 6), "b": rng.integers(0, 2, 6)})
        columns = code_columns(frame, ["a", "b"])
        done = local_suppression(columns, 2)
        cells = list(itertools.product(range(6), range(2)))

        def reaches(chosen, columns=columns):
            codes = [column.codes.copy() for column in columns]
            for row, variable in chosen:
                codes[variable][row] = -1
            holed = [column.with_codes(c) for column, c in zip(columns, codes, strict=True)]
            return frequencies(holed).sample.min() >= 2

        violating = int((frequencies(columns).sample < 2).sum())
        fewest = next(s for s in range(13) if any(reaches(c) for c in itertools.combinations(cells, s)))
        assert done.total <= max(violating, fewest)


def test_the_least_important_variable_goes_first():
    frame = pd.DataFrame({"a": [1, 1, 1, 1], "b": [1, 1, 1, 2], "c": [1, 1, 1, 2]})
    columns = code_columns(frame, ["a", "b", "c"])
    done = local_suppression(columns, 2, importance=[1, 2, 3])
    assert done.cells == {"a": 0, "b": 1, "c": 1}
    tie = code_columns(pd.DataFrame({"a": [1, 1, 2, 2, 1], "b": [1, 1, 2, 2, 2]}), ["a", "b"])
    assert local_suppression(tie, 2, importance=[1, 2]).cells == {"a": 0, "b": 1}
    assert local_suppression(tie, 2, importance=[2, 1]).cells == {"a": 1, "b": 0}
    assert local_suppression(tie, 2, importance=[2, 1], never=["a"]).cells == {"a": 0, "b": 1}


def test_order_of_sets():
    order = suppression_order([0, 1, 2], [1, 2, 3])
    assert order == [(2,), (1,), (0,), (1, 2), (0, 2), (0, 1), (0, 1, 2)]


def test_default_importance_follows_the_number_of_categories():
    columns = code_columns(pd.DataFrame({"a": [1, 2, 3], "b": [1, 1, 1], "c": [1, 1, 2]}), ["a", "b", "c"])
    assert default_importance(columns) == (3, 1, 2)


def test_combinations_hold_together(rng):
    columns = code_columns(frame_of(rng), ["k0", "k1", "k2", "k3"])
    goals = [Combination(("k0", "k1"), 4), Combination(("k2", "k3"), 6), Combination(("k0", "k2", "k3"), 2)]
    for missing in (Missing.wildcard(), Missing.wildcard(0.0)):
        done = local_suppression(columns, 2, combinations=goals, missing=missing)
        by_name = {column.name: column for column in done.columns}
        for goal in goals:
            assert frequencies([by_name[key] for key in goal.keys], missing=missing).sample.min() >= goal.k


def test_strata_are_met_inside_each_stratum(rng):
    frame = frame_of(rng, 200, 0.0)
    frame["region"] = rng.integers(0, 3, 200)
    columns = code_columns(frame, ["k0", "k1"])
    region = code_columns(frame, ["region"])[0]
    done = local_suppression(columns, 3, strata=region)
    for code in range(3):
        inside = region.codes == code
        part = [column.with_codes(column.codes[inside]) for column in done.columns]
        assert frequencies(part).sample.min() >= 3


def test_refusals(rng):
    columns = code_columns(frame_of(rng), ["k0", "k1"])
    with pytest.raises(PolicyError, match="fewer than k = 999"):
        local_suppression(columns, 999)
    with pytest.raises(PolicyError, match="cannot reach k"):
        local_suppression(columns, 30, never=["k0", "k1"])
    with pytest.raises(InputError, match="not a key variable: age"):
        local_suppression(columns, 2, never=["age"])
    with pytest.raises(InputError, match="importance ranks"):
        local_suppression(columns, 2, importance=[1])


def test_suppression_above_a_risk():
    columns = code_columns(pd.DataFrame({"a": [1, 2, 3], "b": [1, 1, 1]}), ["a", "b"])
    done = suppress_above_risk(columns, "a", np.array([0.1, 0.5, 0.9]), 0.4)
    assert done.columns[0].codes.tolist() == [0, -1, -1]
    assert done.cells == {"a": 2, "b": 0}
    with pytest.raises(InputError, match="probability"):
        suppress_above_risk(columns, "a", np.zeros(3), 40)


def test_records_are_removed_up_to_a_cap():
    risky = np.array([True, False, False, False])
    assert suppress_records(risky, max_share=0.25).keep.tolist() == [False, True, True, True]
    with pytest.raises(PolicyError, match="1 of 4 rows"):
        suppress_records(risky, max_share=0.2)
    with pytest.raises(InputError, match=r"Write 1 % as 0.01"):
        suppress_records(risky, max_share=5)
