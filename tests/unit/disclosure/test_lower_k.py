"""A file that is safe for a higher k is safe for a lower one: protection succeeds there, too."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import Protection, protect
from wasl.errors import PolicyError


def policy(k: int, **release: object) -> DisclosurePolicy:
    return DisclosurePolicy.model_validate(
        {
            "name": "p",
            "unlisted": "refuse",
            "thresholds": {"k": k, "removed_rows": 0.05, "sensitive": [{"variable": "w", "l_distinct": 2}]},
            "variables": [{"name": name, "role": "key"} for name in "abc"] + [{"name": "w", "role": "sensitive"}],
            "release": release,
            "methods": [{"kind": "local_suppression"}, {"kind": "suppress_records", "max_share": 0.05}],
        }
    )


def file_of(seed: int, rows: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    columns = {name: rng.integers(0, values, rows).astype(str) for name, values in zip("abc", (4, 3, 5), strict=True)}
    return pa.table({**columns, "w": rng.choice(["x", "y", "z"], rows, p=[0.8, 0.15, 0.05])})


def attempt(table: pa.Table, k: int) -> Protection | None:
    try:
        return protect(table, policy(k), seed=1)
    except PolicyError:
        return None


@given(st.integers(0, 10**6), st.integers(25, 60))
@settings(max_examples=4, deadline=None)
@example(6734, 26)
def test_success_at_a_higher_k_is_success_at_every_lower_one(seed, rows):
    table = file_of(seed, rows)
    made = [attempt(table, k) for k in (2, 4, 6)]
    met = [one is not None for one in made]
    assert met == sorted(met, reverse=True)
    for k, one in zip((2, 4, 6), made, strict=True):
        if one is not None:
            assert one.after.k >= k
            assert one.after.passed


@pytest.mark.usefixtures("same_draws")
def test_the_least_higher_k_is_taken_and_the_report_names_it():
    """At k = 2 to 6 too many records would be removed, because their class has one value of the sensitive variable."""
    table = file_of(12, 85)
    found = protect(table, policy(2), seed=1)
    assert found.beyond == 5
    assert found.internal_report()["local_suppression_beyond_k"] == 5
    again = protect(table, policy(7), seed=1)
    assert again.beyond == 0
    assert again.table.equals(found.table)
    assert "beyond" not in str(found.public_report())


def test_where_no_k_helps_the_first_reason_is_given():
    table = file_of(3, 30).set_column(3, "w", pa.array(["x"] * 30))
    with pytest.raises(PolicyError) as caught:
        protect(table, policy(2), seed=1)
    assert "5" in str(caught.value)


def test_a_rule_of_release_is_not_tried_again(monkeypatch):
    from wasl.disclosure import protect as module

    calls = []
    real = module._protect_once
    monkeypatch.setattr(module, "_protect_once", lambda *given, **more: calls.append(1) or real(*given, **more))
    with pytest.raises(PolicyError, match="identifying variables"):
        protect(file_of(12, 85), policy(7, max_keys=1), seed=1)
    assert len(calls) == 1
