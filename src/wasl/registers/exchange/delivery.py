"""A delivery: a register's encoded records, pass by pass, with a header that says how they were made.

Parquet, one row per record and pass, pass after pass, in row groups of bounded size. Columns:

- ``pass`` (dictionary of string): the name of the pass;
- ``block`` (16 bytes): keyed label of the block; only rows of one block of one pass are comparable;
- ``row_id`` (16 bytes): keyed per pass; two passes share none;
- ``token_<name>`` (16 bytes, null where missing): keyed hash of an identifier or match key, keyed per pass;
- ``filter_<group>`` (``bits / 8`` bytes, null where missing): encoded similarity group.

The header travels as JSON in the file's metadata under ``wasl.delivery``, the digests of the row groups under
``wasl.delivery.parts``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasl.errors import DeliveryError, MismatchError
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.encoded_rows import (
    EncodedRows,
    RowsInFile,
    RowsInMemory,
    RowWriter,
    parts_digest,
    row_writer,
)
from wasl.registers.exchange.signatures import check_signature, sign_header
from wasl.registers.exchange.whole_files import whole_file

__all__ = [
    "SCHEME_VERSION",
    "Delivery",
    "DeliveryHeader",
    "DeliveryWriter",
    "PassSummary",
    "delivery_writer",
    "require_comparable",
]

SCHEME_VERSION = 4
"""Version of the encoding scheme; deliveries of different versions are never compared. Version 4 includes the round and
the digest of the profile in every derivation but that of record ids."""

HEADER_KEY = b"wasl.delivery"
LABEL_BYTES = 16


@dataclass(frozen=True, slots=True)
class PassSummary:
    """Summary of a pass: counts and achieved figures, never a value.

    Attributes:
        name: The pass.
        rows, blocks, largest_block: Counts.
        leak: Largest T over its blocks (see the leak meter), 0 when it holds no filters.
        fill: Achieved share of set bits per group before diffusion.
        dropped: Records left out of this pass because their blocks would have leaked.
    """

    name: str
    rows: int
    blocks: int
    largest_block: int
    leak: float
    fill: dict[str, float]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryHeader:
    """The making of a delivery: its source, its profile and its figures.

    Attributes:
        scheme: Version of the encoding scheme.
        profile, profile_digest: The encoding profile; every composition, length and pass is in its digest.
        project, key_id: The project and the id of its key (never the key).
        holder, register, schema_digest, period: Whose register, which one, and the period it describes.
        records, rejects: Records encoded, and rows refused at reading.
        token_names: Token columns, without the prefix ``token_``.
        filter_bits: Length of each filter in bits, by group.
        leak: Largest T over all passes and blocks.
        passes: One summary per pass.
        content_digest: Digest of the rows: of the list of their parts.
        created: ISO 8601 time of encoding.
        round: The linkage round it was made for; empty for deliveries made without one.
        weaknesses: Why the profile protects less than the leak meter promises; empty for most profiles.
        signer, signature: The holder's Ed25519 public key and signature (base64), or empty.
    """

    scheme: int
    profile: str
    profile_digest: str
    project: str
    key_id: str
    holder: str
    register: str
    schema_digest: str
    period: str
    records: int
    rejects: int
    token_names: tuple[str, ...]
    filter_bits: dict[str, int]
    leak: float
    passes: tuple[PassSummary, ...]
    content_digest: str
    created: str
    round: str = ""
    weaknesses: tuple[str, ...] = ()
    signer: str = ""
    signature: str = ""

    def to_json(self) -> dict[str, Any]:
        """The header as a JSON value."""
        return dataclasses.asdict(self)

    def require_consent(self, *, given: bool, who: str, remedy: str) -> None:
        """Refuse a delivery under a weak profile unless ``who`` consented.

        Raises:
            MismatchError: Names the register, the profile and its weaknesses.
        """
        if self.weaknesses and not given:
            raise MismatchError(
                f"the delivery of {self.register!r} is encoded under the weak profile {self.profile!r} "
                f"({'; '.join(self.weaknesses)}), and {who} does not consent to weak profiles.",
                remedy=remedy,
            )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The header from its JSON value.

        Raises:
            DeliveryError: A field is missing or unknown, or the scheme is another version's.
        """
        if value.get("scheme", SCHEME_VERSION) != SCHEME_VERSION:
            raise DeliveryError(
                f"the delivery was made under version {value['scheme']!r} of the encoding scheme; this release reads "
                f"version {SCHEME_VERSION}.",
                remedy="Encode the register again with this release.",
            )
        try:
            data = dict(value)
            data["passes"] = tuple(PassSummary(**item) for item in data["passes"])
            data["token_names"] = tuple(data["token_names"])
            data["weaknesses"] = tuple(data["weaknesses"])
            return cls(**data)
        except (KeyError, TypeError) as error:
            raise DeliveryError("the delivery's header is incomplete or of another version.") from error


