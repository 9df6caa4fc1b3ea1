"""Uploaded Parquet files, looked at before they are believed: size from the footer, digests in flat memory.

Nothing here materializes a file: the footer is checked against limits first, then columns are hashed row group by row
group. A file that lies in its footer is caught while its groups are read, one at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wasl.errors import DeliveryError
from wasl.registers.exchange.encoded_rows import PART_ROWS, PARTS_KEY, check_part, parts_digest, parts_from_json
from wasl.service.ports import Limits

__all__ = ["ParquetFile", "require_rows"]

MAX_HEADER_BYTES = 1 << 20
LARGEST_NUMBER = 1 << 53


class ParquetFile:
    """A Parquet file whose footer keeps to the limits.

    Attributes:
        what: What it should be, for messages; the file's path is the service's own and is not shown.
        path: Where it lies.
        schema: Its columns.
        rows: Its rows.
        group_rows: Rows of each row group.
        metadata: Its key-value metadata.
    """

    def __init__(self, path: Path, what: str, limits: Limits) -> None:
        self.what, self.path = what, path
        with self._reading():
            self._file = pq.ParquetFile(path, memory_map=False, pre_buffer=False, thrift_string_size_limit=1 << 24)
            footer = self._file.metadata
            self.schema: pa.Schema = self._file.schema_arrow
        self.rows: int = footer.num_rows
        self.metadata: dict[bytes, bytes] = dict(footer.metadata or {}) | dict(self.schema.metadata or {})
        if self.rows > limits.max_rows:
            raise DeliveryError(f"the {what} has more than {limits.max_rows:,} rows.", remedy="Send it in parts.")
        if len(self.schema) > limits.max_columns:
            raise DeliveryError(f"the {what} has more than {limits.max_columns} columns.")
        self.groups: int = footer.num_row_groups
        self.group_rows = [footer.row_group(group).num_rows for group in range(self.groups)]
        for group in range(self.groups):
            if footer.row_group(group).total_byte_size > limits.max_row_group_bytes:
                raise DeliveryError(
                    f"row group {group} of the {what} unpacks to more than {limits.max_row_group_bytes:,} bytes.",
                    remedy="Write it with smaller row groups.",
                )
        self._limits = limits

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

    def column(self, name: str) -> Iterator[pa.ChunkedArray]:
        """One column, a row group at a time.

        Raises:
            DeliveryError: The file is damaged, or a group holds more than its footer said.
        """
        found = 0
        for group in range(self.groups):
            with self._reading():
                part = self._file.read_row_group(group, columns=[name], use_threads=False).column(0)
            found += len(part)
            if part.nbytes > 2 * self._limits.max_row_group_bytes or found > self.rows:
                raise DeliveryError(f"the {self.what} holds more than its footer says.")
            yield part
        if found != self.rows:
            raise DeliveryError(f"the {self.what} holds fewer rows than its footer says.")

    def row_groups(self) -> Iterator[pa.Table]:
        """The rows, a row group at a time.

        Raises:
            DeliveryError: The file is damaged, or a group holds more than its footer said.
        """
        for group in range(self.groups):
            with self._reading():
                rows = self._file.read_row_group(group, use_threads=False)
            if rows.nbytes > 2 * self._limits.max_row_group_bytes:
                raise DeliveryError(f"the {self.what} holds more than its footer says.")
            yield rows

    def _reading(self) -> _Refusal:
        return _Refusal(self.what)


class _Refusal:
    """Turns whatever a damaged file makes Arrow raise into one refusal that shows nothing of the file."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError | pa.ArrowException | ValueError | MemoryError | UnicodeDecodeError):
            raise DeliveryError(f"not a readable Parquet file, so not a {self.what}.") from error


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


def _is_plain(value: Any) -> bool:
    """Whether every database stores a JSON value: texts without NUL or lone surrogates, numbers of ordinary size."""
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    return not isinstance(value, int | float) or abs(value) <= LARGEST_NUMBER
