"""The canary: persons whose names and numbers carry marks go the whole way; no mark may leave their holders."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from wasl.holder.names.normalizer import canonical
from wasl.population.generate import generate
from wasl.registers.schema import FieldRole, RegisterSchema

NAME_MARK = "ZUGVOMIR"
ARABIC_MARK = "ظغفوميرض"
NUMBER_MARK = "QX77315"
ARABIC_COLUMNS = ("nom_arabe", "prenom_arabe")


def letters(number: int) -> str:
    """A number as letters that no spelling rule touches."""
    return "".join("BDFGLMNRTV"[int(digit)] for digit in f"{number:05d}")


def mark(name: str, table: pa.Table, persons: dict[str, int]) -> pa.Table:
    """Put marks into every name and number of a register; the same person gets the same mark everywhere."""
    schema = RegisterSchema.load(name)
    numbers = [persons[value] for value in table[schema.record].to_pylist()]
    columns = {}
    for column in table.column_names:
        cells = table[column].to_pylist()
        field = schema.by_name.get(column)
        role = field.role if field is not None else FieldRole.DROP
        if column == schema.record or cells is None:
            columns[column] = cells
        elif role is FieldRole.NAME:
            stem = ARABIC_MARK if column in ARABIC_COLUMNS else NAME_MARK
            ends = [letters(n) if column not in ARABIC_COLUMNS else "" for n in numbers]
            columns[column] = [f"{cell} {stem}{end}" if cell else cell for cell, end in zip(cells, ends, strict=True)]
        elif role is FieldRole.IDENTIFIER or column in ("adresse", "employeur", "lieu_naissance"):
            columns[column] = [f"{NUMBER_MARK}{cell}" if cell else cell for cell in cells]
        else:
            columns[column] = cells
    return pa.table(columns, schema=table.schema)


def texts(path: Path) -> bytes:
    """Everything a file says: its bytes and, for Parquet, its values and metadata."""
    data = path.read_bytes()
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        parts = [
            json.dumps({k.decode(): v.decode("utf-8", "replace") for k, v in (table.schema.metadata or {}).items()})
        ]
        for column in table.columns:
            values = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
            if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
                parts.append("\n".join(value for value in values.unique().to_pylist() if value))
            elif pa.types.is_binary(values.type) or pa.types.is_fixed_size_binary(values.type):
                data += b"\n".join(value for value in values.unique().to_pylist() if value)
        data += "\n".join(parts).encode()
    return data


def test_no_mark_leaves_its_holder(tmp_path: Path, wasl: Any) -> None:
    population = generate(4_000, 5)
    registers = tmp_path / "registers"
    registers.mkdir()
    truth = population.truth
    for name, table in population.registers.items():
        here = truth.filter(pc.equal(truth["register"], name))
        codes = {p: i for i, p in enumerate(sorted(set(truth["person"].to_pylist())))}
        persons = {r: codes[p] for r, p in zip(here["record"].to_pylist(), here["person"].to_pylist(), strict=True)}
        pacsv.write_csv(mark(name, table, persons), registers / f"{name}.csv")
    pacsv.write_csv(truth, registers / "truth.csv")

    out = tmp_path / "out"
    done = wasl("demo", "--out", out, "--registers", registers, "--json")
    assert json.loads(done.stdout)["f1"] > 0.8, "the marked registers must really be linked"

    marks = {NAME_MARK, ARABIC_MARK, NUMBER_MARK, *(canonical(m) for m in (NAME_MARK, ARABIC_MARK))}
    pattern = re.compile(b"|".join(re.escape(m.encode()) for m in marks if m), re.IGNORECASE)
    inside = [p for p in (out / "holders").rglob("*.csv") if pattern.search(p.read_bytes())]
    assert len(inside) >= 6, "the marks must be in what was linked"
    outside = [p for p in out.rglob("*") if p.is_file() and "holders" not in p.relative_to(out).parts]
    assert len(outside) > 30
    leaks = [str(p.relative_to(out)) for p in outside if pattern.search(texts(p))]
    assert leaks == []
    assert not pattern.search((done.stdout + done.stderr).encode())
