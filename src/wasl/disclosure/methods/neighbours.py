"""A tree of boxes over points that are used up: exact nearest and farthest neighbours among those still there.

A static median-split tree; every node keeps the bounding box of its living points, shrunk as points are removed, so
that both searches prune. Ties go to the point of the smaller row number, as in a scan from the top.
"""

from __future__ import annotations

import numpy as np

from wasl.registers.compiled import njit

__all__ = ["LEAF_POINTS", "build_tree", "farthest", "nearest", "nearly_farthest", "nearly_nearest", "remove"]

LEAF_POINTS = 24


@njit(cache=True, nogil=True)
def _select(values, order, low, high, target):  # type: ignore[no-untyped-def]
    """Reorder ``order[low:high]`` so that position ``target`` holds its rank by ``values`` (quickselect)."""
    high -= 1
    while low < high:
        pivot = values[order[(low + high) >> 1]]
        i = low
        j = high
        while i <= j:
            while values[order[i]] < pivot:
                i += 1
            while values[order[j]] > pivot:
                j -= 1
            if i <= j:
                held = order[i]
                order[i] = order[j]
                order[j] = held
                i += 1
                j -= 1
        if target <= j:
            high = j
        elif target >= i:
            low = i
        else:
            return


@njit(cache=True, nogil=True)
def build_tree(points, depth):  # type: ignore[no-untyped-def]
    """Order, node ranges and boxes of a perfect binary tree of the given depth over ``points`` (rows × dimensions).

    Returns:
        order (row number per place), place (of each row), start and end of each node, low and high corners of each
        node's box, the points in the order of places, living flags, living counts per node.
    """
    n, d = points.shape
    nodes = (1 << (depth + 1)) - 1
    order = np.arange(n)
    start = np.zeros(nodes, np.int64)
    end = np.zeros(nodes, np.int64)
    low = np.empty((nodes, d), np.float64)
    high = np.empty((nodes, d), np.float64)
    end[0] = n
    columns = np.empty((d, n), np.float64)
    for i in range(n):
        for j in range(d):
            columns[j, i] = points[i, j]
    for node in range(nodes):
        a = start[node]
        b = end[node]
        for j in range(d):
            least = np.inf
            most = -np.inf
            for position in range(a, b):
                value = columns[j, order[position]]
                least = min(least, value)
                most = max(most, value)
            low[node, j] = least
            high[node, j] = most
        if 2 * node + 2 < nodes:
            widest = 0
            for j in range(1, d):
                if high[node, j] - low[node, j] > high[node, widest] - low[node, widest]:
                    widest = j
            middle = (a + b) >> 1
            if b > a:
                _select(columns[widest], order, a, b, middle)
            start[2 * node + 1] = a
            end[2 * node + 1] = middle
            start[2 * node + 2] = middle
            end[2 * node + 2] = b
    place = np.empty(n, np.int64)
    sorted_points = np.empty((n, d), np.float64)
    for position in range(n):
        place[order[position]] = position
        for j in range(d):
            sorted_points[position, j] = points[order[position], j]
    count = end - start
    return order, place, start, end, low, high, sorted_points, np.ones(n, np.bool_), count


@njit(cache=True, nogil=True)
def remove(row, place, start, end, low, high, points, alive, count):  # type: ignore[no-untyped-def]
    """Take a row out and shrink the boxes above it."""
    position = place[row]
    alive[position] = False
    d = points.shape[1]
    nodes = start.shape[0]
    node = 0
    while 2 * node + 2 < nodes:
        count[node] -= 1
        node = 2 * node + 1 if position < end[2 * node + 1] else 2 * node + 2
    count[node] -= 1
    for j in range(d):
        least = np.inf
        most = -np.inf
        for p in range(start[node], end[node]):
            if alive[p]:
                least = min(least, points[p, j])
                most = max(most, points[p, j])
        low[node, j] = least
        high[node, j] = most
    while node:
        node = (node - 1) >> 1
        changed = False
        for j in range(d):
            least = min(low[2 * node + 1, j], low[2 * node + 2, j])
            most = max(high[2 * node + 1, j], high[2 * node + 2, j])
            if least != low[node, j] or most != high[node, j]:
                low[node, j] = least
                high[node, j] = most
                changed = True
        if not changed:
            return


