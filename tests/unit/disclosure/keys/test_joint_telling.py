"""Two to four columns that tell another together, with few exceptions or without: a household's size by its members."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.determined import dependences, relations_of, suppressed_together
from wasl.disclosure.keys.working_file import prepare
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.disclosure.risk.followed_cells import fill_followed
from wasl.errors import PolicyError
from wasl.registers.documents import validate_document

MEMBERS = ["women", "men", "girls", "boys"]


def households(seed, members, exceptions, rows=1200):
    """Households by their members, with a size that is now and then miscounted; sorted by region, as files are."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({name: rng.choice(3, rows, p=[0.4, 0.4, 0.2]) for name in MEMBERS[:members]})
    size = data.sum(axis=1).to_numpy()
    data["size"] = np.where(rng.random(rows) < exceptions, size + rng.choice([-1, 1], rows), size)
    data["region"] = np.sort(rng.integers(0, 8, rows)).astype(str)
    data["water"] = rng.choice(["well", "tap", "river"], rows, p=[0.6, 0.3, 0.1])
    return data.sort_values(["region", "size"], ignore_index=True)


def policy_of(keys, free, methods):
    variables = [{"name": name, "role": "key", "never_suppress": name == "water"} for name in keys]
    variables += [{"name": name, "role": "free"} for name in free]
    document = {"name": "members", "unlisted": "drop", "variables": variables, "thresholds": {"k": 3}}
    return validate_document(DisclosurePolicy, {**document, "methods": methods}, "test")


CASES = [(members, exceptions) for members in (2, 3, 4) for exceptions in (0.0, 0.03)]


@pytest.mark.parametrize(("members", "exceptions"), CASES)
def test_any_member_follows_from_the_size_and_the_others(members, exceptions):
    data = households(members, members, exceptions)
    names = [*MEMBERS[:members], "size"]
    told = dependences(code_columns(data, [*names, "region", "water"]), range(len(names) + 2), [])
    joint = [one for one in told.relations if len(one.sources) > 1]
    assert {(one.coarse, frozenset(one.sources)) for one in joint} == {
        (name, frozenset(names) - {name}) for name in names
    }
    assert all(one.exact == (exceptions == 0.0) for one in joint)
    own = {column.name: column.codes for column in code_columns(data, names)}
    for one in joint:
        there = one.codes >= 0
        assert there.mean() > 0.9
        assert np.mean(one.codes[there] == own[one.coarse][there]) >= 1 - 1.5 * exceptions


@pytest.mark.parametrize(("members", "exceptions"), CASES)
def test_a_suppressed_size_takes_a_member_along(members, exceptions):
    data = households(members + 10, members, exceptions)
    names = [*MEMBERS[:members], "size", "water"]
    columns = code_columns(data, names)
    told = dependences(columns, range(1, len(names) + 1), ["water"])
    struck = np.random.default_rng(1).random(len(data)) < 0.06
    after = [c.with_codes(np.where(struck & (c.name == "size"), -1, c.codes).astype(np.int32)) for c in columns]
    left = {c.name: c.codes for c in suppressed_together(columns, after, told, ["water"])}
    still = struck & np.all([left[name] >= 0 for name in MEMBERS[:members]], axis=0)
    assert still.sum() <= (0.1 if exceptions else 0.02) * struck.sum()
    assert np.array_equal(left["water"], columns[-1].codes)


@pytest.mark.parametrize(("members", "exceptions"), CASES)
def test_a_size_that_free_columns_tell_is_filled_in_and_refused(members, exceptions):
    data = households(members + 20, members, exceptions)
    free = MEMBERS[:members]
    data["water"] = np.where(data["water"] == "river", "well", data["water"])
    data.loc[data.index[data["size"] == 2][:4], "water"] = "spring"
    data.loc[data.index[data["size"] == 1][:1], "water"] = "spring"
    policy = policy_of(["size", "water"], free, [{"kind": "local_suppression"}])
    gone = np.random.default_rng(2).random(len(data)) < 0.05
    released = data.assign(size=data["size"].astype(object).where(~gone, None))
    files = [prepare(frame[["size", "water", *free]], policy) for frame in (data, released)]
    found = fill_followed(*files, np.arange(len(data)))
    assert found.cells["size"] >= 0.85 * gone.sum()
    assert set(found.sources["size"]) <= set(free)
    with pytest.raises(PolicyError, match=r"suppressed cells of size follow from .*thresholds\.k: . where 3"):
        protect(data, policy, seed=1)


@pytest.mark.parametrize("seed", range(25))
def test_what_columns_tell_is_what_counting_gives(seed):
    rng = np.random.default_rng(seed)
    rows, width = int(rng.integers(40, 600)), int(rng.integers(3, 6))
    latent = rng.standard_normal(rows)
    data = pd.DataFrame(
        {
            f"v{j}": np.digitize(rng.uniform(0, 1) * latent + rng.standard_normal(rows), np.linspace(-1, 1, cuts))
            for j, cuts in enumerate(rng.integers(1, 6, width))
        }
    ).astype(object)
    data = data.mask(rng.random(data.shape) < 0.05, None)
    columns = code_columns(data, list(data.columns))
    told = [one for c in columns for one in relations_of(c, [d for d in columns if d is not c]) if len(one.sources) > 1]
    for one in told:
        known = data[[*one.sources, one.coarse]].dropna()
        cells = known.groupby(list(one.sources))[one.coarse]
        assert one.exact == bool((cells.nunique() == 1).all())
        most = cells.agg(lambda values: values.value_counts().iloc[0])
        assert 1 - most.sum() / len(known) <= 0.05
    assert len(told) <= 2, [(one.coarse, one.sources) for one in told]


def test_larger_sets_contain_none_that_tells_already():
    data = households(3, 2, 0.0)
    data["double"] = data["women"] * 10
    columns = code_columns(data, list(data.columns))
    sets = [frozenset(one.sources) for one in relations_of(columns[2], [c for c in columns if c.name != "size"])]
    assert frozenset({"women", "men"}) in sets
    assert not any(a < b for a, b in combinations(sets, 2))
