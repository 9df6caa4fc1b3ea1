"""The cells of ordered tables as a page shows them: one part of each table, with words for codes."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from wasl.errors import WaslError
from wasl.locale import N_
from wasl.locale.messages import in_language
from wasl.registers.codes.classification import CodeList
from wasl.service import table_orders
from wasl.service.access import Action
from wasl.service.ports import Area
from wasl.service.records import TableOrder
from wasl.tables.hierarchy import UNKNOWN
from wasl.web.console.pages import Page
from wasl.web.console.titles import label_in

__all__ = ["SHOWN_CELLS", "Cells", "answer_cells", "code_meanings", "column_headings", "internal_cells", "table_titles"]

SHOWN_CELLS = 100
"""Cells of one table that a page shows at once: with four dimensions in Arabic they take some 60 kB of the 100."""
MOST_CELLS = 10_000_000
"""A place beyond every table; what an address asks for beyond it is its beginning."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One part of a table.

    Attributes:
        name: Name of its file.
        rows: The cells of this part.
        first: Place of the first one, from 0.
        total: Cells of the table.
    """

    name: str
    rows: list[dict[str, str]]
    first: int
    total: int

    @property
    def earlier(self) -> int:
        """Where the part before begins."""
        return max(0, self.first - SHOWN_CELLS)

    @property
    def later(self) -> int | None:
        """Where the next part begins; None after the last."""
        after = self.first + SHOWN_CELLS
        return after if after < self.total else None


def answer_cells(page: Page, order: TableOrder) -> list[Cells]:
    """The tables of the answer as they may leave; none before it may be read."""
    try:
        digest = table_orders.readable_answer(page.caller, order)
    except WaslError:
        return []
    return _cells(page, digest, lambda name: name.endswith(".csv") and ".sdmx" not in name)


def internal_cells(page: Page, order: TableOrder) -> list[Cells]:
    """The tables with true figures, rules and intervals, for those who may see them."""
    if not page.can(Action.TABLES_INTERNAL, project=order.project):
        return []
    try:
        digest = table_orders.internal_files(order)
    except WaslError:
        return []
    return _cells(page, digest, lambda name: name.endswith("internal.csv"))


def _cells(page: Page, digest: str, wanted: Callable[[str], bool]) -> list[Cells]:
    place = page.request.query_params.get("from", "")
    asked = int(place) if place.isascii() and place.isdigit() and len(place) < len(str(MOST_CELLS)) else 0
    found = []
    with zipfile.ZipFile(page.office.files.path(Area.RELEASE, digest)) as archive:
        for name in sorted(filter(wanted, archive.namelist())):
            rows, total = _part(archive, name, asked)
            first = asked
            if not rows and total:  # this table ends before the part that was asked for of another one
                first = 0
                rows, total = _part(archive, name, first)
            found.append(Cells(name, rows, first, total))
    return found


def _part(archive: zipfile.ZipFile, name: str, first: int) -> tuple[list[dict[str, str]], int]:
    """The cells of a file from a place on, and their number in all."""
    with archive.open(name) as file:
        reader = csv.DictReader(io.TextIOWrapper(file, encoding="utf-8"))
        before = sum(1 for _ in islice(reader, first))
        rows = list(islice(reader, SHOWN_CELLS))
        return rows, before + len(rows) + sum(1 for _ in reader)


def column_headings(page: Page, order: TableOrder) -> dict[str, str]:
    """The labels of the dimensions of ordered tables, by name."""
    return {one["name"]: label_in(one, page.language, "label") for one in _dimensions(order)}


def table_titles(page: Page, order: TableOrder) -> dict[str, str]:
    """The titles of ordered tables by name; a free crossing has those of its dimensions."""
    found = {}
    for table in order.specification["tables"]:
        dimensions = [label_in(one, page.language, "label") for one in table["dimensions"]]
        plain = ", ".join(one["name"] for one in table["dimensions"])
        titled = table.get("title") and table["title"] != plain
        found[table["name"]] = label_in(table, page.language, "title") if titled else page.language.list(dimensions)
    return found


def code_meanings(page: Page, order: TableOrder) -> dict[str, dict[str, str]]:
    """The labels of the codes of each dimension whose classifications ship, and of cells without a value."""
    language = page.language.language
    return {
        one["name"]: {UNKNOWN: page.language.text(N_("not known"))}
        | {
            code: in_language(language, entry.label, entry.label_fr, entry.label_ar)
            for name in one.get("classifications", ())
            for code, entry in CodeList.load(name).entries.items()
        }
        for one in _dimensions(order)
    }


def _dimensions(order: TableOrder) -> list[Mapping[str, Any]]:
    return [one for table in order.specification["tables"] for one in table["dimensions"]]
