"""Optimal global recoding: the generalization of least loss under which every goal holds, with its proof.

Each variable has a hierarchy; choosing a level for each is a node of a lattice. Nodes are visited in the order of a
lower bound of their loss, so the first bound that is not below the best score found proves the optimum. If the goals
are monotone, a generalization of a good node is good. Then a binary search along a path upwards finds a general node
that fails, and every node below it is excluded without a visit. A node is evaluated on the classes of the coarsest node
already seen below it, not on rows.

Source: order of visits after best-first search with admissible bounds; path checks after Kohlmayer, Prasser, Eckert,
Kemper, Kuhn (2012), PASSAT (Flash); El Emam et al. (2009), JAMIA 16(5) (OLA). Losses: ``lattice_loss``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes, group, sums_by
from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.disclosure.lattice.goals import Goal
from wasl.disclosure.lattice.keys import group_numbers, node_words, pack_groups
from wasl.disclosure.lattice.loss import Evaluation, LossModel, Objective, loss_model
from wasl.errors import InputError, PolicyError

__all__ = ["LatticeResult", "Node", "search_lattice"]

Levels = tuple[int, ...]
KEPT_SNAPSHOTS = 64


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The classes of a node, to be merged further.

    Attributes:
        levels: The node.
        rows: A base class of each class.
        counts: Rows per class.
        amounts: For each goal, its sums per class.
        members: The class of each base class, where a goal or the loss needs it.
    """

    levels: NDArray[np.int16]
    rows: NDArray[np.int64] = field(repr=False)
    counts: NDArray[np.float64] = field(repr=False)
    amounts: tuple[NDArray[np.float64], ...] = field(repr=False)
    members: NDArray[np.int32] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Node:
    """A node that meets the goals.

    Attributes:
        levels: The level of each variable.
        score: Its loss.
        suppressed: Rows in violating classes, to be suppressed.
        classes: Classes left.
    """

    levels: Levels
    score: float
    suppressed: int
    classes: int


