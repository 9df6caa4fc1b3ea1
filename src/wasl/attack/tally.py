"""Counts the claims of one attack, pass by pass, against the truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wasl.attack.claims import Claims

__all__ = ["Tally"]

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Tally:
    """Claims of one attack. A person counts as named if any of its records is.

    Attributes:
        person: For each record of the population the first record of the same person.
        claimed: Rows named so far.
        named: Persons named rightly, pass by pass.
    """

    person: Ints
    claimed: int = 0
    named: list[Ints] = field(default_factory=list)
    _certain: int = 0
    _certain_right: int = 0
    _surely_named: list[Ints] = field(default_factory=list)
    _rated: bool = False

    def add(self, claims: Claims, truth: Ints | None) -> None:
        """Add the claims of a pass (``own`` holds records of the population) and the true record of each row."""
        self.claimed += len(claims)
        self._rated |= bool(np.isfinite(claims.posterior).any())
        certain = claims.certain
        self._certain += int(certain.sum())
        if truth is None:
            return
        real = truth[claims.rows]
        right = (real >= 0) & (claims.own >= 0) & (self.person[real] == self.person[claims.own])
        self.named.append(np.unique(self.person[claims.own[right]]))
        self._certain_right += int((right & certain).sum())
        self._surely_named.append(np.unique(self.person[claims.own[right & certain]]))

    def best(self, exposed: Ints) -> int:
        """Exposed persons named rightly in the pass where most were."""
        return max((int(np.isin(named, exposed).sum()) for named in self.named), default=0)

    def anywhere(self, exposed: Ints) -> int:
        """Exposed persons named rightly in any pass."""
        return len(np.intersect1d(_whole(self.named), exposed))

    def certain_persons(self, exposed: Ints) -> int:
        """Exposed persons named rightly by a certain claim in any pass."""
        return len(np.intersect1d(_whole(self._surely_named), exposed))

    @property
    def certain(self) -> tuple[int | None, int | None]:
        """Certain claims, and how many of them are right; None if the attack computes no posterior."""
        return (self._certain, self._certain_right) if self._rated else (None, None)


def _whole(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
