"""Household-level variables are protected for the whole household, or the other members disclose them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.keys.households import extract_households, merge_households
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.errors import InputError, PolicyError
from wasl.registers.documents import validate_document


@pytest.fixture
def people(rng):
    households = 150
    house = np.repeat(np.arange(households), rng.integers(1, 6, households))
    return pd.DataFrame(
        {
            "house": house,
            "town": rng.choice([f"t{j}" for j in range(12)], households)[house],
            "roof": rng.choice(["tiles", "tin", "straw"], households, p=[0.8, 0.15, 0.05])[house],
            "sex": rng.choice(["F", "M"], len(house)),
            "age": rng.integers(0, 8, len(house)) * 10,
            "rent": rng.integers(5, 40, households)[house] * 100,
        }
    )


def policy_of(methods, **changes):
    document = {
        "name": "houses",
        "variables": [
            {"name": "house", "role": "household"},
            *({"name": name, "role": "key"} for name in ("town", "roof", "sex", "age")),
            {"name": "rent", "role": "sensitive", "type": "number"},
        ],
        "thresholds": {"k": 3},
        "methods": methods,
    }
    return validate_document(DisclosurePolicy, {**document, **changes}, "test")


def readable(table, names):
    """Suppressed cells whose value another member of the household still shows."""
    frame = table.to_pandas()
    return sum(
        int(group[name].isna().any() and group[name].notna().any())
        for _, group in frame.groupby("house")
        for name in names
    )


@pytest.mark.parametrize(
    ("methods", "thresholds", "missing"),
    [
        ([{"kind": "local_suppression"}], {"k": 3}, {}),
        ([{"kind": "local_suppression"}], {"k": 3}, {"alpha": 0.0}),
        ([{"kind": "local_suppression"}], {"k": 3}, {"semantics": "category"}),
        ([{"kind": "risk_suppression", "threshold": 0.3}], {"global_risk": 0.999}, {}),
        ([{"kind": "risk_suppression", "threshold": 0.9, "of": "household"}], {"global_risk": 0.999}, {}),
        ([{"kind": "group_rare", "variable": "town", "below": 60, "into": "other"}], {"global_risk": 0.999}, {}),
    ],
)
def test_no_suppressed_cell_is_readable_from_another_member(people, methods, thresholds, missing):
    done = protect(people, policy_of(methods, thresholds=thresholds, missing=missing), seed=2)
    assert readable(done.table, ["town", "roof"]) == 0
    assert done.table.column("town").null_count + done.table.column("roof").null_count > 0 or "below" in methods[0]


def test_household_risk_is_brought_down(people):
    methods = [{"kind": "risk_suppression", "threshold": 0.5, "of": "household"}]
    done = protect(people, policy_of(methods, thresholds={"household_risk": 0.99}), seed=2)
    assert done.after.household.expected < done.before.household.expected
    rows = done.changes[0].counts["rows"]
    assert rows > 0


@pytest.mark.parametrize(
    "method",
    [
        {"kind": "pram", "variables": ["roof"], "retain": 0.5},
        {"kind": "noise", "variables": ["rent"], "amount": 0.3},
        {"kind": "microaggregate", "variables": ["rent"], "size": 4},
        {"kind": "rank_swap", "variables": ["rent"], "window": 0.2},
    ],
)
def test_a_household_level_variable_is_perturbed_once_per_household(people, method):
    done = protect(people, policy_of([method], thresholds={"global_risk": 0.999}), seed=2)
    frame = done.table.to_pandas()
    name = method["variables"][0]
    assert frame.groupby("house")[name].nunique().max() == 1
    assert (frame[name].to_numpy() != people[name].to_numpy()).any()


def test_the_policy_can_say_what_the_level_is(people):
    variables = policy_of([]).model_dump(mode="json")["variables"]
    person = [{**v, "level": "person"} if v["name"] in ("town", "roof") else v for v in variables]
    methods = [{"kind": "local_suppression", "k": 3}]
    done = protect(people, policy_of(methods, variables=person, thresholds={"global_risk": 0.999}), seed=2)
    assert done.changes[0].parameters["household_level"] == []
    assert set(done.follows) == {"town", "roof"}
    with pytest.raises(PolicyError, match=r"suppressed cells of town follow from house"):
        protect(people, policy_of(methods, variables=person), seed=2)


def test_extraction_and_merge(people):
    units = extract_households(people, "house")
    assert set(units.column_names) == {"house", "town", "roof", "rent", "household_size"}
    assert units.num_rows == 150
    assert units.column("household_size").to_pylist() == people.groupby("house").size().tolist()
    assert merge_households(people, units, "house").equals(pa.Table.from_pandas(people, preserve_index=False))
    masked = units.set_column(units.column_names.index("rent"), "rent", pa.array(np.full(150, 7))).slice(10)
    merged = merge_households(people, masked, "house").to_pandas()
    assert set(merged["rent"]) == {7}
    assert merged["house"].min() == 10
    with pytest.raises(InputError, match="differs between the members of"):
        extract_households(people, "house", ["sex"])
    with pytest.raises(InputError, match="more than once"):
        merge_households(people, pa.concat_tables([units, units]), "house")


def test_persons_without_household_keep_their_values():
    people = pd.DataFrame({"house": [1, 1, None], "roof": ["tin", None, "tiles"]})
    units = extract_households(people, "house", ["roof"])
    assert units.column("roof").to_pylist() == ["tin"]
    merged = merge_households(people, units, "house")
    assert merged.column("roof").to_pylist() == ["tin", "tin", "tiles"]
