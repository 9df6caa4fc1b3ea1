"""Structural zeros: cells that everybody knows to be empty, such as men on maternity leave.

They are declared in the specification. They are never unsafe and never suppressed: withholding what everybody knows
protects nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.tables.cells import CellTable
from wasl.tables.specification import TableSpec

__all__ = ["structural_zeros"]


def structural_zeros(table: CellTable, spec: TableSpec) -> NDArray[np.bool_]:
    """The cells that the specification declares empty: each declared code, with all codes below it.

    Raises:
        InputError: A code is in no hierarchy, or a declared cell is not empty; names the cell.
    """
    declared = np.zeros(table.size, dtype=np.bool_)
    for item in spec.structural_zeros:
        hit = np.ones(table.size, dtype=np.bool_)
        for d, dimension in enumerate(table.dimensions):
            if dimension.name not in item:
                continue
            known = dimension.index()
            strange = [code for code in item[dimension.name] if code not in known]
            if strange:
                raise InputError(
                    f"table {table.name!r}: structural_zeros names the code {strange[0]!r}, which "
                    f"{dimension.name!r} lacks.",
                    remedy="Correct structural_zeros or the hierarchy.",
                )
            below = np.zeros(dimension.size, dtype=np.bool_)
            below[[known[code] for code in item[dimension.name]]] = True
            for code in range(1, dimension.size):  # parents stand before their children
                below[code] |= below[dimension.parents[code]]
            hit &= below[table.places[:, d]]
        declared |= hit
    wrong = np.flatnonzero(declared & ((table.value != 0) | (table.magnitude != 0) | (table.contributors > 0)))
    if len(wrong):
        raise InputError(
            f"table {table.name!r}: {len(wrong)} cells declared as structural zeros are not empty, the first "
            f"{table.label(int(wrong[0]))}.",
            remedy="Correct structural_zeros or the data.",
        )
    return declared
