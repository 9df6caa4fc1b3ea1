"""Day and month in a column: its unmistakable cells decide for the others, and two orders are counted."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from wasl.registers.reading.cells import type_column
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import Field, RegisterSchema

MONTH_FIRST = ["05/06/1990", "05/27/1990", "01/02/1985", "12/31/1970"]
DAY_FIRST = ["05/06/1990", "27/05/1990", "01/02/1985", "31/12/1970"]
MAY, JUNE = dt.date(1990, 5, 6), dt.date(1990, 6, 5)


def typed(cells, layout="%d/%m/%Y"):
    field = Field.model_validate(
        {"name": "d", "type": "date", "role": "birth", "feature": "birth_date", "format": [layout]}
    )
    return type_column(field, pa.chunked_array([pa.array(cells, pa.string())]))


@pytest.mark.parametrize(
    ("cells", "first", "notes"),
    [
        (DAY_FIRST, JUNE, {}),
        (MONTH_FIRST, MAY, {"dates-month-first": 4}),
        ([None, *MONTH_FIRST[1:], "5-6-90"], None, {"dates-month-first": 4, "dates-two-digit-years": 1}),
        (["05/06/1990"] * 3, JUNE, {}),
        (DAY_FIRST * 30 + ["05/27/1990"], JUNE, {"dates-month-first": 1}),
        (["05/06/1990", "1990-05-27", "19900527"], JUNE, {}),
    ],
)
def test_one_order_for_a_column(cells, first, notes):
    read = typed(cells)
    assert (read.values.to_pylist()[0], read.notes) == (first, notes)


def test_a_schema_that_states_the_month_first_is_followed_unless_the_cells_contradict():
    assert typed(["05/06/1990"], "%m/%d/%Y").values.to_pylist() == [MAY]
    assert typed(DAY_FIRST, "%m/%d/%Y").values.to_pylist()[0] == JUNE


@pytest.mark.parametrize("parts", [(DAY_FIRST, MONTH_FIRST), (MONTH_FIRST, DAY_FIRST)])
def test_two_parts_of_a_file_are_each_read_in_their_order_and_counted(parts):
    read = typed(parts[0] * 30 + parts[1] * 30)
    days = {id(DAY_FIRST): JUNE, id(MONTH_FIRST): MAY}
    assert read.values.to_pylist()[0] == days[id(parts[0])]
    assert read.values.to_pylist()[-4] == days[id(parts[1])]
    assert read.notes["dates-order-mixed"] == 120


def test_orders_without_a_place_where_they_change_are_counted():
    read = typed((DAY_FIRST + MONTH_FIRST) * 30)
    assert read.values.to_pylist()[0] == JUNE
    assert read.notes["dates-order-mixed"] == 120


@pytest.mark.parametrize(("mac", "year"), [(False, 1985), (True, 1989)])
def test_serials_count_from_the_day_zero_of_the_workbook(tmp_path, mac, year):
    book = Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    schema = RegisterSchema.load("anapec-projects")
    names = [field.name for field in schema.fields if field.role != "drop"]
    book.active.append(names)
    book.active.append([{"date_naissance": 31118, "nom": "Diallo", "num_inscription": "1"}.get(name) for name in names])
    book.save(tmp_path / "register.xlsx")
    read = read_register(tmp_path / "register.xlsx", schema)
    assert [birth.year for birth in read.table["date_naissance"].to_pylist()] == [year]
