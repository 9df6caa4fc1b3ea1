"""Two registers of one office that have nobody in common."""

from __future__ import annotations

import pytest

from wasl.facade import merge
from wasl.population.generate import generate
from wasl.registers.reading.reader import register_from_table
from wasl.registers.schema import RegisterSchema

PAIRS = [("anapec-certificates", "anapec-projects"), ("cnss-employees", "cnss-pensioners")]


@pytest.mark.parametrize("names", PAIRS)
def test_registers_with_nobody_in_common_give_an_empty_result(names: tuple[str, str]) -> None:
    schemas = RegisterSchema.load(names[0]), RegisterSchema.load(names[1])
    draws = generate(600, 3), generate(600, 4)
    tables = [
        register_from_table(draw.registers[name].slice(0, 12), schema)
        for draw, name, schema in zip(draws, names, schemas, strict=True)
    ]
    merged = merge(tables[0], tables[1], schemas)
    pairs = merged.result.pairs
    assert pairs[pairs["register_a"] != pairs["register_b"]].empty
    assert {"merged.csv", "merged.xlsx", "report.html"} <= set(merged.artifacts)
