import itertools
from math import comb, factorial

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.risk.suda2 import category_contributions, msu_weights, suda2
from wasl.errors import InputError


def brute_msus(frame):
    """For each row, its minimal unique sets of variables, by trying all of them."""
    columns = list(frame)
    found = [[] for _ in range(len(frame))]
    for size in range(1, len(columns) + 1):
        for chosen in itertools.combinations(range(len(columns)), size):
            names = [columns[c] for c in chosen]
            known = frame[names].notna().all(axis=1)
            counts = frame.loc[known].groupby(names)[names[0]].transform("size")
            for row in counts.index[counts == 1]:
                if not any(set(earlier) < set(chosen) for earlier in found[row]):
                    found[row].append(chosen)
    return found


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("variables", [1, 3, 5, 7])
def test_scores_agree_with_brute_force(rng, variables, holes):
    frame = pd.DataFrame({f"v{j}": rng.integers(0, 4, 40).astype(float) for j in range(variables)})
    frame = frame.mask(rng.random(frame.shape) < holes)
    msus = brute_msus(frame)
    for scoring, weight in (
        ("elliot", lambda s: factorial(variables - s)),
        ("ihsn", lambda s: (2 ** (variables - s) - 1) / comb(variables, s)),
    ):
        scores = suda2(frame, list(frame), scoring=scoring)
        expected = [sum(weight(len(chosen)) for chosen in row) for row in msus]
        np.testing.assert_allclose(scores.scores, expected)
        for row, sets in enumerate(msus):
            total = expected[row]
            for v in range(variables):
                part = sum(weight(len(chosen)) for chosen in sets if v in chosen)
                assert scores.row_contributions[row, v] == pytest.approx(part / total if total else 0.0)
        sizes = np.zeros((len(frame), variables), int)
        for row, sets in enumerate(msus):
            for chosen in sets:
                sizes[row, len(chosen) - 1] += 1
        np.testing.assert_array_equal(scores.msu_counts, sizes)


def test_weights():
    assert msu_weights(4, "elliot").tolist() == [6, 2, 1, 1]
    assert msu_weights(4, "ihsn").tolist() == [1.75, 0.5, 0.25, 0]


def test_dis_lies_between_0_and_1_and_rises_with_the_score(rng):
    frame = pd.DataFrame({f"v{j}": rng.integers(0, 5, 200) for j in range(4)})
    scores = suda2(frame, list(frame))
    order = np.argsort(scores.scores)
    assert np.all((scores.dis >= 0) & (scores.dis <= 1))
    assert np.all(np.diff(scores.dis[order]) >= 0)
    assert (scores.dis > 0).sum() == (scores.scores > 0).sum()


def test_contributions_of_categories_sum_to_the_whole(rng):
    frame = pd.DataFrame({f"v{j}": rng.integers(0, 4, 60) for j in range(4)})
    columns = code_columns(frame, list(frame))
    scores = suda2(columns)
    for column in columns:
        values = category_contributions(scores, column)
        assert np.isnan(values).all() or values.sum() == pytest.approx(100.0)


def test_largest_size_can_be_bounded(rng):
    frame = pd.DataFrame({f"v{j}": rng.integers(0, 4, 60) for j in range(4)})
    bounded = suda2(frame, list(frame), max_size=2)
    whole = suda2(frame, list(frame))
    np.testing.assert_array_equal(bounded.msu_counts[:, :2], whole.msu_counts[:, :2])
    assert bounded.msu_counts[:, 2:].sum() == 0


def test_refuses_what_it_cannot_do(small):
    with pytest.raises(InputError, match="1 to 16 variables"):
        suda2(small, [])
    with pytest.raises(InputError, match="between 0 and 1"):
        suda2(small, ["sex"], fraction=1.0)
