"""Parquet files made to exhaust a service: each is small on the disk and would be large in memory, or lies.

Run as a program, it examines every file of the corpus as a payload in this process, and prints for each what was said
and how much memory the process had taken at its height: ``python hostile.py FOLDER``.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wasl.errors import DeliveryError
from wasl.registers.schema import RegisterSchema
from wasl.service.intake import ParquetFile
from wasl.service.payload_check import declared_columns, require_declared_rows, require_unique_ids
from wasl.service.ports import Limits

REGISTER = "cnss-employees"
MEGABYTE = 1 << 20
KILOBYTES = 1024


def ids(rows: int, seed: int = 1) -> pa.Array:
    data = np.random.default_rng(seed).bytes(16 * rows)
    return pa.Array.from_buffers(pa.binary(16), rows, [None, pa.py_buffer(data)])


def write(path: Path, columns: dict[str, Any], **options: Any) -> None:
    table = pa.table(columns)
    header = {"register": REGISTER, "holder": "CNSS", "period": "2025", "schema_digest": "x"}
    table = table.replace_schema_metadata({b"wasl.payload": json.dumps(header).encode()})
    pq.write_table(table, path, **{"compression": "zstd", **options})


def repeated(value: str, rows: int) -> pa.Array:
    """One text in every row, stored once."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value]))


def one_huge_value(path: Path) -> None:
    write(path, {"record_id": ids(6000), "sex": repeated("x" * MEGABYTE, 6000)})


def many_long_values(path: Path) -> None:
    values = pa.array([f"{n:06d}" + "x" * 100_000 for n in range(60)])
    codes = pa.array(np.arange(60_000, dtype=np.int32) % 60)
    write(path, {"record_id": ids(60_000), "sex": pa.DictionaryArray.from_arrays(codes, values)})


def short_value_in_many_rows(path: Path) -> None:
    rows = 900_000
    write(path, {"record_id": ids(rows), "sex": repeated("x" * 1000, rows)}, row_group_size=rows)


def prefix_encoded(path: Path) -> None:
    values = pa.array(["x" * 900_000] * 100, pa.large_string())
    options = {"use_dictionary": ["record_id"], "column_encoding": {"sex": "DELTA_BYTE_ARRAY"}}
    write(path, {"record_id": ids(100), "sex": values}, **options)


def wide_fixed(path: Path) -> None:
    codes = pa.array(np.zeros(150, np.int32))
    one = pa.array([b"x" * MEGABYTE], pa.binary(MEGABYTE))
    write(path, {"record_id": ids(150), "sex": pa.DictionaryArray.from_arrays(codes, one)}, store_schema=False)


def well_packed_page(path: Path) -> None:
    write(path, {"record_id": ids(400), "sex": pa.array(["x" * MEGABYTE] * 400)}, use_dictionary=False)


def many_columns(path: Path) -> None:
    write(path, {f"c{n}": pa.nulls(10, pa.int8()) for n in range(5000)})


def many_groups(path: Path) -> None:
    rows = 40_000
    write(path, {"record_id": ids(rows)}, row_group_size=1)


def all_missing(path: Path) -> None:
    rows = 2_000_000
    columns = {f"c{n}": pa.nulls(rows, pa.int64()) for n in range(40)}
    write(path, columns, row_group_size=rows)


def lists(path: Path) -> None:
    write(path, {"record_id": ids(10), "sex": pa.array([["f"] * 10_000] * 10)})


def structures(path: Path) -> None:
    write(path, {"record_id": ids(10), "sex": pa.array([{"name": "a", "birth": "b"}] * 10)})


def deep(path: Path) -> None:
    value: Any = "f"
    for _ in range(30):
        value = [value]
    write(path, {"record_id": ids(1), "sex": pa.array([value])})


def maps(path: Path) -> None:
    kind = pa.map_(pa.string(), pa.string())
    write(path, {"record_id": ids(2), "sex": pa.array([[("a", "b")]] * 2, kind)})


def changed(make: Callable[[Path], None], change: Callable[[bytearray], None]) -> Callable[[Path], None]:
    """A well-formed file with some of its bytes changed."""

    def write_changed(path: Path) -> None:
        make(path)
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(bytes(data))

    return write_changed


def harmless(path: Path) -> None:
    write(path, {"record_id": ids(50), "sex": repeated("F", 50)})


def long_footer(data: bytearray) -> None:
    data[-8:-4] = (0x7FFFFFFF).to_bytes(4, "little")


def no_footer(data: bytearray) -> None:
    data[-8:-4] = (0).to_bytes(4, "little")


def noise_in_footer(data: bytearray) -> None:
    length = int.from_bytes(data[-8:-4], "little")
    at = len(data) - 8 - length
    data[at + 10 : at + 60] = bytes(np.random.default_rng(2).integers(0, 256, 50, np.uint8))


def huge_header(path: Path) -> None:
    table = pa.table({"record_id": ids(2)}).replace_schema_metadata({b"wasl.payload": b"[" * (4 * MEGABYTE)})
    pq.write_table(table, path)


CORPUS: dict[str, Callable[[Path], None]] = {
    "one huge value in a dictionary": one_huge_value,
    "many long values": many_long_values,
    "values times rows": short_value_in_many_rows,
    "shared prefixes": prefix_encoded,
    "values of a fixed megabyte": wide_fixed,
    "a page that packs well": well_packed_page,
    "many columns": many_columns,
    "many row groups": many_groups,
    "all missing": all_missing,
    "lists": lists,
    "structures": structures,
    "deep lists": deep,
    "maps": maps,
    "a footer longer than the file": changed(harmless, long_footer),
    "no footer": changed(harmless, no_footer),
    "noise in the footer": changed(harmless, noise_in_footer),
    "a huge header": huge_header,
}

LIMITS = Limits(
    max_rows=20_000_000,
    max_row_group_bytes=64 * MEGABYTE,
    max_unpacked_bytes=256 * MEGABYTE,
    max_cell_bytes=1024,
    max_columns=500,
)


def examine(path: Path, limits: Limits = LIMITS) -> str:
    """What the service says of a payload: the reason of its refusal, or nothing."""
    schema = RegisterSchema.load(REGISTER)
    try:
        file = ParquetFile(path, "payload", limits)
        file.header(b"wasl.payload")
        if set(file.schema.names) - schema.payload_names - {"record_id"}:
            return "other columns"
        require_declared_rows(file, declared_columns(schema))
        require_unique_ids(file)
    except DeliveryError as error:
        return error.message
    return ""


def height_kb() -> int:
    """The most memory this process has had, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def examine_all(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.iterdir()):
        before = height_kb()
        said = examine(path)
        yield {"name": path.stem, "said": said, "bytes": path.stat().st_size, "grown_kb": height_kb() - before}


if __name__ == "__main__":
    for line in examine_all(Path(sys.argv[1])):
        sys.stdout.write(json.dumps(line) + "\n")
