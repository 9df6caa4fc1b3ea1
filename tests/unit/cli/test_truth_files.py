"""A truth reads the same as CSV and as a workbook, whatever the numbers look like."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.unit.registers.reading.other_workbook_files import write

from wasl.cli.evaluation import read_csv
from wasl.errors import InputError
from wasl.linkage.quality.truth import clean_truth

ROWS = pd.DataFrame(
    {"register": ["a", "b ", "b"], "record": ["00017", "1E5", "AB 12"], "person": ["1", "1", ""]}, dtype=str
)


def test_a_workbook_reads_as_the_same_file_in_csv(tmp_path: Path) -> None:
    ROWS.to_excel(tmp_path / "truth.xlsx", index=False)
    ROWS.to_csv(tmp_path / "truth.csv", index=False)
    pd.testing.assert_frame_equal(read_csv(tmp_path / "truth.xlsx"), read_csv(tmp_path / "truth.csv"))


def test_numbers_of_a_workbook_are_read_as_they_are_written(tmp_path: Path) -> None:
    pd.DataFrame({"register": ["a"], "record": [1234567890123], "person": [7]}).to_excel(
        tmp_path / "t.xlsx", index=False
    )
    assert read_csv(tmp_path / "t.xlsx").iloc[0].tolist() == ["a", "1234567890123", "7"]


def test_what_is_no_workbook_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match=r"t\.xlsx: cannot be read as a workbook"):
        read_csv(tmp_path / "t.xlsx")


@pytest.mark.parametrize("ending", [".xls", ".xlsb", ".ods"])
def test_other_workbooks_read_as_the_same_file_in_csv(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"truth{ending}", {"Feuil1": [list(ROWS.columns), *ROWS.values.tolist()]})
    ROWS.to_csv(tmp_path / "truth.csv", index=False)
    pd.testing.assert_frame_equal(read_csv(path), read_csv(tmp_path / "truth.csv"))


NOBODY = ["-", "?", "…", "--", "inconnu", "Inconnue", "ND", "غير معروف", "#N/A", "", "(null)", r"\N", "(vide)", "NaT",
          "Missing", "#NV", "non trouvé", "فارغ", "unbekannt"]  # fmt: skip


@pytest.mark.parametrize("nobody", NOBODY)
def test_signs_and_words_for_nobody_are_no_person(nobody: str) -> None:
    rows = [["a", "1", nobody], ["b", "2", nobody], ["a", "3", "7"]]
    truth = clean_truth(pd.DataFrame(rows, columns=["register", "record", "person"]))
    assert truth.without_person == 2
    assert truth.rows["person"].tolist() == ["7"]


def test_a_text_written_as_a_formula_is_the_text() -> None:
    rows = [["a", '="00017"', "1"], ["b", '= "18"', '="1"']]
    truth = clean_truth(pd.DataFrame(rows, columns=["register", "record", "person"]))
    assert truth.rows["record"].tolist() == ["00017", "18"]
    assert truth.rows["person"].tolist() == ["1", "1"]
