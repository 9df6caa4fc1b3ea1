"""Specifications that could not be honoured are refused, never published as something else."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from wasl.tables.specification import TableSpec

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