@njit(cache=True, nogil=True)
def _nearest_bound(node, point, low, high):  # type: ignore[no-untyped-def]
    total = 0.0
    for j in range(point.shape[0]):
        gap = 0.0
        if point[j] < low[node, j]:
            gap = low[node, j] - point[j]
        elif point[j] > high[node, j]:
            gap = point[j] - high[node, j]
        total += gap * gap
    return total


@njit(cache=True, nogil=True)
def _farthest_bound(node, point, low, high):  # type: ignore[no-untyped-def]
    total = 0.0
    for j in range(point.shape[0]):
        gap = max(abs(point[j] - low[node, j]), abs(high[node, j] - point[j]))
        total += gap * gap
    return total


@njit(cache=True, nogil=True)
def farthest(point, order, start, end, low, high, points, alive, count, stack):  # type: ignore[no-untyped-def]
    """The living row farthest from a point."""
    nodes = start.shape[0]
    d = points.shape[1]
    best = -1.0
    best_row = -1
    top = 0
    stack[0] = 0
    while top >= 0:
        node = stack[top]
        top -= 1
        if count[node] == 0 or _farthest_bound(node, point, low, high) < best:
            continue
        if 2 * node + 2 >= nodes:
            for p in range(start[node], end[node]):
                if alive[p]:
                    total = 0.0
                    for j in range(d):
                        gap = points[p, j] - point[j]
                        total += gap * gap
                    if total > best or (total == best and order[p] < best_row):
                        best = total
                        best_row = order[p]
            continue
        left = 2 * node + 1
        first = _farthest_bound(left, point, low, high) if count[left] else -1.0
        second = _farthest_bound(left + 1, point, low, high) if count[left + 1] else -1.0
        if first >= second:
            stack[top + 1] = left + 1
            stack[top + 2] = left
        else:
            stack[top + 1] = left
            stack[top + 2] = left + 1
        top += 2
    return best_row


@njit(cache=True, nogil=True)
def _keep(row, total, k, held, found, distance):  # type: ignore[no-untyped-def]
    """Put a row at a squared distance among the k nearest if it belongs there; returns how many there are."""
    if held == k and (total > distance[k - 1] or (total == distance[k - 1] and row > found[k - 1])):
        return held
    slot = held if held < k else k - 1
    while slot > 0 and (distance[slot - 1] > total or (distance[slot - 1] == total and found[slot - 1] > row)):
        distance[slot] = distance[slot - 1]
        found[slot] = found[slot - 1]
        slot -= 1
    distance[slot] = total
    found[slot] = row
    return min(held + 1, k)


@njit(cache=True, nogil=True)
def nearest(point, k, order, start, end, low, high, points, alive, count, stack, found, distance):  # type: ignore[no-untyped-def]
    """The k living rows nearest to a point, written to ``found`` in order of distance; returns how many."""
    nodes = start.shape[0]
    d = points.shape[1]
    held = 0
    top = 0
    stack[0] = 0
    while top >= 0:
        node = stack[top]
        top -= 1
        if count[node] == 0:
            continue
        if held == k and _nearest_bound(node, point, low, high) > distance[k - 1]:
            continue
        if 2 * node + 2 >= nodes:
            for p in range(start[node], end[node]):
                if alive[p]:
                    total = 0.0
                    for j in range(d):
                        gap = points[p, j] - point[j]
                        total += gap * gap
                    held = _keep(order[p], total, k, held, found, distance)
            continue
        left = 2 * node + 1
        first = _nearest_bound(left, point, low, high) if count[left] else np.inf
        second = _nearest_bound(left + 1, point, low, high) if count[left + 1] else np.inf
        if first <= second:
            stack[top + 1] = left + 1
            stack[top + 2] = left
        else:
            stack[top + 1] = left
            stack[top + 2] = left + 1
        top += 2
    return held


