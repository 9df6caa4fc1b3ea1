"""Two files of one size tell who left and who joined, if both show values as they are."""

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.registers.documents import validate_document
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect


def persons(seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"region": rng.choice(list("ab"), 200), "wage": np.exp(rng.normal(9, 1, 200)).round(2), "note": "none"}
    )


def released(data, *, earlier=(), methods=(), seed=1):
    document = {
        "name": "again",
        "variables": [
            {"name": "region", "role": "key"},
            {"name": "wage", "role": "sensitive"},
            {"name": "note", "role": "free"},
        ],
        "thresholds": {"k": 4},
        "methods": list(methods),
    }
    policy = validate_document(DisclosurePolicy, document, "test")
    return protect(data, policy, RunOptions(seed=seed), earlier=earlier, attack=False).result.table


@pytest.mark.parametrize("replaced", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_few_persons_replaced_by_others_of_their_class_are_seen(replaced, seed):
    data = persons(seed)
    first = released(data)
    changed = data.copy()
    changed.loc[: replaced - 1, "wage"] += 1000.5
    with pytest.raises(PolicyError, match=r"release\.differencing"):
        released(changed, earlier=[first], seed=2)


def test_the_same_persons_and_many_changes_isolate_nobody():
    data = persons(5)
    first = released(data)
    assert released(data.sample(frac=1, random_state=1), earlier=[first], seed=2).num_rows == 200
    changed = data.copy()
    changed.loc[:20, "wage"] += 1000.5
    assert released(changed, earlier=[first], seed=2).num_rows == 200


def test_values_changed_by_chance_show_nobody():
    data = persons(6)
    noise = [{"kind": "noise", "variables": ["wage"], "amount": 0.2}]
    first = released(data, methods=noise)
    changed = data.copy()
    changed.loc[0, "wage"] += 1000.5
    assert released(changed, earlier=[first], methods=noise, seed=2).num_rows == 200
