"""Where the risk comes from: keys, categories, special uniques, and what the population would show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.frequencies import Frequencies, frequencies, violations
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.risk.loglinear import loglinear_risk
from wasl.disclosure.risk.reidentification import global_risk, individual_risk
from wasl.disclosure.risk.suda2 import MAX_VARIABLES, SudaScores
from wasl.disclosure.risk.uniqueness import population_uniques

__all__ = ["categories_of_keys", "contributions_of_keys", "special_uniques", "uniqueness"]


def contributions_of_keys(
    keys: Sequence[CodedColumn], weights: NDArray[np.float64] | None, file: WorkingFile, scores: SudaScores | None
) -> dict[str, dict[str, float | None]]:
    """For each key: expected re-identifications, sample uniques and k without it, and its share of SUDA2 scores."""
    result: dict[str, dict[str, float | None]] = {}
    meaning = file.policy.missing.meaning
    for position, column in enumerate(keys):
        others = [other for other in keys if other is not column]
        entry: dict[str, float | None] = {"categories": len(column.labels), "missing": int((column.codes < 0).sum())}
        if others:
            left = frequencies(others, weight=weights, missing=meaning)
            entry["expected_without"] = global_risk(individual_risk(left.sample, left.population)).expected
            entry["uniques_without"] = violations(left.sample, 2)
        entry["suda_contribution"] = None if scores is None else float(scores.contributions[position])
        result[column.name] = entry
    return result


def categories_of_keys(
    keys: Sequence[CodedColumn], risks: NDArray[np.float64], sample: NDArray[np.float64], k: int
) -> dict[str, list[dict[str, object]]]:
    """For each key, its categories by expected re-identifications, at most 25."""
    result: dict[str, list[dict[str, object]]] = {}
    for column in keys:
        known = column.codes >= 0
        codes = column.codes[known]
        width = len(column.labels)
        rows = np.bincount(codes, minlength=width)
        expected = np.bincount(codes, weights=risks[known], minlength=width)
        wrong = np.bincount(codes, weights=sample[known] < k, minlength=width)
        order = np.argsort(-expected, kind="stable")[:25]
        texts = column.texts
        result[column.name] = [
            {
                "category": texts[c],
                "rows": int(rows[c]),
                "violating": int(wrong[c]),
                "expected": float(expected[c]),
                "mean_risk": float(expected[c] / rows[c]),
            }
            for c in order
            if rows[c]
        ]
    return result


def special_uniques(scores: SudaScores | None, keys: int, fraction: float, source: str) -> dict[str, Any]:
    """The scores of SUDA2 in figures, or why there are none."""
    if scores is None:
        return {"left_out": f"{keys} keys; SUDA2 is computed for at most {MAX_VARIABLES}"}
    positive = scores.dis[scores.scores > 0]
    edges = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0]
    counts = pd.cut(pd.Series(positive), edges, include_lowest=False).value_counts(sort=False).tolist()
    return {
        "sampling_fraction": fraction,
        "sampling_fraction_from": source,
        "special_uniques": int(np.count_nonzero(scores.scores > 0)),
        "largest_score": float(scores.scores.max(initial=0.0)),
        "largest_dis": float(scores.dis.max(initial=0.0)),
        "mean_dis": float(scores.dis.mean()),
        "dis_rows": {f"({low:g}, {high:g}]": int(c) for low, high, c in zip(edges, edges[1:], counts, strict=False)},
    }


def uniqueness(keys: Sequence[CodedColumn], found: Frequencies, weights: NDArray[np.float64] | None) -> dict[str, Any]:
    """Estimated population uniques by the size models and by a log-linear model of the keys' main effects."""
    size = float(weights.sum()) if weights is not None else None
    if size is None or size <= len(found.sample):
        return {"left_out": "the file has no weights above 1: it is taken as the whole population"}
    model = loglinear_risk(keys, fraction=len(found.sample) / size, model="main")
    return {
        **asdict(population_uniques(found.classes.sizes, size)),
        "loglinear": {
            "model": model.model,
            "population_uniques": model.population_uniques,
            "correct_matches": model.correct_matches,
            "dispersion": model.dispersion,
        },
    }
