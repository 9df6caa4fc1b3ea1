"""The word NA, which R and other programs write for a missing cell.

*Na* is a name too, and the code of Namibia. So the word is read as missing only in a file that has it where it can be
nothing else: among dates, numbers and identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from wasl.registers.reading.coded_columns import is_coded, plain
from wasl.registers.schema import Field, FieldRole

__all__ = ["WORD", "drop_word", "writes_word"]

WORD = "NA"
CERTAIN = ("date", "month", "integer", "decimal", "boolean")
"""Types of columns in which the word is no value."""
CODES = 0.5
"""Share of a column's different cells that must be codes of two letters, so that NA may be Namibia."""


def writes_word(texts: Mapping[str, pa.ChunkedArray], fields: Mapping[str, Field]) -> bool:
    """Whether the file writes NA for missing cells."""
    certain = [name for name in texts if fields[name].type in CERTAIN or fields[name].role is FieldRole.IDENTIFIER]
    return any(_has_word(texts[name]) for name in certain)


def drop_word(text: pa.ChunkedArray, field: Field) -> tuple[pa.ChunkedArray, int]:
    """A column of such a file without NA, and how many cells had it; a column of country codes stays as it is."""
    if not _has_word(text):
        return text, 0
    cells = plain(text)
    if field.classification == "nationality":
        others = pc.unique(cells).drop_null()
        two = pc.sum(pc.match_substring_regex(others, r"^[A-Za-z]{2}$")).as_py() or 0
        if two - 1 > CODES * (len(others) - 1):
            return text, 0
    marked = pc.equal(cells, WORD)
    bare = pc.if_else(marked, pa.scalar(None, pa.string()), cells)
    return (bare.dictionary_encode() if is_coded(text) else bare), int(pc.sum(marked).as_py() or 0)


def _has_word(text: pa.ChunkedArray) -> bool:
    if is_coded(text):
        return any(pc.any(pc.equal(chunk.dictionary, WORD)).as_py() for chunk in text.chunks)
    return bool(pc.any(pc.equal(text, WORD)).as_py())
