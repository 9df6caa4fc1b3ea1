"""The payload: what a register says about its persons, without anything that identifies them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasl.errors import DeliveryError
from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.registers.exchange.digests import digest_rows
from wasl.registers.exchange.encoded_rows import PART_ROWS
from wasl.registers.exchange.parquet_tables import read_parquet, write_parquet
from wasl.registers.exchange.signatures import check_signature, sign_header
from wasl.registers.schema import RegisterSchema

__all__ = ["PAYLOAD_FIELDS", "Payload"]

METADATA_KEY = b"wasl.payload"
PAYLOAD_FIELDS = ("register", "holder", "period", "schema_digest", "project", "round", "created")
"""Fields of a payload's header besides the digest of its rows and its signature."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Payload columns in standard codes, keyed by ``record_id`` (16 bytes).

    Attributes:
        register, holder, period, schema_digest: Whose, and of what.
        rows: ``record_id`` and the payload columns.
        project, round, created: As in the delivery made with it.
        signer, signature: The holder's Ed25519 public key and signature (base64), or empty.
    """

    register: str
    holder: str
    period: str
    schema_digest: str
    rows: pa.Table = field(repr=False)
    project: str = ""
    round: str = ""
    created: str = ""
    signer: str = ""
    signature: str = ""

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

    def header(self) -> dict[str, Any]:
        """The header in the file's metadata; all fields but signer and signature are signed."""
        value = {name: getattr(self, name) for name in (*PAYLOAD_FIELDS, "signer", "signature")}
        return value | {"content_digest": digest_rows(self.rows, PART_ROWS)}

    def signed(self, key: Ed25519PrivateKey) -> Self:
        """The payload with its holder's signature over its header and, through it, its rows."""
        return dataclasses.replace(self, **sign_header("payload", self.header(), key))

    def write(self, path: Path) -> None:
        """Write as one Parquet file."""
        metadata = {METADATA_KEY: json.dumps(self.header()).encode()}
        write_parquet(self.rows.replace_schema_metadata(metadata), path, row_group=PART_ROWS)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The payload in a Parquet file.

        Raises:
            DeliveryError: Not a payload, or it was changed.
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
            names = (*PAYLOAD_FIELDS, "signer", "signature")
            found = cls(rows=table, **{name: str(header[name]) for name in names})
            stated = header["content_digest"]
        except (ValueError, KeyError, TypeError) as error:
            raise DeliveryError(
                f"{path}: its header is not that of a payload of this release.",
                remedy="Make it anew with `wasl encode`.",
            ) from error
        if found.header()["content_digest"] != stated:
            raise DeliveryError(f"{path}: its rows are not those its header was made for: the file was changed.")
        check_signature("payload", found.header())
        return found
