"""Two registers of customers, with names and addresses and nothing else: most pairs are decided without a clerk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wasl.facade import merge
from wasl.lab.quality.people import corrupt, draw_persons, typo
from wasl.registers.schema import RegisterSchema

ROLES = {
    "record": ("identifier", None),
    "given": ("name", "given"),
    "surname": ("name", "surname"),
    "street": ("contact", "street"),
    "number": ("contact", "street_number"),
    "town": ("contact", "locality"),
    "phone": ("identifier", "phone"),
}


def schema(name, columns):
    fields = [
        {"name": column, "role": role} | ({"feature": feature} if feature else {"required": True})
        for column, (role, feature) in ROLES.items()
        if column in columns
    ]
    document = {"id": name, "holder": "office", "record": "record", "profiles": "generic", "duplicate_free": True}
    return RegisterSchema.model_validate({**document, "fields": fields})


def customers(seed, common=500, alone=400):
    """Households of one to four with one surname, address and telephone; one customer in eight has moved."""
    rng = np.random.default_rng(seed)
    count = common + 2 * alone
    people = draw_persons(count, rng).drop(columns=["birth", "sex"])
    size = rng.integers(1, 5, count)
    home = rng.permutation(np.repeat(np.arange(count), size)[:count])
    streets = np.array([f"{a}{b}{c} street" for a in "bdfgklm" for b in ("an", "er", "io") for c in ("da", "lo", "mi")])
    people["surname"] = people["surname"].to_numpy(object)[rng.integers(0, count, count)[home]]
    people["street"] = streets[rng.integers(0, len(streets), count)[home]].astype(object)
    people["number"] = rng.integers(1, 90, count)[home].astype(str).astype(object)
    people["town"] = np.array([f"Town{chr(97 + k)}" for k in range(20)], object)[rng.integers(0, 20, count)[home]]
    people["phone"] = np.array([f"06{k:08}" for k in rng.integers(0, 10**8, count)], object)[home]
    first = people.iloc[: common + alone].copy()
    second = pd.concat([people.iloc[:common], people.iloc[common + alone :]])
    for frame in (first, second):
        for column in ("given", "surname", "street"):
            corrupt(frame, column, 0.05, typo, rng)
        frame.loc[rng.random(len(frame)) < 0.4, "phone"] = ""
    moved = rng.random(len(second)) < 0.12
    elsewhere = people.iloc[rng.integers(0, count, moved.sum())]
    second.loc[moved, ["street", "number", "town"]] = elsewhere[["street", "number", "town"]].to_numpy()
    frames = [frame.iloc[rng.permutation(len(frame))].reset_index(drop=True) for frame in (first, second)]
    for name, frame in zip("ab", frames, strict=True):
        frame.insert(0, "record", [f"{name}{k}" for k in range(len(frame))])
    return frames


@pytest.mark.parametrize("seed", [11, 12])
def test_few_pairs_of_customers_are_left_to_the_clerk(seed):
    frames = customers(seed)
    schemas = tuple(schema(name, frame.columns) for name, frame in zip("ab", frames, strict=True))
    found = merge(frames[0].drop(columns="person"), frames[1].drop(columns="person"), schemas).result
    person = dict(pd.concat(frames)[["record", "person"]].itertuples(index=False, name=None))
    right = [person[a] == person[b] for a, b in zip(found.pairs["record_a"], found.pairs["record_b"], strict=True)]
    assert np.mean(right) >= 0.98
    assert sum(right) >= 0.8 * 500
    assert len(found.doubtful) <= 0.2 * len(right)
