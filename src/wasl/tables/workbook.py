"""A protected table as an Excel workbook: one sheet, the hierarchy of the first dimension folded."""

from __future__ import annotations

import numpy as np

from wasl.registers.exchange.workbook_file import cell_value, workbook_file
from wasl.tables.protected import ProtectedTable

__all__ = ["MOST_CELLS", "workbook_bytes"]

MOST_CELLS = 200_000
"""Cells past which no workbook is made: openpyxl needs about 10 s and 500 MB for as many."""
DEEPEST = 7
"""Levels of folding that Excel has."""


def workbook_bytes(table: ProtectedTable) -> bytes | None:
    """The workbook; None if the table is too large for one.

    Rows are the codes of the first dimension, columns the combinations of the others. A cell that is not published
    shows ``:``, the usual sign for confidential figures.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    cells = table.cells
    combinations, column = np.unique(cells.places[:, 1:], axis=0, return_inverse=True)
    if cells.size > MOST_CELLS or len(combinations) > 16_000:
        return None
    book = Workbook()
    sheet = book.active
    sheet.title = _sheet_name(table.spec.name)
    sheet["A1"] = cell_value(table.spec.title or table.spec.name)
    sheet["A1"].font = Font(bold=True)
    sheet["A2"] = ":  not published (statistical confidentiality)"
    head = 4
    for d, dimension in enumerate(cells.dimensions[1:]):
        sheet.cell(head + d, 1, cell_value(table.spec.dimensions[d + 1].label or dimension.name)).font = Font(
            italic=True
        )
        for j, places in enumerate(combinations.tolist()):
            sheet.cell(head + d, j + 2, cell_value(dimension.codes[places[d]]))
    first = cells.dimensions[0]
    top = head + max(len(cells.dimensions) - 1, 1)
    order = np.argsort(cells.places[:, 0], kind="stable")
    for i, code in enumerate(first.codes):
        depth = int(first.depths[i])
        label = sheet.cell(top + i, 1, cell_value(code))
        label.alignment = Alignment(indent=depth)
        if depth:
            sheet.row_dimensions[top + i].outlineLevel = min(depth, DEEPEST)
    for cell in order.tolist():
        figure = table.published[cell]
        place = sheet.cell(top + int(cells.places[cell, 0]), int(column.reshape(-1)[cell]) + 2)
        place.value = ":" if np.isnan(figure) else float(figure)
        if not np.isnan(figure):
            place.number_format = "#,##0" if float(figure).is_integer() else "#,##0.00"
    sheet.sheet_properties.outlinePr.summaryBelow = False
    sheet.freeze_panes = f"B{top}"
    sheet.column_dimensions[get_column_letter(1)].width = 32
    return workbook_file(book)


def _sheet_name(name: str) -> str:
    return "".join("-" if c in "[]:*?/\\" else c for c in name)[:31]
