"""From a file to a table of text, by the kind of the file. Cells stay text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wasl.errors import RegisterError
from wasl.registers.reading.csv_files import read_csv
from wasl.registers.reading.headers import Wanted
from wasl.registers.reading.parquet_files import read_parquet
from wasl.registers.reading.source import Source
from wasl.registers.reading.workbooks import read_workbook
from wasl.registers.schema import FileLayout

__all__ = ["check_file", "read_source"]


def check_file(path: Path) -> str:
    """The kind of a register file: ``csv``, ``excel`` or ``parquet``.

    Raises:
        RegisterError: The file is missing, empty or of a kind that is not read.
    """
    if not path.is_file():
        raise RegisterError(f"{path}: no such file.")
    if path.stat().st_size == 0:
        raise RegisterError(f"{path}: the file is empty.", remedy="Export the register again.")
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return "parquet"
    if suffix in (".xlsx", ".xlsm"):
        return "excel"
    if suffix in (".xls", ".ods", ".zip", ".gz"):
        raise RegisterError(f"{path}: files of kind {suffix} are not read.", remedy="Save it as CSV or .xlsx.")
    return "csv"


def read_source(
    path: Path,
    wanted: Wanted,
    *,
    layout: FileLayout | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Source:
    """The wanted columns of a register file as text.

    Args:
        path: ``.csv``, ``.txt``, ``.tsv``, ``.xlsx`` or ``.parquet``.
        wanted: Columns by the schema's names.
        layout: What is known of how the file is written.
        progress: Called with (bytes read, bytes in all).

    Raises:
        RegisterError: The file is missing, empty, of an unknown kind or encoding, or lacks a column.
    """
    known = layout or FileLayout()
    kind = check_file(path)
    if kind == "parquet":
        return read_parquet(path, wanted)
    if kind == "excel":
        return read_workbook(path, wanted, known)
    return read_csv(path, wanted, known, path.stat().st_size, progress)
