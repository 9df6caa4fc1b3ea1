"""Columns as integer codes: what every method of disclosure control works on.

A column becomes ``codes`` (int32, ``MISSING`` = -1 where the cell is null or NaN) and ``labels``, the sorted distinct
values; ``labels[codes]`` gives the column back. Rows are never touched one by one afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.compiled import njit

__all__ = [
    "MISSING",
    "CodedColumn",
    "Frame",
    "Values",
    "as_arrow",
    "beyond_exact",
    "code_column",
    "code_columns",
    "code_together",
    "coded",
    "coded_one",
    "numeric_column",
]

Frame: TypeAlias = pa.Table | pd.DataFrame
"""The frames that the plain functions of this room accept."""

MISSING = -1
"""The code of a cell that is not known."""

DENSE_RANGE = 1 << 20
"""Whole numbers within so wide a range are coded by direct addressing: 4 MB of ranks, which a core's cache holds."""

EXACT_WHOLE = 1 << 53
"""Whole numbers up to here are exact as float64 (IEEE 754: 53 bits of significand)."""


@dataclass(frozen=True, slots=True)
class CodedColumn:
    """One column as codes.

    Attributes:
        name: The column.
        codes: int32 per row, an index into ``labels`` or ``MISSING``.
        labels: The distinct values in ascending order, of the column's own type.
    """

    name: str
    codes: NDArray[np.int32] = field(repr=False)
    labels: pa.Array = field(repr=False)

    def decode(self) -> pa.Array:
        """The column's values again."""
        return self.labels.take(pa.array(self.codes, mask=self.codes < 0))

    def with_codes(self, codes: NDArray[np.int32]) -> CodedColumn:
        """The same categories on other codes."""
        return CodedColumn(self.name, codes, self.labels)

    @property
    def texts(self) -> list[str]:
        """The labels as text, for reports and hierarchies (whole floats lose their ``.0``)."""
        return [label_text(value) for value in self.labels.to_pylist()]


Values: TypeAlias = "CodedColumn | pa.Array | pa.ChunkedArray | pd.Series"
"""One column, as the plain functions of this room accept it."""


