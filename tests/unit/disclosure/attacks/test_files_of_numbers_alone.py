"""A file without keys is attacked by its numbers: an intruder knows them all."""

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.registers.documents import validate_document
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect

METHODS = [
    {"kind": "microaggregate", "variables": ["a", "b", "c"], "size": 8},
    {"kind": "rank_swap", "variables": ["a", "b", "c"], "window": 0.3},
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("role", ["free", "sensitive"])
@pytest.mark.parametrize("control", [False, True])
def test_a_file_of_numbers_alone_is_protected_and_attacked(method, role, control, rng):
    data = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    document = {
        "name": "numbers",
        "variables": [{"name": name, "role": role} for name in "abc"],
        "thresholds": {"linkage_risk": 0.3},
        "methods": [method],
    }
    policy = validate_document(DisclosurePolicy, document, "test")
    others = pd.DataFrame(rng.normal(size=(100, 3)), columns=list("abc")) if control else None
    act = protect(data, policy, RunOptions(seed=1), control=others)
    found = {attack["attack"]: attack for attack in act.result.attacks["attacks"]}
    assert {"linkage", "singling out", "linkability"} <= {name.split(":")[0] for name in found}, list(found)
    assert sum("inference" in name for name in found) == (3 if role == "sensitive" else 0)


def test_one_number_alone_is_protected_and_attacked(rng):
    data = pd.DataFrame({"a": np.exp(rng.normal(size=300))})
    document = {
        "name": "number",
        "variables": [{"name": "a", "role": "sensitive"}],
        "thresholds": {"linkage_risk": 0.3},
        "methods": [{"kind": "microaggregate", "variables": ["a"], "size": 10}],
    }
    act = protect(data, validate_document(DisclosurePolicy, document, "test"), RunOptions(seed=1))
    assert act.result.attacks["attacks"]


@pytest.mark.parametrize("dropped", [1, 2, 5])
@pytest.mark.parametrize("newer", ["smaller", "larger"])
def test_sums_of_two_releases_do_not_tell_few_persons(dropped, newer, rng):
    data = pd.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
    document = {
        "name": "numbers",
        "variables": [{"name": name, "role": "sensitive"} for name in "ab"],
        "thresholds": {"linkage_risk": 0.3},
        "methods": [{"kind": "microaggregate", "variables": ["a", "b"], "size": 8}],
    }
    policy = validate_document(DisclosurePolicy, document, "test")
    files = [data, data.iloc[dropped:]] if newer == "smaller" else [data.iloc[dropped:], data]
    first = protect(files[0], policy, RunOptions(seed=1), attack=False).result.table
    if dropped < 3:
        with pytest.raises(PolicyError, match=r"release\.differencing"):
            protect(files[1], policy, RunOptions(seed=2), earlier=[first], attack=False)
    else:
        assert protect(files[1], policy, RunOptions(seed=2), earlier=[first], attack=False).result.table.num_rows
