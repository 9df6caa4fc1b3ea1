"""Earlier releases with other keys: each is compared on what it shares; one without a common key is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.attacks.evaluate import compare_releases
from wasl.disclosure.policy import DisclosurePolicy

POLICY = DisclosurePolicy.model_validate(
    {
        "name": "p",
        "thresholds": {"k": 3},
        "variables": [{"name": name, "role": "key"} for name in ("sex", "region", "age")],
        "methods": [],
    }
)


@pytest.fixture
def people():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], 300),
            "region": rng.choice(["01", "02", "03"], 300),
            "age": rng.choice(["young", "old"], 300),
        }
    )


def table(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def test_without_a_common_key_nothing_is_compared_and_that_is_said(people):
    found = compare_releases(people, people, [pa.table({"other": ["x"]})], POLICY)
    assert found.safe
    assert found.not_compared == 1
    assert found.to_json()["not_compared"] == 1


@pytest.mark.parametrize("extra", [[], [pa.table({"other": ["x"]})]])
def test_a_release_with_fewer_keys_does_not_hide_another(people, extra):
    """One person is missing in the earlier file with all keys; a third file that shares one key must not mask it."""
    one_less = table(people.drop(index=0))
    found = compare_releases(people, people, [one_less, table(people[["sex"]]), *extra], POLICY)
    alone = compare_releases(people, people, [one_less], POLICY)
    assert not alone.safe
    assert not found.safe
    assert len(found.exposures) >= len(alone.exposures)
    assert found.not_compared == len(extra)


def test_equal_releases_are_safe(people):
    assert compare_releases(people, people, [table(people), table(people[["sex", "age"]])], POLICY).safe


@pytest.mark.parametrize("hidden", [0, 40, 300])
@pytest.mark.parametrize("gone", [1, 2, 3])
def test_files_that_differ_by_few_persons_expose_them_however_much_is_suppressed(people, hidden, gone):
    """Sums and sets of values are the same but for the persons who left: their values are the difference."""
    first = people.assign(
        sex=people.sex.where(people.index >= hidden), region=people.region.where(people.index >= hidden)
    )
    first = first.assign(age=first.age.where(first.index >= hidden))
    found = compare_releases(people, table(first.iloc[gone:]), [table(first)], POLICY)
    assert found.safe == (gone >= 3 and hidden > 0)  # where nothing is suppressed, smaller classes tell more