def label_text(value: object) -> str:
    """The text of a category in hierarchies and reports."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_arrow(frame: Frame) -> pa.Table:
    """The frame as a ``pyarrow.Table`` without an index column, in types that Arrow calculates with.

    Raises:
        InputError: Neither a table nor a frame, or a column Arrow cannot hold.
    """
    if isinstance(frame, pa.Table):
        return _in_plain_types(frame)
    if isinstance(frame, pd.DataFrame):
        doubled = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        if doubled:
            raise InputError(f"two columns of the data have the same name: {', '.join(doubled)}.")
        try:
            table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        except OverflowError as error:
            raise InputError(
                "a column of the frame holds whole numbers beyond 64 bits.",
                remedy="Convert it to text; identifiers and codes are categories.",
            ) from error
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise InputError(
                "a column of the frame mixes types that cannot be one column.",
                remedy="Convert it to one type (numbers or text) first.",
            ) from error
        return _in_plain_types(table)
    raise InputError(f"expected a pyarrow table or a pandas frame, not {type(frame).__name__}.")


def _in_plain_types(table: pa.Table) -> pa.Table:
    """A table whose views, runs, half floats and unusual dictionaries are plain columns; most tables pass through."""
    for position, column in enumerate(table.schema):
        target = _plain_type(column.type)
        if target is None:
            continue
        chunks = table.column(position).chunks
        if pa.types.is_run_end_encoded(column.type):
            chunks = [pc.run_end_decode(chunk) for chunk in chunks]
        elif pa.types.is_dictionary(column.type):
            chunks = [chunk.dictionary.take(chunk.indices) for chunk in chunks]
        values = pa.chunked_array(chunks, None if chunks else target)
        values = values.cast(target) if values.type != target else values
        table = table.set_column(position, pa.field(column.name, target, metadata=column.metadata), values)
    return table


def _plain_type(kind: pa.DataType) -> pa.DataType | None:
    """The type a column is turned into; None for one that stays."""
    inner = kind.value_type if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind) else kind
    plain = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary(), pa.float16(): pa.float32()}.get(inner, inner)
    if inner is kind:
        return plain if plain != kind else None
    text = pa.types.is_string(plain) or pa.types.is_large_string(plain)
    keeps = text or (pa.types.is_primitive(plain) and not pa.types.is_temporal(plain))
    return None if pa.types.is_dictionary(kind) and plain == inner and keeps else plain


def require_columns(frame: Frame, names: Sequence[str]) -> None:
    """Check that the columns exist.

    Raises:
        InputError: Names the missing columns.
    """
    present = frame.column_names if isinstance(frame, pa.Table) else list(frame.columns)
    absent = [name for name in names if name not in present]
    if absent:
        raise InputError(
            f"no such column: {', '.join(absent)}.", remedy=f"The data has: {', '.join(map(str, present))}."
        )


def code_columns(frame: Frame, names: Sequence[str]) -> tuple[CodedColumn, ...]:
    """The named columns as codes.

    Raises:
        InputError: A column does not exist.
    """
    require_columns(frame, names)
    selected = frame.select(list(names)) if isinstance(frame, pa.Table) else as_arrow(frame[list(names)])
    return tuple(code_column(name, selected.column(name)) for name in names)


def coded(data: Frame | Sequence[CodedColumn], keys: Sequence[str] | None = None) -> Sequence[CodedColumn]:
    """Columns that are coded already, as they are; or columns of a frame, coded.

    Args:
        data: A frame, or coded columns.
        keys: The columns of the frame; default: all.

    Raises:
        InputError: A column does not exist.
    """
    if isinstance(data, Sequence):
        return data
    names = data.column_names if isinstance(data, pa.Table) else [str(name) for name in data.columns]
    return code_columns(data, names if keys is None else keys)


def coded_one(values: Values) -> CodedColumn:
    """A column that is coded already, as it is; or an array or series, coded."""
    if isinstance(values, CodedColumn):
        return values
    if isinstance(values, pd.Series):
        name = "values" if values.name is None else str(values.name)
        return code_columns(values.to_frame(name), [name])[0]
    return code_column("values", values)


def code_column(name: str, values: pa.ChunkedArray | pa.Array) -> CodedColumn:
    """One Arrow column as codes with sorted labels (an ordered dictionary keeps its order); null and NaN are missing.

    Raises:
        InputError: The column holds lists or records.
    """
    if pa.types.is_nested(values.type):
        raise InputError(f"column {name!r} holds {values.type} cells, which are not single values.")
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_integer(array.type):
        dense = _code_integers(name, array)
        if dense is not None:
            return dense
    if pa.types.is_floating(array.type):
        # Adding zero makes -0.0 the same category as 0.0.
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), pc.add(array, pa.scalar(0, array.type)))
    if pa.types.is_dictionary(array.type):
        array = _without_doubles(name, array)
    if pa.types.is_null(array.type):
        return CodedColumn(name, np.full(len(array), MISSING, np.int32), pa.array([], pa.string()))
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    indices = encoded.indices.cast(pa.int32())
    codes = indices.fill_null(MISSING).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    labels = encoded.dictionary
    used = np.bincount(codes[codes >= 0], minlength=len(labels)) > 0
    ordered = pa.types.is_dictionary(array.type) and array.type.ordered
    order = np.arange(len(labels)) if ordered else pc.sort_indices(labels).to_numpy()
    order = order[used[order]]
    rank = np.full(len(labels) + 1, MISSING, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return CodedColumn(name, rank[codes], labels.take(pa.array(order)))


def _without_doubles(name: str, array: pa.DictionaryArray) -> pa.Array:
    """A dictionary column whose dictionary names every category once and holds no missing value.

    Raises:
        InputError: An ordered dictionary names a category twice, so that its order is not known.
    """
    words = array.dictionary
    if words.null_count == 0 and len(pc.unique(words)) == len(words):
        floating = pa.types.is_floating(words.type)
        if not floating or not pc.any(pc.or_(pc.is_nan(words), pc.equal(words, 0.0))).as_py():
            return array
    if array.type.ordered and len(pc.unique(words)) < len(words):
        raise InputError(f"column {name!r} is ordered, and its order names a category twice.")
    plain = array.dictionary_decode()
    if pa.types.is_floating(plain.type):
        plain = pc.if_else(pc.is_nan(plain), pa.scalar(None, plain.type), pc.add(plain, pa.scalar(0, plain.type)))
    return plain


def code_together(first: Sequence[CodedColumn], second: Sequence[CodedColumn]) -> list[CodedColumn]:
    """Two files' columns one below the other, with common codes; categories agree by their text."""
    joined = []
    for own, other in zip(first, second, strict=True):
        values = {text: code for code, text in enumerate(own.texts)}
        for text in other.texts:
            values.setdefault(text, len(values))
        lookup = np.array([*(values[text] for text in other.texts), MISSING], np.int32)
        codes = np.concatenate([own.codes, lookup[other.codes]])
        joined.append(CodedColumn(own.name, codes, pa.array(list(values), pa.string())))
    return joined


