"""Agreement of registers: for each variable and pair of registers, the persons both know and what each says of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Concordance", "compare_registers", "concordance_csv", "recoded"]

Ints = NDArray[np.int64]

MOST_CODES = 60
"""A cross table is written for variables with at most this many different values; agreement is measured for all."""
COLUMNS = ("variable", "register_a", "register_b", "value_a", "value_b", "persons")


@dataclass(frozen=True, slots=True)
class Concordance:
    """A variable in two registers.

    Attributes:
        variable, register_a, register_b: What is compared.
        persons: Persons for whom both registers have a value.
        agree: Those for whom the values are equal.
        kappa: Agreement beyond chance (Cohen 1960); None where chance alone would give full agreement.
        cells: (value of a, value of b, persons), largest first; empty where the variable has too many values.
    """

    variable: str
    register_a: str
    register_b: str
    persons: int
    agree: int
    kappa: float | None
    cells: tuple[tuple[str, str, int], ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """The row of the report, without the cross table."""
        return {
            "variable": self.variable,
            "register_a": self.register_a,
            "register_b": self.register_b,
            "persons": self.persons,
            "agree": self.agree,
            "agreement": round(self.agree / self.persons, 4) if self.persons else None,
            "kappa": None if self.kappa is None else round(self.kappa, 4),
        }


def compare_registers(variable: str, said: Mapping[str, Ints], labels: pa.Array) -> list[Concordance]:
    """The concordance of a variable for every pair of registers that know it.

    Args:
        variable: Its name.
        said: For each register the code of each person's value, -1 where it has none.
        labels: The value of each code.
    """
    texts = labels.cast(pa.string()).to_pylist() if len(labels) <= MOST_CODES else []
    found = []
    for a, b in combinations(said, 2):
        both = (said[a] >= 0) & (said[b] >= 0)
        left, right = said[a][both], said[b][both]
        found.append(_of_pair(variable, a, b, left, right, max(len(labels), 1), texts))
    return found


def _of_pair(variable: str, a: str, b: str, left: Ints, right: Ints, width: int, texts: list[str]) -> Concordance:
    persons = len(left)
    agree = int(np.count_nonzero(left == right))
    chance = 1.0
    if persons:
        chance = float(np.dot(np.bincount(left, minlength=width), np.bincount(right, minlength=width))) / persons**2
    kappa = (agree / persons - chance) / (1.0 - chance) if persons and chance < 1.0 else None
    cells: list[tuple[str, str, int]] = []
    if texts:
        pairs, counts = np.unique(left * width + right, return_counts=True)
        largest = np.argsort(-counts, kind="stable")
        cells = [(texts[pairs[i] // width], texts[pairs[i] % width], int(counts[i])) for i in largest]
    return Concordance(variable, a, b, persons, agree, kappa, tuple(cells))


def recoded(said: Mapping[str, Ints], values: pa.Array) -> tuple[dict[str, Ints], pa.Array]:
    """The codes of a derived variable, from those of its source.

    Args:
        said: Codes of the source, by register.
        values: The derived value of each code of the source.
    """
    encoded = values.dictionary_encode()
    table = np.append(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), -1)
    return {register: table[codes] for register, codes in said.items()}, encoded.dictionary


def concordance_csv(found: Sequence[Concordance]) -> bytes:
    """The cross tables, one line per pair of values. For the release desk: small counts are not protected."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in found:
        for left, right, persons in one.cells:
            writer.writerow((one.variable, one.register_a, one.register_b, left, right, persons))
    return text.getvalue().encode()
