"""Why a row or a cell of a register file is refused, in words that every language of the catalogue has."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wasl.locale import N_, Messages

__all__ = [
    "DAY_LOST",
    "DESCRIPTION",
    "MISSING",
    "NEITHER_YES_NOR_NO",
    "NOTE",
    "NOT_A_DATE",
    "NOT_A_DATE_ALLOWED",
    "NOT_A_MONTH",
    "NOT_A_NUMBER",
    "NOT_A_WHOLE_NUMBER",
    "NOT_OF_THE_FORM",
    "REPEATED",
    "TOTALS",
    "UNKNOWN_LINE",
    "no_amounts",
    "written_in",
    "wrong_columns",
    "wrong_length",
    "wrong_total",
]

MISSING = N_("missing")
REPEATED = N_("record number already seen")
DESCRIPTION = N_("a line that describes the columns, not a record")
NOTE = N_("a note below the table, not a record")
TOTALS = N_("a line of totals, not a record")
NOT_A_DATE = N_("not a date")
NOT_A_DATE_ALLOWED = N_("not a date, or not of the years and calendar that the schema allows")
DAY_LOST = N_("no such day or month; the rest of the date is kept")
NOT_A_MONTH = N_("not a month")
NOT_A_WHOLE_NUMBER = N_("not a whole number within bounds")
NOT_A_NUMBER = N_("not a number within bounds")
NEITHER_YES_NOR_NO = N_("neither yes nor no")
NOT_OF_THE_FORM = N_("not of the expected form")
UNKNOWN_LINE = N_("unknown type of record")


def wrong_columns(count: int, width: int) -> str:
    """A row that is cut into another number of columns than the header."""
    if count > width:
        return N_("{count} columns instead of {width}: a separator may stand in a cell without quotation marks").format(
            count=count, width=width
        )
    return N_("{count} columns instead of {width}: a line break may stand in a cell without quotation marks").format(
        count=count, width=width
    )


def wrong_length(count: int, width: int) -> str:
    """A line of fixed width that is longer or shorter."""
    return N_("{count} characters instead of {width}").format(count=count, width=width)


def wrong_total(total: str) -> str:
    """A total of a declaration that its lines do not add up to."""
    return N_("total {total} does not add up").format(total=total)


def no_amounts(count: int, file: str) -> str:
    """Cells of a column of amounts that cannot be read."""
    return N_("{count} cells are no amount and count as nothing ({file})").format(count=count, file=file)


def written_in(rejects: pa.Table, messages: Messages) -> pa.Table:
    """The rejects with their reasons in a language; row, column and kind stay as they are.

    Args:
        rejects: ``row, column, kind, reason``.
        messages: The words of the language.
    """
    coded = pc.dictionary_encode(rejects["reason"]).combine_chunks()
    said = pa.array([messages.sentence(reason) for reason in coded.dictionary.to_pylist()], pa.string())
    place = rejects.schema.get_field_index("reason")
    return rejects.set_column(place, "reason", said.take(coded.indices))
