"""Proofs and roots out of stored nodes, wherever they are stored: a database table, a file, a dictionary.

Only complete subtrees are stored, each once and for ever: ``(level, index) -> 32 bytes``, about two per entry. That
suits an append-only table whose triggers refuse UPDATE and DELETE. To append inside a transaction::

    frontier = load_frontier(store, size)                    # one read of at most log2(size) nodes
    frontier, nodes = frontier.append(leaf_hash(event_bytes))

    ...insert nodes...                                       # two on average
    Checkpoint.of(origin, frontier).sign(signer)             # when one is due

A root at an earlier size, an inclusion proof and a consistency proof each take one read of O(log² size) nodes at most.

Source: RFC 6962 sections 2.1.1 (audit path) and 2.1.2 (consistency proof).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from wasl.audit.merkle import (
    EMPTY_ROOT,
    ConsistencyProof,
    Frontier,
    InclusionProof,
    Node,
    Place,
    frontier_places,
    node_hash,
)
from wasl.errors import NotFoundError, StateError

__all__ = ["MemoryNodes", "NodeStore", "consistency_proof", "inclusion_proof", "load_frontier", "root_at"]

Range = tuple[int, int]
"""A run of leaves, from the first to one past the last, that is a subtree of the tree."""


class NodeStore(Protocol):
    """Where the hashes of complete subtrees are kept."""

    def read_nodes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """The hashes at these places, in one read; places that hold none are left out."""
        ...


class MemoryNodes:
    """Nodes in memory: for logs that fit there, and for tests."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.frontier = Frontier()
        self._nodes: dict[Place, bytes] = {}
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add a leaf, given by its hash."""
        self.frontier, nodes = self.frontier.append(leaf)
        self.write_nodes(nodes)

    def write_nodes(self, nodes: Iterable[Node]) -> None:
        """Keep nodes that became complete."""
        self._nodes.update(nodes)

    def read_nodes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """The hashes at these places."""
        return {place: self._nodes[place] for place in places if place in self._nodes}


def load_frontier(store: NodeStore, size: int) -> Frontier:
    """The frontier of the first ``size`` leaves.

    Raises:
        StateError: The store lacks a node it should have.
    """
    places = frontier_places(size)
    nodes = _read(store, places)
    return Frontier(size, tuple(nodes[place] for place in places))


def root_at(store: NodeStore, size: int) -> bytes:
    """The root of the first ``size`` leaves: what a checkpoint of that size must say.

    Raises:
        StateError: The store lacks a node it should have.
    """
    return load_frontier(store, size).root if size else EMPTY_ROOT


def inclusion_proof(store: NodeStore, index: int, size: int) -> InclusionProof:
    """The proof that entry ``index`` is in the tree of ``size`` leaves.

    Raises:
        NotFoundError: There is no such entry.
        StateError: The store lacks a node it should have.
    """
    if not 0 <= index < size:
        raise NotFoundError(f"there is no entry {index} in a log of {size} entries.")
    return InclusionProof(index, size, _subtree_hashes(store, inclusion_ranges(index, size)))


def consistency_proof(store: NodeStore, old_size: int, size: int) -> ConsistencyProof:
    """The proof that the tree of ``size`` leaves continues that of ``old_size``.

    Raises:
        NotFoundError: The log was never that long.
        StateError: The store lacks a node it should have.
    """
    if not 0 <= old_size <= size:
        raise NotFoundError(f"a log of {size} entries has no earlier state of {old_size} entries.")
    return ConsistencyProof(old_size, size, _subtree_hashes(store, consistency_ranges(old_size, size)))


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees beside the way from leaf ``index`` to the root, from the bottom up."""
    start, end = 0, size
    ranges: list[Range] = []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, size: int) -> list[Range]:
    """The subtrees from which both the old and the new root can be computed, from the bottom up."""
    if old_size in (0, size):
        return []
    start, end = 0, size
    ranges: list[Range] = []
    while old_size != end:
        middle = _split(start, end)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:  # else the old tree is a subtree of the new one, and the verifier has its root
        ranges.append((start, end))
    return ranges[::-1]


def _split(start: int, end: int) -> int:
    """Where a subtree parts: after the largest power of two below its size."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _subtree_places(start: int, end: int) -> list[Place]:
    """The complete subtrees that make up a subtree, from left to right."""
    return [(level, (start >> level) + index) for level, index in frontier_places(end - start)]


def _subtree_hashes(store: NodeStore, ranges: Sequence[Range]) -> tuple[bytes, ...]:
    parts = [_subtree_places(start, end) for start, end in ranges]
    nodes = _read(store, [place for places in parts for place in places])
    return tuple(_fold([nodes[place] for place in places]) for places in parts)


def _fold(hashes: Sequence[bytes]) -> bytes:
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def _read(store: NodeStore, places: Sequence[Place]) -> Mapping[Place, bytes]:
    nodes = store.read_nodes(places)
    missing = [place for place in places if place not in nodes]
    if missing:
        level, index = missing[0]
        raise StateError(
            f"the log's tree lacks the node of level {level} and index {index}.",
            remedy="Restore the log from a copy, or rebuild its tree from the entries and compare with a checkpoint.",
        )
    return nodes
