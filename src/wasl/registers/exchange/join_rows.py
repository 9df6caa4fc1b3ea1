"""The rows of a join map, and who takes them pass after pass: to keep them, or for their digest alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.registers.exchange.digests import digest_json, digest_table
from wasl.registers.exchange.encoded_rows import PART_ROWS

__all__ = ["JOIN_MAP_SCHEMA", "JoinSink", "JoinsInMemory", "JoinsUnkept", "join_rows"]

JOIN_MAP_SCHEMA = pa.schema(
    [
        ("record_id", pa.binary(LABEL_BYTES)),
        ("pass", pa.dictionary(pa.int32(), pa.string())),
        ("row_id", pa.binary(LABEL_BYTES)),
    ]
)


def join_rows(record_ids: pa.Array, pass_name: str | None = None, row_ids: pa.Array | None = None) -> pa.Table:
    """Rows of a join map: records and their rows in a pass, or records that are in no pass."""
    codes = pa.nulls(len(record_ids), pa.int32())
    if pass_name is not None:
        codes = codes.fill_null(0)
    names = pa.DictionaryArray.from_arrays(codes, pa.array([pass_name or ""], pa.string()))
    rows = pa.nulls(len(record_ids), pa.binary(LABEL_BYTES)) if row_ids is None else row_ids
    return pa.table([record_ids, names, rows], schema=JOIN_MAP_SCHEMA)


class JoinSink(Protocol):
    """Takes the rows of a join map pass after pass, to keep or to write them."""

    def add(self, rows: pa.Table) -> None:
        """Take rows of ``JOIN_MAP_SCHEMA``."""

    def kept(self) -> tuple[pa.Table, str]:
        """The rows taken; or an empty table and the digest of those that were written to a file."""


class JoinsInMemory:
    """Keeps the rows; see :class:`JoinSink`."""

    def __init__(self) -> None:
        self._runs: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        """See :class:`JoinSink`."""
        self._runs.append(rows)

    def kept(self) -> tuple[pa.Table, str]:
        """See :class:`JoinSink`."""
        return pa.concat_tables(self._runs).unify_dictionaries(), ""


class _Parts:
    """Rows put together to parts of ``PART_ROWS``, whatever the runs in which they come, and the digest of each."""

    def __init__(self) -> None:
        self._waiting: list[pa.Table] = []
        self._count = 0
        self._digests: list[str] = []

    def add(self, rows: pa.Table) -> Iterator[pa.Table]:
        """Take rows; yields the parts that are full."""
        self._waiting.append(rows)
        self._count += rows.num_rows
        if self._count >= PART_ROWS:
            whole = pa.concat_tables(self._waiting)
            full = self._count - self._count % PART_ROWS
            self._waiting, self._count = [whole.slice(full)], self._count - full
            for start in range(0, full, PART_ROWS):
                yield self._digested(whole.slice(start, PART_ROWS))

    def rest(self) -> Iterator[pa.Table]:
        """The last part, if rows are waiting."""
        if self._count:
            whole = pa.concat_tables(self._waiting)
            self._waiting, self._count = [], 0
            yield self._digested(whole)

    @property
    def digest(self) -> str:
        """The digest of all parts, as ``digest_rows`` gives it for the whole table."""
        return digest_json(self._digests)

    def _digested(self, part: pa.Table) -> pa.Table:
        self._digests.append(digest_table(part))
        return part


class JoinsUnkept:
    """Takes the rows of a join map that nobody asked for, for their digest alone; see :class:`JoinSink`."""

    def __init__(self) -> None:
        self._parts = _Parts()

    def add(self, rows: pa.Table) -> None:
        """See :class:`JoinSink`."""
        for part in self._parts.add(rows):
            self._put(part)

    def kept(self) -> tuple[pa.Table, str]:
        """See :class:`JoinSink`."""
        for part in self._parts.rest():
            self._put(part)
        return JOIN_MAP_SCHEMA.empty_table(), self._parts.digest

    def _put(self, part: pa.Table) -> None:
        """A full part goes nowhere."""
