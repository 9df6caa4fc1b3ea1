"""Losses of a generalization, each with a lower bound that needs no look at the classes where there is one.

Suppressed rows count as fully generalized. All scores are normalized so that smaller is better.

- ``loss``: for each variable the mean share of its leaves that a generalized value covers, normalized from 1/leaves … 1
  to 0 … 1; variables are combined by ``(Π (1 + x_v))^(1/m) - 1``. *Source:* Iyengar (2002), KDD, section 4.
- ``precision``: mean of level / height over cells. *Source:* Sweeney (2002), IJUFKS 10(5), section 5.
- ``entropy``: mean over variables of the entropy that is lost, over the entropy there was. *Source:* Gionis, Tassa
  (2009), IEEE TKDE 21(2) (non-uniform entropy).
- ``discernibility``: Σ size² + rows · suppressed, over rows². *Source:* Bayardo, Agrawal (2005), ICDE.
- ``aecs``: rows over classes (average class size), over rows. *Source:* LeFevre, DeWitt, Ramakrishnan (2006), ICDE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import sums_by
from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.registers.compiled import njit

__all__ = ["Evaluation", "LossModel", "Objective", "loss_model"]

Objective = Literal["loss", "precision", "discernibility", "entropy", "aecs"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The loss of a node and its suppressed rows.

    Attributes:
        score: Its loss, suppressed rows included.
        bound: The loss of its classes if no row were suppressed, where that depends on classes, else 0.
        suppressed: Rows in violating classes.
        classes: Classes that do not violate.
        hopeless: Whether the monotone goals alone fail, here and at every node below.
    """

    score: float
    bound: float
    suppressed: int
    classes: int
    hopeless: bool = False


class LossModel(Protocol):
    """A loss and its bound."""

    def bounds(self, levels: NDArray[np.int16]) -> NDArray[np.float64] | None:
        """A lower bound of the score of every node, or None where only looking at its classes gives one."""
        ...

    def score(
        self,
        levels: NDArray[np.int16],
        sizes: NDArray[np.float64],
        violated: NDArray[np.bool_],
        rows: NDArray[np.int64],
        counts: NDArray[np.float64],
    ) -> float:
        """The score of a node.

        Args:
            levels: The node.
            sizes: Rows per class.
            violated: Whether each of ``rows`` violates.
            rows: Base classes that stand for groups of rows: one per class, or all of them.
            counts: How many rows each of them stands for.
        """
        ...

    def plain(self, sizes: NDArray[np.float64]) -> float:
        """The loss of classes if nothing were suppressed; 0 where it does not depend on classes."""
        ...

    def step_cost(self, variable: int, level: int) -> float:
        """What raising a variable by one level costs, roughly."""
        ...


def loss_model(
    objective: Objective,
    columns: Sequence[CodedColumn],
    hierarchies: Sequence[Hierarchy],
    groups: list[list[NDArray[np.int64]]],
    codes: NDArray[np.int32],
    counts: NDArray[np.float64],
) -> LossModel:
    """The model of an objective.

    Args:
        objective: Which loss.
        columns: The variables.
        hierarchies: Their hierarchies.
        groups: Group numbers per variable, level and category (missing first).
        codes: int32, shape (base classes, variables), 0 for missing.
        counts: Rows per base class.
    """
    if objective in ("discernibility", "aecs"):
        return _ClassLoss(objective, counts, [len(levels) - 1 for levels in groups])
    per_cell: list[list[NDArray[np.float64]]] = []
    for v, (column, hierarchy) in enumerate(zip(columns, hierarchies, strict=True)):
        frequency = sums_by(codes[:, v], counts, len(column.labels) + 1)
        per_level = []
        for level in range(hierarchy.height + 1):
            if objective == "loss":
                cost = _leaf_shares(column, hierarchy, level)
            elif objective == "precision":
                cost = np.full(len(frequency), level / max(hierarchy.height, 1))
                cost[0] = 1.0
            else:
                cost = _entropy_cost(frequency, groups[v][level])
            per_level.append(cost)
        per_cell.append(per_level)
    return _CellLoss(objective, per_cell, codes, counts, [h.height for h in hierarchies])


def _leaf_shares(column: CodedColumn, hierarchy: Hierarchy, level: int) -> NDArray[np.float64]:
    """For missing (fully lost) and each category, the share of leaves its group covers, normalized to 0 … 1."""
    shares = hierarchy.shares(level)
    targets, labels = hierarchy.codes_at(column.texts, level)
    least = 1.0 / len(hierarchy.leaves)
    values = np.array([shares[labels[target]] for target in targets])
    scaled = (values - least) / (1.0 - least) if least < 1.0 else np.zeros(len(values))
    return np.concatenate([[1.0], scaled])


