"""The months in which each record of a register holds, so that a merge can date who was in both and when."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wasl.registers.reading.reader import RegisterTable
from wasl.registers.schema import RegisterSchema

__all__ = ["validity_of"]


def validity_of(register: RegisterTable, schema: RegisterSchema) -> pa.Table | None:
    """Spells of the records of a register, as far as it says when they hold.

    Args:
        register: The register; one declared by month brings its spells with it.
        schema: Its fields' ``valid`` says which columns date a record.

    Returns:
        Text columns ``record, from, until``, months as YYYY-MM; ``until`` is null where a record holds on. None where
        the register dates nothing. A record without a date has no row.
    """
    if register.spells is not None:
        return register.spells
    by_kind = {field.valid: field.name for field in schema.fields if field.valid is not None}
    table = register.table
    if not by_kind or not set(by_kind.values()) & set(table.column_names):
        return None
    record = table[schema.record].cast(pa.string())
    nothing = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])

    def months(kind: str) -> pa.ChunkedArray:
        name = by_kind.get(kind)  # type: ignore[call-overload]  # one of the literal's words
        return nothing if name is None or name not in table.column_names else _months(table[name])

    within = months("in")
    first = pc.coalesce(months("from"), within)
    last = pc.coalesce(months("until"), within)
    found = pa.table({"record": record, "from": first, "until": last})
    return found.filter(pc.is_valid(first))


def _months(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dates, or months as they are typed, as YYYY-MM."""
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m")
    return pc.utf8_slice_codeunits(column.cast(pa.string()), 0, 7)
