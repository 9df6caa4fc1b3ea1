"""Claims of an attack: which row belongs to which record, and how sure the adversary is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["CERTAIN", "Claims"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CERTAIN = 0.9
"""A claim whose posterior exceeds this is counted as certain: an adversary would act on it."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Pairs of an observed row and an own row or record.

    Attributes:
        rows: Observed rows.
        own: The adversary's rows or records, pair by pair.
        posterior: Probability the adversary gives each pair; NaN where the attack computes none.
    """

    rows: Ints = field(repr=False)
    own: Ints = field(repr=False)
    posterior: Floats = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def none(cls) -> Self:
        """No claim."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))

    @classmethod
    def guesses(cls, rows: Ints, own: Ints) -> Self:
        """Claims without a probability."""
        return cls(rows, own, np.full(len(rows), np.nan))

    @classmethod
    def together(cls, parts: Sequence[Claims]) -> Self:
        """The claims of several parts, one after another."""
        if not parts:
            return cls.none()
        return cls(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.own for part in parts]),
            np.concatenate([part.posterior for part in parts]),
        )

    @property
    def certain(self) -> npt.NDArray[np.bool_]:
        """For each claim, True if it is certain."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.posterior > CERTAIN, np.bool_)
