"""Graph matching finds a hidden correspondence where the signal stands out of the noise, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.attack.graph_matching import assign, match_graphs, match_seeded
from wasl.attack.similarity import agreement, centred, visibility

N = 160


def two_pictures(noise: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A similarity matrix, a noisy copy with its nodes in another order, and that order."""
    rng = np.random.default_rng(seed)
    points = rng.gamma(1.5, size=(N, 12)) * np.linspace(1.0, 0.3, 12)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    similarity = (points @ points.T).astype(np.float32)
    upper = np.triu(rng.normal(0, noise, (N, N)).astype(np.float32), 1)
    order = rng.permutation(N)
    return (similarity + upper + upper.T)[np.ix_(order, order)], similarity, order


def test_a_clear_graph_is_matched() -> None:
    observed, expected, order = two_pictures(0.02, 1)
    found = match_graphs(observed, expected, 0.02, np.random.default_rng(0))
    assert (order[found.observed] == found.expected).mean() > 0.95
    assert found.agreement > 0.9


def test_a_graph_drowned_in_noise_is_not() -> None:
    observed, expected, order = two_pictures(5.0, 2)
    found = match_graphs(observed, expected, 5.0, np.random.default_rng(0), starts=2)
    assert (order[found.observed] == found.expected).mean() < 0.05


def test_known_pairs_carry_further_than_none() -> None:
    observed, expected, order = two_pictures(0.15, 3)
    seeds = np.arange(40)
    found = match_seeded(observed, expected, (seeds, order[seeds]))
    right = dict(zip(found.observed.tolist(), found.expected.tolist(), strict=True))
    assert all(right[node] == order[node] for node in seeds.tolist())
    others = [node for node in range(40, N) if right.get(node) == order[node]]
    assert len(others) / (N - 40) > 0.9


def test_too_few_nodes_claim_nothing() -> None:
    assert (
        len(
            match_graphs(
                np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), 0.1, np.random.default_rng(0)
            ).observed
        )
        == 0
    )


def test_assignment_is_one_to_one_with_margins() -> None:
    distance = np.array([[0.0, 5.0, 5.0], [5.0, 1.0, 2.0]], np.float32)
    found = assign(distance)
    assert found.observed.tolist() == [0, 1]
    assert found.expected.tolist() == [0, 1]
    assert found.margin.tolist() == [5.0, 1.0]
    assert np.isfinite(distance).all()


def test_agreement_is_one_minus_twice_the_distance_and_zero_where_missing() -> None:
    filters = np.array([[0b1111_0000], [0b1111_1111], [0b0000_1111]], np.uint8)
    found = agreement(filters, np.array([True, True, False]))
    assert found[:2, :2].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert not found[2].any()


def test_visibility_grows_with_released_bits() -> None:
    _, expected, _ = two_pictures(0.0, 4)
    few, many = visibility(expected, 256), visibility(expected, 1024)
    assert many[0] == pytest.approx(2 * few[0], rel=1e-4)
    assert many[1] == pytest.approx(2 * few[1], rel=1e-4)
    top = np.linalg.eigvalsh(centred(expected))[-1]
    assert few[1] == pytest.approx(top / np.sqrt(N / 256), rel=1e-2)
