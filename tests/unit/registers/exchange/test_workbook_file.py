from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from wasl.registers.exchange.workbook_file import cell_value, workbook_file


def _book(figure: float) -> Workbook:
    book = Workbook()
    book.active["A1"] = "région"
    book.active["B1"] = figure
    return book


def test_the_file_bears_no_time_of_its_making():
    data = workbook_file(_book(1.5))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
    read = load_workbook(io.BytesIO(data))
    assert read.properties.created == read.properties.modified == dt.datetime(2000, 1, 1)  # noqa: DTZ001 - as read
    assert [cell.value for cell in read.active[1]] == ["région", 1.5]


def test_another_figure_is_another_file():
    assert workbook_file(_book(1.5)) != workbook_file(_book(2.5))


@pytest.mark.parametrize(
    "text", ["=1+1", "=cmd|' /C calc'!A0", "a\x07b", "\x0b", "\ufffe", "+1", "@x", "", "1", "😀", "\u200f*"]
)
def test_whatever_the_text_a_cell_shows_it_and_computes_nothing(text):
    book = Workbook()
    book.active.append([cell_value(text), "x"])
    book.create_sheet("b")["C3"] = cell_value(text)
    read = load_workbook(io.BytesIO(workbook_file(book)))
    for cell in (read.active["A1"], read["b"]["C3"]):
        assert cell.data_type != "f"
        shown = cell.value or ""
        assert shown == "".join("\ufffd" if c in "\x07\x0b\ufffe" else c for c in text)