@dataclass(frozen=True, slots=True)
class LatticeResult:
    """The optimum and its proof.

    Attributes:
        variables: The variables, in order.
        objective: The loss.
        best: The optimal node.
        runners_up: The next best nodes that meet the goals, best first.
        nodes: Size of the lattice.
        checked: Nodes evaluated.
        pruned_by_monotonicity: Nodes struck off because a more general one fails.
        pruned_by_bound: Nodes whose lower bound is not below the optimum.
        suppressed_rows: bool per row: in a violating class of the optimum.
    """

    variables: tuple[str, ...]
    objective: str
    best: Node
    runners_up: tuple[Node, ...]
    nodes: int
    checked: int
    pruned_by_monotonicity: int
    pruned_by_bound: int
    suppressed_rows: NDArray[np.bool_] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON value."""

        def node(value: Node) -> dict[str, Any]:
            return {
                "levels": dict(zip(self.variables, value.levels, strict=True)),
                "score": value.score,
                "suppressed": value.suppressed,
                "classes": value.classes,
            }

        return {
            "objective": self.objective,
            **node(self.best),
            "nodes": self.nodes,
            "checked": self.checked,
            "pruned_by_monotonicity": self.pruned_by_monotonicity,
            "pruned_by_bound": self.pruned_by_bound,
            "runners_up": [node(value) for value in self.runners_up],
        }


def search_lattice(
    columns: Sequence[CodedColumn],
    hierarchies: Sequence[Hierarchy],
    goals: Sequence[Goal],
    *,
    objective: Objective = "loss",
    suppression_limit: float = 0.0,
    runners_up: int = 3,
    max_nodes: int = 2_000_000,
    sample: NDArray[np.bool_] | None = None,
) -> LatticeResult:
    """The node of least loss under which at most a share of rows violates the goals.

    Args:
        columns: The key columns.
        hierarchies: One per column.
        goals: What must hold.
        objective: The loss.
        suppression_limit: Share of rows that may be suppressed.
        runners_up: How many further nodes are reported.
        max_nodes: Larger lattices are refused.
        sample: Which rows are the file's own; the others (a population table, for k-map) only feed the goals.

    Raises:
        InputError: No goals, or the lattice is larger than ``max_nodes``.
        PolicyError: No node meets the goals.
    """
    if not goals:
        raise InputError("a lattice search needs at least one goal, such as k.")
    heights = np.array([hierarchy.height for hierarchy in hierarchies], np.int64)
    nodes = int(np.prod(heights + 1))
    if nodes > max_nodes:
        raise InputError(
            f"the lattice has {nodes} nodes, more than {max_nodes}.",
            remedy="Drop levels of the hierarchies, or recode some variables beforehand.",
        )
    own = np.ones(len(columns[0].codes), np.bool_) if sample is None else sample
    return _Search(columns, hierarchies, goals, objective, suppression_limit, heights, own).run(runners_up)


class _Search:
    """The state of one search."""

    def __init__(
        self,
        columns: Sequence[CodedColumn],
        hierarchies: Sequence[Hierarchy],
        goals: Sequence[Goal],
        objective: Objective,
        limit: float,
        heights: NDArray[np.int64],
        sample: NDArray[np.bool_],
    ) -> None:
        """Compress the rows to base classes and tabulate every variable's groups and losses per level."""
        self.variables = tuple(column.name for column in columns)
        self.objective = objective
        self.rows = int(sample.sum())
        self.allowed = int(np.floor(limit * self.rows + 1e-9))
        growing = [goal.monotone or (self.allowed == 0 and goal.monotone_complete) for goal in goals]
        self.monotone = all(growing)
        # Monotone goals alone prune: a node at which they fail fails whatever the others say. They are cheap, too.
        order = sorted(range(len(goals)), key=lambda g: not growing[g])
        self.goals = tuple(goals[g] for g in order)
        goals = self.goals
        self.growing = sum(growing)
        base = equivalence_classes(columns)
        self.base_ids = base.ids
        self.codes = np.ascontiguousarray(np.column_stack([column.codes[base.first] + 1 for column in columns]))
        self.counts = sums_by(base.ids, sample, len(base))
        amounts = tuple(_sum_columns(goal.amounts, base.ids, len(base)) for goal in goals)
        groups = [
            [group_numbers(h, column, level) for level in range(h.height + 1)]
            for h, column in zip(hierarchies, columns, strict=True)
        ]
        self.packed, self.homes, self.width = pack_groups(groups, int(heights.max(initial=0)) + 1)
        self.model: LossModel = loss_model(objective, columns, hierarchies, groups, self.codes, self.counts)
        self.levels = np.indices(tuple(heights + 1)).reshape(len(heights), -1).T.astype(np.int16)
        self.heights = heights
        self.failed = np.zeros(len(self.levels), np.bool_)
        self.seen: dict[Levels, Evaluation] = {}
        self.full = np.full(self.width, np.uint64(0xFFFFFFFFFFFFFFFF))
        self.needs_members = objective == "entropy" or any(goal.needs_members for goal in goals)
        self.base = Snapshot(np.zeros(len(heights), np.int16), np.arange(len(base)), self.counts, amounts, None)
        self.snapshots: list[Snapshot] = []

    def run(self, runners_up: int) -> LatticeResult:
        """Visit nodes in the order of their bounds until the next bound proves the best."""
        wanted = 1 + runners_up
        good: list[Node] = []
        left: NDArray[np.int64] = np.zeros(0, np.int64)
        for bound, index, rest in self.visits():
            if len(good) >= wanted and bound >= good[wanted - 1].score - 1e-15:
                left = rest()
                break
            if self.failed[index]:
                continue
            if self.growing and not self.passes(self.levels[index]):
                self.climb(self.levels[index])
                continue
            found = self.evaluate(self.levels[index])
            if found.suppressed <= self.allowed:
                node = Node(tuple(map(int, self.levels[index])), found.score, found.suppressed, found.classes)
                good = sorted([*good, node], key=lambda n: (n.score, n.levels))[:wanted]
        if not good:
            raise PolicyError(
                "no generalization meets the goals, not even the most general one.",
                remedy="Allow some suppression, add levels to the hierarchies, or treat the sensitive variable.",
            )
        best = good[0]
        violating = self.violating(np.array(best.levels, np.int16))
        return LatticeResult(
            variables=self.variables,
            objective=self.objective,
            best=best,
            runners_up=tuple(good[1:]),
            nodes=len(self.levels),
            checked=len(self.seen),
            pruned_by_monotonicity=self.unseen(np.flatnonzero(self.failed)),
            pruned_by_bound=self.unseen(left[~self.failed[left]]),
            suppressed_rows=violating[self.base_ids],
        )

    def visits(self) -> Iterator[tuple[float, int, Callable[[], NDArray[np.int64]]]]:
        """Nodes in ascending order of a lower bound, each with a function that tells which are still to come.

        Where bounds are not known beforehand, a node is bounded by the largest unsuppressed loss met below it, and
        its successors follow it into the queue.
        """
        bounds = self.model.bounds(self.levels)
        if bounds is not None:
            order = np.lexsort((*self.levels.T[::-1], bounds))
            for position, index in enumerate(order):
                yield float(bounds[index]), int(index), partial(order.__getitem__, slice(position, None))
            return
        steps = np.cumprod([1, *(self.heights[::-1] + 1)])[:-1][::-1]
        queue = [(0.0, 0)]
        come = np.zeros(len(self.levels), np.bool_)
        come[0] = True
        visited = np.zeros(len(self.levels), np.bool_)
        while queue:
            bound, index = heappop(queue)
            yield bound, index, lambda: np.flatnonzero(~visited)
            visited[index] = True
            known = self.seen.get(tuple(map(int, self.levels[index])))
            if known is not None:
                bound = max(bound, known.bound)
            for variable in np.flatnonzero(self.levels[index] < self.heights):
                above = index + int(steps[variable])
                if not come[above]:
                    come[above] = True
                    heappush(queue, (bound, above))

    def unseen(self, nodes: NDArray[np.int64]) -> int:
        """How many of the nodes were never evaluated."""
        return sum(tuple(map(int, levels)) not in self.seen for levels in self.levels[nodes])

    def passes(self, levels: NDArray[np.int16]) -> bool:
        """Whether the node meets the monotone goals within the suppression limit; evaluated if not yet known."""
        found = self.evaluate(levels)
        return found.suppressed <= self.allowed or not found.hopeless

    def climb(self, start: NDArray[np.int16]) -> None:
        """From a failing node, find by bisection a failing node high on a path to the top; strike all below it."""
        path = self.path(start)
        low, high = 0, len(path) - 1
        if not self.passes(path[high]):
            low = high
        while high - low > 1:
            middle = (low + high) // 2
            if self.passes(path[middle]):
                high = middle
            else:
                low = middle
        self.failed |= (self.levels <= path[low]).all(axis=1)

    def path(self, start: NDArray[np.int16]) -> list[NDArray[np.int16]]:
        """A path from a node to the top that raises the cheapest variable first."""
        path = [start]
        current = start.copy()
        while True:
            open_ = np.flatnonzero(current < self.heights)
            if len(open_) == 0:
                return path
            costs = [self.model.step_cost(int(v), int(current[v])) for v in open_]
            current = current.copy()
            current[open_[int(np.argmin(costs))]] += 1
            path.append(current)

    def evaluate(self, levels: NDArray[np.int16]) -> Evaluation:
        """The node's loss and violating rows, computed once."""
        name = tuple(map(int, levels))
        known = self.seen.get(name)
        if known is None:
            known = self.seen[name] = self.examine(levels)[0]
        return known

    def violating(self, levels: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Mark the base classes that violate the goals at a node."""
        _, violated = self.examine(levels)
        every = np.arange(len(self.codes))
        words = node_words(self.codes, every, levels.astype(np.int64), self.packed, self.homes, self.width)
        # Classes are numbered by first appearance, and representatives are in order: the numbers agree.
        return violated[group(words, self.full).ids]

    def examine(self, levels: NDArray[np.int16]) -> tuple[Evaluation, NDArray[np.bool_]]:
        """Group the classes of the best snapshot at a node, sum what the goals need, and score it."""
        below = self.nearest_snapshot(levels)
        words = node_words(self.codes, below.rows, levels.astype(np.int64), self.packed, self.homes, self.width)
        classes = group(words, self.full)
        ids = classes.ids
        members = None
        if self.needs_members:
            members = ids if below.members is None else ids[below.members]
        amounts = tuple(_sum_columns(columns, ids, len(classes)) for columns in below.amounts)
        sizes = sums_by(ids, below.counts, len(classes))
        violated = np.zeros(len(classes), np.bool_)
        hopeless = False
        for number, (goal, sums) in enumerate(zip(self.goals, amounts, strict=True)):
            violated |= goal.violated(sums, members)
            if number < self.growing and sizes[violated].sum() > self.allowed + 0.5:
                hopeless = True
                break
        suppressed = round(float(sizes[violated].sum()))
        here = Snapshot(levels, below.rows[classes.first], sizes, amounts, members)
        if suppressed > self.allowed:
            score = np.inf
        elif self.objective != "entropy" or members is None:
            score = self.model.score(levels, sizes, violated, here.rows, sizes)
        else:
            score = self.model.score(levels, sizes, violated[members], np.arange(len(self.codes)), self.counts)
        self.remember(here)
        return Evaluation(
            score, self.model.plain(sizes), suppressed, int(np.count_nonzero(~violated & (sizes > 0))), hopeless
        ), violated

    def nearest_snapshot(self, levels: NDArray[np.int16]) -> Snapshot:
        """The fewest classes already known below a node."""
        best = self.base
        for snapshot in self.snapshots:
            if len(snapshot.rows) < len(best.rows) and (snapshot.levels <= levels).all():
                best = snapshot
        return best

    def remember(self, snapshot: Snapshot) -> None:
        """Keep a node's classes for nodes above it, the newest first, within a bounded number of entries."""
        self.snapshots.insert(0, snapshot)
        budget = 4 * len(self.codes)
        for position, kept in enumerate(self.snapshots):
            budget -= len(kept.rows) + (0 if kept.members is None else len(kept.members) // 4)
            if position and (budget < 0 or position >= KEPT_SNAPSHOTS):
                del self.snapshots[position:]
                break


def _sum_columns(columns: NDArray[np.float64], ids: NDArray[np.int32], classes: int) -> NDArray[np.float64]:
    return np.column_stack(
        [np.bincount(ids, weights=columns[:, c], minlength=classes) for c in range(columns.shape[1])]
    )
