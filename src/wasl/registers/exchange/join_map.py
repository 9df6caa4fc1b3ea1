"""The join map: which rows of which passes are the same record. For the spine keeper, never for the linkage unit.

Records that their holder takes as one person share a row where they share a block, so records that share a row are one
person's. A record that is in no pass is listed once, with pass and row id null: it cannot be linked, but it is not
lost.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasl.errors import DeliveryError
from wasl.registers.exchange.delivery import LABEL_BYTES, DeliveryHeader, read_parquet, write_parquet
from wasl.registers.exchange.digests import digest_rows
from wasl.registers.exchange.encoded_rows import PART_ROWS
from wasl.registers.exchange.signatures import check_signature, sign_header

__all__ = ["JOIN_MAP_FIELDS", "JOIN_MAP_SCHEMA", "JoinMap"]

JOIN_MAP_SCHEMA = pa.schema(
    [
        ("record_id", pa.binary(LABEL_BYTES)),
        ("pass", pa.dictionary(pa.int32(), pa.string())),
        ("row_id", pa.binary(LABEL_BYTES)),
    ]
)
METADATA_KEY = b"wasl.join_map"
JOIN_MAP_FIELDS = ("register", "delivery_digest", "holder", "project", "round", "period", "created")
"""Fields of a join map's header besides the digest of its rows and its signature."""


@dataclass(frozen=True, slots=True)
class JoinMap:
    """Record ids and their row ids per pass, for one delivery.

    Attributes:
        register: The register it belongs to.
        delivery_digest: ``Delivery.digest`` of the delivery it opens.
        rows: Table of ``JOIN_MAP_SCHEMA``.
        holder, project, round, period, created: As in the delivery's header.
        signer, signature: The holder's Ed25519 public key and signature (base64), or empty.
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

    @classmethod
    def of(cls, delivery_digest: str, header: DeliveryHeader, rows: pa.Table) -> Self:
        """The join map of a delivery, bound to what its header says."""
        same = {name: getattr(header, name) for name in ("holder", "project", "round", "period", "created")}
        return cls(header.register, delivery_digest, rows, **same)

    def header(self) -> dict[str, Any]:
        """The header in the file's metadata; all fields but signer and signature are signed."""
        value = {name: getattr(self, name) for name in (*JOIN_MAP_FIELDS, "signer", "signature")}
        return value | {"content_digest": digest_rows(self.rows, PART_ROWS)}

    def signed(self, key: Ed25519PrivateKey) -> Self:
        """The join map with its holder's signature over its header and, through it, its rows."""
        return dataclasses.replace(self, **sign_header("join map", self.header(), key))

    def write(self, path: Path) -> None:
        """Write as one Parquet file."""
        metadata = {METADATA_KEY: json.dumps(self.header()).encode()}
        write_parquet(self.rows.replace_schema_metadata(metadata), path, row_group=PART_ROWS)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The join map in a Parquet file.

        Raises:
            DeliveryError: Not a join map, or it was changed.
        """
        table, metadata = read_parquet(path, "join map")
        if METADATA_KEY not in metadata or table.column_names != JOIN_MAP_SCHEMA.names:
            raise DeliveryError(
                f"{path}: a Parquet file, but not a join map.", remedy="`wasl encode --join FILE` makes one."
            )
        try:
            header = json.loads(metadata[METADATA_KEY])
            names = (*JOIN_MAP_FIELDS, "signer", "signature")
            found = cls(rows=table.cast(JOIN_MAP_SCHEMA), **{name: str(header[name]) for name in names})
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
