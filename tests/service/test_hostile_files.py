"""Threat: a small file that exhausts memory, or that lies about what it holds. Each is refused in flat memory.

The corpus is in `hostile`, made anew for each run.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import CORPUS, MEGABYTE, examine, ids, repeated, write
from hostile_shapes import SHAPES

from wasl.registers.codes.classification import CodeList
from wasl.registers.schema import RegisterSchema
from wasl.service.payload_check import declared_columns

HERE = Path(__file__).parent
MOST_GROWN_KB = 200 * 1024
"""Memory for one file: three row groups of the corpus' limit of 64 MB. The first edition took 7.7 GB for one."""


def test_every_hostile_file_is_refused_in_flat_memory(tmp_path: Path) -> None:
    corpus = {**CORPUS, **SHAPES}
    assert len(corpus) == len(CORPUS) + len(SHAPES)
    for name, make in corpus.items():
        make(tmp_path / f"{name}.parquet")
    ended = subprocess.run([sys.executable, HERE / "hostile.py", tmp_path], capture_output=True, text=True, check=True)
    found = {one["name"]: one for one in map(json.loads, ended.stdout.splitlines())}
    assert set(found) == set(corpus)
    assert not [name for name, one in found.items() if not one["said"]], "accepted"
    assert not [(name, one["grown_kb"]) for name, one in found.items() if one["grown_kb"] > MOST_GROWN_KB]


@pytest.mark.parametrize("rows", [1, 6000])
def test_a_bomb_of_a_few_hundred_bytes_is_refused(tmp_path: Path, rows: int) -> None:
    """The file of the threat table: one value of a megabyte in a dictionary."""
    path = tmp_path / "bomb.parquet"
    write(path, {"sex": repeated("x" * MEGABYTE, rows)}, compression="zstd")
    assert path.stat().st_size < 5000
    assert "bytes" in examine(path)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_file_is_refused_or_read_never_a_failure(tmp_path: Path, seed: int) -> None:
    """Bytes changed at random anywhere: every file is answered with a reason, or is still a valid payload."""
    chance = random.Random(seed)  # noqa: S311 - chooses bytes to change
    whole = tmp_path / "whole.parquet"
    sexes = pa.array(["F", "M"] * 100)
    write(whole, {"record_id": ids(200), "sex": sexes, "wage": pa.array(np.arange(200.0))}, row_group_size=50)
    good = whole.read_bytes()
    path = tmp_path / "damaged.parquet"
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.choice([1, 1, 2, 8])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(bytes(data))
        assert isinstance(examine(path), str)


class TestRows:
    """Threat: a payload with names in it, nested columns, doubled ids."""

    def payload(self, tmp_path: Path, **columns: pa.Array) -> str:
        rows = len(next(iter(columns.values())))
        path = tmp_path / "payload.parquet"
        write(path, {"record_id": ids(rows), **columns})
        return examine(path)

    @pytest.mark.parametrize(
        ("column", "values", "said"),
        [
            ("sex", pa.array(["F", "Fatima Zahra El Idrissi"]), "no code of the list"),
            ("nationality", pa.array(["SN", "AB123456"]), "no code of the list"),
            ("birth_year", pa.array([1980, 1003]), "outside the declared range"),
            ("birth_year", pa.array(["1980", "Amina"]), "declared type"),
            ("wage", pa.array([-1.0, 2.0]), "outside the declared range"),
            ("wage", pa.array([float("nan"), 2.0]), "no finite number"),
            ("wage", pa.array([float("inf"), 2.0]), "no finite number"),
            ("wage", pa.array(["12", "Ahmed"]), "declared type"),
            ("days_declared", pa.array([3, 27]), "outside the declared range"),
            ("days_declared", pa.array([3.5, 2.0]), "declared type"),
            ("declared_month", pa.array(["2025-01", "Ahmed B."]), "no month"),
            ("declared_month", pa.array([b"2025-01", b"2025-02"]), "declared type"),
        ],
    )
    def test_a_value_outside_its_declaration_is_refused(
        self, tmp_path: Path, column: str, values: pa.Array, said: str
    ) -> None:
        reason = self.payload(tmp_path, **{column: values})
        assert said in reason
        assert repr(column) in reason
        assert not [value for value in values.to_pylist() if len(str(value)) > 4 and str(value) in reason]

    def test_every_column_of_every_register_takes_what_it_declares(self, tmp_path: Path) -> None:
        for path in sorted((HERE.parents[1] / "config" / "registers").glob("*.toml")):
            for one in declared_columns(RegisterSchema.load(path)).values():
                if one.classification is not None:
                    assert CodeList.load(one.classification).entries

    def test_the_count_of_rows_is_said(self, tmp_path: Path) -> None:
        reason = self.payload(tmp_path, sex=pa.array(["F", "x", None, "y", "x"]))
        assert "3 rows" in reason

    def test_a_missing_value_is_allowed(self, tmp_path: Path) -> None:
        assert self.payload(tmp_path, sex=pa.array(["F", None]), wage=pa.array([None, 1.0])) == ""

    @pytest.mark.parametrize("again", [1, 3])
    def test_a_record_id_occurs_once(self, tmp_path: Path, again: int) -> None:
        path = tmp_path / "doubled.parquet"
        own = ids(10)
        write(path, {"record_id": pa.concat_arrays([own, own.slice(0, again)])}, row_group_size=4)
        assert f"{again} rows whose record id" in examine(path)

    def test_a_row_without_a_record_id_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "missing.parquet"
        write(path, {"record_id": pa.array([b"x" * 16, None], pa.binary(16))})
        assert "without a record id" in examine(path)

    def test_free_text_without_a_list_is_a_handful_of_values(self, tmp_path: Path) -> None:
        from wasl.service.intake import ParquetFile
        from wasl.service.payload_check import Declared, require_declared_rows
        from wasl.service.ports import Limits

        path = tmp_path / "free.parquet"
        pq.write_table(pa.table({"quarter": pa.array([f"Name {n}" for n in range(500)])}), path)
        file = ParquetFile(path, "payload", Limits())
        with pytest.raises(Exception, match="different texts"):
            require_declared_rows(file, {"quarter": Declared("quarter", "string")})
