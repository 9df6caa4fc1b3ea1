"""A report says when its probabilities are uncertain."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.quality.doubt import describe_doubt


@pytest.mark.parametrize(
    ("sure", "doubtful", "uncertain"), [(1_000, 10, False), (1_000, 300, True), (0, 5, True), (0, 0, False)]
)
def test_much_doubt_is_said(sure: int, doubtful: int, uncertain: bool) -> None:
    found = describe_doubt(np.concatenate([np.full(sure, 0.99), np.full(doubtful, 0.5), np.full(500, 0.01)]))
    assert found["uncertain"] is uncertain
    assert ("reviewed" in found["message"]) is uncertain
    assert 0.0 <= found["doubtful"] <= 1.0
