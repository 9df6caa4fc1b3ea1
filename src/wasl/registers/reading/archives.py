"""Refuses workbooks whose parts would unpack to far more than a workbook of that size holds, or declare entities.

*Does not protect against* a part that says a smaller size than it has: the libraries that unpack stop at that size.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from wasl.errors import RegisterError

__all__ = ["require_packed_like_a_workbook"]

SMALL_PART = 64 * 2**20
"""Unpacked bytes up to which a part may be packed as well as it is: reading it takes less than a second."""

MOST_TIMES = 200
"""Times that a larger part may unpack to its size. Sheets of registers unpack to 8 to 30 times their size, and sheets
of equal rows with their numbers to 60; a part made to exhaust a machine unpacks to 1,000 times."""

MOST_UNPACKED = 8 * 2**30
"""Unpacked bytes of one part: a sheet of a million rows and thirty columns has 2 GB."""


PROLOG_BYTES = 4096
"""Bytes of a part in which a document type is looked for; it stands before the first element."""


def require_packed_like_a_workbook(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that is small on the disk and large in memory, or that declares entities.

    Entities nested in entities grow without end, and one can name a file of this machine. No program writes them.

    Raises:
        RegisterError: A part of it is; gives its two sizes. Or a part has a document type.
    """
    for part in archive.infolist():
        times = part.file_size / max(1, part.compress_size)
        packed, whole = part.compress_size, part.file_size
        if whole > MOST_UNPACKED or (whole > SMALL_PART and times > MOST_TIMES):
            raise RegisterError(
                f"{path}: a part of {packed:,} bytes unpacks to {whole:,} bytes, as no sheet does.",
                remedy="Save the sheet as CSV, and look where the file comes from.",
            )
        if part.filename.endswith((".xml", ".rels")) and _has_document_type(archive, part):
            raise RegisterError(
                f"{path}: a part declares a document type, as no workbook does.",
                remedy="Save the sheet as CSV, and look where the file comes from.",
            )


def _has_document_type(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    try:
        with archive.open(part) as opened:
            return b"<!DOCTYPE" in opened.read(PROLOG_BYTES).replace(b"\0", b"")
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return False  # the library that reads the part says what is wrong with it
