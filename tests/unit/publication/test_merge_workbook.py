"""The workbook of a merge in three languages: what a clerk fills in is read back, and no short name is left."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest

from wasl.desk.merge_decisions import read_decisions
from wasl.errors import InputError
from wasl.holder.comparable import comparable_labels
from wasl.locale import LANGUAGES, Language, messages
from wasl.publication.merge_workbook import (
    DECISION_SHEET,
    DECISION_WORDS,
    Disagreement,
    MergeSheets,
    workbook_bytes,
)
from wasl.registers.documents import config_dir
from wasl.registers.schema import RegisterSchema
from wasl.registers.schema_fields import Field

SHIPPED = sorted(path.stem for path in (config_dir() / "registers").glob("*.toml"))
A, B = "cnss-employees", "cnss-pensioners"
SHORT_NAME = re.compile(r"\b[a-z]+_[a-z_]+\b")


def sheets(language: Language) -> MergeSheets:
    labels = {
        **comparable_labels(RegisterSchema.load(B), language),
        **comparable_labels(RegisterSchema.load(A), language),
    }
    doubtful = [(A, f"n{i}", B, f"m{i}", 0.5, "review", "") for i in range(3)]
    doubtful.append((A, "n9", B, "m9", float("nan"), "", "different"))  # decided before
    same = [(A, "1", B, "2", 0.99, "link"), (A, "1", A, "3", float("nan"), "indirect"), (A, "5", B, "6", 0.6, "review")]
    same.append((A, "1", A, "4", 0.1, "non-link"))
    return MergeSheets(
        titles={name: RegisterSchema.load(name).title_in(language) for name in (A, B)},
        same=same,
        doubtful=doubtful,
        shown=[{"birth_date": ("1990-01-02", "1990-02-01"), "surname": ("X", "Y")}] * 4,
        disagreements=[Disagreement("1", "2", labels["birth_date"], "1990", "1991", "birth_date")],
        counts={
            "records": {A: 9, B: 8},
            "persons": 12,
            "in_both": 2,
            "duplicates": {A: 1, B: 0},
            "doubtful": 3,
            "disagreements": {"birth_date": 1},
            "relations": {"both": 1, "first_before": 2, "second_before": 3},
            "decided": 0,
            "decisions_without_pair": 0,
            "decisions_set_aside": 1,
        },
        labels=labels,
        overlaps=[(A, "1", B, "2", "first_before", "2020-01", "2020-03")],
        set_aside=[(A, "left", B, "m7", "same")],
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_filled_workbook_is_read_in_its_language(language: Language, tmp_path: Path) -> None:
    words = messages(language)
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(sheets(language), language)))
    sheet = book[words.text(DECISION_SHEET)]
    column = [cell.value for cell in sheet[1]].index(words.text("decision")) + 1
    sheet.cell(2, column).value = words.text(DECISION_WORDS["same"])
    sheet.cell(4, column).value = f" {words.text(DECISION_WORDS['different']).upper()}"
    book.save(tmp_path / "merged.xlsx")
    read = read_decisions(tmp_path / "merged.xlsx")
    assert [(one.record_a, one.record_b, one.decision) for one in read] == [
        ("n0", "m0", "same"),
        ("n2", "m2", "different"),
        ("n9", "m9", "different"),
        ("left", "m7", "same"),
    ]
    sheet.cell(3, column).value = "?"
    book.save(tmp_path / "merged.xlsx")
    with pytest.raises(InputError, match="row 3, column decision"):
        read_decisions(tmp_path / "merged.xlsx")


def test_a_workbook_without_the_sheet_is_refused(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "merged.xlsx")
    with pytest.raises(InputError, match="no sheet of decisions"):
        read_decisions(tmp_path / "merged.xlsx")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_short_name_and_no_english_stands_in_the_workbook(language: Language) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(sheets(language), language)))
    texts = [
        *book.sheetnames,
        *(str(cell.value) for one in book for row in one.iter_rows() for cell in row if cell.value),
    ]
    assert not [text for text in texts if SHORT_NAME.search(text)]
    assert all(one.sheet_view.rightToLeft == (language == "ar") for one in book.worksheets)
    if language != "en":
        english = openpyxl.load_workbook(io.BytesIO(workbook_bytes(sheets("en"), "en")))
        same = {*book.sheetnames} & {*english.sheetnames}
        assert not same
        heads = [{cell.value for cell in one[1]} for one in (*book.worksheets, *english.worksheets)]
        assert not {"grade", "probability", "decision"} & set().union(*heads[: len(book.worksheets)])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SHIPPED)
def test_every_variable_of_a_shipped_register_has_a_label(name: str, language: Language) -> None:
    schema = RegisterSchema.load(name)
    labels = comparable_labels(schema, language)
    assert len(labels) >= len({one.name for one in schema.fields}) - 3
    assert not [label for label in labels.values() if SHORT_NAME.search(label)]
    if language == "ar":
        assert all(re.search("[\u0600-\u06ff]", label) for label in labels.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_column_without_a_label_takes_the_word_for_its_standard_name(language: Language) -> None:
    schema = RegisterSchema.load(A)
    bare = tuple(
        Field.model_validate({**one.model_dump(), "label": "", "label_fr": "", "label_ar": ""}) for one in schema.fields
    )
    labels = comparable_labels(schema.model_copy(update={"fields": bare}), language)
    assert labels["birth_date"] == messages(language).text("birth date")
