"""Opens a return with the holder's keep map and writes it as a workbook by the holder's own record numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from wasl.errors import InputError
from wasl.locale import N_, Language, messages
from wasl.registers.exchange.holder_return import COMPARED_IN, DUPLICATES, LINKED, HolderReturn
from wasl.registers.exchange.workbook_file import cell_value, workbook_file
from wasl.registers.known_names import known_as

__all__ = ["OpenedReturn", "open_return", "return_workbook"]

KEEP_MAP_COLUMNS = ("register", "record", "record_id")
HEAD = PatternFill("solid", fgColor="DDE6EF")
WIDTH_LIMIT = 40


@dataclass(frozen=True, slots=True)
class OpenedReturn:
    """A return by own record numbers.

    Attributes:
        returned: The return.
        rows: ``record`` and the columns of the return, in the order of the keep map. Records that the keep map has and
            the return lacks are not in it.
        unknown_records: Records of the return that the keep map lacks.
        absent_records: Records of the keep map that the return lacks.
    """

    returned: HolderReturn
    rows: pa.Table = field(repr=False)
    unknown_records: int
    absent_records: int


def open_return(returned: HolderReturn, keep_map: pd.DataFrame) -> OpenedReturn:
    """Open a return with the keep map of the delivery it belongs to.

    Args:
        returned: The return.
        keep_map: ``register, record, record_id`` (hexadecimal), as `wasl encode --keep-map` wrote it.

    Raises:
        InputError: The keep map lacks a column, or belongs to another key or register: it knows no record.
    """
    missing = [name for name in KEEP_MAP_COLUMNS if name not in keep_map.columns]
    if missing:
        raise InputError(
            f"the keep map lacks the columns {', '.join(missing)}.", remedy="Give the file of `wasl encode --keep-map`."
        )
    own = keep_map[keep_map["register"].astype(str) == returned.register]
    try:
        ids = pa.array([bytes.fromhex(str(text)) for text in own["record_id"]], pa.binary())
    except ValueError:
        raise InputError("the keep map has record ids that are no hexadecimal numbers.") from None
    theirs = returned.rows["record_id"].combine_chunks().cast(pa.binary())
    place = pc.index_in(ids, value_set=theirs)
    known = pc.is_valid(place)
    if returned.rows.num_rows and not pc.any(known).as_py():
        raise InputError(
            f"the keep map knows no record of this return of {returned.register!r}.",
            remedy="Give the keep map that was written with the delivery of this linkage.",
        )
    rows = returned.rows.take(place.drop_null()).drop_columns(["record_id"])
    record = pa.array([str(number) for number in own["record"]], pa.string()).filter(known)
    found = pa.table({"record": record, **dict(zip(rows.column_names, rows.columns, strict=True))})
    met = pc.sum(pc.is_in(theirs, value_set=ids)).as_py() or 0
    return OpenedReturn(returned, found, len(theirs) - met, len(ids) - found.num_rows)


def return_workbook(opened: OpenedReturn, language: Language) -> bytes:
    """The opened return as an Excel workbook: summary, records, duplicates, agreement, missing values, rounds.

    Its cells are text or numbers, never formulas. It holds the holder's own record numbers and stays with the holder.
    """
    _ = messages(language).text
    summary = opened.returned.summary
    book = Workbook()
    sheet = book.active
    sheet.title = _("Summary")
    _fill(sheet, (_("Figure"), _("Value")), _summary_rows(opened, language))
    _fill(book.create_sheet(_("Records")), _record_heads(opened, language), _record_rows(opened, language))
    duplicates = opened.rows.filter(pc.is_valid(opened.rows[DUPLICATES])).sort_by(DUPLICATES)
    _fill(
        book.create_sheet(_("Duplicates")),
        (_("Group"), _("Record number")),
        zip(duplicates[DUPLICATES].to_pylist(), duplicates["record"].to_pylist(), strict=True),
    )
    _fill(
        book.create_sheet(_("Agreement")),
        (_("Register"), _("Variable"), _("Compared by"), _("Records compared, about"), _("Rate of agreement")),
        (
            (
                one["register"],
                known_as(one["variable"], messages(language)),
                _("code or value") if one["kind"] == "value" else _("encoding"),
                _("withheld: too few") if one["withheld"] else one["compared"],
                "" if one["withheld"] else one["rate"],
            )
            for one in summary["agreement"]
        ),
    )
    _fill(
        book.create_sheet(_("Missing values")),
        (_("Variable"), _("Missing"), _("Share")),
        ((known_as(one["variable"], messages(language)), one["missing"], one["share"]) for one in summary["missing"]),
    )
    heads, rows = _round_rows(summary["rounds"], language)
    _fill(book.create_sheet(_("Rounds")), heads, rows)
    if messages(language).direction == "rtl":
        for sheet in book.worksheets:
            sheet.sheet_view.rightToLeft = True
    return workbook_file(book)


def _summary_rows(opened: OpenedReturn, language: Language) -> list[tuple[Any, ...]]:
    _ = messages(language).text
    returned, summary = opened.returned, opened.returned.summary
    rows: list[tuple[Any, ...]] = [
        (_("Register"), returned.register),
        (_("Linkage"), returned.run),
        (_("Round"), returned.round),
        (_("Records"), summary["records"]),
        (_("Persons among them"), summary["persons"]),
        (_("Records of a person who has several"), summary["duplicate_records"]),
    ]
    if summary["not_comparable"] is not None:
        rows.append((_("Records that could not be compared"), summary["not_comparable"]))
    for one in summary["registers"]:
        label = _("Linked to {register}", register=one["register"])
        if one["withheld"]:
            rows.append((label, _("withheld: too few")))
        elif one["told"]:
            rows.append((label, one["linked"]))
        else:
            rows.append((label, _("about {count}", count=one["linked"])))
    rows.append((_("Registers of which nothing is told"), summary["registers_not_shown"]))
    rows.append((_("Records of the return that the keep map lacks"), opened.unknown_records))
    rows.append((_("Records of the keep map that the return lacks"), opened.absent_records))
    return rows


def _record_heads(opened: OpenedReturn, language: Language) -> list[str]:
    _ = messages(language).text
    heads = []
    for name in opened.rows.column_names:
        if name.startswith(LINKED):
            heads.append(_("Linked to {register}", register=name.removeprefix(LINKED)))
        else:
            heads.append(
                {
                    "record": _("Record number"),
                    DUPLICATES: _("Group of duplicates"),
                    COMPARED_IN: _("Passes it was compared in"),
                }.get(name, name)
            )
    return heads


def _record_rows(opened: OpenedReturn, language: Language) -> Iterable[tuple[Any, ...]]:
    _ = messages(language).text
    words = {
        "none": _("no"),
        "indirect": _("yes, through another record"),
        "review": _("yes, doubtful"),
        "link": _("yes"),
    }
    columns = []
    for name in opened.rows.column_names:
        values = opened.rows[name].to_pylist()
        columns.append([words[value] for value in values] if name.startswith(LINKED) else values)
    return zip(*columns, strict=True)


def _round_rows(rounds: Sequence[Mapping[str, Any]], language: Language) -> tuple[list[str], list[list[Any]]]:
    """One column per round, one row per figure."""
    _ = messages(language).text
    heads = [_("Figure"), *(one["round"] or one["run"] for one in rounds)]
    rows: list[list[Any]] = [
        [_("Records"), *(one["records"] for one in rounds)],
        [_("Records of a person who has several"), *(one["duplicate_records"] for one in rounds)],
        [_("Records that could not be compared"), *(one["not_comparable"] for one in rounds)],
    ]
    for part, label in (
        ("linked", N_("Linked to {what}")),
        ("agreement", N_("Agreement: {what}")),
        ("missing", N_("Share missing: {what}")),
    ):
        names = dict.fromkeys(name for one in rounds for name in one[part])
        rows += [
            [_(label, what=_figure_words(name, language)), *(one[part].get(name) for one in rounds)] for name in names
        ]
    return heads, rows


def _figure_words(name: str, language: Language) -> str:
    """Words for a register, for a variable, or for ``register/kind/variable`` of a rate of agreement."""
    words = messages(language)
    register, slash, rest = name.partition("/")
    if not slash:
        return known_as(name, words)
    kind, _slash, variable = rest.partition("/")
    compared = words.text("code or value") if kind == "value" else words.text("encoding")
    return f"{register}, {known_as(variable, words)} ({compared})"


def _fill(sheet: Worksheet, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A sheet with a heading row and rows; text that begins with = stays text."""
    sheet.append([cell_value(str(head)) for head in heads])
    for cell in sheet[1]:
        cell.font, cell.fill, cell.alignment = Font(bold=True), HEAD, Alignment(wrap_text=True, vertical="top")
    width = [len(str(head)) for head in heads]
    for row in rows:
        sheet.append([cell_value(value) for value in row])
        for place, value in enumerate(row):
            width[place] = max(width[place], len(str(value)))
    for place, longest in enumerate(width, 1):
        sheet.column_dimensions[get_column_letter(place)].width = min(max(longest + 2, 10), WIDTH_LIMIT)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
