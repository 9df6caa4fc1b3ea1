"""The surname in Arabic letters where it is another name than the one in Latin letters: of birth and by marriage."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from wasl.holder.names.normalizer import normalize

__all__ = ["LEAST_ALIKE", "OTHER", "are_other_names", "other_surnames"]

OTHER = "other surname"
UNIT = "\x1f"
"""The separator of units of ASCII: no name has it."""
LEAST_ALIKE = 0.5
"""Skeletons less alike are of two names. Of the men among 15,043 synthetic permits, who keep their name, 98 % are alike
by .5 or more; of the women 92 %. Nearly all others of them are written under the husband's name."""


def other_surnames(latin: Sequence[pa.ChunkedArray], arabic: pa.ChunkedArray) -> pa.ChunkedArray:
    """The surnames in Arabic letters that are another name than the Latin ones; null elsewhere.

    Each distinct record is looked at once.

    Args:
        latin: Surnames and given names, or whole names: where two are exchanged, the surname is in the other column.
        arabic: Surnames in Arabic letters.
    """
    cells = [pc.fill_null(column, "") for column in (arabic, *latin)]
    records = pc.binary_join_element_wise(*cells, UNIT).combine_chunks().dictionary_encode()
    differ = pa.array([are_other_names(*text.split(UNIT)) for text in records.dictionary.to_pylist()], pa.bool_())
    nothing = pa.scalar(None, pa.string())
    return pa.chunked_array([pc.if_else(differ.take(records.indices), arabic.combine_chunks(), nothing)])


def are_other_names(arabic: str, *latin: str) -> bool:
    """Whether the Arabic surname is written nowhere in the Latin name, not even in another spelling.

    >>> are_other_names("بنجلون", "EL ALAMI", "Zineb"), are_other_names("بنجلون", "Benjeloun", "Zineb")
    (True, False)
    """
    own = {bones for text in latin for bones in normalize(text).skeletons}
    other = set(normalize(arabic).skeletons)
    if not own or not other or not own.isdisjoint(other):
        return False
    return all(_likeness(a, b) < LEAST_ALIKE for a in own for b in other)


@lru_cache(maxsize=1 << 16)
def _likeness(a: str, b: str) -> float:
    """The letters that two skeletons have in common in the same order, as a share of both."""
    return SequenceMatcher(None, a, b, autojunk=False).ratio()
