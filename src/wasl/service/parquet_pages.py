"""Page headers of a Parquet column, read without unpacking a page: how large the column would become in memory.

The footer of a Parquet file is a claim of its author. What Arrow allocates follows from the header of each page: the
unpacked size of the page and the number of its values. This module walks these headers, which are a few dozen bytes
each, and adds the sizes up. A file whose pages do not fit its footer, or whose values are stored in an encoding that
expands without a bound, is refused before Arrow reads it.

Source: Apache Parquet format 2.11, ``parquet.thrift`` (PageHeader), and the Thrift compact protocol.
Does not protect against: a defect in a decompressor of Arrow's; `wasl` depends on releases that get security updates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from wasl.errors import DeliveryError

__all__ = ["Chunk", "PageSizes", "page_sizes"]

HEADER_BYTES = 1 << 16
"""Longest page header that is read: it may carry the smallest and the largest value of the page."""

MAX_PAGES = 1 << 18
"""Pages of one column in one row group; a file of 2 GB in pages of 8 kB has as many."""

MAX_DEPTH = 8
MAX_FIELDS = 64

DATA, DICTIONARY, DATA_V2 = 0, 2, 3
PLAIN, PLAIN_DICTIONARY, RLE, BIT_PACKED, RLE_DICTIONARY, BYTE_STREAM_SPLIT = 0, 2, 3, 4, 8, 9

BOUNDED_ENCODINGS = frozenset({PLAIN, PLAIN_DICTIONARY, RLE, BIT_PACKED, RLE_DICTIONARY, BYTE_STREAM_SPLIT})
"""Encodings whose values are no longer than the bytes of their page, or are numbers into its dictionary. The delta
encodings of strings repeat a prefix: one megabyte could stand for terabytes."""

Value = int | bytes | bool | dict[int, "Value"] | list["Value"] | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One column in one row group, as the footer describes it.

    Attributes:
        start, length: Where its pages lie in the file, in bytes.
        values: How many values it holds, the missing ones included.
    """

    start: int
    length: int
    values: int


@dataclass(frozen=True, slots=True)
class PageSizes:
    """Memory that the pages of a column chunk need.

    Attributes:
        unpacked_bytes: Sum of the unpacked sizes of all pages, the dictionary included.
        dictionary_bytes: Of the dictionary alone.
        pages: How many.
    """

    unpacked_bytes: int
    dictionary_bytes: int
    pages: int


def page_sizes(file: BinaryIO, chunk: Chunk, *, most_bytes: int) -> PageSizes:
    """Add up the pages of a column chunk.

    Args:
        file: The open Parquet file.
        chunk: Where the pages are.
        most_bytes: Unpacked bytes at most.

    Raises:
        DeliveryError: The pages do not fit the footer, are stored in an unbounded encoding, or unpack to too much.
    """
    place, end = chunk.start, chunk.start + chunk.length
    unpacked = dictionary = values = pages = 0
    while values < chunk.values:
        if place >= end or pages >= MAX_PAGES:
            raise DeliveryError("its pages do not hold what its footer says")
        file.seek(place)
        header, used = _page_header(file.read(min(HEADER_BYTES, end - place)))
        pages += 1
        packed, size = _size(header, 3), _size(header, 2)
        unpacked += max(size, packed)
        if unpacked > most_bytes:
            raise DeliveryError("it unpacks to more bytes than a row group may")
        place += used + packed
        if place > end:
            raise DeliveryError("a page ends behind its column")
        kind = header.get(1)
        if kind == DICTIONARY:
            dictionary += size
            _require_encoding(header.get(7), 2)
        elif kind in (DATA, DATA_V2):
            body = header.get(5 if kind == DATA else 8)
            _require_encoding(body, 2 if kind == DATA else 4)
            values += _size(body, 1)
        else:
            raise DeliveryError("it holds pages of an unknown kind")
    if values != chunk.values:
        raise DeliveryError("its pages hold more values than its footer says")
    return PageSizes(unpacked, dictionary, pages)


def _size(fields: Value, number: int) -> int:
    """A count or size in a header, which must be there and must not be negative."""
    value = fields.get(number) if isinstance(fields, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DeliveryError("a page header is damaged")
    return value


def _require_encoding(fields: Value, number: int) -> None:
    if _size(fields, number) not in BOUNDED_ENCODINGS:
        raise DeliveryError("a column is stored in an encoding that is not taken (use PLAIN or a dictionary)")


def _page_header(data: bytes) -> tuple[dict[int, Value], int]:
    """The fields of a page header by number, and the bytes it takes."""
    try:
        return _Compact(data).struct(0)
    except (IndexError, ValueError) as error:
        raise DeliveryError("a page header is damaged") from error


class _Compact:
    """A reader of the Thrift compact protocol, for structures of at most `MAX_DEPTH` levels."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def struct(self, depth: int) -> tuple[dict[int, Value], int]:
        """A structure from the current place on: its fields, and where it ends."""
        if depth > MAX_DEPTH:
            raise ValueError("too deep")
        fields: dict[int, Value] = {}
        number = 0
        while True:
            head = self._byte()
            if head == 0:
                return fields, self.place
            if len(fields) >= MAX_FIELDS:
                raise ValueError("too many fields")
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            fields[number] = self._value(head & 0x0F, depth)

    def _value(self, kind: int, depth: int) -> Value:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._zigzag()
        if kind == 7:
            return self._bytes(8)
        if kind == 8:
            return self._bytes(self._varint())
        if kind in (9, 10):
            head = self._byte()
            count = self._varint() if head >> 4 == 0x0F else head >> 4
            if count > MAX_FIELDS:
                raise ValueError("too many items")
            return [self._value(head & 0x0F, depth + 1) for _ in range(count)]
        if kind == 12:
            return self.struct(depth + 1)[0]
        raise ValueError("an unknown type")

    def _byte(self) -> int:
        value = self.data[self.place]
        self.place += 1
        return value

    def _bytes(self, count: int) -> bytes:
        end = self.place + count
        if end > len(self.data):
            raise IndexError
        value = self.data[self.place : end]
        self.place = end
        return value

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number is too long")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
