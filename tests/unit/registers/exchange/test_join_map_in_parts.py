"""A join map written as its rows are made is the file that is written from memory, however the rows come."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import DeliveryError
from wasl.holder.encoding.label_columns import fixed_bytes
from wasl.registers.exchange import join_map as module
from wasl.registers.exchange import join_rows as join_rows_module
from wasl.registers.exchange.digests import digest_rows, digest_table
from wasl.registers.exchange.join_map import JoinMap, join_map_writer
from wasl.registers.exchange.join_rows import JoinsInMemory, JoinsUnkept, join_rows


def set_part_rows(monkeypatch, rows):
    for place in (module, join_rows_module):
        monkeypatch.setattr(place, "PART_ROWS", rows)


def runs(seed, cuts):
    """Rows of three passes and of records in none, in runs of uneven length."""
    rng = np.random.default_rng(seed)

    def ids(count):
        return fixed_bytes(rng.integers(0, 256, (count, 16), dtype=np.uint8))

    made = [join_rows(ids(n), name, ids(n)) for name, n in (("birth", 70), ("names", 3), ("word-1", 41))]
    made.append(join_rows(ids(5)))
    return [piece for table in made for piece in (table.slice(0, cuts), table.slice(cuts)) if piece.num_rows]


@pytest.mark.parametrize("part", [1, 7, 64, 1000])
@pytest.mark.parametrize("cuts", [0, 1, 13, 200])
def test_the_file_does_not_depend_on_the_runs_in_which_rows_come(tmp_path, monkeypatch, part, cuts):
    set_part_rows(monkeypatch, part)
    kept, unkept = JoinsInMemory(), JoinsUnkept()
    with join_map_writer(tmp_path / "streamed.parquet") as writer:
        for rows in runs(1, cuts):
            for sink in (kept, unkept, writer):
                sink.add(rows)
        rows, written = writer.kept()
        assert rows.num_rows == 0
        whole = JoinMap("r", "sha256:0", kept.kept()[0])
        assert written == unkept.kept()[1] == digest_rows(whole.rows, part) == whole.header()["content_digest"]
        writer.finish(JoinMap("r", "sha256:0", rows, written=written))
    whole.write(tmp_path / "whole.parquet")
    assert (tmp_path / "streamed.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert JoinMap.read(tmp_path / "streamed.parquet").rows.to_pylist() == whole.rows.to_pylist()


def test_a_file_without_its_header_is_not_left_behind(tmp_path):
    place = tmp_path / "j.parquet"
    with pytest.raises(DeliveryError, match="not finished"), join_map_writer(place) as writer:
        writer.add(runs(2, 0)[0])
    assert list(tmp_path.iterdir()) == []


def test_a_header_made_for_other_rows_is_refused(tmp_path):
    first, second = runs(2, 0)[:2]
    other = JoinMap("r", "sha256:0", second)
    with join_map_writer(tmp_path / "j.parquet") as writer:
        writer.add(first)
        with pytest.raises(DeliveryError, match="other rows"):
            writer.finish(other)
        writer.finish(JoinMap("r", "sha256:0", first))


def test_rows_that_are_in_a_file_are_not_written_as_none(tmp_path):
    empty = JoinMap("r", "sha256:0", runs(1, 0)[0].slice(0, 0), written="sha256:1")
    with pytest.raises(DeliveryError, match="another file"):
        empty.write(tmp_path / "j.parquet")
    dataclasses.replace(empty, written="").write(tmp_path / "j.parquet")


@pytest.mark.parametrize("part", [1, 7, 64, 1000])
def test_an_opened_file_gives_the_rows_pass_by_pass(tmp_path, monkeypatch, part):
    set_part_rows(monkeypatch, part)
    sink = JoinsInMemory()
    for rows in runs(1, 13):
        sink.add(rows)
    whole = JoinMap("r", "sha256:0", sink.kept()[0])
    whole.write(tmp_path / "j.parquet")
    opened = JoinMap.open(tmp_path / "j.parquet")
    assert opened.rows.num_rows == 0
    assert opened.header() == whole.header()
    assert opened.rows_digest == whole.rows_digest == digest_table(whole.rows)
    found = [(name, rows.to_pylist()) for name, rows in opened.by_pass()]
    assert found == [(name, rows.to_pylist()) for name, rows in whole.by_pass()]
    assert [name for name, _ in found] == ["birth", "names", "word-1", None]


def test_passes_that_are_mixed_are_read_whole(tmp_path, monkeypatch):
    set_part_rows(monkeypatch, 16)
    pieces = runs(1, 13)
    mixed = JoinMap("r", "sha256:0", pa.concat_tables(pieces[::2] + pieces[1::2]).unify_dictionaries())
    mixed.write(tmp_path / "j.parquet")
    opened = JoinMap.open(tmp_path / "j.parquet")
    assert opened.rows.to_pylist() == mixed.rows.to_pylist()
    assert sorted(name or "" for name, _ in opened.by_pass()) == ["", "birth", "names", "word-1"]
    assert sum(rows.num_rows for _, rows in opened.by_pass()) == mixed.rows.num_rows


def test_a_changed_file_is_refused_when_it_is_opened(tmp_path, monkeypatch):
    set_part_rows(monkeypatch, 16)
    whole = JoinMap("r", "sha256:0", pa.concat_tables(runs(1, 13)).unify_dictionaries())
    whole.write(tmp_path / "j.parquet")
    other = dataclasses.replace(whole, rows=pa.concat_tables(runs(2, 13)).unify_dictionaries())
    with join_map_writer(tmp_path / "k.parquet") as writer:
        writer.add(other.rows)
        monkeypatch.setattr(type(writer), "kept", lambda self: (None, whole.header()["content_digest"]))
        for rest in writer._parts.rest():
            writer._put(rest)
        writer.finish(whole)
    with pytest.raises(DeliveryError, match="was changed"):
        JoinMap.open(tmp_path / "k.parquet")
    (tmp_path / "x.parquet").write_bytes(b"no Parquet")
    with pytest.raises(DeliveryError, match="not a readable Parquet file"):
        JoinMap.open(tmp_path / "x.parquet")