@dataclass(frozen=True, slots=True)
class Delivery:
    """Encoded rows and their header.

    Attributes:
        header: How they were made.
        source: The rows, in memory or in a file; a table given here is taken as it is.
    """

    header: DeliveryHeader
    source: EncodedRows = field(repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.source, pa.Table):
            object.__setattr__(self, "source", RowsInMemory.of(self.source))

    @property
    def rows(self) -> pa.Table:
        """All rows in one table, checked. Large deliveries are better read a part at a time, from `source`."""
        return self.source.table()

    @property
    def digest(self) -> str:
        """The digest that names this delivery: of header and, through it, of the rows."""
        return digest_json(self.header.to_json())

    def signed(self, key: Ed25519PrivateKey) -> Self:
        """The delivery with its holder's signature over everything in the header, and through it over the rows."""
        made = sign_header("delivery", self.header.to_json(), key)
        return dataclasses.replace(
            self, header=dataclasses.replace(self.header, signer=made["signer"], signature=made["signature"])
        )

    def check_signature(self) -> None:
        """Check the signature where there is one; whose the key is, the reader must know.

        Raises:
            DeliveryError: The signature does not belong to this header and key.
        """
        check_signature("delivery", self.header.to_json())

    def write(self, path: Path) -> None:
        """Write the delivery as one Parquet file (whole or not at all)."""
        with whole_file(path) as partial, row_writer(partial, self.source.columns) as rows:
            rows.copy(self.source)
            rows.finish(_metadata(self.header))

    @classmethod
    def read(cls, path: Path) -> Self:
        """The delivery in a Parquet file. Its rows stay there; each part is checked when it is read.

        Raises:
            DeliveryError: Not a delivery, or its parts are not those its header was made for.
        """
        with opened_parquet(path, "delivery") as file:
            schema = file.schema_arrow
            metadata = dict(schema.metadata or {}) | dict(file.metadata.metadata or {})
            if HEADER_KEY not in metadata:
                raise DeliveryError(
                    f"{path}: a Parquet file, but not a delivery (no header).",
                    remedy="Make it with `wasl encode`.",
                )
            header = DeliveryHeader.from_json(_json_object(metadata[HEADER_KEY], path))
            check_columns(schema, header, path)
            delivery = cls(header, RowsInFile.open(path, file, metadata, header.content_digest))
        delivery.check_signature()
        return delivery


class DeliveryWriter:
    """Writes a delivery pass by pass, so that no more than a pass is in memory; a :class:`RowSink` once it is open."""

    def __init__(self, path: Path, partial: Path, stack: ExitStack) -> None:
        self._path, self._partial, self._stack = path, partial, stack
        self._rows: RowWriter | None = None
        self.finished = False

    def open(self, columns: Mapping[str, int]) -> Self:
        """Begin the file.

        Args:
            columns: Bytes of each column besides ``pass``: ``block``, ``row_id``, tokens and filters.
        """
        self._columns = [(name, pa.binary(width)) for name, width in columns.items()]
        self._rows = self._stack.enter_context(row_writer(self._partial, self._columns))
        return self

    def add(self, name: str, rows: pa.Table) -> None:
        """See :class:`RowSink`."""
        self._open_rows.add(name, rows)

    def kept(self) -> EncodedRows:
        """See :class:`RowSink`."""
        return RowsInFile(self._path, self._open_rows.parts, self._columns)

    @property
    def _open_rows(self) -> RowWriter:
        if self._rows is None:
            raise DeliveryError(f"{self._path}: no columns were named before rows were written.")
        return self._rows

    def finish(self, header: DeliveryHeader) -> None:
        """Write the header, complete and signed where it is to be.

        Raises:
            DeliveryError: It was made for other rows than those written.
        """
        if header.content_digest != parts_digest(self._open_rows.parts):
            raise DeliveryError(f"{self._path}: the header was made for other rows than those written.")
        self._open_rows.finish(_metadata(header))
        self.finished = True


