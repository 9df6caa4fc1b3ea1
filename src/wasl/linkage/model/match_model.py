"""The match model: how likely every state of every comparison is in every class of pairs, pass by pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import Comparison
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.plain_json import plain_json

__all__ = ["ERRORS", "MATCH", "RELATIVES", "REST", "TWINS", "Fit", "MatchModel", "PassModel"]

MATCH, ERRORS, RELATIVES, TWINS, REST = "match", "match with errors", "relatives", "twins", "rest"
"""Classes of pairs; in a model matches come first, the rest last."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Course and result of EM.

    Attributes:
        iterations: Iterations done.
        converged: Whether the tolerance was reached; False means the limit of iterations was.
        log_likelihood: Of the counted pairs (natural logarithm).
        bic: Bayesian information criterion; less is better.
    """

    iterations: int
    converged: bool
    log_likelihood: float
    bic: float


@dataclass(frozen=True, slots=True)
class PassModel:
    """The model of one pass.

    Attributes:
        name: The pass.
        comparisons: What pairs are compared on.
        classes: Names of the latent classes, match first, rest last.
        probabilities: Per comparison (classes, states); state 0 (missing) holds 1: it says nothing.
        prior: (strata, classes), how common each class is among the pairs of a stratum.
        strata: (left label, right label, size class) per stratum.
        fit: Course and result of EM.
        expected_matches, pairs: Among the pairs the model was trained on.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    classes: tuple[str, ...]
    probabilities: tuple[NDArray[np.float64], ...] = field(repr=False)
    prior: NDArray[np.float64] = field(repr=False)
    strata: tuple[tuple[str, str, int], ...]
    fit: Fit
    expected_matches: float
    pairs: int

    def at(self, strata: NDArray[np.bool_]) -> PassModel:
        """The model of some strata only."""
        kept = tuple(stratum for stratum, keep in zip(self.strata, strata.tolist(), strict=True) if keep)
        return dataclasses.replace(self, prior=self.prior[strata], strata=kept)

    def class_likelihood(self, states: NDArray[np.int8]) -> NDArray[np.float64]:
        """Log-probability of patterns (patterns, comparisons) in each class: (patterns, classes)."""
        total = np.zeros((len(states), len(self.classes)))
        for c, table in enumerate(self.probabilities):
            total += np.log(table).T[states[:, c]]
        return total

    def score(
        self, states: NDArray[np.int8], stratum: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Match weight (log2 of the Bayes factor of match against everything else) and probability of patterns."""
        log_prior = np.log(self.prior)[stratum]
        joint = self.class_likelihood(states) + log_prior
        good = self.matching
        log_odds = np.logaddexp.reduce(joint[:, :good], axis=1) - np.logaddexp.reduce(joint[:, good:], axis=1)
        prior_odds = np.logaddexp.reduce(log_prior[:, :good], axis=1) - np.logaddexp.reduce(log_prior[:, good:], axis=1)
        return (log_odds - prior_odds) / np.log(2), 1.0 / (1.0 + np.exp(-np.clip(log_odds, -700, 700)))

    @property
    def matching(self) -> int:
        """How many of the classes, from the first, are matches."""
        return 2 if ERRORS in self.classes else 1

    @property
    def m(self) -> tuple[NDArray[np.float64], ...]:
        """Per comparison, the probability of each state among matches."""
        share = self.prior.sum(axis=0)[: self.matching]
        return tuple(share @ table[: self.matching] / share.sum() for table in self.probabilities)

    @property
    def u(self) -> tuple[NDArray[np.float64], ...]:
        """Per comparison, the probability of each state among the rest."""
        return tuple(table[-1] for table in self.probabilities)

    def prior_weight(self, stratum: int) -> float:
        """Logarithm to base 2 of the odds that a pair of a stratum is a match, before it is looked at."""
        good = self.prior[stratum, : self.matching].sum()
        return float(np.log2(good) - np.log2(max(1.0 - good, 1e-300)))

    def to_json(self) -> dict[str, Any]:
        """The model as a JSON value."""
        return {
            "name": self.name,
            "comparisons": [
                {"name": c.name, "kind": c.kind, "states": c.states, "limits": list(c.limits)} for c in self.comparisons
            ],
            "classes": list(self.classes),
            "probabilities": [table.tolist() for table in self.probabilities],
            "prior": self.prior.tolist(),
            "strata": [list(stratum) for stratum in self.strata],
            "fit": {
                "iterations": self.fit.iterations,
                "converged": self.fit.converged,
                "log_likelihood": self.fit.log_likelihood,
                "bic": self.fit.bic,
            },
            "expected_matches": self.expected_matches,
            "pairs": self.pairs,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PassModel:
        """The model from its JSON value."""
        return cls(
            value["name"],
            tuple(Comparison(c["name"], c["kind"], c["states"], tuple(c["limits"])) for c in value["comparisons"]),
            tuple(value["classes"]),
            tuple(np.array(table) for table in value["probabilities"]),
            np.array(value["prior"]).reshape(len(value["strata"]), len(value["classes"])),
            tuple((s[0], s[1], s[2]) for s in value["strata"]),
            Fit(**value["fit"]),
            value["expected_matches"],
            value["pairs"],
        )


@dataclass(frozen=True, slots=True)
class MatchModel:
    """The models of all passes; saved with the pairs, reused on the next period."""

    passes: tuple[PassModel, ...]

    @property
    def digest(self) -> str:
        """The digest of the model as a JSON value; the same in memory and read from a file."""
        return digest_json(plain_json(self.to_json()))

    def to_json(self) -> list[dict[str, Any]]:
        """The model as a JSON value."""
        return [model.to_json() for model in self.passes]

    @classmethod
    def from_json(cls, value: Sequence[Mapping[str, Any]]) -> MatchModel:
        """The model from its JSON value."""
        return cls(tuple(PassModel.from_json(item) for item in value))
