"""A delivery's rows are checked part by part, and footers against limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from wasl.errors import DeliveryError
from wasl.registers.exchange.encoded_rows import PARTS_KEY, parts_digest, row_writer
from wasl.service.intake import ParquetFile, require_rows
from wasl.service.ports import Limits


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


def write(made: pa.Table, path: Path) -> str:
    """A file in parts of the given rows, as deliveries are; gives the digest of its rows."""
    rows = made.drop_columns("pass")
    names = made["pass"].cast(pa.string())
    with row_writer(path, [(field.name, field.type) for field in rows.schema]) as writer:
        for name in sorted(set(names.to_pylist())):
            writer.add(name, rows.filter(pc.equal(names, name)))
        writer.finish({})
    return parts_digest(writer.parts)


def test_rows_are_those_of_their_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("registers.exchange.encoded_rows", "service.intake"):
        monkeypatch.setattr(f"wasl.{module}.PART_ROWS", 40)
    path = tmp_path / "made.parquet"
    digest = write(table(300, 1), path)
    file = ParquetFile(path, "delivery", Limits())
    assert file.groups > 3
    require_rows(file, digest)
    with pytest.raises(DeliveryError, match="rows are not those"):
        require_rows(file, "sha256:" + "0" * 64)
    monkeypatch.setattr("wasl.service.intake.PART_ROWS", 39)  # larger parts than anybody should write
    with pytest.raises(DeliveryError, match="rows are not those"):
        require_rows(file, digest)


@pytest.mark.parametrize("column", ["pass", "token", "text"])
def test_a_changed_cell_is_found(tmp_path: Path, column: str) -> None:
    path = tmp_path / "made.parquet"
    digest = write(table(50, 1), path)
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(group) for group in range(file.num_row_groups)]
        metadata = file.metadata.metadata
    cells = groups[1][column].cast(pa.string() if column == "pass" else groups[1][column].type).to_pylist()
    cells[3] = {"pass": "other", "text": "other", "token": bytes(16)}[column]
    place = groups[1].column_names.index(column)
    kind = groups[1].schema.field(column).type
    groups[1] = groups[1].set_column(place, column, pa.array(cells, None if column == "pass" else kind).cast(kind))
    with pq.ParquetWriter(path, groups[0].schema.remove_metadata()) as writer:
        for group in groups:
            writer.write_table(group)
        writer.add_key_value_metadata({PARTS_KEY: metadata[PARTS_KEY]})
    with pytest.raises(DeliveryError, match="rows are not those"):
        require_rows(ParquetFile(path, "delivery", Limits()), digest)


def test_a_file_without_its_list_of_parts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    pq.write_table(table(10, 1), path)
    with pytest.raises(DeliveryError, match="list of its parts"):
        require_rows(ParquetFile(path, "delivery", Limits()), "sha256:" + "0" * 64)


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
