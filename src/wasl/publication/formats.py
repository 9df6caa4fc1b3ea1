"""The text and Parquet files of a release: the same values in each, the same bytes every time."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from wasl.publication.columns import Column

__all__ = ["csv_bytes", "csv_columns", "parquet_bytes", "safe_text"]

FORMULA = r"^[=+\-@\t\r]"
"""Beginnings of texts that a spreadsheet would take for a formula."""

NUMBER = r"^[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)$"


def safe_text(values: pa.Array) -> pa.Array:
    """Texts with an apostrophe before those a spreadsheet would run as a formula; numbers stay as they are.

    Source: OWASP, "CSV Injection".
    """
    formula = pc.and_(pc.match_substring_regex(values, FORMULA), pc.invert(pc.match_substring_regex(values, NUMBER)))
    return pc.if_else(pc.fill_null(formula, False), pc.binary_join_element_wise("'", values, ""), values)


def csv_columns(columns: Sequence[Column]) -> pa.Table:
    """The values as they stand in the CSV file."""
    texts = [
        safe_text(column.values) if pa.types.is_string(column.values.type) else column.values for column in columns
    ]
    return pa.table(texts, names=[column.variable.name for column in columns])


def csv_bytes(columns: Sequence[Column]) -> bytes:
    """The table as CSV: UTF-8, commas, one header line, missing values empty, no formulas.

    In a file with one column a missing value is ``""``, because readers skip empty lines.
    """
    table = csv_columns(columns)
    if table.num_columns == 1:
        only = table.column(0).cast(pa.string())
        table = pa.table({table.column_names[0]: pc.fill_null(only, "")})
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(table, sink)
    return bytes(sink.getvalue())


def parquet_bytes(columns: Sequence[Column]) -> bytes:
    """The table as Parquet, the labels of each variable and of its codes in its column's metadata."""
    fields = []
    for column in columns:
        metadata = {"label": column.variable.label}
        if column.variable.codes:
            labels = {code.code: code.label for code in column.variable.codes}
            metadata["value_labels"] = json.dumps(labels, ensure_ascii=False)
        fields.append(pa.field(column.variable.name, column.values.type, metadata=metadata))
    table = pa.table([column.values for column in columns], schema=pa.schema(fields))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())
