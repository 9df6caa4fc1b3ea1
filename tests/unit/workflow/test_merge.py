"""Two registers of one office that have nobody in common."""

from __future__ import annotations

import io

import openpyxl
import pytest

from wasl.desk.merge_decisions import read_decisions
from wasl.errors import InputError
from wasl.facade import merge
from wasl.population.generate import generate
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema
from wasl.workflow.merge import Decision

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


@pytest.fixture(scope="module")
def decided():
    """Two registers as tables, their schemas, and decisions on four pairs of an earlier merge of them."""
    schemas = tuple(RegisterSchema.load(name) for name in PAIRS[0])
    draw = generate(3000, 5).registers
    tables = [draw[schema.register_id] for schema in schemas]
    first = merge(*(register_from_table(*one) for one in zip(tables, schemas, strict=True)), schemas).result.pairs
    across = first[(first["register_a"] != first["register_b"]) & first["probability"].notna()]
    keys = ("register_a", "record_a", "register_b", "record_b")
    chosen = [Decision(*row, "different") for row in across[list(keys)].head(4).itertuples(index=False, name=None)]
    assert len({one.record_a for one in chosen} | {one.record_b for one in chosen}) == 8
    return tables, schemas, chosen


def without(table, schema, records):
    """A register from which records have left."""
    numbers = table[schema.record].to_pylist()
    return table.take([place for place, number in enumerate(numbers) if str(number) not in records])


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_decisions_on_records_that_left_are_set_aside_and_the_others_applied(decided, side, count, tmp_path):
    tables, schemas, chosen = decided
    name = ("record_a", "record_b")[side]
    left = {getattr(one, name) for one in chosen[:count]}
    now = [
        without(t, s, left) if place == side else t for place, (t, s) in enumerate(zip(tables, schemas, strict=True))
    ]
    read = [register_from_table(table, schema) for table, schema in zip(now, schemas, strict=True)]
    again = merge(read[0], read[1], schemas, decisions=chosen)
    counts = again.report["merge"]
    assert (counts["decided"], counts["decisions_set_aside"]) == (4 - count, count)
    assert counts["decisions_without_pair"] == 0
    assert (again.event.set_aside or 0) == count
    found = again.result.pairs[again.result.pairs["grade"] != "indirect"]
    linked = set(zip(found["record_a"], found["record_b"], strict=True))
    assert not linked & {(one.record_a, one.record_b) for one in chosen[count:]}
    # The next merge reads them all again, and a record that came back has its decision.
    (tmp_path / "merged.xlsx").write_bytes(again.artifacts["merged.xlsx"])
    kept = read_decisions(tmp_path / "merged.xlsx")
    assert {tuple(vars_of(one)) for one in kept} == {tuple(vars_of(one)) for one in chosen}
    book = openpyxl.load_workbook(io.BytesIO(again.artifacts["merged.xlsx"]))
    assert len(book.worksheets) == 5 + (count > 0)


def vars_of(one):
    return one.register_a, one.record_a, one.register_b, one.record_b, one.decision


def test_decisions_of_another_merge_are_refused(decided):
    tables, schemas, chosen = decided
    read = [register_from_table(table, schema) for table, schema in zip(tables, schemas, strict=True)]
    with pytest.raises(InputError, match="of all 1 decisions a record is in neither register"):
        merge(*read, schemas, decisions=[Decision(PAIRS[0][0], "none", PAIRS[0][1], "none", "same")])
    with pytest.raises(InputError, match="records of elsewhere, which is neither register") as found:
        merge(*read, schemas, decisions=[*chosen, Decision("elsewhere", "1", PAIRS[0][1], "2", "same")])
    assert "anapec-projects" in str(found.value)
