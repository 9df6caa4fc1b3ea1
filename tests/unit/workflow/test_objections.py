"""Records of objectors leave a run, and the join map that names them is read once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.holder.encoding.label_columns import fixed_bytes
from wasl.registers.exchange import join_map as module
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.join_rows import join_rows
from wasl.workflow.objections import maps_in_memory, maps_without, records_found


def ids(numbers):
    cells = np.zeros((len(numbers), 16), np.uint8)
    cells[:, 0] = numbers
    return fixed_bytes(cells)


@pytest.fixture
def files(tmp_path):
    """The files of two registers of five records each, in two passes."""
    places = []
    for register in ("a", "b"):
        passes = [
            join_rows(ids(range(5)), name, ids(range(start, start + 5))) for name, start in (("p", 10), ("q", 20))
        ]
        JoinMap(register, f"sha256:{register}", pa.concat_tables(passes)).write(tmp_path / f"{register}.join")
        places.append(tmp_path / f"{register}.join")
    return places


@pytest.mark.parametrize("whole", [(), ("a",), ("a", "b")])
def test_a_map_of_objectors_is_read_once(files, monkeypatch, whole):
    opened = []
    real = module.opened_parquet
    monkeypatch.setattr(module, "opened_parquet", lambda path, *a, **k: opened.append(path) or real(path, *a, **k))
    whole_reads = []
    read = module.read_parquet
    monkeypatch.setattr(module, "read_parquet", lambda path, *a: whole_reads.append(path) or read(path, *a))
    objected = {register: ids([1, 3]) for register in whole}
    maps = [JoinMap.open(path, objected) for path in files]
    assert [one.file is None for one in maps] == [one.register in whole for one in maps]
    for _ in range(2):  # the linkage unit's half and the spine keeper's
        maps = maps_in_memory(maps, objected)
        assert records_found(maps, objected) == 2 * len(whole)
        kept, rows = maps_without(maps, objected)
        assert set(rows) == {f"sha256:{register}" for register in whole}
    assert len(whole_reads) == len(whole)
    assert len(opened) == len(files)
    for one in kept:
        left = one.in_memory().rows.column("record_id").to_pylist()
        assert (bytes([1] + 15 * [0]) in left) == (one.register not in whole)


def test_a_map_opened_without_objections_is_filtered_all_the_same(files):
    objected = {"b": ids([0])}
    plain, whole = ([JoinMap.open(path, names) for path in files] for names in ((), objected))
    for one, other in zip(maps_without(plain, objected)[0], maps_without(whole, objected)[0], strict=True):
        assert one.in_memory().rows.to_pylist() == other.in_memory().rows.to_pylist()


def test_a_file_that_is_no_join_map_is_refused_whatever_is_wanted_whole(tmp_path):
    from wasl.errors import DeliveryError
    from wasl.registers.exchange.parquet_tables import write_parquet

    write_parquet(pa.table({"x": [1]}), tmp_path / "x.parquet")
    for whole in ((), ("a",), ("",)):
        with pytest.raises(DeliveryError, match="join map"):
            JoinMap.open(tmp_path / "x.parquet", whole)
