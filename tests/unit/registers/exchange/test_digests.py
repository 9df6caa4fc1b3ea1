"""Digests of tables do not depend on how they lie in memory."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasl.registers.exchange.digests import digest_columns, digest_table


@pytest.fixture
def table():
    return pa.table(
        {
            "number": pa.array([1, None, 3, 4]),
            "text": pa.array(["x", "yy", None, ""]),
            "flag": pa.array([True, None, False, True]),
            "label": pa.array([b"ab", None, b"cd", b"ef"], pa.binary(2)),
            "code": pa.array(["u", "v", "u", None]).dictionary_encode(),
        }
    )


def test_chunks_slices_and_files_do_not_matter(table, tmp_path):
    whole = digest_table(table)
    assert digest_table(pa.concat_tables([table.slice(0, 1), table.slice(1, 2), table.slice(3)])) == whole
    assert digest_table(pa.concat_tables([table, table]).slice(4)) == whole
    pq.write_table(table, tmp_path / "t.parquet")
    assert digest_table(pq.read_table(tmp_path / "t.parquet")) == whole


def test_any_change_matters(table):
    whole = digest_table(table)
    assert digest_table(table.slice(0, 3)) != whole
    assert digest_table(table.take([1, 0, 2, 3])) != whole
    assert digest_table(table.rename_columns(["n", "text", "flag", "label", "code"])) != whole


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_table_read_a_column_and_a_part_at_a_time_has_the_same_digest(size):
    texts = pa.array(["a", None, "", "äö", "a", None], pa.string())
    numbers = pa.array([b"0123", None, b"4567", b"89ab", None, b"cdef"], pa.binary(4))
    for rows in (6, 0):
        table = pa.table({"t": texts, "d": texts.dictionary_encode(), "n": numbers, "void": pa.nulls(6, pa.string())})
        table = table.slice(0, rows)

        def read(name, table=table):
            for start in range(0, table.num_rows, size):
                yield from table.column(name).slice(start, size).chunks

        columns = [(field.name, field.type) for field in table.schema]
        assert digest_columns(columns, table.num_rows, read) == digest_table(table)
