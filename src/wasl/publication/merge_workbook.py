"""The workbook of a merge: what a clerk opens, reads, decides in and gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from wasl.locale import LANGUAGES, N_, Language, Messages, messages
from wasl.registers.exchange.workbook_file import cell_value, workbook_file

__all__ = [
    "DECISION_COLUMNS",
    "DECISION_SHEET",
    "DECISION_WORDS",
    "Disagreement",
    "MergeSheets",
    "in_every_language",
    "workbook_bytes",
]

DECISION_SHEET = N_("To decide")
"""The sheet in which a clerk decides, as the key of its name in each language."""
DECISION_COLUMNS = {
    "register_a": N_("first register"),
    "record_a": N_("number in the first register"),
    "register_b": N_("second register"),
    "record_b": N_("number in the second register"),
    "probability": N_("probability"),
    "decision": N_("decision"),
}
"""The columns of that sheet, by their names in CSV."""
SET_ASIDE = N_("Decisions set aside")
"""The sheet of decisions of which a record has left its register; the next merge reads them again."""
DECISION_WORDS = {"same": N_("same person"), "different": N_("different persons")}
"""The answers of the sheet, by their words in CSV."""
GRADES = {
    "link": N_("certain"),
    "review": N_("doubtful"),
    "indirect": N_("only through a third record"),
    "non-link": N_("only through a third record"),
}
"""Words for the grade of a pair."""

HEAD = PatternFill("solid", fgColor="DDE6EF")
WIDTH_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two records of one person that differ in a variable.

    Attributes:
        record_a: Number of the record in the first register.
        record_b: Number of the record in the second register.
        label: What a reader calls the variable.
        value_a: What the first register says.
        value_b: What the second register says.
        variable: The name of the variable.
    """

    record_a: str
    record_b: str
    label: str
    value_a: str = field(repr=False)
    value_b: str = field(repr=False)
    variable: str


@dataclass(frozen=True, slots=True)
class MergeSheets:
    """The contents of the workbook.

    Attributes:
        titles: The title of each register by its name.
        same: Rows ``register_a, record_a, register_b, record_b, probability, grade`` of one person.
        doubtful: The same for pairs to decide, then for pairs decided before, with the decision (or an empty text).
        shown: For each doubtful pair, both values of every shared variable, by variable.
        labels: What a reader calls each variable.
        disagreements: Where two records of one person differ.
        counts: What the summary says.
        overlaps: Rows ``register_a, record_a, register_b, record_b, relation, from, until``.
        set_aside: Rows ``register_a, record_a, register_b, record_b, decision`` of records that have left.
    """

    titles: Mapping[str, str]
    same: Sequence[tuple[Any, ...]] = field(repr=False)
    doubtful: Sequence[tuple[Any, ...]] = field(repr=False)
    shown: Sequence[Mapping[str, tuple[str, str]]] = field(repr=False)
    disagreements: Sequence[Disagreement] = field(repr=False)
    counts: Mapping[str, Any]
    labels: Mapping[str, str]
    overlaps: Sequence[tuple[Any, ...]] = field(default=(), repr=False)
    set_aside: Sequence[tuple[Any, ...]] = field(default=(), repr=False)


RELATIONS = {
    "both": N_("in both at the same time"),
    "first_before": N_("{first}, then {second}"),
    "second_before": N_("{second}, then {first}"),
}
"""Words for each relation of two records of one person (`wasl.workflow.overlaps`)."""


def in_every_language(key: str) -> dict[str, str]:
    """A text of the workbook in small letters, from each language to its key: a clerk sends back what was written."""
    return {messages(language).text(key).casefold(): key for language in LANGUAGES}


def grade_in(language: Language, grade: str) -> str:
    """The grade of a pair in words of a language."""
    return messages(language).text(GRADES.get(grade, grade))


