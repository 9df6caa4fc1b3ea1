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


def test_the_same_registers_have_the_same_pairs() -> None:
    names = PAIRS[0]
    schemas = RegisterSchema.load(names[0]), RegisterSchema.load(names[1])
    draw = generate(1500, 5).registers
    tables = [register_from_table(draw[name], schema) for name, schema in zip(names, schemas, strict=True)]
    first, again = (merge(*tables, schemas) for _ in range(2))
    assert first.result.pairs["probability"].notna().sum() > 10
    assert first.result.pairs.equals(again.result.pairs)  # another key gives other probabilities
    assert first.artifacts["merged.csv"] == again.artifacts["merged.csv"]
    assert len(first.result.shown) == len(first.result.doubtful)
