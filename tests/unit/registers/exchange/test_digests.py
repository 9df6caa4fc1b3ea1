"""Digests of tables do not depend on how they lie in memory."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasl.registers.exchange.digests import digest_table


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
