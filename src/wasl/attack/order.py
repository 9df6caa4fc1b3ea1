"""The order of a file: whether it shows the order of the register it was made from.

The first edition's join map stood in the order of its source. Somebody who knows that a register is sorted by name
names every record of such a file. A file in an order that depends on keyed ids shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasl.attack.claims import Claims

__all__ = ["OrderTrace", "match_order", "trace_order"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OrderTrace:
    """Dependence of a file's order on the order of its source.

    Attributes:
        records: Records in the file.
        correlation: Spearman's rank correlation of place in the file and place in the source.
        z: The correlation over its standard deviation in a random order, 1 / √(records − 1).
        neighbours: Share of adjacent records of the file that are adjacent in the source; 2 / records by chance.
    """

    records: int
    correlation: float
    z: float
    neighbours: float


def trace_order(source: Ints) -> OrderTrace:
    """Measure a file, given the place in the source of each of its records in the order of the file."""
    n = len(source)
    if n < 3:
        return OrderTrace(n, 0.0, 0.0, 0.0)
    ranks = np.argsort(np.argsort(source, kind="stable"), kind="stable")
    correlation = float(np.corrcoef(np.arange(n), ranks)[0, 1])
    return OrderTrace(n, correlation, correlation * float(np.sqrt(n - 1)), float((np.abs(np.diff(ranks)) == 1).mean()))


def match_order(records: int, own: int) -> Claims:
    """The k-th record of a file taken for the k-th of the register, as far as both go.

    The claims carry no posterior: the adversary believes in the order or does not.
    """
    count = min(records, own)
    return Claims.guesses(np.arange(count), np.arange(count))
