"""Refuses workbooks whose parts would unpack to far more than a workbook of that size holds.

*Does not protect against* a part that says a smaller size than it has: the libraries that unpack stop at that size.
"""

from __future__ import annotations

import zipfile
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


def require_packed_like_a_workbook(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that is small on the disk and large in memory.

    Raises:
        RegisterError: A part of it is; names the part and its two sizes.
    """
    for part in archive.infolist():
        times = part.file_size / max(1, part.compress_size)
        packed, whole = part.compress_size, part.file_size
        if whole > MOST_UNPACKED or (whole > SMALL_PART and times > MOST_TIMES):
            raise RegisterError(
                f"{path}: a part of {packed:,} bytes unpacks to {whole:,} bytes, as no sheet does.",
                remedy="Save the sheet as CSV, and look where the file comes from.",
            )
