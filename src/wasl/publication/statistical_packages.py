"""Shared by the writers of SPSS and Stata files: values as their library takes them, labels cut to a limit."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import VerificationError
from wasl.publication.columns import Column
from wasl.publication.description import VariableKind

__all__ = [
    "StatisticalFile",
    "cut_bytes",
    "cut_characters",
    "date_formats",
    "plain_values",
    "shortened",
    "whole_number_formats",
    "written",
]

SHOWN_DIGITS = 8
"""Width in which SPSS and Stata show a number that says nothing else."""

PROBE_BYTES = 1 << 16
"""Larger than what a file system keeps in a block that is begun."""


@dataclass(frozen=True, slots=True)
class StatisticalFile:
    """A file for a statistical package.

    Attributes:
        data: Its bytes.
        notices: Sentences about what the format could not take: each names the variable.
    """

    data: bytes = field(repr=False)
    notices: tuple[str, ...] = ()


def written(form: str, columns: Sequence[Column], write: Callable[[Path, Sequence[Column]], None]) -> bytes:
    """The bytes that a writer of files writes.

    Raises:
        VerificationError: The writer refuses the file; names the first column that it also refuses alone.
        OSError: The disk is full.
    """
    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        try:
            write(path, columns)
            _require_room(path)
            return path.read_bytes()
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
            refused = error
        _require_room(path)
        for column in columns:
            try:
                write(path, [column])
            except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
                raise VerificationError(
                    f"{form} file, column {column.variable.name!r}: the format does not take its values or labels; the "
                    "release is not signed.",
                    remedy='Make the column a text (kind = "text"), recode it, or leave it out of the table.',
                ) from refused
    raise VerificationError(f"{form} file: the format does not take the table; the release is not signed.") from refused


def date_formats(columns: Sequence[Column], form: str) -> dict[str, str]:
    """The display format of each column of dates."""
    return {c.variable.name: form for c in columns if c.variable.kind is VariableKind.DATE}


def whole_number_formats(columns: Sequence[Column], form: str) -> dict[str, str]:
    """The display format of each column of whole numbers, as wide as the longest of its values and codes.

    A narrower one shows long numbers as stars (SPSS) or rounded (Stata).

    Args:
        columns: The table.
        form: The format, ``{}`` in place of its width.
    """
    formats = {}
    for column in columns:
        if column.integer_codes:
            longest = max((len(code.code) for code in column.variable.codes), default=0)
        elif column.variable.kind is VariableKind.INTEGER:
            longest = pc.max(pc.utf8_length(column.values.cast(pa.string()))).as_py() or 0
        else:
            continue
        formats[column.variable.name] = form.format(max(SHOWN_DIGITS, longest))
    return formats


def plain_values(column: Column) -> Any:
    """Values as the statistical writers take them: numbers as floats (NaN: missing), dates, texts (empty: missing)."""
    if pa.types.is_integer(column.values.type) or pa.types.is_floating(column.values.type):
        return column.values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if pa.types.is_date(column.values.type):
        if column.values.null_count == len(column.values):  # of nothing but missing dates the writer makes a text
            return np.full(len(column.values), np.nan)
        return column.values.to_pandas(date_as_object=True)
    return pc.fill_null(column.values, "").to_pandas()


def cut_bytes(text: str, limit: int) -> str:
    """A text that fits into so many bytes of UTF-8, cut at a character; readers drop a space at the end of the cut."""
    return text if len(text.encode()) <= limit else text.encode()[:limit].decode(errors="ignore").rstrip()


def cut_characters(text: str, limit: int) -> str:
    """A text of at most so many characters, without a space at the end of the cut."""
    return text if len(text) <= limit else text[:limit].rstrip()


def shortened(
    form: str, columns: Sequence[Column], cut_label: Callable[[str], str], cut_code: Callable[[str], str]
) -> list[str]:
    """A sentence for each variable whose labels a format cuts."""
    notices = []
    for column in columns:
        variable = column.variable
        own = cut_label(variable.label) != variable.label
        codes = sum(cut_code(code.label) != code.label for code in variable.codes)
        parts = (["its label"] if own else []) + ([f"{codes} labels of its codes"] if codes else [])
        if parts:
            notices.append(
                f"{form}, variable {variable.name!r}: {' and '.join(parts)} were cut to the format's limit; "
                "the codebook has them whole."
            )
    return notices


def _require_room(path: Path) -> None:
    """Write a little beside a file that was just written: its writer, ReadStat, leaves out what finds no room, unsaid.

    Raises:
        OSError: The disk is full.
    """
    with tempfile.TemporaryFile(dir=path.parent) as probe:
        probe.write(bytes(PROBE_BYTES))
        probe.flush()
        os.fsync(probe.fileno())
