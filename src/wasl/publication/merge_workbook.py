"""The workbook of a merge: what a clerk opens, reads, decides in and gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from wasl.registers.exchange.workbook_file import cell_value, workbook_file

__all__ = ["DECISION_SHEET", "Disagreement", "MergeSheets", "workbook_bytes"]

DECISION_SHEET = "A décider"
"""The sheet whose column ``decision`` a clerk fills in."""

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
        doubtful: The same for pairs to decide.
        shown: For each doubtful pair, both values of every shared variable.
        disagreements: Where two records of one person differ.
        counts: What the summary says.
        overlaps: Rows ``register_a, record_a, register_b, record_b, relation, from, until``.
    """

    titles: Mapping[str, str]
    same: Sequence[tuple[Any, ...]] = field(repr=False)
    doubtful: Sequence[tuple[Any, ...]] = field(repr=False)
    shown: Sequence[Mapping[str, tuple[str, str]]] = field(repr=False)
    disagreements: Sequence[Disagreement] = field(repr=False)
    counts: Mapping[str, Any]
    overlaps: Sequence[tuple[Any, ...]] = field(default=(), repr=False)


RELATIONS = {
    "both": "dans les deux à la fois",
    "first_before": "{first}, puis {second}",
    "second_before": "{second}, puis {first}",
}
"""Words of the workbook for each relation of two records of one person (`wasl.workflow.overlaps`)."""


def workbook_bytes(sheets: MergeSheets) -> bytes:
    """The workbook as bytes of an Excel file; its cells are text or numbers, never formulas."""
    book = Workbook()
    first, second = sheets.titles.values()
    _summary(book.active, sheets)
    across = [row for row in sheets.same if row[0] != row[2]]
    within = [row for row in sheets.same if row[0] == row[2]]
    _fill(
        book.create_sheet("Dans les deux"),
        (f"n° {first}", f"n° {second}", "probabilité", "degré"),
        [(row[1], row[3], _number(row[4]), row[5]) for row in across],
    )
    _fill(
        book.create_sheet("Désaccords"),
        (f"n° {first}", f"n° {second}", "variable", first, second),
        [(one.record_a, one.record_b, one.label, one.value_a, one.value_b) for one in sheets.disagreements],
    )
    _fill(
        book.create_sheet("Doublons"),
        ("registre", "n°", "n°", "probabilité", "degré"),
        [(sheets.titles[row[0]], row[1], row[3], _number(row[4]), row[5]) for row in within],
    )
    if sheets.overlaps:
        _fill(
            book.create_sheet("Dans le temps"),
            (f"n° {first}", f"n° {second}", "relation", "du mois", "au mois"),
            [
                (row[1], row[3], RELATIONS[row[4]].format(first=first, second=second), row[5], row[6])
                for row in sheets.overlaps
            ],
        )
    _decisions(book.create_sheet(DECISION_SHEET), sheets)
    return workbook_file(book)


def _summary(sheet: Worksheet, sheets: MergeSheets) -> None:
    counts = sheets.counts
    first, second = sheets.titles.values()
    rows: list[tuple[Any, ...]] = [
        *((f"Enregistrements : {sheets.titles[name]}", count) for name, count in counts["records"].items()),
        ("Personnes", counts["persons"]),
        ("Personnes dans les deux registres", counts["in_both"]),
        *((f"Doublons : {sheets.titles[name]}", count) for name, count in counts["duplicates"].items()),
        ("Paires douteuses, à décider", counts["doubtful"]),
        *((f"Désaccords : {name}", count) for name, count in counts["disagreements"].items()),
        *(
            (f"Dans le temps : {RELATIONS[name].format(first=first, second=second)}", count)
            for name, count in counts.get("relations", {}).items()
        ),
        ("Décisions reprises", counts["decided"]),
        ("Décisions sans paire comparée", counts["decisions_without_pair"]),
    ]
    sheet.title = "Résumé"
    _fill(sheet, ("", "nombre"), rows)


def _decisions(sheet: Worksheet, sheets: MergeSheets) -> None:
    labels = list(dict.fromkeys(label for shown in sheets.shown for label in shown))
    heads = ["register_a", "record_a", "register_b", "record_b", "probability", "decision"]
    for label in labels:
        heads += [f"{label} (a)", f"{label} (b)"]
    rows = []
    for pair, shown in zip(sheets.doubtful, sheets.shown, strict=True):
        values = [cell for label in labels for cell in shown.get(label, ("", ""))]
        rows.append((*pair[:4], _number(pair[4]), "", *values))
    _fill(sheet, heads, rows)
    choice = DataValidation(type="list", formula1='"same,different"', allow_blank=True)
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
