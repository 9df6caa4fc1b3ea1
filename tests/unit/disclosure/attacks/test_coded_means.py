"""Means of coded values in two releases: three persons with 50,000, then four with 60,000: the fourth has 90,000."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.attacks.coded_means import by_coded_means
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.registers.documents import validate_document
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect

TOP, BOTTOM = 30_000.0, 2_500.0


def persons(seed, rows=300):
    rng = np.random.default_rng(seed)
    wage = np.exp(rng.normal(9, 1, rows)).round(2)
    return pd.DataFrame({"region": rng.choice(list("ab"), rows), "wage": wage, "note": "none"})


def joined(seed, beyond, *, upper=True):
    """Sixty more persons, of whom some earn beyond the bound."""
    more = persons(seed + 500, 60)
    more["wage"] = more["wage"].clip(BOTTOM, TOP)
    rng = np.random.default_rng(seed)
    value = rng.uniform(35_000, 90_000, beyond) if upper else rng.uniform(100, 2_000, beyond)
    more.loc[more.index[:beyond], "wage"] = value.round(2)
    return more


def policy_of(*methods):
    variables = [("region", "key"), ("wage", "sensitive"), ("note", "free")]
    document = {
        "name": "means",
        "variables": [{"name": name, "role": role} for name, role in variables],
        "thresholds": {"k": 4},
        "methods": list(methods),
    }
    return validate_document(DisclosurePolicy, document, "test")


def coding(**more):
    return {"kind": "top_bottom", "variable": "wage", "top": TOP, "bottom": BOTTOM, **more}


def released(data, policy, *, earlier=(), seed=1):
    return protect(data, policy, RunOptions(seed=seed), earlier=earlier, attack=False).result.table


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("beyond", [1, 3])
def test_a_few_coded_persons_who_join_among_many_are_seen(beyond, upper):
    data, policy = persons(beyond), policy_of(coding())
    first = released(data, policy)
    together = pd.concat([data, joined(beyond, beyond, upper=upper)], ignore_index=True)
    with pytest.raises(PolicyError, match=r"release\.differencing"):
        released(together, policy, earlier=[first], seed=2)
    # What the refusal prevents: the difference of the sums is the sum of those who joined.
    second = released(together, policy).to_pandas()["wage"]
    old = first.to_pandas()["wage"]
    end = max if upper else min
    sums = [float((values == end(values)).sum() * end(values)) for values in (old, second)]
    assert sums[1] - sums[0] == pytest.approx(together["wage"].iloc[len(data) : len(data) + beyond].sum(), rel=1e-6)


@pytest.mark.parametrize(
    "methods",
    [
        [coding(top_value=60_000.0, bottom_value=1_000.0)],
        [coding(), {"kind": "round", "variable": "wage", "base": 5000}],
    ],
    ids=["given", "rounded"],
)
def test_a_given_replacement_or_a_coarse_one_tells_nothing(methods):
    data, policy = persons(7), policy_of(*methods)
    together = pd.concat([data, joined(7, 1)], ignore_index=True)
    assert released(together, policy, earlier=[released(data, policy)], seed=2).num_rows == len(together)


def test_many_coded_persons_and_values_of_another_year_tell_nobody():
    data, policy = persons(8), policy_of(coding())
    first = released(data, policy)
    many = pd.concat([data, joined(8, 4), joined(9, 4, upper=False)], ignore_index=True)
    assert released(many, policy, earlier=[first], seed=2).num_rows == len(many)
    later = data.assign(wage=(data["wage"] * np.random.default_rng(1).uniform(1.0, 1.1, len(data))).round(2))
    assert released(later, policy, earlier=[first], seed=2).num_rows == len(data)


def test_files_without_coded_values_or_without_the_number_are_compared_without_fault():
    policy = policy_of(coding())
    low = persons(10).assign(wage=np.linspace(BOTTOM, TOP, 300))
    files = [low, low.assign(wage=np.nan), low.drop(columns="wage"), low.iloc[:0]]
    tables = [pa.Table.from_pandas(file, preserve_index=False) for file in files]
    assert by_coded_means(tables[0], tables, policy, k=4) == ()
