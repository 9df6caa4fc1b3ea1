"""The return: what a holder gets back after a linkage, about its own records only.

A return has one row per record of the register. It names records by their ``record_id``; only the holder can open it,
with the keep map that `wasl encode --keep-map` wrote. It never carries a value of another register.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from wasl.errors import DeliveryError
from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.registers.exchange.digests import digest_rows
from wasl.registers.exchange.encoded_rows import PART_ROWS
from wasl.registers.exchange.parquet_tables import read_parquet, write_parquet

__all__ = ["COMPARED_IN", "DUPLICATES", "LINKED", "RETURN_FIELDS", "HolderReturn"]

METADATA_KEY = b"wasl.return"
RETURN_FIELDS = ("register", "holder", "project", "run", "round", "plan_digest", "spine_digest")
"""Fields of a return's header besides its summary and the digest of its rows."""

DUPLICATES = "duplicates"
"""Column: number of the group of the register's own records that are one person, or null."""
COMPARED_IN = "compared_in"
"""Column: in how many passes the record could be compared; 0 means that it could not be linked at all."""
LINKED = "linked:"
"""Prefix of the columns that say whether a record is linked to another register: ``link``, ``review`` or ``none``."""


@dataclass(frozen=True, slots=True)
class HolderReturn:
    """A return.

    Attributes:
        register, holder: Whose records.
        project, run, round: Of which linkage.
        plan_digest, spine_digest: What it follows from.
        summary: Counts and rates as a JSON value, see `wasl.workflow.holder_return`.
        rows: ``record_id`` (16 bytes), ``duplicates``, ``compared_in``, and ``linked:REGISTER`` for each register of
            which the rules allow it.
    """

    register: str
    holder: str
    project: str
    run: str
    round: str
    plan_digest: str
    spine_digest: str
    summary: Mapping[str, Any] = field(repr=False)
    rows: pa.Table = field(repr=False)

    @property
    def told(self) -> tuple[str, ...]:
        """The registers of which the return says, record by record, whether the record is linked."""
        return tuple(name.removeprefix(LINKED) for name in self.rows.column_names if name.startswith(LINKED))

    def header(self) -> dict[str, Any]:
        """The header in the file's metadata."""
        value: dict[str, Any] = {name: getattr(self, name) for name in RETURN_FIELDS}
        return value | {"summary": dict(self.summary), "content_digest": digest_rows(self.rows, PART_ROWS)}

    def to_table(self) -> pa.Table:
        """The rows with the header in their metadata, as they are written."""
        return self.rows.replace_schema_metadata({METADATA_KEY: json.dumps(self.header()).encode()})

    def write(self, path: Path) -> None:
        """Write as one Parquet file."""
        write_parquet(self.to_table(), path, row_group=PART_ROWS)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The return in a Parquet file.

        Raises:
            DeliveryError: Not a return, or it was changed.
        """
        table, metadata = read_parquet(path, "return")
        if METADATA_KEY not in metadata or "record_id" not in table.column_names:
            raise DeliveryError(
                f"{path}: a Parquet file, but not a return.",
                remedy="`wasl return` makes one, or fetch it from the service.",
            )
        if table.schema.field("record_id").type != pa.binary(LABEL_BYTES):
            raise DeliveryError(f"{path}: its record ids are not {LABEL_BYTES} bytes wide.")
        try:
            header = json.loads(metadata[METADATA_KEY])
            texts = {name: str(header[name]) for name in RETURN_FIELDS}
            found = cls(**texts, summary=dict(header["summary"]), rows=table)
            stated = header["content_digest"]
        except (ValueError, KeyError, TypeError) as error:
            raise DeliveryError(
                f"{path}: its header is not that of a return of this release.", remedy="Ask for the return again."
            ) from error
        if found.header()["content_digest"] != stated:
            raise DeliveryError(f"{path}: its rows are not those its header was made for: the file was changed.")
        return found
