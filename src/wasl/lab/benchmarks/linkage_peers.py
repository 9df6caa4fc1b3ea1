"""Peers on cleartext, each in its own environment; the best they can reach at any threshold, the truth known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from wasl.lab.peers import ask_peer

__all__ = ["best_f1", "cleartext_peers", "components", "f1_at", "pair_scores", "run_peer"]

SCRIPTS = Path(__file__).parent / "peer_scripts"
COMPONENT_THRESHOLDS = 40
COMPONENT_SCORES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
"""Components are tried at so many thresholds spread over the pairs, and at these."""


def run_peer(peers: Path | None, name: str, script: str, *arguments: object) -> dict[str, Any] | None:
    """The figures a peer's script prints; None when no folder of peers was given.

    Raises:
        InputError: The peer is not installed or cannot run.
    """
    answer: dict[str, Any] | None = ask_peer(peers, name, SCRIPTS / script, *arguments)
    return answer


def cleartext_peers(
    rows: pd.DataFrame, person: NDArray[np.int64], kind: str, place: Path, peers: Path | None, names: Sequence[str]
) -> dict[str, Any]:
    """Seconds and F1 of peers on the cleartext of some rows: the best at any threshold, and at probability one half.

    Args:
        rows: What the script of this kind reads, see there.
        person: (rows) who each row is.
        kind: ``febrl`` or ``registers``.
        place: Folder for the files passed on.
        peers: Folder with the peers' environments.
        names: Peers to run.
    """
    path, found = place / "rows.csv", place / "pairs.npz"
    rows.to_csv(path, index=False)
    row: dict[str, Any] = {}
    for name in names:
        answer = run_peer(peers, name, f"{name}_{kind}.py", path, found)
        if answer is not None:
            with np.load(found) as pairs:
                ends, score = (pairs["left"], pairs["right"]), pairs["score"]
                row[f"{name} F1"] = best_f1(*ends, score, person)
                row[f"{name} F1 at .5"] = f1_at(*ends, score, person, 0.5)
            row[f"{name} s"] = answer["seconds"]
    return row


def components(rows: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Connected components of pairs: the cluster of each row."""
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(rows, rows))
    cluster: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return cluster


def pair_scores(cluster: NDArray[np.int64], person: NDArray[np.int64]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the pairs that a clustering puts together."""

    def held(labels: NDArray[np.int64]) -> int:
        _, sizes = np.unique(labels, return_counts=True)
        return int((sizes * (sizes - 1) // 2).sum())

    found, true = held(cluster), held(person)
    right = held(cluster * (int(person.max(initial=0)) + 1) + person)
    return right / max(found, 1), right / max(true, 1), 2 * right / max(found + true, 1)


def f1_at(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    score: NDArray[np.float64],
    person: NDArray[np.int64],
    threshold: float,
) -> float:
    """F1 at a threshold, of the pairs or of their components, whichever is better."""
    chosen = score >= threshold
    return best_f1(left[chosen], right[chosen], np.zeros(int(chosen.sum())), person)


def best_f1(
    left: NDArray[np.int64], right: NDArray[np.int64], score: NDArray[np.float64], person: NDArray[np.int64]
) -> float:
    """The best F1 over all thresholds, of the pairs as scored and of their connected components, whichever is better.

    Args:
        left: (pairs) rows.
        right: (pairs) rows.
        score: (pairs) more is likelier.
        person: (rows) who each row is.
    """
    if len(score) == 0:
        return 0.0
    order = np.argsort(-score, kind="stable")
    left, right, score = left[order], right[order], score[order]
    _, sizes = np.unique(person, return_counts=True)
    true = int((sizes * (sizes - 1) // 2).sum())
    hits = np.cumsum(person[left] == person[right])
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True)) + 1
    best = float((2 * hits[ends - 1] / (ends + true)).max())
    spread = ends[np.linspace(0, len(ends) - 1, COMPONENT_THRESHOLDS).astype(np.int64)]
    round_ones = np.searchsorted(-score, -np.array(COMPONENT_SCORES), side="right")
    for stop in np.unique(np.concatenate([spread, round_ones])).tolist():
        best = max(best, pair_scores(components(len(person), left[:stop], right[:stop]), person)[2])
    return best
