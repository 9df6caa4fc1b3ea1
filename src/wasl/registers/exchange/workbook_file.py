"""An Excel workbook as bytes that depend on its content alone, not on the clock, and whose cells are no formulas."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

from wasl.registers.exchange.plain_text import xml_text

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["cell_value", "workbook_file"]

FIRST_DATE = (2000, 1, 1, 0, 0, 0)
"""Time of every part of the file: a constant, so that equal workbooks are equal files."""
CORE = "docProps/core.xml"
"""The part that has the times of creation and change. Source: ECMA-376, part 2, section 11."""


def cell_value(value: Any) -> Any:
    """A value as a cell can hold it: nothing as an empty text, and texts without characters that the format refuses."""
    if value is None:
        return ""
    return xml_text(value) if isinstance(value, str) else value


def workbook_file(book: Workbook) -> bytes:
    """The file of a workbook. A text that begins with = is a text in it, since no workbook of wasl computes.

    openpyxl writes the time of saving into the properties and into every entry of the archive; here both are constant.
    """
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"
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
