"""A delivery: a register's encoded records, pass by pass, with a header that says how they were made.

Parquet, one row per record and pass, pass after pass, in row groups of bounded size. Columns:

- ``pass`` (dictionary of string): the name of the pass;
- ``block`` (16 bytes): keyed label of the block; only rows of one block of one pass are comparable;
- ``row_id`` (16 bytes): keyed per pass; two passes share none;
- ``token_<name>`` (16 bytes, null where missing): keyed hash of an identifier or match key, keyed per pass;
- ``filter_<group>`` (``bits / 8`` bytes, null where missing): encoded similarity group.

The header travels as JSON in the file's metadata under ``wasl.delivery``, the digests of the row groups under
``wasl.delivery.parts``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasl.errors import DeliveryError
from wasl.registers.exchange.delivery_header import HEADER_KEY, DeliveryHeader, check_columns
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.encoded_rows import (
    EncodedRows,
    RowsInFile,
    RowsInMemory,
    RowWriter,
    parts_digest,
    row_writer,
)
from wasl.registers.exchange.parquet_tables import opened_parquet
from wasl.registers.exchange.signatures import check_signature, sign_header
from wasl.registers.exchange.whole_files import whole_file

__all__ = ["Delivery", "DeliveryWriter", "delivery_writer"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Encoded rows and their header.

    Attributes:
        header: How they were made.
        source: The rows, in memory or in a file; a table given here is taken as it is.
    """

    header: DeliveryHeader
    source: EncodedRows = field(repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.source, pa.Table):
            object.__setattr__(self, "source", RowsInMemory.of(self.source))

    @property
    def rows(self) -> pa.Table:
        """All rows in one table, checked. Large deliveries are better read a part at a time, from `source`."""
        return self.source.table()

    @property
    def digest(self) -> str:
        """The digest that names this delivery: of header and, through it, of the rows."""
        return digest_json(self.header.to_json())

    def signed(self, key: Ed25519PrivateKey) -> Self:
        """The delivery with its holder's signature over everything in the header, and through it over the rows."""
        made = sign_header("delivery", self.header.to_json(), key)
        return dataclasses.replace(
            self, header=dataclasses.replace(self.header, signer=made["signer"], signature=made["signature"])
        )

    def check_signature(self) -> None:
        """Check the signature where there is one; whose the key is, the reader must know.

        Raises:
            DeliveryError: The signature does not belong to this header and key.
        """
        check_signature("delivery", self.header.to_json())

    def write(self, path: Path) -> None:
        """Write the delivery as one Parquet file (whole or not at all)."""
        with whole_file(path) as partial, row_writer(partial, self.source.columns) as rows:
            rows.copy(self.source)
            rows.finish(_metadata(self.header))

    @classmethod
    def read(cls, path: Path) -> Self:
        """The delivery in a Parquet file. Its rows stay there; each part is checked when it is read.

        Raises:
            DeliveryError: Not a delivery, or its parts are not those its header was made for.
        """
        with opened_parquet(path, "delivery") as file:
            schema = file.schema_arrow
            metadata = dict(schema.metadata or {}) | dict(file.metadata.metadata or {})
            if HEADER_KEY not in metadata:
                raise DeliveryError(
                    f"{path}: a Parquet file, but not a delivery (no header).",
                    remedy="Make it with `wasl encode`.",
                )
            header = DeliveryHeader.from_json(_json_object(metadata[HEADER_KEY], path))
            check_columns(schema, header, path)
            delivery = cls(header, RowsInFile.open(path, file, metadata, header.content_digest))
        delivery.check_signature()
        return delivery


class DeliveryWriter:
    """Writes a delivery pass by pass, so that no more than a pass is in memory; a :class:`RowSink` once it is open."""

    def __init__(self, path: Path, partial: Path, stack: ExitStack) -> None:
        self._path, self._partial, self._stack = path, partial, stack
        self._rows: RowWriter | None = None
        self.finished = False

    def open(self, columns: Mapping[str, int]) -> Self:
        """Begin the file.

        Args:
            columns: Bytes of each column besides ``pass``: ``block``, ``row_id``, tokens and filters.
        """
        self._columns = [(name, pa.binary(width)) for name, width in columns.items()]
        self._rows = self._stack.enter_context(row_writer(self._partial, self._columns))
        return self

    def add(self, name: str, rows: pa.Table) -> None:
        """See :class:`RowSink`."""
        self._open_rows.add(name, rows)

    def kept(self) -> EncodedRows:
        """See :class:`RowSink`."""
        return RowsInFile(self._path, self._open_rows.parts, self._columns)

    @property
    def _open_rows(self) -> RowWriter:
        if self._rows is None:
            raise DeliveryError(f"{self._path}: no columns were named before rows were written.")
        return self._rows

    def finish(self, header: DeliveryHeader) -> None:
        """Write the header, complete and signed where it is to be.

        Raises:
            DeliveryError: It was made for other rows than those written.
        """
        if header.content_digest != parts_digest(self._open_rows.parts):
            raise DeliveryError(f"{self._path}: the header was made for other rows than those written.")
        self._open_rows.finish(_metadata(header))
        self.finished = True


@contextmanager
def delivery_writer(path: Path) -> Iterator[DeliveryWriter]:
    """A delivery written pass by pass; its file is there when the block ends well, and not otherwise.

    Raises:
        DeliveryError: The delivery was not finished.
    """
    with whole_file(path) as partial, ExitStack() as stack:
        writer = DeliveryWriter(path, partial, stack)
        yield writer
        if not writer.finished:
            raise DeliveryError(f"{path}: the delivery was not finished.")


def _metadata(header: DeliveryHeader) -> dict[bytes, bytes]:
    return {HEADER_KEY: json.dumps(header.to_json(), sort_keys=True).encode()}


def _json_object(data: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise DeliveryError(f"{path}: its header is not JSON.") from error
    if not isinstance(value, dict):
        raise DeliveryError(f"{path}: its header is not a JSON object.")
    return value
