"""Whether data have every person of the lists that are compared, as far as the data show.

The size of a population is estimated from those who are on one list only. Microdata for a release often leave them
out, for a row in them says more than one register could. The estimate would then be little more than the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError

__all__ = ["contained_lists", "require_whole_lists"]

REGISTERS = "registers"
"""Column of assembled microdata: how many registers know the person."""
LEAST = 10
"""Persons of a list from which on it is no chance that all of them are on another one."""


def require_whole_lists(data: pa.Table) -> None:
    """Refuse data from which the persons of one register were left out.

    Raises:
        InputError: Every person is known to several registers.
    """
    if REGISTERS not in data.column_names or not pa.types.is_integer(data.schema.field(REGISTERS).type):
        return
    least = pc.min(data.column(REGISTERS)).as_py()
    if least is not None and least > 1 and data.num_rows >= LEAST:
        raise InputError(
            f"every person of these data is known to at least {least} registers, so persons on one list only were left "
            "out, and the estimate would be far too small.",
            remedy="Assemble data with everybody on any of the lists: `wasl assemble --spec reconciliation`.",
        )


def contained_lists(flags: Mapping[str, NDArray[np.bool_]], pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of these pairs of lists where all persons of one are on the other: the inner and the outer list."""
    found = []
    for first, second in dict.fromkeys(pairs):
        for inner, outer in ((first, second), (second, first)):
            on = flags[inner]
            if np.count_nonzero(on) >= LEAST and not np.any(on & ~flags[outer]):
                found.append((inner, outer))
    return list(dict.fromkeys(found))
