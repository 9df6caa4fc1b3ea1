"""Lists of objections as files: record ids of persons who object to the use of their data, by register."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pyarrow as pa

from wasl.errors import InputError
from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.registers.exchange.digests import digest_json

__all__ = ["FORMAT", "ObjectionList", "ObjectionLists", "objected_digest"]

FORMAT = "wasl-objections/1"
COLUMNS = ("register", "record_id")


@dataclass(frozen=True, slots=True)
class ObjectionList:
    """Record ids of one register, hexadecimal, as they arrived together."""

    register: str
    records: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ObjectionLists:
    """The lists of objections of a project, in the order in which they arrived."""

    lists: tuple[ObjectionList, ...]

    @property
    def count(self) -> int:
        """Different record ids of all lists."""
        return len({record for one in self.lists for record in one.records})

    @property
    def digest(self) -> str:
        """The digest by which the log knows these objections; it depends on the set of record ids only."""
        return objected_digest(record for one in self.lists for record in one.records)

    def by_register(self) -> dict[str, pa.Array]:
        """The record ids of each register, 16 bytes each."""
        found: dict[str, list[bytes]] = {}
        for one in self.lists:
            found.setdefault(one.register, []).extend(bytes.fromhex(record) for record in one.records)
        return {register: pa.array(ids, pa.binary(LABEL_BYTES)) for register, ids in found.items()}

    def up_to(self, digest: str) -> ObjectionLists | None:
        """The first so many lists whose digest this is: what had arrived at the time; None if there are none."""
        return next((one for one in self._beginnings() if one.digest == digest), None)

    def _beginnings(self) -> Iterator[ObjectionLists]:
        for length in range(len(self.lists), 0, -1):
            yield ObjectionLists(self.lists[:length])

    def to_json(self) -> dict[str, Any]:
        """The lists as the JSON value that `parse` reads."""
        return {
            "format": FORMAT,
            "lists": [{"register": one.register, "records": list(one.records)} for one in self.lists],
        }

    @classmethod
    def parse(cls, data: bytes, name: str) -> Self:
        """The lists in a file: JSON as a service gives it, or CSV with the columns ``register`` and ``record_id``.

        Args:
            data: The bytes of the file.
            name: Name of the file, for messages.

        Raises:
            InputError: It is neither, or a record id is not one of 32 hexadecimal digits; names the line, never the id.
        """
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _no_lists(name) from error
        try:
            lists = _of_json(text, name) if text.lstrip().startswith("{") else _of_csv(text, name)
        except csv.Error as error:
            raise _no_lists(name) from error
        return cls(tuple(lists))


def objected_digest(records: Iterator[str] | Sequence[str]) -> str:
    """The digest of a set of record ids."""
    return digest_json(sorted(set(records)))


def _no_lists(name: str) -> InputError:
    return InputError(
        f"{name}: not a list of objections.",
        remedy=f"Give the JSON that a service returns, or CSV with the columns {', '.join(COLUMNS)}.",
    )


def _of_json(text: str, name: str) -> list[ObjectionList]:
    try:
        value = json.loads(text)
        if value["format"] != FORMAT:
            raise _no_lists(name)
        pairs = [(str(one["register"]), [str(record) for record in one["records"]]) for one in value["lists"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_lists(name) from error
    return [
        ObjectionList(register, tuple(_checked(record, name, f"record {place + 1} of list {number + 1}")
                                      for place, record in enumerate(records)))
        for number, (register, records) in enumerate(pairs)
    ]  # fmt: skip


def _of_csv(text: str, name: str) -> list[ObjectionList]:
    header = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [cell.strip().lower() for cell in next(rows, [])]
    if not set(COLUMNS) <= set(names):
        raise _no_lists(name)
    register, record = (names.index(column) for column in COLUMNS)
    found: dict[str, list[str]] = {}
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(register, record):
            raise InputError(f"{name}: line {number} has fewer cells than the header.")
        found.setdefault(row[register].strip(), []).append(_checked(row[record].strip(), name, f"line {number}"))
    return [ObjectionList(one, tuple(records)) for one, records in found.items()]


def _checked(record: str, name: str, where: str) -> str:
    lower = record.lower()
    if len(lower) != 2 * LABEL_BYTES or set(lower) - set("0123456789abcdef"):
        raise InputError(f"{name}: {where} is not a record id of {2 * LABEL_BYTES} hexadecimal digits.")
    return lower
