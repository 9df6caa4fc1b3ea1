"""Connected components of records, in memory for the records alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["components", "root_of"]


@njit(cache=True, nogil=True)
def root_of(parent: np.ndarray, node: int) -> int:
    """The root of a node, with paths halved on the way."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True, nogil=True)
def _join(left: np.ndarray, right: np.ndarray, parent: np.ndarray) -> None:
    """Join the ends of edges; a root is the smallest node of its component."""
    for e in range(left.shape[0]):
        a, b = root_of(parent, left[e]), root_of(parent, right[e])
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b


@njit(cache=True, nogil=True)
def _settle(parent: np.ndarray) -> None:
    for node in range(parent.shape[0]):  # a root is smaller than its nodes, so it is settled before them
        parent[node] = parent[parent[node]]


def components(count: int, edges: Iterable[tuple[NDArray[np.integer], NDArray[np.integer]]]) -> NDArray[np.int32]:
    """(nodes) the smallest node of the component of each.

    Args:
        count: Nodes.
        edges: The ends of edges.
    """
    parent = np.arange(count, dtype=np.int32)
    for left, right in edges:
        _join(left, right, parent)
    _settle(parent)
    return parent
