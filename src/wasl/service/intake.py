"""Uploaded Parquet files, measured before they are read: sizes from footer and page headers, then columns in parts.

The order is: the length of the footer, the footer, the headers of all pages, and only then the pages, one column of
one row group at a time. Text is read as a dictionary, so that a value that is repeated a million times is in memory
once. The memory that a later step needs is computed from the lengths of the values and counted against a limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wasl.errors import DeliveryError
from wasl.registers.exchange.digests import digest_json, digest_table
from wasl.registers.exchange.encoded_rows import PART_ROWS, PARTS_KEY, check_part, parts_digest, parts_from_json
from wasl.service.parquet_pages import Chunk, page_sizes
from wasl.service.ports import Limits

__all__ = ["ParquetFile", "is_text", "require_content", "require_rows"]

MAX_HEADER_BYTES = 1 << 20
MAX_FOOTER_BYTES = 1 << 24
"""A delivery of 20 million rows in row groups of 65,536 has a footer of about 3 MB."""

MAX_GROUPS = 1 << 15
LARGEST_NUMBER = 1 << 53
MAGIC = b"PAR1"
FIXED_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
"""Bytes of one value in memory by physical type; the length of FIXED_LEN_BYTE_ARRAY stands in the schema."""


class ParquetFile:
    """A Parquet file whose footer and pages keep to the limits.

    Attributes:
        what: What it should be, for messages; the file's path is the service's own and is not shown.
        path: Where it lies.
        schema: Its columns.
        rows: Its rows.
        group_rows: Rows of each row group.
        metadata: Its key-value metadata.
    """

    def __init__(self, path: Path, what: str, limits: Limits) -> None:
        self.what, self.path, self._limits = what, path, limits
        self._require_footer_length()
        with self._reading():
            self._file = self._open()
            footer = self._file.metadata
            self.schema: pa.Schema = self._file.schema_arrow
        self.rows: int = footer.num_rows
        self.metadata: dict[bytes, bytes] = dict(footer.metadata or {}) | dict(self.schema.metadata or {})
        if self.rows > limits.max_rows:
            raise DeliveryError(f"the {what} has more than {limits.max_rows:,} rows.", remedy="Send it in parts.")
        if len(self.schema) > limits.max_columns:
            raise DeliveryError(f"the {what} has more than {limits.max_columns} columns.")
        self._require_flat(footer)
        self.groups: int = footer.num_row_groups
        self.group_rows = [footer.row_group(group).num_rows for group in range(self.groups)]
        if min(self.group_rows, default=0) < 0 or sum(self.group_rows) != self.rows:
            raise self._lying()
        self._require_bounded(footer)
        self._text = [field.name for field in self.schema if is_text(field.type)]

    def header(self, key: bytes) -> dict[str, Any]:
        """The JSON object in the metadata under ``key``.

        Raises:
            DeliveryError: It is missing, too long or not a JSON object.
        """
        text = self.metadata.get(key)
        if text is None or len(text) > MAX_HEADER_BYTES:
            raise DeliveryError(
                f"a Parquet file, but not a {self.what} (no header).", remedy="`wasl encode` makes one."
            )
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DeliveryError(f"the header of the {self.what} is not JSON.") from error
        if not isinstance(value, dict) or not _is_plain(value):
            raise DeliveryError(f"the header of the {self.what} is not a plain JSON object.")
        return value

    def column(self, name: str) -> Iterator[pa.Array]:
        """One column, a row group at a time; text as a dictionary, each value at most ``max_cell_bytes`` long.

        Raises:
            DeliveryError: The file is damaged, a value is too long, or all values together are too many bytes.
        """
        text = name in self._text
        written = 0
        with self._reading():
            file = self._open(read_dictionary=[name]) if text else self._file
        for group in range(self.groups):
            with self._reading():
                part = file.read_row_group(group, columns=[name], use_threads=False).column(0).combine_chunks()
            if isinstance(part, pa.ChunkedArray):
                part = pa.concat_arrays(part.chunks) if part.num_chunks else pa.array([], part.type)
            if len(part) != self.group_rows[group]:
                raise self._lying()
            if text:
                written += self._require_short(part, name)
                if written > self._limits.max_unpacked_bytes:
                    raise DeliveryError(
                        f"column {name!r} of the {self.what} holds more than "
                        f"{self._limits.max_unpacked_bytes:,} bytes of text.",
                        remedy="Send it in parts.",
                    )
            yield part

    def measure_text(self) -> None:
        """Read every text column once, so that the file may be read whole afterwards.

        Raises:
            DeliveryError: The file is damaged, or a text column is too large.
        """
        for name in self._text:
            for _ in self.column(name):
                pass

    def row_groups(self) -> Iterator[pa.Table]:
        """The rows, a row group at a time; for files without text, or whose text `column` has measured.

        Raises:
            DeliveryError: The file is damaged.
        """
        for group in range(self.groups):
            with self._reading():
                rows = self._file.read_row_group(group, use_threads=False)
            yield rows

    def _open(self, **options: Any) -> pq.ParquetFile:
        return pq.ParquetFile(
            self.path,
            memory_map=False,
            pre_buffer=False,
            thrift_string_size_limit=MAX_FOOTER_BYTES,
            thrift_container_size_limit=MAX_FOOTER_BYTES,
            **options,
        )

    def _require_footer_length(self) -> None:
        """Refuse a file whose footer is longer than the limit, or than the file, before it is parsed."""
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            file.seek(max(0, size - 8))
            tail = file.read(8)
        length = int.from_bytes(tail[:4], "little")
        if size < 12 or tail[4:] != MAGIC or length > min(MAX_FOOTER_BYTES, size - 12):
            raise DeliveryError(f"the file is not a readable Parquet file, so not a {self.what}.")

    def _require_flat(self, footer: Any) -> None:
        """Refuse columns of lists, structures and maps: no submission has them, and they hide the number of values.

        Raises:
            DeliveryError: Names the column.
        """
        if not len(self.schema):
            raise DeliveryError(f"the {self.what} has no columns.")
        nested = [field.name for field in self.schema if pa.types.is_nested(field.type)]
        if nested or footer.num_columns != len(self.schema):
            names = ", ".join(repr(name) for name in nested[:5])
            raise DeliveryError(f"the {self.what} has nested columns ({names}).", remedy="Send one value per cell.")
        if len(set(self.schema.names)) != len(self.schema):
            raise DeliveryError(f"the {self.what} has two columns of one name.")

    def _require_bounded(self, footer: Any) -> None:
        """Walk the page headers of all columns and add up what they unpack to.

        Raises:
            DeliveryError: Names the row group; says what is too large or contradicts the footer.
        """
        limits = self._limits
        if self.groups > MAX_GROUPS:
            raise DeliveryError(f"the {self.what} has more than {MAX_GROUPS:,} row groups.")
        widths = [_width(footer.schema.column(number)) for number in range(footer.num_columns)]
        size, whole = self.path.stat().st_size, 0
        with self.path.open("rb") as file:
            for group in range(self.groups):
                described = footer.row_group(group)
                rows = self.group_rows[group]
                if described.num_columns != footer.num_columns:
                    raise self._lying()
                unpacked = rows * sum(widths)
                for number in range(described.num_columns):
                    chunk = self._chunk(described.column(number), rows, size)
                    left = limits.max_row_group_bytes - unpacked
                    try:
                        unpacked += page_sizes(file, chunk, most_bytes=max(0, left)).unpacked_bytes
                    except DeliveryError as error:
                        raise DeliveryError(
                            f"row group {group} of the {self.what} is refused: {error.message}.",
                            remedy=f"A row group unpacks to {limits.max_row_group_bytes:,} bytes at most; write the "
                            "file with smaller row groups, as `wasl encode` does.",
                        ) from error
                whole += rows * sum(widths)
        if whole > limits.max_unpacked_bytes:
            raise DeliveryError(
                f"the {self.what} unpacks to more than {limits.max_unpacked_bytes:,} bytes.",
                remedy="Send it in parts.",
            )

    def _chunk(self, column: Any, rows: int, size: int) -> Chunk:
        start = column.data_page_offset
        if column.has_dictionary_page and 0 < column.dictionary_page_offset < start:
            start = column.dictionary_page_offset
        length = column.total_compressed_size
        if column.file_path or column.num_values != rows or min(start, length) < 0 or start + length > size:
            raise self._lying()
        return Chunk(start, length, rows)

    def _require_short(self, part: pa.Array, name: str) -> int:
        """The bytes the text of a row group takes once each row has a copy of its value.

        Raises:
            DeliveryError: A value is longer than a cell may be, or is no text; names the column.
        """
        lengths = pc.binary_length(part.dictionary).to_numpy(zero_copy_only=False)
        if lengths.size and lengths.max() > self._limits.max_cell_bytes:
            raise DeliveryError(
                f"column {name!r} of the {self.what} holds a value of more than {self._limits.max_cell_bytes:,} bytes."
            )
        try:
            part.dictionary.validate(full=True)
        except pa.ArrowInvalid as error:
            raise DeliveryError(
                f"column {name!r} of the {self.what} holds text that is not UTF-8.", remedy="Write text as UTF-8."
            ) from error
        counts = np.bincount(part.indices.drop_null().to_numpy(zero_copy_only=False), minlength=lengths.size)
        return int((counts[: lengths.size] * np.nan_to_num(lengths)).sum())

    def _lying(self) -> DeliveryError:
        return DeliveryError(f"the {self.what} does not hold what its footer says.")

    def _reading(self) -> _Refusal:
        return _Refusal(self.what)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of a type have no fixed length: text or bytes, plain or in a dictionary."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(value)
        or pa.types.is_large_string(value)
        or pa.types.is_binary(value)
        or pa.types.is_large_binary(value)
        or value in (pa.string_view(), pa.binary_view())
    )


def _width(column: Any) -> int:
    """Bytes of one value in memory; text counts as the number that stands for it in a dictionary."""
    if column.physical_type == "FIXED_LEN_BYTE_ARRAY":
        return int(column.length)
    return FIXED_WIDTHS.get(column.physical_type, 4)


class _Refusal:
    """Turns whatever a damaged file makes Arrow raise into one refusal that shows nothing of the file.

    An error of the operating system has a number. It is the disk's and not the file's, so it passes.
    """

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError) and error.errno is not None:
            return
        if isinstance(error, OSError | pa.ArrowException | ValueError | MemoryError | UnicodeDecodeError):
            raise DeliveryError(f"the file is not a readable Parquet file, so not a {self.what}.") from error


def require_rows(file: ParquetFile, content_digest: str) -> None:
    """Check a delivery's rows against the digest in its header, in the memory of one row group.

    Raises:
        DeliveryError: They are not the rows it was made for.
    """
    parts = parts_from_json(file.metadata.get(PARTS_KEY), f"the {file.what} is")
    if (
        parts_digest(parts) != content_digest
        or file.group_rows != [part.rows for part in parts]
        or max(file.group_rows, default=0) > PART_ROWS
        or not all(check_part(rows, part) for rows, part in zip(file.row_groups(), parts, strict=True))
    ):
        raise DeliveryError(f"the {file.what}'s rows are not those its header was made for.")


def require_content(file: ParquetFile, content_digest: str) -> None:
    """Check a join map's or payload's rows against the digest in its header, in the memory of one row group.

    Raises:
        DeliveryError: They are not the rows it was made for.
    """
    whole = [PART_ROWS] * (file.rows // PART_ROWS)
    groups = [*whole, file.rows % PART_ROWS] if file.rows % PART_ROWS else whole
    digests = [digest_table(rows.replace_schema_metadata(None)) for rows in file.row_groups()]
    if file.group_rows != groups or digest_json(digests) != content_digest:
        raise DeliveryError(f"the {file.what}'s rows are not those its header was made for.")


def _is_plain(value: Any) -> bool:
    """Whether every database stores a JSON value: texts without NUL or lone surrogates, numbers of ordinary size."""
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    return not isinstance(value, int | float) or abs(value) <= LARGEST_NUMBER
