"""Specifications that could not be honoured are refused, never published as something else."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from wasl.errors import SchemaError
from wasl.registers.documents import validate_document
from wasl.tables.specification import SHARED, TableSpec, TablesSpec

BASE = {
    "name": "t",
    "input": {"kind": "microdata", "value": "wage"},
    "dimensions": [{"name": "sex", "total": "Total"}],
}


def spec(**measure):
    return TableSpec.model_validate({**BASE, "input": {**BASE["input"], **measure}})


def test_a_ratio_without_denominator_is_refused_in_words():
    with pytest.raises(ValidationError, match="needs the column below the fraction line"):
        spec(measure="ratio")


def test_a_sum_and_a_mean_are_accepted():
    assert spec(measure="sum").name == "t"
    assert spec(measure="mean").name == "t"


def test_a_mean_of_an_aggregate_is_refused():
    with pytest.raises(ValidationError, match="microdata"):
        TableSpec.model_validate({**BASE, "input": {"kind": "aggregate", "value": "wage", "measure": "mean"}})


AXES = [{"name": "sex"}]
WRONG = {key: {"no_such_key": 1} for key in ("input", "primary", "protection")}
WRONG |= {key: ["a"] if key in ("dimensions", "decimals") else {} for key in set(SHARED) - WRONG.keys()}


def places(document):
    """The keys that a refusal names."""
    with pytest.raises(SchemaError) as refused:
        validate_document(TablesSpec, document, "spec.toml")
    text = str(refused.value).removeprefix("spec.toml: ")
    return {part.partition(": ")[0] for part in re.split(r"; ", text.partition(". `")[0])}


@pytest.mark.parametrize("key", sorted({*SHARED, "title", "ilo", "structural_zeros", "no_such_key"}))
def test_a_fault_of_an_only_table_names_the_key_as_written(key):
    named = places({"name": "t", "dimensions": AXES, key: WRONG.get(key, {})})
    assert named
    assert all(place.split(".")[0] == key for place in named)


@pytest.mark.parametrize("key", sorted(SHARED))
def test_a_fault_of_a_shared_key_is_named_once_and_where_it_stands(key):
    tables = [{"name": name, **({} if key == "dimensions" else {"dimensions": AXES})} for name in ("a", "b")]
    shared = {"name": "t", key: WRONG[key], "tables": tables}
    assert all(place.split(".")[0] == key for place in places(shared))
    own = {"name": "t", "tables": [{**tables[0], "dimensions": AXES}, {**tables[1], key: WRONG[key]}]}
    assert all(place.startswith(f"tables.1.{key}") for place in places(own))


def test_keys_of_one_section_at_the_top_and_in_a_table_are_told_apart():
    tables = [{"name": "a", "dimensions": AXES, "primary": {"p_percent": -1}}, {"name": "b", "dimensions": AXES}]
    both = {"name": "t", "primary": {"minimum_contributors": -1}, "tables": tables}
    assert places(both) == {"primary.minimum_contributors", "tables.0.primary.p_percent"}


def test_names_are_named_where_they_stand():
    assert places({"dimensions": AXES}) == {"name"}
    assert places({"name": "a b", "tables": [{"dimensions": AXES}]}) == {"name"}
    assert places({"name": "a", "tables": [{"name": "b c", "dimensions": AXES}]}) == {"tables.0.name"}
    assert places({"name": "a", "dimensions": AXES * 2}) == {"two dimensions have the same name"}  # of the whole
