"""Tables in Parquet files: written whole or not at all, and read with the file named where that fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wasl.errors import DeliveryError
from wasl.registers.exchange.spilled_table import SpilledTable
from wasl.registers.exchange.whole_files import whole_file

__all__ = ["opened_parquet", "read_parquet", "write_parquet"]


def write_parquet(table: pa.Table | SpilledTable, path: Path, *, row_group: int | None = None) -> None:
    """Write a table beside its place and rename it, so that no reader ever sees half a file.

    Ids are random bytes, which neither compress nor repeat enough to be worth a dictionary. A table that waits in parts
    is written part by part.
    """
    with whole_file(path) as partial:
        _write(table, partial, row_group)


def table_bytes(table: pa.Table) -> bytes:
    """The bytes of the file that `write_parquet` writes."""
    sink = pa.BufferOutputStream()
    _write(table, sink, None)
    return bytes(sink.getvalue())


def _write(table: pa.Table | SpilledTable, target: Path | pa.NativeFile, row_group: int | None) -> None:
    random = {field.name: pa.types.is_fixed_size_binary(field.type) for field in table.schema}
    with pq.ParquetWriter(
        target,
        table.schema,
        compression={name: "none" if is_random else "zstd" for name, is_random in random.items()},
        use_dictionary=[name for name, is_random in random.items() if not is_random],
    ) as file:
        for part in table.row_groups() if isinstance(table, SpilledTable) else [table]:
            file.write_table(part, row_group_size=row_group)


@contextmanager
def opened_parquet(path: Path, what: str, *, mapped: bool = True) -> Iterator[pq.ParquetFile]:
    """An open Parquet file.

    Args:
        path: The file.
        what: What it should be, for the message.
        mapped: Map the file into memory. What is read part by part is not mapped: pages that were looked at count as
            memory of the process until the file is closed.

    Raises:
        DeliveryError: The file is missing or is not Parquet; names the file.
    """
    try:
        with pq.ParquetFile(path, memory_map=mapped) as file:
            yield file
    except FileNotFoundError as error:
        raise DeliveryError(f"{path}: no such {what}.") from error
    except (OSError, pa.ArrowException) as error:
        raise DeliveryError(f"{path}: not a readable Parquet file, so not a {what}.") from error


def read_parquet(path: Path, what: str, columns: Sequence[str] | None = None) -> tuple[pa.Table, dict[bytes, bytes]]:
    """The table in a Parquet file, and its metadata.

    Args:
        path: The file.
        what: What it should be, for the message.
        columns: Those to read, if not all.

    Raises:
        DeliveryError: The file is missing or is not Parquet; names the file.
    """
    with opened_parquet(path, what) as file:
        table = file.read(columns=None if columns is None else list(columns))
        metadata = dict(file.metadata.metadata or {})
    return table.replace_schema_metadata(None), dict(table.schema.metadata or {}) | metadata
