"""The join map: which rows of which passes are the same record. For the spine keeper, never for the linkage unit.

Records of one person whom the holder itself recognizes share a row where they share a block: records that share a row
are one person's.

A record that is in no pass stands in it once, with pass and row id null: it cannot be linked, but it is not lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyarrow as pa

from wasl.errors import DeliveryError
from wasl.registers.exchange.delivery import LABEL_BYTES, read_parquet, write_parquet

__all__ = ["JOIN_MAP_SCHEMA", "JoinMap"]

JOIN_MAP_SCHEMA = pa.schema(
    [
        ("record_id", pa.binary(LABEL_BYTES)),
        ("pass", pa.dictionary(pa.int32(), pa.string())),
        ("row_id", pa.binary(LABEL_BYTES)),
    ]
)
METADATA_KEY = b"wasl.join_map"


@dataclass(frozen=True, slots=True)
class JoinMap:
    """Record ids and their row ids per pass, for one delivery.

    Attributes:
        register: The register it belongs to.
        delivery_digest: ``Delivery.digest`` of the delivery it opens.
        rows: Table of ``JOIN_MAP_SCHEMA``.
    """

    register: str
    delivery_digest: str
    rows: pa.Table = field(repr=False)

    def write(self, path: Path) -> None:
        """Write as one Parquet file."""
        header = json.dumps({"register": self.register, "delivery_digest": self.delivery_digest}).encode()
        write_parquet(self.rows.replace_schema_metadata({METADATA_KEY: header}), path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The join map in a Parquet file.

        Raises:
            DeliveryError: Not a join map.
        """
        table, metadata = read_parquet(path, "join map")
        if METADATA_KEY not in metadata or table.column_names != JOIN_MAP_SCHEMA.names:
            raise DeliveryError(
                f"{path}: a Parquet file, but not a join map.", remedy="`wasl encode --join FILE` makes one."
            )
        try:
            header = json.loads(metadata[METADATA_KEY])
            return cls(str(header["register"]), str(header["delivery_digest"]), table.cast(JOIN_MAP_SCHEMA))
        except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise DeliveryError(f"{path}: its header or columns are not those of a join map.") from error
