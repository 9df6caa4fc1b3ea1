"""Data that lack persons of one list are refused or said; the specification that makes whole data fits the estimate."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import InputError
from wasl.estimation.estimate import make_estimates
from wasl.estimation.specification import EstimateSpec
from wasl.estimation.whole_lists import contained_lists
from wasl.workflow.microdata_spec import MicrodataSpec

TWO = EstimateSpec.model_validate({"name": "two", "reconciliation": {"first": "a", "second": "b"}})
THREE = EstimateSpec.model_validate({"name": "three", "multiple_systems": {"lists": ["a", "b", "c"]}})


def lists(seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    on = rng.random((3000, 3)) < (0.6, 0.5, 0.4)
    on = on[on.any(axis=1)]
    columns = {name: pa.array(on[:, i]) for i, name in enumerate("abc")}
    return pa.table({**columns, "registers": pa.array(on.sum(axis=1), pa.int8())})


@pytest.mark.parametrize("spec", [TWO, THREE])
@pytest.mark.parametrize("least", [2, 3])
def test_data_without_persons_of_one_register_are_refused(spec: EstimateSpec, least: int) -> None:
    whole = lists()
    counts = np.asarray(whole["registers"])
    with pytest.raises(InputError, match=f"at least {least} registers"):
        make_estimates(whole.filter(pa.array(counts >= least)), spec, seed=1)
    assert make_estimates(whole, spec, seed=1).rows[0]["estimate"] == pytest.approx(3000, rel=0.1)


@pytest.mark.parametrize("column", [["one", "two"], [None, None]])
def test_a_column_of_another_meaning_is_no_reason_to_refuse(column: list[object]) -> None:
    whole = lists()
    named = whole.set_column(3, "registers", pa.array(column * whole.num_rows).slice(0, whole.num_rows))
    assert make_estimates(named, TWO, seed=1).rows


@pytest.mark.parametrize(("inner", "outer"), [("a", "b"), ("b", "a")])
def test_a_list_within_another_one_is_said(inner: str, outer: str) -> None:
    whole = lists()
    selected = whole.filter(whole[outer])
    notes = make_estimates(selected, TWO, seed=1).report["notes"]
    assert any(note.startswith(f"{inner}: all its persons are on {outer}") for note in notes)
    assert not any("all its persons" in note for note in make_estimates(whole, TWO, seed=1).report["notes"])


def test_two_equal_lists_are_each_within_the_other() -> None:
    on = np.ones(20, bool)
    assert contained_lists({"a": on, "b": on}, [("a", "b"), ("a", "b")]) == [("a", "b"), ("b", "a")]
    assert contained_lists({"a": on[:5], "b": on[:5]}, [("a", "b")]) == []


def test_the_shipped_data_have_every_column_that_the_shipped_estimate_names() -> None:
    made, asked = MicrodataSpec.load("reconciliation"), EstimateSpec.load("reconciliation")
    assert asked.reconciliation is not None
    assert asked.multiple_systems is not None
    assert made.minimum_registers == 1
    wanted = {asked.reconciliation.first, asked.reconciliation.second, *asked.reconciliation.by}
    assert wanted | set(asked.multiple_systems.lists) <= set(made.columns)
    assert {f"in_{name.replace('-', '_')}" for name in made.include} == set(asked.multiple_systems.lists)
