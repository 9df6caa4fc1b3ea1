"""A file hashed in flat memory has the digest of its table, however it is cut into row groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasl.errors import DeliveryError
from wasl.registers.digests import digest_table
from wasl.workflow.intake import ParquetFile, stream_digest
from wasl.workflow.ports import Limits


def table(rows: int, seed: int) -> pa.Table:
    draws = np.random.default_rng(seed)
    holes = draws.random(rows) < 0.2
    sizes = draws.integers(0, 4, rows)

    def labels(width: int) -> pa.Array:
        return pa.array([None if hole else draws.bytes(width) for hole in holes], pa.binary(width))

    return pa.table(
        {
            "pass": pa.array([f"p{n}" for n in draws.integers(0, 3, rows)]).dictionary_encode(),
            "token": labels(16),
            "filter": labels(128),
            "number": pa.array(draws.integers(0, 9, rows), mask=holes),
            "text": pa.array(
                [None if hole else "é" * size for hole, size in zip(holes, sizes, strict=True)], pa.string()
            ),
        }
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(0, 300), group=st.integers(1, 120), seed=st.integers(0, 99))
def test_the_streamed_digest_is_the_tables(tmp_path: Path, rows: int, group: int, seed: int) -> None:
    made = table(rows, seed)
    path = tmp_path / "made.parquet"
    pq.write_table(made, path, row_group_size=group)
    assert stream_digest(ParquetFile(path, "delivery", Limits())) == digest_table(made)


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (Limits(max_rows=9), "rows"),
        (Limits(max_columns=3), "columns"),
        (Limits(max_row_group_bytes=100), "row group"),
    ],
)
def test_the_footer_is_held_to_the_limits(tmp_path: Path, limits: Limits, word: str) -> None:
    path = tmp_path / "made.parquet"
    pq.write_table(table(10, 1), path)
    with pytest.raises(DeliveryError, match=word):
        ParquetFile(path, "delivery", limits)
