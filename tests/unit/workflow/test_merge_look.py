"""Random pairs of records that agree in their traits."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.workflow.merge_look import RANDOM_PAIRS, _alike_pairs


@pytest.mark.parametrize("alike", [[0, 0, 1, 1, 1, -1, 2], [5, 5, 5], [-1, 0]])
def test_drawn_pairs_agree_and_each_is_as_likely_as_another(alike):
    number = np.array(alike, np.int64)
    left, right = _alike_pairs(number, np.random.default_rng(3))
    assert (number[left] == number[right]).all()
    assert (number[left] >= 0).all()
    held = np.bincount(number[number >= 0])
    seen = np.bincount(left * len(number) + right)
    assert seen[seen > 0] == pytest.approx(RANDOM_PAIRS / (held**2).sum(), rel=0.05)


def test_records_without_traits_give_no_pair():
    left, right = _alike_pairs(np.full(4, -1, np.int64), np.random.default_rng(3))
    assert len(left) == len(right) == 0