def numeric_column(frame: Frame, name: str) -> NDArray[np.float64]:
    """A numeric column as float64, NaN where missing.

    Raises:
        InputError: The column does not exist or is not numeric.
    """
    require_columns(frame, [name])
    array = frame.column(name) if isinstance(frame, pa.Table) else as_arrow(frame[[name]]).column(0)
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_boolean(array.type)):
        if pa.types.is_decimal(array.type):
            array = array.cast(pa.float64())
        else:
            raise InputError(
                f"column {name!r} is {array.type}, not numeric.", remedy="Use it as a key, or convert it first."
            )
    if pa.types.is_integer(array.type) and beyond_exact(array):
        raise InputError(
            f"column {name!r} holds whole numbers beyond 2^53, which cannot be calculated with exactly.",
            remedy="Give it the type nominal, or a smaller unit.",
        )
    values: NDArray[np.float64] = array.cast(pa.float64()).to_numpy()
    return values


def beyond_exact(array: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a column of whole numbers has one that float64 cannot hold exactly."""
    if len(array) == array.null_count:
        return False
    low, high = (bound.as_py() for bound in pc.min_max(array).values())
    return bool(max(abs(low), abs(high)) > EXACT_WHOLE)


def _code_integers(name: str, array: pa.Array) -> CodedColumn | None:
    """Integers of a small range, coded by two passes instead of hashing; None when the range is wide."""
    if len(array) == array.null_count:
        return CodedColumn(name, np.full(len(array), MISSING, np.int32), pa.array([], array.type))
    low, high = (bound.as_py() for bound in pc.min_max(array).values())
    if high - low >= DENSE_RANGE or high > np.iinfo(np.int64).max:
        return None
    if array.null_count:
        valid = array.is_valid().to_numpy(zero_copy_only=False)
        values = array.fill_null(low).to_numpy()
    else:
        valid = np.ones(1, np.bool_)
        values = array.to_numpy()
    codes, present = _dense_codes(values, valid, low, high - low + 1)
    labels = pa.array(np.flatnonzero(present).astype(np.int64) + low, type=array.type)
    return CodedColumn(name, codes, labels)


@njit(cache=True, nogil=True)
def _dense_codes(values, valid, low, span):  # type: ignore[no-untyped-def]
    """Codes by direct addressing: mark the values that occur, number them in order, look each row up."""
    present = np.zeros(span, np.uint8)
    n = values.shape[0]
    all_valid = valid.shape[0] == 1 and n != 1
    for i in range(n):
        if all_valid or valid[i]:
            present[values[i] - low] = 1
    rank = np.empty(span, np.int32)
    count = 0
    for j in range(span):
        rank[j] = count
        count += present[j]
    codes = np.empty(n, np.int32)
    for i in range(n):
        codes[i] = rank[values[i] - low] if all_valid or valid[i] else -1
    return codes, present
