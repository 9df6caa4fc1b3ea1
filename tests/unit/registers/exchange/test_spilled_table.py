"""A table that was set aside in parts is the table: by digest, by its parts, and in the file that is written."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasl.registers.exchange import spilled_table as module
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.parquet_tables import read_parquet, write_parquet
from wasl.registers.exchange.spilled_arrays import ArraysInMemory, arrays_in_file
from wasl.registers.exchange.spilled_table import SpilledTable

TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema([("name", TEXT), ("id", pa.binary(16)), ("weight", pa.float64())])


def rows(seed, count):
    rng = np.random.default_rng(seed)
    names = pa.array([f"n{seed}-{k}" for k in range(3)] + ["shared"])
    codes = pa.array(rng.integers(0, 4, count).astype(np.int32))
    ids = [bytes(row) for row in rng.integers(0, 256, (count, 16), dtype=np.uint8)]
    return pa.table(
        [pa.DictionaryArray.from_arrays(codes, names), pa.array(ids, pa.binary(16)), rng.normal(size=count)], SCHEMA
    )


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    if request.param == "memory":
        yield ArraysInMemory()
    else:
        with arrays_in_file(tmp_path) as opened:
            yield opened


@pytest.mark.parametrize("part", [1, 7, 100])
@pytest.mark.parametrize("sizes", [(), (0,), (1,), (5, 0, 9), (7, 7), (20, 3, 1, 30)])
def test_a_table_set_aside_is_the_table(store, tmp_path, monkeypatch, part, sizes):
    monkeypatch.setattr(module, "SPILLED_ROWS", part)
    tables = [rows(seed, count) for seed, count in enumerate(sizes)]
    whole = pa.concat_tables(tables).unify_dictionaries() if tables else SCHEMA.empty_table()
    spilled = SpilledTable.joined(SCHEMA, [SpilledTable.of(table, store) for table in tables])
    assert spilled.num_rows == whole.num_rows
    assert spilled.digest == digest_table(whole)
    for wanted in (SCHEMA.names, ["weight", "id"]):
        for first, last in [(0, None), *pairwise(range(0, whole.num_rows + 3, 4))]:
            end = whole.num_rows if last is None else last
            found = list(spilled.parts(wanted, first, last))
            seen = {start + k: row for start, some in found for k, row in enumerate(some.to_pylist())}
            expected = dict(enumerate(whole.select(wanted).to_pylist()))
            assert all(some.column_names == list(wanted) for _, some in found)
            assert {k: seen[k] for k in range(first, min(end, whole.num_rows))} == {
                k: expected[k] for k in range(first, min(end, whole.num_rows))
            }
    write_parquet(spilled.described({b"k": b"v"}), tmp_path / "t.parquet")
    again, metadata = read_parquet(tmp_path / "t.parquet", "table")
    assert again.schema == SCHEMA
    assert metadata[b"k"] == b"v"
    assert again.to_pylist() == whole.to_pylist()
    with pq.ParquetFile(tmp_path / "t.parquet") as file:
        groups = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    assert all(size == part for size in groups[:-1])


def test_missing_cells_are_refused(store):
    table = pa.table([pa.array([1.0, None])], pa.schema([("weight", pa.float64())]))
    with pytest.raises(ValueError, match="missing"):
        SpilledTable.of(table, store)
