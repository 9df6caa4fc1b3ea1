"""A file of very many columns is refused in words before it takes time; long cells of one column are no columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasl.errors import InputError
from wasl.registers.reading.draft import column_headings
from wasl.registers.reading.microdata import open_microdata
from wasl.registers.reading.reader import read_register
from wasl.registers.reading.width import MOST_COLUMNS, doubled
from wasl.registers.schema import RegisterSchema

TOO_MANY = MOST_COLUMNS + 1


def wide_csv(path: Path, separator: str = ",", columns: int = TOO_MANY) -> Path:
    rows = [separator.join(f"c{i}" for i in range(columns)), separator.join("1" for _ in range(columns))]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def wide_parquet(path: Path) -> Path:
    pq.write_table(pa.table({f"c{i}": [1] for i in range(TOO_MANY)}), path)
    return path


def wide_workbook(path: Path) -> Path:
    pd.DataFrame([["x"] * TOO_MANY], columns=[f"c{i}" for i in range(TOO_MANY)]).to_excel(path, index=False)
    return path


def wide_stata(path: Path) -> Path:
    pd.DataFrame({f"c{i}": [1.0] for i in range(TOO_MANY)}).to_stata(path, write_index=False, version=119)
    return path


@pytest.mark.parametrize(
    ("make", "name"),
    [(wide_csv, "wide.csv"), (wide_parquet, "wide.parquet"), (wide_workbook, "wide.xlsx")],
)
def test_a_register_or_a_draft_of_too_many_columns_is_refused(make, name: str, tmp_path: Path) -> None:
    path = make(tmp_path / name)
    for read in (lambda: read_register(path, RegisterSchema.load("training")), lambda: column_headings(path)):
        with pytest.raises(InputError, match=f"{TOO_MANY:,} columns; at most"):
            read()


@pytest.mark.parametrize(
    ("make", "name"), [(wide_csv, "wide.csv"), (wide_parquet, "wide.parquet"), (wide_stata, "wide.dta")]
)
def test_microdata_of_too_many_columns_are_refused(make, name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{TOO_MANY:,} columns; at most"):
        open_microdata(make(tmp_path / name))


def test_a_wide_sheet_beside_a_register_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path) as writer:
        pd.DataFrame([["x"] * TOO_MANY]).to_excel(writer, sheet_name="calcul", index=False, header=False)
        pd.DataFrame({"code": ["1"], "nom": ["A"]}).to_excel(writer, sheet_name="liste", index=False)
    assert column_headings(path) == ("code", "nom")


@pytest.mark.parametrize("separator", [";", "|", "\t"])
def test_many_commas_in_a_cell_are_no_columns(separator: str, tmp_path: Path) -> None:
    """The border of an area as text: thousands of commas, which are not the separator."""
    border = "POLYGON((" + ",".join(f"{i} {i}" for i in range(TOO_MANY)) + "))"
    path = tmp_path / "areas.csv"
    path.write_text("\n".join(separator.join(row) for row in (("code", "nom", "contour"), ("1", "A", border))) + "\n")
    assert column_headings(path) == ("code", "nom", "contour")
    assert open_microdata(path).table.column_names == ["code", "nom", "contour"]


def test_doubled_names_are_found_in_one_pass() -> None:
    assert doubled(["b", "a", "b", "c", "a"]) == ["a", "b"]
    assert doubled([]) == []
