"""An Excel workbook as bytes that depend on its content alone, not on the clock."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["workbook_file"]

FIRST_DATE = (2000, 1, 1, 0, 0, 0)
"""Time of every part of the file: a constant, so that equal workbooks are equal files."""
CORE = "docProps/core.xml"
"""The part that has the times of creation and change. Source: ECMA-376, part 2, section 11."""


def workbook_file(book: Workbook) -> bytes:
    """The file of a workbook.

    openpyxl writes the time of saving into the properties and into every entry of the archive; here both are constant.
    """
    saved, target = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == CORE:
                data = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", data)
            part = zipfile.ZipInfo(entry.filename, FIRST_DATE)
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, data)
    return target.getvalue()
