"""The payload: what a register says about its persons, without anything that identifies them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyarrow as pa

from wasl.errors import DeliveryError
from wasl.registers.exchange.delivery import LABEL_BYTES, read_parquet, write_parquet
from wasl.registers.schema import RegisterSchema

__all__ = ["Payload"]

METADATA_KEY = b"wasl.payload"


@dataclass(frozen=True, slots=True)
class Payload:
    """Payload columns in standard codes, keyed by ``record_id`` (16 bytes).

    Attributes:
        register, holder, period, schema_digest: Whose, and of what.
        rows: ``record_id`` and the payload columns.
    """

    register: str
    holder: str
    period: str
    schema_digest: str
    rows: pa.Table = field(repr=False)

    def refuse_identifiers(self, schema: RegisterSchema) -> None:
        """Refuse a payload that carries a column its schema does not call payload.

        Raises:
            DeliveryError: Names the column.
        """
        allowed = schema.payload_names | {"record_id"}
        surplus = sorted(set(self.rows.column_names) - allowed)
        if surplus:
            raise DeliveryError(
                f"payload of {self.register!r} carries columns its schema does not call payload: {', '.join(surplus)}.",
                remedy="Make it with `wasl encode --payload`, or change the column's role in the schema.",
            )

    def write(self, path: Path) -> None:
        """Write as one Parquet file."""
        header = {name: getattr(self, name) for name in ("register", "holder", "period", "schema_digest")}
        write_parquet(self.rows.replace_schema_metadata({METADATA_KEY: json.dumps(header).encode()}), path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The payload in a Parquet file.

        Raises:
            DeliveryError: Not a payload.
        """
        table, metadata = read_parquet(path, "payload")
        if METADATA_KEY not in metadata or "record_id" not in table.column_names:
            raise DeliveryError(
                f"{path}: a Parquet file, but not a payload.",
                remedy="`wasl encode --payload FILE` makes one.",
            )
        if table.schema.field("record_id").type != pa.binary(LABEL_BYTES):
            raise DeliveryError(f"{path}: its record ids are not {LABEL_BYTES} bytes wide.")
        try:
            header = json.loads(metadata[METADATA_KEY])
            return cls(header["register"], header["holder"], header["period"], header["schema_digest"], table)
        except (ValueError, KeyError, TypeError) as error:
            raise DeliveryError(f"{path}: its header is incomplete.") from error
