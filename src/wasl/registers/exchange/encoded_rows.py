"""The rows of a delivery, pass by pass in parts of bounded size, in memory or in a file that is read part by part.

A part is a run of rows of one pass, and a row group of the file. The digest of each part stands in a list, and the
digest of the list is in the delivery's header. So a part is checked when it is read, without the other parts. Random
bits do not compress, so labels and filters are stored as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wasl.errors import DeliveryError
from wasl.registers.exchange.digests import digest_json, digest_table

__all__ = [
    "PARTS_KEY",
    "PART_ROWS",
    "EncodedRows",
    "Part",
    "RowSink",
    "RowWriter",
    "RowsInFile",
    "RowsInMemory",
    "check_part",
    "parts_digest",
    "parts_from_json",
    "row_writer",
]

PART_ROWS = 1 << 16
"""Rows of a part at most: some thirty megabytes of filters, what a reader holds besides its result."""
PARTS_KEY = b"wasl.delivery.parts"
HASHING_THREADS = 2


@dataclass(frozen=True, slots=True)
class Part:
    """A run of rows of one pass.

    Attributes:
        pass_name: The pass.
        rows: How many.
        columns: The columns that are not missing in all of them.
        digest: Digest of those columns, by name.
    """

    pass_name: str
    rows: int
    columns: tuple[str, ...]
    digest: str

    @classmethod
    def of(cls, name: str, rows: pa.Table) -> Self:
        """The description of some rows of a pass."""
        held = tuple(sorted(_held(rows)))
        return cls(name, rows.num_rows, held, digest_table(rows.select(held)))


def _held(rows: pa.Table) -> tuple[str, ...]:
    """Columns that are not missing in all rows."""
    return tuple(name for name in rows.column_names if rows.column(name).null_count < rows.num_rows)


def parts_digest(parts: Sequence[Part]) -> str:
    """The digest of all rows: of the list of their parts."""
    return digest_json([astuple(part) for part in parts])


class EncodedRows(Protocol):
    """Where a delivery's rows are."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts, pass by pass."""

    @property
    def columns(self) -> tuple[tuple[str, pa.DataType], ...]:
        """Names and types of the columns besides ``pass``."""

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """Numbers of the parts of a pass, in order."""

    def sizes_of(self, name: str) -> tuple[int, ...]:
        """Rows of each of them."""

    def held_in(self, name: str) -> frozenset[str]:
        """The columns that are not missing throughout the pass."""

    def held_in_part(self, number: int) -> frozenset[str]:
        """The columns that are not missing throughout a part."""

    def read(self, number: int) -> pa.Table:
        """The rows of a part, without the pass's name and the columns it lacks; checked against the part's digest.

        Raises:
            DeliveryError: They are not those the part describes.
        """

    def peek(self, number: int, columns: Sequence[str]) -> pa.Table:
        """Some columns of a part, not checked: whoever relies on them reads the part as well."""

    def table(self) -> pa.Table:
        """All rows, with the column ``pass``."""


class RowSink(Protocol):
    """Takes the rows of a delivery pass by pass, to keep or to write them."""

    def add(self, name: str, rows: pa.Table) -> None:
        """Take rows of a pass: those columns that are not missing throughout; a later call may add more of it."""

    def kept(self) -> EncodedRows:
        """The rows taken; those written to a file can be read when it is finished."""