@njit(cache=True, nogil=True)
def _push(heap, bounds, waiting, node, bound):  # type: ignore[no-untyped-def]
    """Add a node to a heap whose least bound is on top."""
    at = waiting
    while at > 0 and bounds[(at - 1) >> 1] > bound:
        heap[at] = heap[(at - 1) >> 1]
        bounds[at] = bounds[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = node
    bounds[at] = bound


@njit(cache=True, nogil=True)
def _pop(heap, bounds, waiting):  # type: ignore[no-untyped-def]
    """Take the top off a heap of ``waiting`` nodes: the last one sinks from there."""
    last = heap[waiting - 1]
    bound = bounds[waiting - 1]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= waiting - 1:
            break
        if child + 1 < waiting - 1 and bounds[child + 1] < bounds[child]:
            child += 1
        if bounds[child] >= bound:
            break
        heap[at] = heap[child]
        bounds[at] = bounds[child]
        at = child
    heap[at] = last
    bounds[at] = bound


@njit(cache=True, nogil=True)
def nearly_farthest(point, order, start, end, low, high, points, alive, count, heap, bounds, visits):  # type: ignore[no-untyped-def]
    """As ``farthest``, but only the most promising leaves are looked into, until these held ``visits`` rows."""
    nodes = start.shape[0]
    d = points.shape[1]
    best = -1.0
    best_row = -1
    seen = 0
    waiting = 1
    heap[0] = 0
    bounds[0] = -np.inf
    while waiting and not (best_row >= 0 and (-bounds[0] < best or seen >= visits)):
        node = heap[0]
        _pop(heap, bounds, waiting)
        waiting -= 1
        while 2 * node + 2 < nodes:
            left = 2 * node + 1
            first = _farthest_bound(left, point, low, high) if count[left] else -1.0
            second = _farthest_bound(left + 1, point, low, high) if count[left + 1] else -1.0
            node = left if first >= second else left + 1
            if min(first, second) >= best and min(first, second) >= 0.0:
                _push(heap, bounds, waiting, 2 * left + 1 - node, -min(first, second))
                waiting += 1
        for p in range(start[node], end[node]):
            if alive[p]:
                seen += 1
                total = 0.0
                for j in range(d):
                    gap = points[p, j] - point[j]
                    total += gap * gap
                if total > best or (total == best and order[p] < best_row):
                    best = total
                    best_row = order[p]
    return best_row


@njit(cache=True, nogil=True)
def nearly_nearest(point, k, order, start, end, low, high, points, alive, count, heap, bounds, found, distance, visits):  # type: ignore[no-untyped-def]
    """As ``nearest``, but only the most promising leaves are looked into, until these held ``visits`` rows."""
    nodes = start.shape[0]
    d = points.shape[1]
    held = 0
    seen = 0
    waiting = 1
    heap[0] = 0
    bounds[0] = 0.0
    while waiting and not (held == k and (bounds[0] > distance[k - 1] or seen >= visits)):
        node = heap[0]
        _pop(heap, bounds, waiting)
        waiting -= 1
        while 2 * node + 2 < nodes:
            left = 2 * node + 1
            first = _nearest_bound(left, point, low, high) if count[left] else np.inf
            second = _nearest_bound(left + 1, point, low, high) if count[left + 1] else np.inf
            node = left if first <= second else left + 1
            other = max(first, second)
            if other < np.inf and (held < k or other <= distance[k - 1]):
                _push(heap, bounds, waiting, 2 * left + 1 - node, other)
                waiting += 1
        for p in range(start[node], end[node]):
            if alive[p]:
                seen += 1
                total = 0.0
                for j in range(d):
                    gap = points[p, j] - point[j]
                    total += gap * gap
                held = _keep(order[p], total, k, held, found, distance)
    return held
