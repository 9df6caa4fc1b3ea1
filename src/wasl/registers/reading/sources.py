"""From a file to a table of text, by the kind of the file. Cells stay text."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from wasl.errors import RegisterError
from wasl.locale import N_
from wasl.registers.reading.archives import require_packed_like_a_workbook
from wasl.registers.reading.csv_files import read_csv
from wasl.registers.reading.headers import Wanted
from wasl.registers.reading.other_workbooks import OLD, is_other_workbook
from wasl.registers.reading.parquet_files import read_parquet
from wasl.registers.reading.source import Source
from wasl.registers.reading.workbooks import read_workbook
from wasl.registers.schema import FileLayout

__all__ = ["check_file", "read_source"]

NOT_READ = {
    b"%PDF": N_("a PDF"),
    b"\x1f\x8b": N_("a gzip archive"),
    b"7z\xbc\xaf": N_("a 7-Zip archive"),
    b"Rar!": N_("a RAR archive"),
    b"\x89PNG": N_("a picture"),
    b"\xff\xd8\xff": N_("a picture"),
    b"{\\rtf": N_("a text document (RTF)"),
    b"SQLite format 3": N_("a database (SQLite)"),
    b"$FL2": N_("an SPSS file (.sav)"),
}
"""First bytes of kinds of files that are not read."""
JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*"')


def check_file(path: Path) -> str:
    """The kind of a register file by its content, whatever its name ends in: ``csv``, ``excel`` or ``parquet``.

    Raises:
        RegisterError: The file is missing, empty or of a kind that is not read.
    """
    if not path.is_file():
        raise RegisterError(f"{path}: no such file.")
    if path.stat().st_size == 0:
        raise RegisterError(f"{path}: the file is empty.", remedy="Export the register again.")
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(path)
    if head.startswith(OLD):
        return _kind_of_compound(path)
    known = next((kind for mark, kind in NOT_READ.items() if head.startswith(mark)), None)
    if known is None and re.match(
        rb"(?:\xef\xbb\xbf)?\s*<(?:html|table|!doctype html|\?xml|head|meta)", head, re.IGNORECASE
    ):
        known = N_("a web page (HTML or XML)")
    if known is None and JSON.match(head):
        known = N_("a JSON file")
    if known is not None:
        raise RegisterError(f"{path}: this is {known}, which is not read.", remedy="Save it as CSV or .xlsx.")
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm", ".xls", ".ods", ".parquet", ".zip", ".gz") and b"\0" in head:
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "csv"
        raise RegisterError(f"{path}: not a readable {suffix} file.", remedy="Save it again as .xlsx or CSV.")
    return "csv"


def _kind_of_archive(path: Path) -> str:
    """``excel`` for a workbook; other archives are refused.

    Raises:
        RegisterError: A damaged archive, or one that is no .xlsx workbook.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            require_packed_like_a_workbook(path, archive)
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise RegisterError(f"{path}: not a readable Excel workbook.", remedy="Save it again as .xlsx.") from error
    if any(name.endswith("workbook.xml") for name in names) or is_other_workbook(path):
        return "excel"
    kind = "an OpenDocument file that is no spreadsheet" if "content.xml" in names else "an archive"
    raise RegisterError(f"{path}: this is {kind}, which is not read.", remedy="Save it as CSV or .xlsx.")


def _kind_of_compound(path: Path) -> str:
    """``excel`` for an old workbook; Office keeps other documents in the same container.

    Raises:
        RegisterError: A workbook with a password, or no workbook.
    """
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise RegisterError(f"{path}: the workbook has a password.", remedy="Save it without one, or as CSV.")
    if not any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        raise RegisterError(
            f"{path}: this is an old document of Office, but no workbook.", remedy="Save it as CSV or .xlsx."
        )
    return "excel"


def read_source(
    path: Path,
    wanted: Wanted,
    *,
    layout: FileLayout | None = None,
    coded: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Source:
    """The wanted columns of a register file as text.

    Args:
        path: ``.csv``, ``.txt``, ``.tsv``, ``.xlsx``, ``.xls``, ``.xlsb``, ``.ods`` or ``.parquet``.
        wanted: Columns by the schema's names.
        layout: What is known of how the file is written.
        coded: Whether columns whose cells repeat are held in codes (see ``coded_columns``); workbooks are not.
        progress: Called with (bytes read, bytes in all).

    Raises:
        RegisterError: The file is missing, empty, of an unknown kind or encoding, or lacks a column.
    """
    known = layout or FileLayout()
    kind = check_file(path)
    if kind == "parquet":
        return read_parquet(path, wanted, coded=coded)
    if kind == "excel":
        return read_workbook(path, wanted, known)
    return read_csv(path, wanted, known, path.stat().st_size, progress, coded=coded)
