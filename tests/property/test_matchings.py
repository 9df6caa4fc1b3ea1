"""Belief propagation that leaves out slots without change gives what sweeps over all slots give, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.linkage.persons.matchings import DAMPING, ITERATIONS, TOLERANCE, Slots, marginals
from wasl.registers.compiled import njit


@njit(cache=True)
def swept(weight: np.ndarray, start: np.ndarray, member: np.ndarray, free: np.ndarray) -> int:
    """Compute every slot in every sweep."""
    term, before = np.empty(len(member) + 1), np.empty(len(member) + 1)
    for sweep in range(ITERATIONS):
        change = 0.0
        for s in range(start.shape[0] - 1):
            first, count = start[s], start[s + 1] - start[s]
            before[0] = 0.0
            for k in range(count):
                at = member[first + k]
                term[k] = weight[at // 2] * free[at ^ 1]
                before[k + 1] = before[k] + term[k]
            after = 0.0
            for k in range(count - 1, -1, -1):
                at = member[first + k]
                value = 1.0 / (1.0 + before[k] + after)
                after += term[k]
                value = np.exp(DAMPING * np.log(free[at]) + (1.0 - DAMPING) * np.log(value))
                change = max(change, abs(value - free[at]))
                free[at] = value
        if change < TOLERANCE:
            return sweep + 1
    return ITERATIONS


def plainly(weight: np.ndarray, slot: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, int]:
    """Marginals by sweeps over all slots, those of a single pair included."""
    order = np.argsort(slot, kind="stable")[int((slot < 0).sum()) :]
    edge = np.flatnonzero(np.diff(slot[order], prepend=-1) != 0)
    sweeps = swept(weight, np.append(edge, len(order)).astype(np.int64), order, free)
    odds = weight * free[0::2] * free[1::2]
    return odds / (1.0 + odds), sweeps


def compared(weight: np.ndarray, slot: np.ndarray) -> None:
    """Both ways, from the beginning and then from these messages with other odds."""
    slots, free, plain = Slots.of(slot), np.ones(2 * len(weight)), np.ones(2 * len(weight))
    for odds in (weight, weight[::-1] * 1.5, weight):
        found, sweeps = marginals(odds, slots, free)
        wanted, plain_sweeps = plainly(odds, slot, plain)
        assert sweeps == plain_sweeps
        assert found.tobytes() == wanted.tobytes()
        assert free.tobytes() == plain.tobytes()


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.integers(1, 30), st.floats(0.1, 12), st.floats(0, 1))
def test_the_same_bits_as_sweeps_over_all_slots(
    seed: int, pairs: int, records: int, spread: float, unconstrained: float
) -> None:
    rng = np.random.default_rng(seed)
    weight = np.exp(rng.normal(0, spread, pairs))
    slot = np.column_stack([rng.integers(0, records, pairs), records + rng.integers(0, records, pairs)])
    side_free = rng.random(2) < unconstrained  # a register that holds persons twice constrains nobody
    compared(weight, np.where(side_free, -1, slot).reshape(-1))


@pytest.mark.parametrize("length", [1, 2, 3, 64, 999])
def test_the_same_bits_on_long_chains_beside_many_that_settle_at_once(length: int) -> None:
    chain = np.array([(k, k + 1) for k in range(length)])
    lonely = length + 1 + np.arange(400).reshape(-1, 2)
    pairs = np.concatenate([chain, lonely, lonely[:50] + np.array([0, 1])])
    compared(np.full(len(pairs), 1e3), np.random.default_rng(length).permutation(pairs).reshape(-1))


def test_a_slot_of_one_pair_is_left_out() -> None:
    slots = Slots.of(np.array([0, 10, 1, 11, 0, 11, 2, 12]))
    assert np.diff(slots.start).tolist() == [2, 2]
    assert slots.member.tolist() == [0, 4, 3, 5]
    assert slots.reader.tolist() == [-1, 1, -1, 0]