class RowsInMemory:
    """Rows in tables, one after the other, each of one pass and without the columns it lacks.

    Args:
        columns: Bytes of each column besides ``pass``.
    """

    def __init__(self, columns: Mapping[str, int]) -> None:
        self.columns = tuple((name, pa.binary(width)) for name, width in columns.items())
        self._runs: list[tuple[str, pa.Table]] = []
        self._parts: list[Part] = []

    @classmethod
    def of(cls, rows: pa.Table) -> Self:
        """The rows of a table with a column ``pass``."""
        found = cls({field.name: field.type.byte_width for field in rows.schema if field.name != "pass"})
        for name, table in _by_pass(rows):
            found.add(name, table)
        return found

    def add(self, name: str, rows: pa.Table) -> None:
        """See :class:`RowSink`."""
        self._runs += [(name, rows.slice(start, PART_ROWS)) for start in range(0, rows.num_rows, PART_ROWS)]

    def kept(self) -> EncodedRows:
        """See :class:`RowSink`."""
        return self

    @property
    def parts(self) -> tuple[Part, ...]:
        """See :class:`EncodedRows`."""
        with ThreadPoolExecutor(HASHING_THREADS) as pool:
            self._parts += pool.map(lambda run: Part.of(*run), self._runs[len(self._parts) :])
        return tuple(self._parts)

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """See :class:`EncodedRows`."""
        return tuple(number for number, (pass_name, _) in enumerate(self._runs) if pass_name == name)

    def sizes_of(self, name: str) -> tuple[int, ...]:
        """See :class:`EncodedRows`."""
        return tuple(self._runs[number][1].num_rows for number in self.numbers_of(name))

    def held_in(self, name: str) -> frozenset[str]:
        """See :class:`EncodedRows`."""
        return frozenset[str]().union(*(self.held_in_part(number) for number in self.numbers_of(name)))

    def held_in_part(self, number: int) -> frozenset[str]:
        """See :class:`EncodedRows`."""
        return frozenset(_held(self._runs[number][1]))

    def read(self, number: int) -> pa.Table:
        """See :class:`EncodedRows`; what is in memory has been checked or made here."""
        return self._runs[number][1]

    def peek(self, number: int, columns: Sequence[str]) -> pa.Table:
        """See :class:`EncodedRows`."""
        return self._runs[number][1].select(list(columns))

    def table(self) -> pa.Table:
        """See :class:`EncodedRows`."""
        return _joined(self, [name for name, _ in self._runs])


def _joined(rows: EncodedRows, names: Sequence[str]) -> pa.Table:
    """All parts in one table, each with the name of its pass."""
    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([("pass", text), *rows.columns])
    tables = [_complete(rows.read(number), rows.columns) for number in range(len(names))]
    named = [
        table.add_column(0, "pass", _constant(name, len(table))) for name, table in zip(names, tables, strict=True)
    ]
    return pa.concat_tables(named).unify_dictionaries() if named else schema.empty_table()


def _complete(rows: pa.Table, columns: Sequence[tuple[str, pa.DataType]]) -> pa.Table:
    """Rows with all columns, null where they lack one."""
    held = set(rows.column_names)
    return pa.table(
        {name: rows.column(name) if name in held else pa.nulls(rows.num_rows, kind) for name, kind in columns}
    )


