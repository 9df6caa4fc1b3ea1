import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def small():
    """Ten persons, three keys, a sensitive variable, weights and households; counts below are by hand."""
    return pd.DataFrame(
        {
            "sex": ["F", "F", "F", "M", "M", "M", "M", "F", "F", "M"],
            "age": [30, 30, 30, 30, 40, 40, 40, 40, 50, 50],
            "region": ["06", "06", "06", "06", "04", "04", "04", "06", "06", "06"],
            "illness": ["a", "a", "b", "a", "a", "b", "c", "a", "b", "b"],
            "weight": [10.0, 10.0, 10.0, 20.0, 5.0, 5.0, 5.0, 50.0, 2.0, 4.0],
            "household": [1, 1, 2, 2, 3, 3, 3, 4, 5, 5],
        }
    )


@pytest.fixture
def same_draws(monkeypatch):
    """Random choices that follow from the seed alone, so that two files differ by nothing but what is compared.

    Otherwise the data and the policy are part of the draw, and two files have other orders of rows.
    """
    monkeypatch.setattr("wasl.disclosure.protect.bound_secret", lambda seed, *_: bytes([seed]) * 32)
