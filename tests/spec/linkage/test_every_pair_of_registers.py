"""Every pair of registers that share people in the synthetic Morocco links, surveys and refugees included."""

from __future__ import annotations

import pandas as pd
import pytest

from wasl.lab.benchmarks.registers import run, shared_pairs
from wasl.population.generate import generate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rates() -> pd.DataFrame:
    rows = run(peers=None, repeats=1, quick=True)
    return pd.DataFrame([row for row in rows if "together_recall" in row])


def test_many_pairs_share_people(rates: pd.DataFrame) -> None:
    pairs, _ = shared_pairs(generate(2000, 1, scope="all").truth.to_pandas())
    assert len(rates) == len(pairs) >= 25
    met = set(rates["left"]) | set(rates["right"])
    assert {"unhcr-refugees", "refugees-recognized", "consular-register", "training", "census-sample"} <= met


def test_taken_together_they_link(rates: pd.DataFrame) -> None:
    linked, true = rates["linked"].sum(), rates["true"].sum()
    right = (rates["precision"] * rates["linked"]).sum()
    assert right / linked >= 0.97
    assert right / true >= 0.97


def test_one_linkage_of_all_registers_is_better_than_each_pair_alone(rates: pd.DataFrame) -> None:
    def missed_and_wrong(prefix: str) -> float:
        right = (rates[f"{prefix}recall"] * rates["true"]).sum()
        return rates["true"].sum() - right + rates[f"{prefix}linked"].sum() - right

    assert missed_and_wrong("together_") < missed_and_wrong("")


def test_no_pair_fails(rates: pd.DataFrame) -> None:
    """Pairs with a dozen true matches vary; a pair of registers without a common pass would have recall near 0."""
    weak = rates[(rates["precision"] < 0.75) | (rates["recall"] < 0.75)]
    assert weak.empty, weak
