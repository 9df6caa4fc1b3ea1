"""Rows of a delivery: the same in memory and in a file, read part by part, and every change is found."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasl.errors import DeliveryError
from wasl.registers.exchange import encoded_rows
from wasl.registers.exchange.delivery import Delivery, delivery_writer
from wasl.registers.exchange.delivery_header import HEADER_KEY, SCHEME_VERSION, DeliveryHeader, PassSummary
from wasl.registers.exchange.encoded_rows import PARTS_KEY, RowsInMemory, parts_digest

WIDTHS = {"block": 16, "row_id": 16, "token_passport": 16, "filter_names": 8}
NAMES = ("birth", "names", "day")


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(encoded_rows, "PART_ROWS", 10)


def rows_of(name: str, count: int) -> pa.Table:
    draws = np.random.default_rng(len(name))
    columns = {
        column: pa.array([draws.bytes(width) for _ in range(count)], pa.binary(width))
        for column, width in WIDTHS.items()
    }
    if name == "birth":
        columns["token_passport"] = pa.nulls(count, pa.binary(16))
    return pa.table(columns)


def header_of(content_digest: str) -> DeliveryHeader:
    return DeliveryHeader(
        SCHEME_VERSION, "guarded", "sha256:0", "test", "key", "holder", "alpha", "schema", "2026", 25, 0, ("passport",),
        {"names": 64}, 0.0, tuple(PassSummary(name, 25, 20, 2, 0.0, {}) for name in NAMES), content_digest, "now",
    )  # fmt: skip


@pytest.fixture
def table() -> pa.Table:
    parts = [rows_of(name, 25).add_column(0, "pass", pa.array([name] * 25).dictionary_encode()) for name in NAMES]
    return pa.concat_tables(parts).unify_dictionaries()


@pytest.fixture
def delivery(table) -> Delivery:
    rows = RowsInMemory.of(table)
    return Delivery(header_of(parts_digest(rows.parts)), rows)


def test_a_file_gives_the_rows_back_part_by_part(delivery, table, tmp_path):
    delivery.write(tmp_path / "d.parquet")
    read = Delivery.read(tmp_path / "d.parquet")
    assert read.digest == delivery.digest
    assert read.source.parts == delivery.source.parts
    assert [part.rows for part in read.source.parts] == [10, 10, 5] * 3
    assert read.rows.to_pylist() == table.to_pylist()
    for source in (read.source, delivery.source):
        assert source.numbers_of("names") == (3, 4, 5)
        assert source.sizes_of("names") == (10, 10, 5)
        assert source.held_in("birth") == {"block", "row_id", "filter_names"}
        assert source.held_in("nothing") == frozenset()
        assert source.read(4).to_pylist() == table.slice(35, 10).drop_columns("pass").to_pylist()
        assert source.peek(5, ("row_id",)).to_pylist() == table.slice(45, 5).select(["row_id"]).to_pylist()


def test_passes_may_be_mixed_in_memory(delivery, table):
    mixed = pa.concat_tables([table.slice(0, 5), table.slice(25), table.slice(5, 20)])
    assert parts_digest(RowsInMemory.of(mixed).parts) == delivery.header.content_digest


def test_a_delivery_is_written_pass_by_pass(delivery, tmp_path):
    delivery.write(tmp_path / "whole.parquet")
    with delivery_writer(tmp_path / "d.parquet") as file:
        writer = file.open(WIDTHS)
        for name in NAMES:
            rows = rows_of(name, 25)
            writer.add(name, rows.slice(0, 10))
            writer.add(name, rows.slice(10))
        assert not (tmp_path / "d.parquet").exists()
        kept = writer.kept()
        assert parts_digest(kept.parts) == delivery.header.content_digest
        writer.finish(delivery.header)
    assert kept.read(4).to_pylist() == delivery.source.read(4).to_pylist()
    assert (tmp_path / "d.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_header_for_other_rows_is_refused_and_leaves_nothing(delivery, tmp_path):
    path = tmp_path / "d.parquet"
    with pytest.raises(DeliveryError, match="other rows"), delivery_writer(path) as writer:
        writer.open(WIDTHS).finish(delivery.header)
    with pytest.raises(DeliveryError, match="not finished"), delivery_writer(path) as writer:
        writer.open(WIDTHS).add("names", rows_of("names", 3))
    with pytest.raises(DeliveryError, match="no columns"), delivery_writer(path) as writer:
        writer.add("names", rows_of("names", 3))
    assert list(tmp_path.iterdir()) == []


def rewritten(path, change) -> None:
    """A file whose row groups and metadata have been changed."""
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(group) for group in range(file.num_row_groups)]
        metadata = dict(file.metadata.metadata)
    groups, metadata = change(groups, metadata)
    with pq.ParquetWriter(path, groups[0].schema.remove_metadata()) as writer:
        for group in groups:
            writer.write_table(group)
        writer.add_key_value_metadata({name: metadata[name] for name in (HEADER_KEY, PARTS_KEY) if name in metadata})


def changed_cell(column):
    def change(groups, metadata):
        cells = groups[4][column].to_pylist()
        cells[2] = bytes(WIDTHS[column])
        place = groups[4].column_names.index(column)
        groups[4] = groups[4].set_column(place, column, pa.array(cells, pa.binary(WIDTHS[column])))
        return groups, metadata

    return change


def moved_pass(groups, metadata):
    groups[4] = groups[4].set_column(0, "pass", groups[0]["pass"])
    return groups, metadata


@pytest.mark.parametrize("change", [*map(changed_cell, WIDTHS), moved_pass])
def test_a_changed_part_is_refused_when_it_is_read(delivery, tmp_path, change):
    path = tmp_path / "d.parquet"
    delivery.write(path)
    rewritten(path, change)
    read = Delivery.read(path)
    read.source.read(3)
    with pytest.raises(DeliveryError, match=r"row group 4 .*changed after encoding"):
        read.source.read(4)
    with pytest.raises(DeliveryError, match="changed after encoding"):
        _ = read.rows


def swapped(groups, metadata):
    return [groups[1], groups[0], *groups[2:]], metadata


def dropped(groups, metadata):
    return groups[:-1], metadata


def without_list(groups, metadata):
    return groups, {name: value for name, value in metadata.items() if name != PARTS_KEY}


def other_list(groups, metadata):
    parts = json.loads(metadata[PARTS_KEY])
    parts[0][3] = parts[1][3]
    return groups, metadata | {PARTS_KEY: json.dumps(parts).encode()}


@pytest.mark.parametrize(
    ("change", "words"),
    [(dropped, "row groups are not"), (without_list, "list of its parts"), (other_list, "header's digest")],
)
def test_a_changed_file_is_refused_when_it_is_opened(delivery, tmp_path, change, words):
    path = tmp_path / "d.parquet"
    delivery.write(path)
    rewritten(path, change)
    with pytest.raises(DeliveryError, match=words):
        Delivery.read(path)


def test_parts_cannot_change_places(delivery, tmp_path):
    path = tmp_path / "d.parquet"
    delivery.write(path)
    rewritten(path, swapped)
    with pytest.raises(DeliveryError, match="changed after encoding"):
        Delivery.read(path).source.read(0)


def test_a_signed_delivery_is_not_signed_for_other_rows(delivery, tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signed = delivery.signed(Ed25519PrivateKey.generate())
    other = dataclasses.replace(signed, header=dataclasses.replace(signed.header, content_digest="sha256:" + "0" * 64))
    with pytest.raises(DeliveryError, match="signature"):
        other.check_signature()
