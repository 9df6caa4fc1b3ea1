"""More Parquet files that lie or are out of the ordinary: counts, names, types, encodings and headers."""

from __future__ import annotations

import base64
import decimal
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
from hostile import MEGABYTE, REGISTER, changed, harmless, ids, repeated, write

__all__ = ["SHAPES"]

HEADER = {"register": REGISTER, "holder": "CNSS", "period": "2025", "schema_digest": "x"}


def with_header(header: bytes) -> Callable[[Path], None]:
    """A harmless table under a header of bytes."""

    def make(path: Path) -> None:
        table = pa.table({"record_id": ids(5), "sex": ["F"] * 5})
        pq.write_table(table.replace_schema_metadata({b"wasl.payload": header}), path)

    return make


def column(values: Callable[[], Any], name: str = "sex", **options: Any) -> Callable[[Path], None]:
    """A payload with one odd column."""

    def make(path: Path) -> None:
        array = values()
        write(path, {"record_id": ids(len(array)), name: array}, **options)

    return make


def cut(count: int) -> Callable[[Path], None]:
    """A file without its last bytes."""

    def shorten(data: bytearray) -> None:
        del data[-count:]

    return changed(harmless, shorten)


def footer_of(data: bytearray) -> tuple[int, int]:
    length = int.from_bytes(data[-8:-4], "little")
    return len(data) - 8 - length, len(data) - 8


def replaced(old: bytes, new: bytes, *, only_footer: bool = True) -> Callable[[bytearray], None]:
    """Every run of some bytes replaced by as many others."""

    def change(data: bytearray) -> None:
        start, end = footer_of(data) if only_footer else (4, len(data))
        part = bytes(data[start:end])
        assert old in part
        data[start:end] = part.replace(old, new)

    return change


def no_utf8() -> pa.Array:
    raw = b"F\xff\xfeM\xff\xfe"
    return pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(np.array([0, 3, 6], np.int32)), pa.py_buffer(raw)])


def doubled_columns(path: Path) -> None:
    table = pa.Table.from_arrays([ids(3), pa.array(["F"] * 3), pa.array(["M"] * 3)], ["record_id", "sex", "sex"])
    pq.write_table(table.replace_schema_metadata({b"wasl.payload": json.dumps(HEADER).encode()}), path)


def no_columns(path: Path) -> None:
    pq.write_table(pa.table({}).replace_schema_metadata({b"wasl.payload": json.dumps(HEADER).encode()}), path)


def many_metadata(path: Path) -> None:
    keys: dict[str | bytes, str | bytes] = {f"k{n}": "v" * 50 for n in range(100_000)}
    table = pa.table({"record_id": ids(2)}).replace_schema_metadata(keys | {"wasl.payload": json.dumps(HEADER)})
    pq.write_table(table, path)


def arrow_schema(text: bytes) -> Callable[[Path], None]:
    """A harmless file with another schema than its own in what Arrow keeps beside Parquet's."""

    def make(path: Path) -> None:
        table = pa.table({"record_id": ids(3), "sex": ["Q"] * 3})
        with pq.ParquetWriter(path, table.schema, store_schema=False) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata({"wasl.payload": json.dumps(HEADER), "ARROW:schema": text})

    return make


def schema_text(kind: pa.DataType) -> bytes:
    other = pa.schema([("record_id", pa.binary(16)), ("sex", kind)])
    return base64.b64encode(other.serialize().to_pybytes())


def only(name: str, values: Callable[[], Any], **options: Any) -> Callable[[Path], None]:
    """A payload of one column."""
    return lambda path: write(path, {name: values()}, **options)


def same_ids(path: Path) -> None:
    """A million rows with one record id, stored once."""
    rows = 1_000_000
    one = pa.array([b"x" * 16], pa.binary(16))
    write(path, {"record_id": pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), one)})


def other_format(data: Callable[[], bytes]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data())

    return make


def arrow_file() -> bytes:
    sink = io.BytesIO()
    pyarrow.feather.write_feather(pa.table({"record_id": ids(3)}), sink, compression="uncompressed")
    return sink.getvalue()