def workbook_bytes(sheets: MergeSheets, language: Language = "fr") -> bytes:
    """The workbook as bytes of an Excel file; its cells are text or numbers, never formulas."""
    book = Workbook()
    words = messages(language)
    _ = words.text
    first, second = sheets.titles.values()
    _summary(book.active, sheets, words)
    across = [row for row in sheets.same if row[0] != row[2]]
    within = [row for row in sheets.same if row[0] == row[2]]
    numbers = _("no. {register}", register=first), _("no. {register}", register=second)

    def grade(name: str) -> str:
        return grade_in(language, name)

    _fill(
        book.create_sheet(_(N_("In both"))),
        (*numbers, _("probability"), _(N_("grade"))),
        [(row[1], row[3], _number(row[4]), grade(row[5])) for row in across],
    )
    _fill(
        book.create_sheet(_(N_("Disagreements"))),
        (*numbers, _("variable"), first, second),
        [(one.record_a, one.record_b, one.label, one.value_a, one.value_b) for one in sheets.disagreements],
    )
    _fill(
        book.create_sheet(_(N_("Duplicates"))),
        (_("register"), _(N_("no.")), _("no."), _("probability"), _("grade")),
        [(sheets.titles[row[0]], row[1], row[3], _number(row[4]), grade(row[5])) for row in within],
    )
    if sheets.overlaps:
        _fill(
            book.create_sheet(_(N_("Over time"))),
            (*numbers, _(N_("relation")), _(N_("from the month")), _(N_("to the month"))),
            [
                (row[1], row[3], _(RELATIONS[row[4]], first=first, second=second), row[5], row[6])
                for row in sheets.overlaps
            ],
        )
    _decisions(book.create_sheet(_(DECISION_SHEET)), sheets, words)
    if sheets.set_aside:
        heads = [_(head) for name, head in DECISION_COLUMNS.items() if name != "probability"]
        said = {name: _(text) for name, text in DECISION_WORDS.items()}
        rows = [(*row[:4], said[row[4]]) for row in sheets.set_aside]
        _fill(book.create_sheet(_(SET_ASIDE)), heads, rows)
    for sheet in book.worksheets:
        sheet.sheet_view.rightToLeft = words.direction == "rtl"
    return workbook_file(book)


def _summary(sheet: Worksheet, sheets: MergeSheets, words: Messages) -> None:
    counts, _ = sheets.counts, words.text
    first, second = sheets.titles.values()
    title = sheets.titles.__getitem__
    relations = {name: _(text, first=first, second=second) for name, text in RELATIONS.items()}
    rows: list[tuple[Any, ...]] = [
        *((_("Records: {register}", register=title(name)), count) for name, count in counts["records"].items()),
        (_("Persons"), counts["persons"]),
        (_(N_("Persons in both registers")), counts["in_both"]),
        *((_("Duplicates: {register}", register=title(name)), count) for name, count in counts["duplicates"].items()),
        (_(N_("Doubtful pairs to decide")), counts["doubtful"]),
        *(
            (_("Disagreements: {variable}", variable=sheets.labels.get(name, name)), count)
            for name, count in counts["disagreements"].items()
        ),
        *(
            (_("Over time: {relation}", relation=relations[name]), count)
            for name, count in counts.get("relations", {}).items()
        ),
        (_(N_("Decisions taken over")), counts["decided"]),
        (_(N_("Decisions on pairs that were never compared")), counts["decisions_without_pair"]),
        (_(N_("Decisions set aside, because a record has left its register")), counts["decisions_set_aside"]),
    ]
    sheet.title = _(N_("Summary"))
    _fill(sheet, ("", _(N_("number"))), rows)


def _decisions(sheet: Worksheet, sheets: MergeSheets, words: Messages) -> None:
    variables = list(dict.fromkeys(name for shown in sheets.shown for name in shown))
    heads = [words.text(text) for text in DECISION_COLUMNS.values()]
    for name in variables:
        heads += [f"{sheets.labels.get(name, name)} ({side})" for side in ("1", "2")]
    said = {name: words.text(text) for name, text in DECISION_WORDS.items()}
    rows = []
    for pair, shown in zip(sheets.doubtful, sheets.shown, strict=True):
        values = [cell for name in variables for cell in shown.get(name, ("", ""))]
        rows.append((*pair[:4], _number(pair[4]), said.get(pair[6], ""), *values))
    _fill(sheet, heads, rows)
    choices = ",".join(said.values())
    choice = DataValidation(type="list", formula1=f'"{choices}"', allow_blank=True)
    choice.add(f"F2:F{max(len(rows), 1) + 1}")
    sheet.add_data_validation(choice)


def _fill(sheet: Worksheet, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet.append([cell_value(str(head)) for head in heads])
    for cell in sheet[1]:
        cell.font, cell.fill, cell.alignment = Font(bold=True), HEAD, Alignment(wrap_text=True, vertical="top")
    for row in rows:
        sheet.append([cell_value(value) for value in row])
    for column in sheet.iter_cols():
        longest = max((len(str(cell.value)) for cell in column if cell.value is not None), default=0)
        sheet.column_dimensions[column[0].column_letter].width = min(max(longest + 2, 10), WIDTH_LIMIT)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _number(value: float) -> float | None:
    return None if value != value else round(float(value), 4)  # noqa: PLR0124