def _by_pass(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each pass, in the order in which passes first occur, however the rows are mixed."""
    if rows.num_rows == 0:
        return
    column = rows.column("pass")
    names = column.cast(pa.string()) if not pa.types.is_string(column.type) else column
    codes = names.dictionary_encode().unify_dictionaries().combine_chunks()
    if isinstance(codes, pa.ChunkedArray):
        codes = codes.chunk(0)
    number = codes.indices.to_numpy()
    others = rows.drop_columns("pass")
    edges = np.flatnonzero(np.diff(number)) + 1
    starts = np.concatenate([[0], edges])
    apart = len(starts) == len(codes.dictionary)  # pass after pass: slices will do
    for code, name in enumerate(codes.dictionary.to_pylist()):
        if apart:
            stop = starts[code + 1] if code + 1 < len(starts) else len(number)
            yield name, others.slice(starts[code], stop - starts[code])
        else:
            yield name, others.filter(pc.equal(names, name))


class RowsInFile:
    """Rows in a delivery's Parquet file, one row group per part."""

    def __init__(
        self, path: Path, parts: Sequence[Part], columns: Sequence[tuple[str, pa.DataType]], footer: Any = None
    ) -> None:
        self._path, self._footer = path.absolute(), footer
        self.parts = tuple(parts)
        self.columns = tuple(columns)

    @classmethod
    def open(cls, path: Path, file: pq.ParquetFile, metadata: dict[bytes, bytes], content_digest: str) -> Self:
        """The rows of an open file whose header gives this digest.

        Raises:
            DeliveryError: The list of parts is missing, is not the header's, or is not the file's.
        """
        parts = parts_from_json(metadata.get(PARTS_KEY), f"{path}: a delivery")
        if parts_digest(parts) != content_digest:
            raise DeliveryError(
                f"{path}: the rows do not match the header's digest: the file was changed after encoding."
            )
        footer = file.metadata
        found = [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]
        if found != [part.rows for part in parts]:
            raise DeliveryError(f"{path}: the row groups are not the parts its header was made for.")
        columns = [(field.name, field.type) for field in file.schema_arrow if field.name != "pass"]
        return cls(path, parts, columns, footer)

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """See :class:`EncodedRows`."""
        return tuple(number for number, part in enumerate(self.parts) if part.pass_name == name)

    def sizes_of(self, name: str) -> tuple[int, ...]:
        """See :class:`EncodedRows`."""
        return tuple(self.parts[number].rows for number in self.numbers_of(name))

    def held_in(self, name: str) -> frozenset[str]:
        """See :class:`EncodedRows`."""
        return frozenset[str]().union(*(self.held_in_part(number) for number in self.numbers_of(name)))

    def held_in_part(self, number: int) -> frozenset[str]:
        """See :class:`EncodedRows`."""
        return frozenset(self.parts[number].columns)

    def _group(self, number: int, columns: Sequence[str]) -> pa.Table:
        try:
            with pq.ParquetFile(self._path, metadata=self._footer, read_dictionary=["pass"]) as file:
                return file.read_row_group(number, columns=list(columns), use_threads=False).replace_schema_metadata(
                    None
                )
        except (OSError, pa.ArrowException) as error:
            raise DeliveryError(f"{self._path}: row group {number} cannot be read.") from error

    def read(self, number: int) -> pa.Table:
        """See :class:`EncodedRows`."""
        part = self.parts[number]
        rows = self._group(number, ("pass", *part.columns))
        if not check_part(rows, part):
            raise DeliveryError(
                f"{self._path}: the rows of row group {number} (pass {part.pass_name!r}) are not those of the "
                "header's digest: the file was changed after encoding."
            )
        return rows.drop_columns("pass")

    def peek(self, number: int, columns: Sequence[str]) -> pa.Table:
        """See :class:`EncodedRows`."""
        return self._group(number, columns)

    def table(self) -> pa.Table:
        """See :class:`EncodedRows`."""
        return _joined(self, [part.pass_name for part in self.parts])


def check_part(rows: pa.Table, part: Part) -> bool:
    """Whether rows, with their column ``pass``, are those a part describes."""
    names = rows.column("pass").cast(pa.string()).unique().to_pylist()
    return names == [part.pass_name] * min(part.rows, 1) and Part.of(part.pass_name, rows.drop_columns("pass")) == part


def parts_from_json(text: bytes | None, what: str) -> tuple[Part, ...]:
    """The list of parts in a file's metadata; `what` begins the message.

    Raises:
        DeliveryError: It is missing, or is no such list.
    """
    try:
        return tuple(
            Part(str(name), int(rows), tuple(map(str, columns)), str(digest))
            for name, rows, columns, digest in json.loads(text or b"null")
        )
    except (ValueError, TypeError) as error:
        raise DeliveryError(
            f"{what} without the list of its parts: made by an earlier release, or changed.",
            remedy="Make it anew with `wasl encode`.",
        ) from error


def _constant(text: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text], pa.string()))


class RowWriter:
    """Writes rows pass by pass to a Parquet file, a row group per part, and keeps the list of parts."""

    def __init__(self, file: pq.ParquetWriter, columns: Sequence[tuple[str, pa.DataType]]) -> None:
        self._file, self._columns = file, columns
        self.parts: list[Part] = []

    def add(self, name: str, rows: pa.Table) -> None:
        """See :class:`RowSink`."""
        for start in range(0, rows.num_rows, PART_ROWS):
            piece = rows.slice(start, PART_ROWS)
            self.parts.append(Part.of(name, piece))
            self._put(name, piece)

    def copy(self, source: EncodedRows) -> None:
        """Add all parts of a source, without hashing them again."""
        for number, part in enumerate(source.parts):
            self.parts.append(part)
            self._put(part.pass_name, source.read(number))

    def finish(self, metadata: dict[bytes, bytes]) -> None:
        """Write the list of parts and what else belongs in the file's metadata."""
        listed = json.dumps([astuple(part) for part in self.parts]).encode()
        self._file.add_key_value_metadata({PARTS_KEY: listed, **metadata})

    def _put(self, name: str, piece: pa.Table) -> None:
        whole = _complete(piece, self._columns).add_column(0, "pass", _constant(name, piece.num_rows))
        self._file.write_table(whole, row_group_size=max(1, piece.num_rows))


@contextmanager
def row_writer(path: Path, columns: Sequence[tuple[str, pa.DataType]]) -> Iterator[RowWriter]:
    """A writer of rows with these columns besides ``pass``; see :class:`RowWriter`."""
    schema = pa.schema([("pass", pa.dictionary(pa.int32(), pa.string())), *columns])
    with pq.ParquetWriter(
        path, schema, compression="none", use_dictionary=["pass"], write_statistics=False, store_schema=False
    ) as file:
        yield RowWriter(file, columns)