@contextmanager
def delivery_writer(path: Path) -> Iterator[DeliveryWriter]:
    """A delivery written pass by pass; its file is there when the block ends well, and not otherwise.

    Raises:
        DeliveryError: The delivery was not finished.
    """
    with whole_file(path) as partial, ExitStack() as stack:
        writer = DeliveryWriter(path, partial, stack)
        yield writer
        if not writer.finished:
            raise DeliveryError(f"{path}: the delivery was not finished.")


def _metadata(header: DeliveryHeader) -> dict[bytes, bytes]:
    return {HEADER_KEY: json.dumps(header.to_json(), sort_keys=True).encode()}


def check_columns(schema: pa.Schema, header: DeliveryHeader, path: Path) -> None:
    """Check that a delivery has the columns its header names, with their types.

    Raises:
        DeliveryError: Names the file and the column.
    """
    expected = {"row_id": LABEL_BYTES, "block": LABEL_BYTES}
    expected |= {f"token_{name}": LABEL_BYTES for name in header.token_names}
    expected |= {f"filter_{name}": bits // 8 for name, bits in header.filter_bits.items()}
    if set(schema.names) != {"pass", *expected}:
        raise DeliveryError(
            f"{path}: the columns are not those the header names.", remedy="Make it anew with `wasl encode`."
        )
    for name, width in expected.items():
        if schema.field(name).type != pa.binary(width):
            raise DeliveryError(f"{path}: column {name!r} is not {width} bytes wide.")


def require_comparable(headers: list[DeliveryHeader]) -> None:
    """Refuse deliveries that were not made to be compared.

    Raises:
        MismatchError: Says which of scheme, project, key, round or profile differs, and between which registers.
    """
    if not headers:
        return
    first = headers[0]
    for other in headers[1:]:
        for attribute, what, remedy in (
            ("scheme", "scheme version", "Encode all registers with the same release of wasl."),
            ("project", "project", "Link only deliveries of one project."),
            ("key_id", "key", "One holder encoded under an old key: encode again with the current key file."),
            ("round", "round", "Encode all registers of one run with the same --round, the one the plan names."),
            ("profile_digest", "profile", "Encode all registers with the same profile document."),
        ):
            if getattr(first, attribute) != getattr(other, attribute):
                raise MismatchError(
                    f"deliveries of {first.register!r} and {other.register!r} differ in {what}: "
                    f"{_shown(first, attribute)} and {_shown(other, attribute)}.",
                    remedy=remedy,
                )
        if first.schema_digest != other.schema_digest and first.register == other.register:
            raise MismatchError(
                f"two deliveries of {first.register!r} were made with different schemas.",
                remedy="Encode both with the same schema file.",
            )


def _shown(header: DeliveryHeader, attribute: str) -> str:
    """A header's value as a message shows it: profiles with their name, the empty round as what it is."""
    value = str(getattr(header, attribute))
    if attribute == "profile_digest":
        return f"{header.profile} ({value})"
    return value or "none named"


def write_parquet(table: pa.Table, path: Path, *, row_group: int | None = None) -> None:
    """Write a table beside its place and rename it, so that no reader ever sees half a file.

    Ids are random bytes, which neither compress nor repeat enough to be worth a dictionary.
    """
    random = {field.name: pa.types.is_fixed_size_binary(field.type) for field in table.schema}
    with whole_file(path) as partial:
        pq.write_table(
            table,
            partial,
            compression={name: "none" if is_random else "zstd" for name, is_random in random.items()},
            use_dictionary=[name for name, is_random in random.items() if not is_random],
            row_group_size=row_group,
        )


@contextmanager
def opened_parquet(path: Path, what: str) -> Iterator[pq.ParquetFile]:
    """An open Parquet file.

    Raises:
        DeliveryError: The file is missing or is not Parquet; names the file.
    """
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            yield file
    except FileNotFoundError as error:
        raise DeliveryError(f"{path}: no such {what}.") from error
    except (OSError, pa.ArrowException) as error:
        raise DeliveryError(f"{path}: not a readable Parquet file, so not a {what}.") from error


def read_parquet(path: Path, what: str) -> tuple[pa.Table, dict[bytes, bytes]]:
    """The table in a Parquet file, and its metadata.

    Raises:
        DeliveryError: The file is missing or is not Parquet; names the file.
    """
    with opened_parquet(path, what) as file:
        table = file.read()
        metadata = dict(file.metadata.metadata or {})
    return table.replace_schema_metadata(None), dict(table.schema.metadata or {}) | metadata


def _json_object(data: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise DeliveryError(f"{path}: its header is not JSON.") from error
    if not isinstance(value, dict):
        raise DeliveryError(f"{path}: its header is not a JSON object.")
    return value
