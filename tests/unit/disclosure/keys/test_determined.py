"""A suppressed cell that another released column tells is not suppressed: a commune tells its region."""

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.determined import closed_under, determined_pairs, determines
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.errors import PolicyError
from wasl.registers.documents import validate_document

PAIRS = [("commune", "region"), ("commune", "province"), ("province", "region"), ("age", "generation")]
PAIRS += [("sex", "sexe"), ("sexe", "sex")]


def people(seed, rows=400):
    """Persons with nested areas, an age with its class, and one variable under two names."""
    rng = np.random.default_rng(seed)
    commune = rng.integers(0, 24, rows)
    age = rng.integers(15, 75, rows)
    sex = rng.integers(0, 2, rows)
    return pd.DataFrame(
        {
            "region": [f"r{c // 8}" for c in commune],
            "province": [f"p{c // 4}" for c in commune],
            "commune": [f"c{c}" for c in commune],
            "generation": np.where(age < 35, "young", np.where(age < 55, "middle", "old")),
            "age": age.astype(str),
            "sex": np.where(sex == 0, "1", "2"),
            "sexe": np.where(sex == 0, "F", "M"),
            "trade": rng.choice(list("abcdef"), rows, p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05]),
            "weight": np.round(10.0 + commune // 8 * 3.5, 2),
        }
    )


def policy_of(keys, methods, *, never=(), free=(), missing=None, thresholds=None):
    document = {
        "name": "nested",
        "unlisted": "drop",
        "variables": [
            *({"name": name, "role": "key", "never_suppress": name in never} for name in keys),
            *({"name": name, "role": role} for name, role in free),
        ],
        "missing": missing or {},
        "thresholds": thresholds or {"k": 3},
        "methods": methods,
    }
    return validate_document(DisclosurePolicy, document, "test")


METHODS = [
    [{"kind": "local_suppression"}],
    [{"kind": "local_suppression", "search": "nearest"}],
    [{"kind": "risk_suppression", "threshold": 0.4}, {"kind": "local_suppression"}],
    [{"kind": "risk_suppression", "threshold": 0.4, "variables": ["region", "sex"]}, {"kind": "local_suppression"}],
]


@pytest.mark.parametrize("methods", METHODS)
@pytest.mark.parametrize("missing", [{}, {"alpha": 0.0}, {"semantics": "category"}])
@pytest.mark.parametrize("seed", range(3))
def test_a_suppressed_cell_takes_along_what_tells_it(seed, missing, methods):
    keys = ["region", "commune", "province", "generation", "age", "sex", "sexe", "trade"]
    keys = ["region", "sex", *np.random.default_rng(seed).permutation([k for k in keys if k not in ("region", "sex")])]
    done = protect(people(seed), policy_of(keys, methods, missing=missing), seed=seed)
    table = done.table.to_pandas()
    for fine, coarse in PAIRS:
        assert not (table[coarse].isna() & table[fine].notna()).any(), (fine, coarse)
    assert done.follows == {}
    assert done.after.k >= 3
    for change in done.changes:
        counted = {name: count for name, count in change.counts.items() if name in keys}
        assert all(name in change.variables for name, count in counted.items() if count)
    lost = {name: int(table[name].isna().sum()) for name in keys}
    steps = [change.counts for change in done.changes if change.method.endswith("_suppression")]
    assert lost == {name: sum(step.get(name, 0) for step in steps) for name in keys}


def test_what_must_stay_keeps_what_follows_from_it():
    keys = ["region", "province", "commune", "trade", "sex"]
    data = people(1)
    pairs = determined_pairs(code_columns(data, keys))
    assert closed_under(["commune"], pairs) == ("commune", "province", "region")
    policy = policy_of(keys, [{"kind": "local_suppression"}], never=["commune"])
    table = protect(data, policy, seed=1).table.to_pandas()
    assert not table[["region", "province", "commune"]].isna().any().any()


@pytest.mark.parametrize("role", ["weight", "free", "sensitive"])
def test_a_column_that_is_no_key_is_no_way_around_the_threshold(role):
    keys, data = ["region", "trade"], people(2)
    alone = data.index[data["trade"] == "f"]
    data.loc[alone, "region"], data.loc[alone, "weight"] = "r0", 10.0
    data.loc[alone[0], ["region", "weight"]] = ["r2", 17.0]
    methods = [{"kind": "local_suppression"}]
    open_to_it = policy_of(keys, methods, never=["trade"], free=[("weight", role)])
    with pytest.raises(PolicyError, match=r"suppressed cells of region follow from weight.*thresholds\.k: 1 where 3"):
        protect(data, open_to_it, seed=1)
    kept = protect(data, policy_of(keys, methods, never=["trade"]), seed=1)
    assert kept.table.column("region").null_count > 0
    assert kept.follows == {}


@pytest.mark.parametrize("seed", range(40))
def test_columns_that_are_independent_determine_nothing(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(10, 300))
    data = pd.DataFrame(
        {
            "number": rng.normal(size=rows),
            "rounded": rng.integers(0, rows, rows),
            "sex": rng.choice(["F", "M"], rows),
            "rare": rng.choice(["no", "yes"], rows, p=[0.95, 0.05]),
            "alone": ["one"] * rows,
        }
    )
    names = list(data.columns)
    found = determined_pairs(code_columns(data, names))
    assert {name: set(finer) for name, finer in found.items()} == {}


def test_a_dependence_has_no_exception():
    data = people(3)
    columns = dict(zip(data.columns, code_columns(data, list(data.columns)), strict=True))
    for fine, coarse in [*PAIRS, ("region", "weight"), ("weight", "region"), ("commune", "weight")]:
        assert determines(columns[fine], columns[coarse]), (fine, coarse)
    assert not determines(columns["region"], columns["commune"])
    data.loc[5, "region"] = "r9"
    data.loc[6, "commune"] = data.loc[5, "commune"]
    data.loc[6, "region"] = "r0"
    fine, coarse = code_columns(data, ["commune", "region"])
    assert not determines(fine, coarse)
