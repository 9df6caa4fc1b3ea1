"""The join map: which rows of which passes are the same record. For the spine keeper, never for the linkage unit.

Records that their holder takes as one person share a row where they share a block, so records that share a row are one
person's. A record that is in no pass is listed once, with pass and row id null: it cannot be linked, but it is not
lost.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasl.errors import DeliveryError
from wasl.registers.exchange.delivery_header import DeliveryHeader
from wasl.registers.exchange.digests import digest_columns, digest_json, digest_rows, digest_table
from wasl.registers.exchange.encoded_rows import PART_ROWS
from wasl.registers.exchange.join_rows import JOIN_MAP_SCHEMA, JoinsUnkept
from wasl.registers.exchange.parquet_tables import opened_parquet, read_parquet
from wasl.registers.exchange.signatures import check_signature, sign_header
from wasl.registers.exchange.whole_files import whole_file

__all__ = [
    "JOIN_MAP_FIELDS",
    "JoinMap",
    "JoinMapWriter",
    "join_map_writer",
]

METADATA_KEY = b"wasl.join_map"
JOIN_MAP_FIELDS = ("register", "delivery_digest", "holder", "project", "round", "period", "created")
"""Fields of a join map's header besides the digest of its rows and its signature."""


@dataclass(frozen=True, slots=True)
class JoinMap:
    """Record ids and their row ids per pass, for one delivery.

    Attributes:
        register: The register it belongs to.
        delivery_digest: ``Delivery.digest`` of the delivery it opens.
        rows: Table of ``JOIN_MAP_SCHEMA``; empty if the rows are in a file.
        holder, project, round, period, created: As in the delivery's header.
        signer, signature: The holder's Ed25519 public key and signature (base64), or empty.
        written: The digest of the rows that are in a file; empty if ``rows`` holds them.
        file: The file they can be read from, pass by pass (:meth:`open`, :meth:`by_pass`).
    """

    register: str
    delivery_digest: str
    rows: pa.Table = field(repr=False)
    holder: str = ""
    project: str = ""
    round: str = ""
    period: str = ""
    created: str = ""
    signer: str = ""
    signature: str = ""
    written: str = ""
    file: Path | None = None

    @classmethod
    def of(cls, delivery_digest: str, header: DeliveryHeader, rows: pa.Table, written: str = "") -> Self:
        """The join map of a delivery, bound to what its header says."""
        same: dict[str, Any] = {
            name: getattr(header, name) for name in ("holder", "project", "round", "period", "created")
        }
        return cls(header.register, delivery_digest, rows, **same, written=written)

    def header(self) -> dict[str, Any]:
        """The header in the file's metadata; all fields but signer and signature are signed."""
        value = {name: getattr(self, name) for name in (*JOIN_MAP_FIELDS, "signer", "signature")}
        return value | {"content_digest": self.written or digest_rows(self.rows, PART_ROWS)}

    def signed(self, key: Ed25519PrivateKey) -> Self:
        """The join map with its holder's signature over its header and, through it, its rows."""
        signature: dict[str, Any] = dict(sign_header("join map", self.header(), key))
        return dataclasses.replace(self, **signature)

    def write(self, path: Path) -> None:
        """Write as one Parquet file.

        Raises:
            DeliveryError: The rows are in another file already.
        """
        if self.written:
            raise DeliveryError(f"{path}: the rows of this join map were written to another file as they were made.")
        with join_map_writer(path) as writer:
            writer.add(self.rows)
            writer.finish(self)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The join map in a Parquet file.

        Raises:
            DeliveryError: Not a join map, or it was changed.
        """
        table, metadata = read_parquet(path, "join map")
        return cls._checked(path, table, metadata)

    @classmethod
    def open(cls, path: Path, whole: Container[str] = ()) -> Self:
        """The join map in a Parquet file whose rows stay there and are read pass by pass.

        Every part is checked once, here. A file that is not written pass after pass in parts is read whole.

        Args:
            path: The file.
            whole: Registers whose join maps are read into memory, as :meth:`read` does: rows that stay in a file cannot
                be filtered.

        Raises:
            DeliveryError: Not a join map, or it was changed.
        """
        with opened_parquet(path, "join map", mapped=False) as file:
            metadata = dict(file.schema_arrow.metadata or {}) | dict(file.metadata.metadata or {})
            digest = "" if _stated_register(metadata) in whole else _digest_of_parts(file)
        if not digest:
            return cls.read(path)
        found = cls._checked(path, JOIN_MAP_SCHEMA.empty_table(), metadata, digest)
        return dataclasses.replace(found, file=path.absolute())

    @classmethod
    def _checked(cls, path: Path, table: pa.Table, metadata: dict[bytes, bytes], written: str = "") -> Self:
        """The join map of some rows, or of those in the file that have this digest."""
        if METADATA_KEY not in metadata or table.column_names != JOIN_MAP_SCHEMA.names:
            raise DeliveryError(
                f"{path}: a Parquet file, but not a join map.", remedy="`wasl encode --join FILE` makes one."
            )
        try:
            header = json.loads(metadata[METADATA_KEY])
            names = (*JOIN_MAP_FIELDS, "signer", "signature")
            texts: dict[str, Any] = {name: str(header[name]) for name in names}
            found = cls(rows=table.cast(JOIN_MAP_SCHEMA), **texts, written=written)
            stated = header["content_digest"]
        except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise DeliveryError(
                f"{path}: its header or columns are not those of a join map of this release.",
                remedy="Make it anew with `wasl encode`.",
            ) from error
        if found.header()["content_digest"] != stated:
            raise DeliveryError(f"{path}: its rows are not those its header was made for: the file was changed.")
        check_signature("join map", found.header())
        return found

    def in_memory(self) -> Self:
        """The same, with its rows in memory.

        Raises:
            DeliveryError: Its file was changed since it was opened.
        """
        return self if self.file is None else self.read(self.file)

    def by_pass(self) -> Iterator[tuple[str | None, pa.Table]]:
        """The rows of one pass after another; under None the records that are in no pass."""
        if self.file is None:
            yield from _apart(self.rows)
            return
        waiting: list[pa.Table] = []
        name: str | None = None
        with opened_parquet(self.file, "join map", mapped=False) as file:
            for group in range(file.num_row_groups):
                for own, rows in _runs(file.read_row_group(group, use_threads=False)):
                    if waiting and own != name:
                        yield name, pa.concat_tables(waiting)
                        waiting = []
                    name = own
                    waiting.append(rows)
        if waiting:
            yield name, pa.concat_tables(waiting)

    @property
    def rows_digest(self) -> str:
        """``digest_table`` of the rows, wherever they are."""
        if self.file is None:
            return digest_table(self.rows)
        place = self.file
        with opened_parquet(place, "join map", mapped=False) as file:
            count = file.metadata.num_rows

            def parts(name: str) -> Iterator[pa.Array]:
                """A column, row group by row group."""
                for group in range(file.num_row_groups):
                    yield from file.read_row_group(group, columns=[name], use_threads=False).column(0).chunks

            return digest_columns([(field.name, field.type) for field in JOIN_MAP_SCHEMA], count, parts)


def _stated_register(metadata: Mapping[bytes, bytes]) -> str:
    """The register that the header of a file names; empty where the file has none."""
    try:
        return str(json.loads(metadata[METADATA_KEY])["register"])
    except (ValueError, KeyError, TypeError):
        return ""


def _digest_of_parts(file: pq.ParquetFile) -> str:
    """The digest of the rows of a file, row group by row group; empty where they are not the parts of a join map.

    A pass must follow the other, and every row group but the last must be a full part.
    """
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    if any(size != PART_ROWS for size in sizes[:-1]) or file.schema_arrow.names != JOIN_MAP_SCHEMA.names:
        return ""
    digests: list[str] = []
    seen: list[str | None] = []
    try:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, use_threads=False).replace_schema_metadata(None).cast(JOIN_MAP_SCHEMA)
            digests.append(digest_table(rows))
            for name, _ in _runs(rows):
                if seen and seen[-1] == name:
                    continue
                if name in seen:
                    return ""
                seen.append(name)
    except pa.ArrowException:
        return ""
    return digest_json(digests)


def _runs(rows: pa.Table) -> Iterator[tuple[str | None, pa.Table]]:
    """Record ids and row ids, cut where the pass changes."""
    column = rows.column("pass")
    column = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    names = column.unify_dictionaries().combine_chunks()
    codes = np.asarray(names.indices.fill_null(-1))
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    for start, stop in pairwise(edges):
        if stop > start:
            name = None if codes[start] < 0 else names.dictionary[codes[start]].as_py()
            yield name, rows.slice(start, stop - start).select(["record_id", "row_id"])


def _apart(rows: pa.Table) -> Iterator[tuple[str | None, pa.Table]]:
    """The rows of each pass, however the passes are mixed."""
    together: dict[str | None, list[pa.Table]] = {}
    for name, run in _runs(rows):
        together.setdefault(name, []).append(run)
    for name, runs in together.items():
        yield name, pa.concat_tables(runs)


class JoinMapWriter(JoinsUnkept):
    """Writes the rows of a join map part by part, so that no more than a part waits in memory; a :class:`JoinSink`."""

    def __init__(self, path: Path, file: pq.ParquetWriter) -> None:
        super().__init__()
        self._path, self._file = path, file
        self.finished = False

    def finish(self, join_map: JoinMap) -> None:
        """Write the header.

        Raises:
            DeliveryError: It was made for other rows than those written.
        """
        header = join_map.header()
        if header["content_digest"] != self.kept()[1]:
            raise DeliveryError(f"{self._path}: the header was made for other rows than those written.")
        self._file.add_key_value_metadata({METADATA_KEY: json.dumps(header).encode()})
        self.finished = True

    def _put(self, part: pa.Table) -> None:
        """Write a part as one row group; its dictionary of passes holds those that occur in it, and no other."""
        names = part.column("pass").cast(pa.string()).combine_chunks().dictionary_encode()
        place = JOIN_MAP_SCHEMA.get_field_index("pass")
        self._file.write_table(part.set_column(place, JOIN_MAP_SCHEMA.field(place), names), row_group_size=PART_ROWS)


@contextmanager
def join_map_writer(path: Path) -> Iterator[JoinMapWriter]:
    """A join map written part by part; its file is there when the block ends well, and not otherwise.

    Ids are random bytes, which neither compress nor repeat enough to be worth a dictionary.

    Raises:
        DeliveryError: The join map was not finished.
    """
    compression = {"record_id": "none", "pass": "zstd", "row_id": "none"}
    with (
        whole_file(path) as partial,
        pq.ParquetWriter(partial, JOIN_MAP_SCHEMA, compression=compression, use_dictionary=["pass"]) as file,
    ):
        writer = JoinMapWriter(path, file)
        yield writer
        if not writer.finished:
            raise DeliveryError(f"{path}: the join map was not finished.")
