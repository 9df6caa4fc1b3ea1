"""Pairs of records as columns of the tables that a resolution writes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.linkage.model.pairs import binary_column
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import codes_of
from wasl.registers.exchange.delivery_header import LABEL_BYTES

__all__ = ["PAIR_FIELDS", "TEXT", "coded_names", "pair_table", "pattern_column"]

TEXT = pa.dictionary(pa.int32(), pa.string())
PAIR_FIELDS = [
    ("left_register", TEXT),
    ("left_record_id", pa.binary(LABEL_BYTES)),
    ("right_register", TEXT),
    ("right_record_id", pa.binary(LABEL_BYTES)),
    ("weight", pa.float64()),
    ("probability", pa.float64()),
]


def coded_names(codes: NDArray[np.integer], names: Sequence[str]) -> pa.DictionaryArray:
    """Names by code, as a dictionary column."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(names), pa.string()))


def pair_table(records: Records, pairs: MergedPairs, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> pa.Table:
    """The chosen pairs as rows: both records, their weight and their probability."""
    columns: list[pa.Array] = []
    for side in (pairs.left[chosen], pairs.right[chosen]):
        columns.append(coded_names(records.register[side], records.registers))
        columns.append(binary_column(records.record_id[side].view(np.uint8).reshape(-1, LABEL_BYTES)))
    values = pa.array(pairs.weight[chosen]), pa.array(pairs.probability[chosen])
    return pa.table([*columns, *values], schema=pa.schema(PAIR_FIELDS))


def pattern_column(
    patterns: Sequence[str], pairs: MergedPairs, chosen: NDArray[np.bool_] | NDArray[np.int64]
) -> pa.DictionaryArray:
    """The agreement pattern of each chosen pair; the dictionary has only patterns that occur."""
    used, place = codes_of(pairs.pattern[chosen], len(patterns))
    return coded_names(place, [patterns[k] for k in used])
