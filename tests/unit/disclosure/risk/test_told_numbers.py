"""A masked number that other released numbers tell is not masked: sums, differences, products, days between dates."""

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.errors import PolicyError
from wasl.registers.documents import validate_document

DAY = "D"


def business(seed, exceptions=0.05):
    """Records whose numbers are related, with exceptions in the sum."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(200, 900))
    wages, added = np.exp(rng.normal(10, 1, (2, rows))).round()
    size = rng.integers(1, 7, rows)
    income = np.exp(rng.normal(9, 1, rows)).round(2)
    entry = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, rows), unit=DAY)
    stay = rng.geometric(0.2, rows)
    turnover = np.where(rng.random(rows) < exceptions, np.exp(rng.normal(11, 1, rows)).round(), wages + added)
    return pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], rows),
            "wages": wages,
            "added": added,
            "turnover": turnover,
            "euros": (turnover / 10.87).round(2),
            "size": size,
            "income": income,
            "per_head": (income / size).round(2),
            "entry": entry.date,
            "left": (entry + pd.to_timedelta(stay, unit=DAY)).date,
            "stay": stay,
            "other": np.exp(rng.normal(10, 1, rows)).round(2),
        }
    )


def policy_of(data, methods):
    roles = [{"name": name, "role": "key" if name == "sex" else "free"} for name in data.columns]
    document = {"name": "numbers", "variables": roles, "thresholds": {"k": 3}, "methods": methods}
    return validate_document(DisclosurePolicy, document, "test")


def top(variable, bound):
    return {"kind": "top_bottom", "variable": variable, "top": bound}


MASKS = [
    top,
    lambda name, bound: {"kind": "top_bottom", "variable": name, "top": bound, "top_value": bound * 2},
    lambda name, bound: {"kind": "noise", "variables": [name], "amount": 0.3},
    lambda name, bound: {"kind": "microaggregate", "variables": [name], "size": 5},
    lambda name, bound: {"kind": "rank_swap", "variables": [name], "window": 0.1},
    lambda name, bound: {"kind": "round", "variable": name, "base": bound / 10},
]
RELATIONS = [
    ("turnover", 2e5, ("wages", "added")),
    ("wages", 8e4, ("turnover", "added")),
    ("turnover", 2e5, ("euros",)),
    ("income", 4e4, ("per_head", "size")),
    ("stay", 12.0, ("entry", "left")),
]


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation[0])
@pytest.mark.parametrize("mask", range(len(MASKS)))
@pytest.mark.parametrize("seed", range(2))
def test_a_number_that_others_tell_is_refused_and_without_them_released(seed, mask, relation):
    name, bound, sources = relation
    data = business(seed)[["sex", name, *sources, "other"]]
    method = MASKS[mask](name, bound)
    with pytest.raises(PolicyError, match=rf"release\.numbers: .* changed values of {name} follow from"):
        protect(data, policy_of(data, [method]), seed=seed)
    alone = data.drop(columns=sources[0])
    released = protect(alone, policy_of(alone, [method]), seed=seed).table
    assert name in released.column_names


def test_numbers_masked_alike_in_the_same_records_tell_nothing():
    data = business(4)[["sex", "turnover", "wages", "added", "other"]]
    noise = {"kind": "noise", "variables": ["turnover", "wages", "added"], "amount": 0.2}
    assert protect(data, policy_of(data, [noise]), seed=1).table.num_rows == len(data)


@pytest.mark.parametrize("seed", range(12))
def test_unrelated_numbers_tell_nothing(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(20, 400))
    data = pd.DataFrame(
        {
            "sex": ["F"] * rows,
            "mostly_none": np.where(rng.random(rows) < 0.93, 0, rng.integers(1, 500, rows)),
            "count": rng.poisson(1.0, rows),
            "amount": np.exp(rng.normal(8, 1.5, rows)).round(2),
            "correlated": 0.0,
            "grade": rng.integers(1, 6, rows),
            "twice": rng.choice([0.0, 1.0], rows),
        }
    )
    data["correlated"] = (data["amount"] * np.exp(rng.normal(0, 0.05, rows))).round(2)
    methods = [top("mostly_none", 100), top("count", 2), top("amount", 8000), top("grade", 4)]
    assert protect(data, policy_of(data, methods), seed=seed).table.num_rows == rows


def budget(seed, kinds, exceptions, *, product=False):
    """Households whose expenditure is the sum (or product) of many numbers, with noise of rounding and exceptions."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(150, 700))
    data = pd.DataFrame({f"kind{j}": np.exp(rng.normal(6, 0.8, rows)).round(2) for j in range(kinds)})
    whole = data.prod(axis=1) ** (1 / kinds) if product else data.sum(axis=1)
    whole = np.where(rng.random(rows) < exceptions, rng.permutation(whole), whole)
    noise = pd.DataFrame({f"noise{j}": np.exp(rng.normal(7, 1, rows)).round(2) for j in range(3)})
    return pd.concat([pd.DataFrame({"sex": ["F"] * rows, "whole": whole.round(2)}), data, noise], axis=1)


@pytest.mark.parametrize(
    ("kinds", "exceptions", "product"), [(4, 0.0, True), (5, 0.06, False), (9, 0.06, True), (12, 0.0, False)]
)
def test_a_sum_of_many_numbers_is_refused_and_without_one_of_them_released(kinds, exceptions, product):
    data = budget(kinds, kinds, exceptions, product=product)
    method = top("whole", float(data["whole"].quantile(0.93)))
    sources = [f"kind{j}" for j in range(kinds)]
    with pytest.raises(PolicyError, match=rf"values of whole follow from {', '.join(sources)}, which"):
        protect(data, policy_of(data, [method]), seed=1)
    alone = data.drop(columns=sources[1])
    assert protect(alone, policy_of(alone, [method]), seed=1).table.num_rows == len(data)


@pytest.mark.parametrize("correlated", [False, True])
@pytest.mark.parametrize(
    ("step", "share", "undone"), [(1, 0.2, True), (50, 0.3, True), (0.01, 0.1, True), (1, 2, False)]
)
def test_noise_that_rounding_undoes_is_refused(step, share, undone, correlated):
    rng = np.random.default_rng(3)
    pay = (np.exp(rng.normal(9, 1, 300)) / step).round() * step
    data = pd.DataFrame({"sex": ["F"] * 300, "pay": np.where(rng.random(300) < 0.1, np.nan, pay)})
    amount = share * step / float(np.nanstd(pay, ddof=1))
    noise = {"kind": "noise", "variables": ["pay"], "amount": amount, "correlated": correlated}
    policy = policy_of(data, [noise])
    if undone:
        with pytest.raises(PolicyError, match=rf"values of pay follow if they are rounded to multiples of {step:g};"):
            protect(data, policy, seed=1)
    else:
        assert protect(data, policy, seed=1).table.num_rows == 300
