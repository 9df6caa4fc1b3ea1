"""What readers outside know already: microdata files and answered tables that the next release is audited against.

A reader puts files and tables together. So a file is compared with every answered table of its project, and an order
of tables with every file. Withdrawn releases count: somebody may have kept them.

Does not protect against: releases of other projects about the same persons.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.csv as pacsv

from wasl.errors import InputError, StateError
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.service.ports import Area, Office, Reader
from wasl.service.records import Release, TableOrder
from wasl.service.states import ReleaseStatus
from wasl.tables.earlier import EarlierTable, read_earlier, texts_of
from wasl.tables.earlier_file import EarlierFile, read_earlier_file

__all__ = [
    "csv_of_texts",
    "file_of",
    "known_ids",
    "known_orders",
    "known_releases",
    "require_nothing_new",
    "rows_of",
    "tables_of",
]

OUTSIDE = (
    ReleaseStatus.APPROVED,
    ReleaseStatus.PUBLISHING,
    ReleaseStatus.PUBLISHED,
    ReleaseStatus.WITHDRAWN,
)
"""States of a file that readers have, or will have unless its approval is taken back."""


def known_releases(ledger: Reader, project: str, but: str = "") -> list[Release]:
    """The microdata files of a project that readers have or will have, one of them left out."""
    return [one for one in ledger.select(Release, project=project, status=OUTSIDE) if one.id != but]


def known_orders(ledger: Reader, project: str, but: str = "") -> list[TableOrder]:
    """The orders of a project that were ever answered, one of them left out."""
    return [one for one in ledger.select(TableOrder, project=project, answered=True) if one.id != but]


def known_ids(ledger: Reader, project: str, but: str) -> list[str]:
    """The ids of all of them, sorted."""
    known = [*known_releases(ledger, project, but), *known_orders(ledger, project, but)]
    return sorted(one.id for one in known)


def require_nothing_new(ledger: Reader, project: str, but: str, compared: Sequence[str]) -> None:
    """Refuse to approve what was not compared with everything that readers know by now.

    Raises:
        StateError: Another file or table was answered since.
    """
    if set(known_ids(ledger, project, but)) - set(compared):
        raise StateError(
            "other tables or files were answered since this was protected, and it was not audited against them.",
            remedy="Protect it again, then decide.",
        )


def file_of(office: Office, release: Release) -> EarlierFile:
    """A protected file as the audit of tables reads it, with what was done to its columns."""
    return read_earlier_file(release.id, rows_of(office, release), release.risk)


def rows_of(office: Office, release: Release) -> pa.Table:
    """The rows of a protected file."""
    return read_parquet(office.files.path(Area.RELEASE, release.protected), "protected file")[0]


def tables_of(office: Office, order: TableOrder) -> list[EarlierTable]:
    """The tables of an answered order, as the desk knows them."""
    described = order.report["tables"]
    found = []
    for item in described:
        name = "internal.csv" if len(described) == 1 else f"{item['name']}.internal.csv"
        data = office.files.path(Area.RELEASE, order.artifacts[name]).read_bytes()
        texts = texts_of(item)
        found.append(read_earlier(order.id, item, csv_of_texts(data, texts)))
    return found


def csv_of_texts(data: bytes, texts: Sequence[str], delimiter: str = ",") -> pa.Table:
    """CSV with a header line, the named columns as text.

    Raises:
        InputError: It is no CSV with a header.
    """
    try:
        return pacsv.read_csv(
            io.BytesIO(data),
            parse_options=pacsv.ParseOptions(delimiter=delimiter),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(texts, pa.string())),
        )
    except pa.ArrowException as error:
        raise InputError("a hierarchy is not CSV with a header line.", remedy="Send UTF-8 CSV.") from error
