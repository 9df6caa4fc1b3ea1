"""The kinds of the laboratory take a factor on the frequency of errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wasl.lab.quality.kinds import KINDS

DAMAGED = sorted(KINDS.keys() - {"distinct"})
COLUMNS = ["given", "surname", "birth"]


def differing(name: str, damage: float) -> float:
    """The share of records that differ in names or birth from another record of their person."""
    sample = KINDS[name].draw(400, np.random.default_rng(5), damage)
    rows = pd.concat(sample.registers.values(), ignore_index=True)
    several = rows[rows.duplicated("person", keep=False)]
    return float((several.groupby("person")[COLUMNS].nunique() > 1).any(axis=1).mean())


@pytest.mark.parametrize("name", DAMAGED)
def test_more_damage_makes_more_records_differ(name: str) -> None:
    none, half, usual = (differing(name, damage) for damage in (0.0, 0.5, 1.0))
    assert none == 0.0
    assert 0.0 < half < usual


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_usual_damage_is_the_default(name: str) -> None:
    given, left = (KINDS[name].draw(300, np.random.default_rng(1), *more).registers for more in ((1.0,), ()))
    assert all(given[key].equals(left[key]) for key in left)