def _entropy_cost(frequency: NDArray[np.float64], group_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """Bits lost per cell: ``-log2(frequency of the value / frequency of its group)``."""
    together = np.bincount(group_of, weights=frequency)[group_of]
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = np.where(frequency > 0, np.log2(together / frequency), 0.0)
    return np.asarray(lost)


class _CellLoss:
    """Losses that add over cells: the bound is the loss without suppression, known before any class is."""

    def __init__(
        self,
        objective: Objective,
        per_cell: list[list[NDArray[np.float64]]],
        codes: NDArray[np.int32],
        counts: NDArray[np.float64],
        heights: list[int],
    ) -> None:
        """Tabulate the mean loss of every variable at every level."""
        self.objective = objective
        self.per_cell = per_cell
        self.codes = codes
        self.counts = counts
        self.rows = float(counts.sum())
        self.heights = heights
        self.frequency = [sums_by(codes[:, v], counts, len(levels[0])) for v, levels in enumerate(per_cell)]
        self.whole = [self._suppressed_cost(v) for v in range(len(per_cell))]
        self.means = [
            [float(cost @ frequency) / self.rows for cost in levels]
            for levels, frequency in zip(per_cell, self.frequency, strict=True)
        ]
        # Entropy is divided by what there is to lose.
        self.scale = [
            max(float(whole @ frequency) / self.rows, 1e-300) if objective == "entropy" else 1.0
            for whole, frequency in zip(self.whole, self.frequency, strict=True)
        ]

    def _suppressed_cost(self, variable: int) -> NDArray[np.float64]:
        """The loss of a suppressed cell, per category."""
        if self.objective != "entropy":
            return np.ones(len(self.frequency[variable]))
        return _entropy_cost(self.frequency[variable], np.zeros(len(self.frequency[variable]), np.int64))

    def combine(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variables' losses, shape (…, variables), to one."""
        if self.objective == "loss":
            return np.asarray(np.prod(1.0 + parts, axis=-1) ** (1.0 / parts.shape[-1]) - 1.0)
        return np.asarray(parts.mean(axis=-1))

    def bounds(self, levels: NDArray[np.int16]) -> NDArray[np.float64]:
        """The loss without suppression."""
        parts = np.empty(levels.shape)
        for v, means in enumerate(self.means):
            parts[:, v] = np.array(means)[levels[:, v]] / self.scale[v]
        return self.combine(parts)

    def score(
        self,
        levels: NDArray[np.int16],
        sizes: NDArray[np.float64],  # noqa: ARG002 - part of the protocol
        violated: NDArray[np.bool_],
        rows: NDArray[np.int64],
        counts: NDArray[np.float64],
    ) -> float:
        """The loss with suppressed rows fully generalized."""
        parts = np.empty(len(self.means))
        gone = np.flatnonzero(violated)
        for v, means in enumerate(self.means):
            level = int(levels[v])
            extra = self.whole[v] - self.per_cell[v][level]
            parts[v] = (means[level] + _weighted(extra, self.codes, v, rows, gone, counts) / self.rows) / self.scale[v]
        return float(self.combine(parts))

    def plain(self, sizes: NDArray[np.float64]) -> float:  # noqa: ARG002 - part of the protocol
        """Cells know their loss without classes."""
        return 0.0

    def step_cost(self, variable: int, level: int) -> float:
        """The rise of the variable's mean loss."""
        means = self.means[variable]
        return (means[level + 1] - means[level]) / self.scale[variable]


@njit(cache=True, nogil=True)
def _weighted(extra, codes, variable, rows, gone, counts):  # type: ignore[no-untyped-def]
    """Sum of a cost per category over the groups of rows that are gone."""
    total = 0.0
    for g in range(gone.shape[0]):
        total += extra[codes[rows[gone[g]], variable]] * counts[gone[g]]
    return total


class _ClassLoss:
    """Losses of class sizes: a node's own value without suppression bounds itself and everything above it."""

    def __init__(self, objective: Objective, counts: NDArray[np.float64], heights: list[int]) -> None:
        """Remember the file's size."""
        self.objective = objective
        self.rows = float(counts.sum())
        self.heights = heights

    def bounds(self, levels: NDArray[np.int16]) -> None:  # noqa: ARG002 - part of the protocol
        """Only a node's classes tell."""
        return

    def plain(self, sizes: NDArray[np.float64]) -> float:
        """The loss without suppression."""
        if self.objective == "discernibility":
            return float((sizes**2).sum()) / self.rows**2
        return 1.0 / len(sizes)

    def score(
        self,
        levels: NDArray[np.int16],  # noqa: ARG002 - part of the protocol
        sizes: NDArray[np.float64],
        violated: NDArray[np.bool_],
        rows: NDArray[np.int64],  # noqa: ARG002 - part of the protocol
        counts: NDArray[np.float64],  # noqa: ARG002 - part of the protocol
    ) -> float:
        """The loss with suppressed rows in one class of the whole file (discernibility) or of their own (aecs)."""
        kept = sizes[~violated]
        lost = float(sizes[violated].sum())
        if self.objective == "discernibility":
            return (float((kept**2).sum()) + self.rows * lost) / self.rows**2
        return 1.0 / (len(kept) + (lost > 0))

    def step_cost(self, variable: int, level: int) -> float:
        """Relative height."""
        return (level + 1) / max(self.heights[variable], 1)