SHAPES: dict[str, Callable[[Path], None]] = {
    "a run of fifty million": only("formal", lambda: pa.array(np.zeros(50_000_000, bool)), row_group_size=10**9),
    "a run of truths for a code": only("sex", lambda: pa.array(np.zeros(9_000_000, bool)), row_group_size=10**9),
    "fewer rows in the footer": changed(harmless, replaced(b"\x64", b"\x62")),
    "more rows in the footer": changed(harmless, replaced(b"\x64", b"\x7e")),
    "no magic at the end": cut(4),
    "no length at the end": cut(8),
    "one byte short": cut(1),
    "half a footer": cut(400),
    "encrypted": changed(harmless, lambda data: data.__setitem__(slice(-4, None), b"PARE")),
    "columns of one name": doubled_columns,
    "a name that looks alike": column(lambda: pa.array(["F"] * 3), "sex\u200b"),
    "a name without letters": column(lambda: pa.array(["F"] * 3), ""),
    "a name of a megabyte": column(lambda: pa.array(["F"] * 3), "s" * MEGABYTE),
    "a name that is no text": changed(harmless, replaced(b"sex", b"\xff\xfe\xfd", only_footer=False)),
    "text that is no text": column(no_utf8),
    "text with zero bytes": column(lambda: pa.array(["F\x00", "M\x00"])),
    "decimals of 76 digits": column(lambda: pa.array([decimal.Decimal("9" * 70)], pa.decimal256(76, 0)), "wage"),
    "times in the year 292277": column(lambda: pa.array([2**62], pa.timestamp("us")), "declared_month"),
    "old timestamps": column(
        lambda: pa.array([0, 10**15], pa.timestamp("us")), "declared_month", use_deprecated_int96_timestamps=True
    ),
    "UUIDs": column(
        lambda: pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"x" * 16, b"y" * 16], pa.binary(16))), "sex"
    ),
    "durations": column(lambda: pa.array([1, 2], pa.duration("s")), "wage"),
    "no columns": no_columns,
    "a hundred thousand metadata": many_metadata,
    "lists in the Arrow schema": arrow_schema(schema_text(pa.list_(pa.list_(pa.string())))),
    "views in the Arrow schema": arrow_schema(schema_text(pa.string_view())),
    "numbers in the Arrow schema": arrow_schema(schema_text(pa.int64())),
    "runs in the Arrow schema": arrow_schema(schema_text(pa.run_end_encoded(pa.int32(), pa.string()))),
    "JSON in the Arrow schema": arrow_schema(schema_text(pa.json_())),
    "a doubled dictionary in the Arrow schema": arrow_schema(schema_text(pa.dictionary(pa.int8(), pa.string()))),
    "noise for an Arrow schema": arrow_schema(b"x" * 5000),
    "one record id a million times": same_ids,
    "ids of a megabyte": lambda path: write(path, {"record_id": repeated("x" * MEGABYTE, 300)}),
    "a gzip bomb": lambda path: write(
        path, {"record_id": ids(400), "sex": pa.array(["x" * MEGABYTE] * 400)}, use_dictionary=False, compression="gzip"
    ),
    "a brotli bomb": lambda path: write(
        path, {"record_id": ids(60), "sex": pa.array(["x" * MEGABYTE] * 60)}, use_dictionary=False, compression="brotli"
    ),
    "a snappy bomb": lambda path: write(
        path, {"record_id": ids(60), "sex": pa.array(["x" * MEGABYTE] * 60)}, use_dictionary=False, compression="snappy"
    ),
    "lists of lists of structures": column(lambda: pa.array([[[{"a": [1, 2]}]] * 100] * 10)),
    "a header of nothing but brackets": with_header(b"[" * 90_000),
    "a header with a number of ten thousand digits": with_header(b'{"register": ' + b"9" * 10_000 + b"}"),
    "a header with infinities": with_header(b'{"register": "cnss-employees", "period": Infinity, "holder": NaN}'),
    "a header that is a list": with_header(b'["cnss-employees"]'),
    "a header that is a number": with_header(b"1e400"),
    "a header in half a letter": with_header(b'{"register": "\\ud800", "holder": "x"}'),
    "a header that is no text": with_header(b'{"register": "\xff\xfe"}'),
    "a header with deep objects": with_header(b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "an Arrow file": other_format(arrow_file),
    "a zip file": other_format(lambda: b"PK\x03\x04" + b"\x00" * 400),
    "magic and nothing else": other_format(lambda: b"PAR1PAR1"),
    "magic with a negative length": other_format(lambda: b"PAR1" + b"\xff\xff\xff\xff" + b"PAR1"),
}
