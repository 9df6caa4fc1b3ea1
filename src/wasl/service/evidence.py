"""What speaks for and against a masked pair: levels of agreement and their weights, never an encoding."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from math import log2
from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq

from wasl.errors import DeliveryError
from wasl.linkage.comparison.patterns import EQUAL, MISSING, read_pattern
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.model.pairs import METADATA_KEY
from wasl.service.ports import Area, Office, Part
from wasl.service.records import ReviewPair, Run

__all__ = ["Evidence", "Step", "pair_evidence"]

MODELS_KEPT = 8
"""Models of runs kept in memory: each is read from the head of a file of scored pairs, about 40 kB of JSON."""

LEAST_CORRECTION = 0.05
"""Bits below which the effect of comparisons taken together is not shown."""


@dataclass(frozen=True, slots=True)
class Step:
    """One comparison of a pair.

    Attributes:
        comparison: Its name; empty for the effect of all comparisons taken together.
        state: ``missing``, ``different``, ``equal``, or ``level`` for a degree of likeness.
        level, levels: The degree and the highest one; 0 where the state is not ``level``.
        weight: In bits (log2 of m over u).
    """

    comparison: str
    state: Literal["missing", "different", "equal", "level", "together"]
    level: int
    levels: int
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The weight of a pair, from the prior to the total.

    Attributes:
        prior: Prior weight (log2 odds) of a pair of this pass and these registers.
        steps: One per comparison of the pass.
    """

    prior: float
    steps: tuple[Step, ...]


def pair_evidence(office: Office, run: Run, pair: ReviewPair) -> Evidence:
    """The levels and weights of a pair of a run's review queue.

    Raises:
        DeliveryError: The file of scored pairs is incomplete.
    """
    area = Area.SPINE if office.part is Part.SPINE else Area.LINKAGE
    model = _model(office.files.path(area, run.pairs))
    mine = next((one for one in model.passes if one.name == pair.linkage_pass), None)
    if mine is None:
        raise DeliveryError("the file of scored pairs has no model of this pair's pass.")
    p = min(max(pair.probability, 1e-12), 1 - 1e-12)
    states = read_pattern(pair.pattern, mine.comparisons)
    steps = []
    for comparison, m, u, state in zip(mine.comparisons, mine.m, mine.u, states, strict=True):
        weight = 0.0 if state == MISSING else log2(float(m[state]) / float(u[state]))
        if state == MISSING:
            steps.append(Step(comparison.name, "missing", 0, 0, weight))
        elif comparison.kind == "token":
            steps.append(Step(comparison.name, "equal" if state == EQUAL else "different", 0, 0, weight))
        else:
            steps.append(Step(comparison.name, "level", state - 1, comparison.states - 2, weight))
    correction = pair.weight - sum(step.weight for step in steps)
    if abs(correction) > LEAST_CORRECTION:
        steps.append(Step("", "together", 0, 0, correction))
    return Evidence(log2(p / (1 - p)) - pair.weight, tuple(steps))


@lru_cache(maxsize=MODELS_KEPT)
def _model(path: Path) -> MatchModel:
    """The model in the head of a file of scored pairs; the file is named by its digest, so it never changes."""
    metadata = pq.read_schema(path).metadata or {}
    try:
        return MatchModel.from_json(json.loads(metadata[METADATA_KEY])["model"])
    except (ValueError, KeyError, TypeError) as error:
        raise DeliveryError("the file of scored pairs is incomplete or of another version.") from error
