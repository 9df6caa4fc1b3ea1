"""The table to publish, column by column as its description says: typed, its codes known, nothing undescribed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from wasl.disclosure.keys.hierarchy import joined_parts
from wasl.errors import InputError
from wasl.publication.description import Code, DatasetDescription, Variable, VariableKind
from wasl.registers.codes.classification import CodeList

__all__ = ["Column", "own_label", "typed_columns"]

INTEGER_CODE = re.compile(r"0|-?[1-9][0-9]{0,8}")

LABELS = ("label", "label_fr", "label_ar")
"""The meanings of a code, English first."""

BLANK = "(blank)"
"""The label of a code of spaces, or of none, whose meaning nobody gives."""

FIRST_NUMBER = re.compile(r"(?<![0-9])-?[0-9]+(\.[0-9]+)?")

ARROW_TYPES: dict[VariableKind, pa.DataType] = {
    VariableKind.CODE: pa.string(),
    VariableKind.INTEGER: pa.int64(),
    VariableKind.DECIMAL: pa.float64(),
    VariableKind.DATE: pa.date32(),
    VariableKind.TEXT: pa.string(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A variable and its values.

    Attributes:
        variable: What it means; its ``codes`` are complete, those without a meaning included.
        values: One value per row: text for codes and texts, else int64, float64 or date32; null where missing.
    """

    variable: Variable
    values: pa.Array = field(repr=False)

    @property
    def integer_codes(self) -> bool:
        """Whether every code is a small whole number, so that statistical packages can keep it as one."""
        return self.variable.kind is VariableKind.CODE and all(
            INTEGER_CODE.fullmatch(code.code) for code in self.variable.codes
        )


def typed_columns(table: pa.Table, description: DatasetDescription) -> tuple[Column, ...]:
    """The columns of a table in the description's order, each of its described type.

    Raises:
        InputError: A column is not described, a described one is missing, has values of another kind, or codes
            without a meaning; names the column and the count, never a value.
    """
    undescribed = sorted(set(table.column_names) - {variable.name for variable in description.variables})
    if undescribed:
        raise InputError(
            f"the table has columns that the description does not describe: {', '.join(undescribed)}.",
            remedy="Describe them, or leave them out of the table.",
        )
    present = [variable for variable in description.variables if variable.name in table.column_names]
    missing = [variable.name for variable in description.variables if variable not in present and not variable.optional]
    if missing:
        raise InputError(
            f"the description describes columns that the table does not have: {', '.join(missing)}.",
            remedy="Take them out of the description, or call them optional.",
        )
    return tuple(_column(table.column(variable.name), variable) for variable in present)


def _column(values: pa.ChunkedArray, variable: Variable) -> Column:
    column = values.combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], values.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    target = ARROW_TYPES[variable.kind]
    try:
        if pa.types.is_floating(column.type):  # pandas turns whole numbers with gaps into floats, gaps into NaN
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
            if target != pa.float64():
                column = column.cast(pa.int64())
        typed = column.cast(target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            f"column {variable.name!r} holds values that are not of kind {variable.kind.value!r}.",
            remedy="Correct the kind in the description.",
        ) from error
    if variable.kind is not VariableKind.CODE:
        return Column(variable, typed)
    return _coded(typed, variable)


def _coded(values: pa.Array, variable: Variable) -> Column:
    """The column with the meaning of every code that stands in it.

    Codes the description gives are all kept; of a classification, those that occur.
    """
    counts = pc.value_counts(values.drop_null())
    rows = dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))
    codes = {code.code: code for code in variable.codes}
    known = {**_classified(variable), **codes}
    codes |= {code: meaning for code, meaning in known.items() if code in rows and code not in codes}
    codes |= {
        code: _joined(code, [known[part] for part in parts])
        for code in sorted(rows.keys() - codes.keys())
        if (parts := joined_parts(code, list(known)))
    }
    surplus = sorted(rows.keys() - codes.keys(), key=_interval_order)
    if surplus and not variable.other_codes:
        raise InputError(
            f"column {variable.name!r} holds {len(surplus)} codes, in {sum(rows[code] for code in surplus)} rows, "
            "that its code list does not explain.",
            remedy="Add them to the code list, or set other_codes = true.",
        )
    meanings = (*codes.values(), *(Code(code=code, label=own_label(code)) for code in surplus))
    return Column(variable.model_copy(update={"codes": meanings}), values)


def own_label(code: str) -> str:
    """The label of a code whose meaning nobody gives: the code itself, unless it has nothing to show."""
    return code if code.strip() else BLANK


def _classified(variable: Variable) -> dict[str, Code]:
    """The codes of the variable's classification, none where it has no classification."""
    if not variable.classification:
        return {}
    entries = CodeList.load(variable.classification).entries.values()
    return {
        entry.code: Code(code=entry.code, label=entry.label, label_fr=entry.label_fr, label_ar=entry.label_ar)
        for entry in entries
    }


def _joined(code: str, parts: Sequence[Code]) -> Code:
    """A code that protection joined from several, with the meanings of all of them."""
    english, french, arabic = (" + ".join(getattr(part, name) or part.label for part in parts) for name in LABELS)
    return Code(code=code, label=english, label_fr=french, label_ar=arabic)


def _interval_order(code: str) -> tuple[float, bool, str]:
    """Orders codes that recoding made: by the first number in them, what lies below it first, then as texts."""
    number = FIRST_NUMBER.search(code)
    below = code.lstrip("([ ").startswith(("<", "≤", "-inf"))
    return float(number[0]) if number else float("inf"), not below, code
