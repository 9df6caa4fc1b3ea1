"""The risk report: what was measured on a file and which rules of the policy do not hold."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.risk.reidentification import GlobalRisk

__all__ = ["Failure", "RiskReport", "SensitiveMeasure"]

RISK_LEVELS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that does not hold.

    Attributes:
        rule: Its name in the policy (``thresholds.k``).
        found: What was measured.
        required: What the policy asks for.
        rows: How many rows violate it, where that can be counted.
    """

    rule: str
    found: float
    required: float
    rows: int | None = None

    def __str__(self) -> str:
        """The rule in a sentence without any person's value."""
        where = f" ({self.rows} rows)" if self.rows is not None else ""
        return f"{self.rule}: {self.found:g} where {self.required:g} is required{where}"


@dataclass(frozen=True, slots=True)
class SensitiveMeasure:
    """What classes tell about one sensitive variable: the worst class, and the rows in classes that violate a rule."""

    variable: str
    l_distinct: int
    l_entropy: float
    l_recursive: int
    t: float
    alpha: float
    beta: float
    delta: float | None
    violating_rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class RiskReport:
    """The risk of a file. Confidential: it tells an intruder where to look.

    Attributes:
        rows, keys, classes: Size of the file, its key variables, its equivalence classes.
        k: The smallest frequency of a row's key combination.
        violating: Rows whose combination occurs fewer than 2, 3, 5, 10 … times.
        individual: Expected re-identifications, share and maximum of the individual risk.
        approximate: The same after the customary approximation.
        household: The same for households, if the policy names one.
        thresholds: For some file risks, the individual-risk threshold that would keep them.
        combinations: For each named set of keys, its smallest frequency and violating rows.
        sensitive: Measures of each sensitive variable.
        contributions: For each key, expected re-identifications without it, and its SUDA2 contribution.
        categories: For each key, each category's rows, violating rows and mean risk.
        suda: Summary of SUDA2, or the reason it was left out.
        uniqueness: Estimated population uniques, by model.
        k_map: Smallest frequency in the population table, if one was given.
        failures: The rules of the policy that do not hold.
        frequency, risk, household_risks, dis: Per row, for the release desk only.
        left_out: Optional variables that a rule names and the data lack: the rule was not checked for them.
        no_thresholds: The policy's reason for limiting no risk, where it limits none.
    """

    rows: int
    keys: tuple[str, ...]
    missing: str
    weighted: bool
    classes: int
    k: float
    violating: dict[str, int]
    individual: GlobalRisk
    approximate: GlobalRisk
    outlying: int
    household: GlobalRisk | None
    thresholds: dict[str, float | None]
    combinations: dict[str, dict[str, float]]
    sensitive: tuple[SensitiveMeasure, ...]
    contributions: dict[str, dict[str, float | None]]
    categories: dict[str, list[dict[str, object]]]
    suda: dict[str, Any]
    uniqueness: dict[str, Any]
    k_map: float | None
    failures: tuple[Failure, ...]
    frequency: NDArray[np.float64] = field(repr=False)
    population: NDArray[np.float64] = field(repr=False)
    risk: NDArray[np.float64] = field(repr=False)
    household_risks: NDArray[np.float64] | None = field(repr=False)
    dis: NDArray[np.float64] | None = field(repr=False)
    violating_rows: NDArray[np.bool_] = field(repr=False)
    left_out: tuple[str, ...] = ()
    no_thresholds: str = ""

    @property
    def passed(self) -> bool:
        """Whether every threshold of the policy holds."""
        return not self.failures

    def table(self) -> pa.Table:
        """Risk per row: number (from 1), f, F, individual and household risk, DIS score, whether a rule is violated."""
        columns: dict[str, Any] = {
            "row": np.arange(1, self.rows + 1),
            "sample_frequency": self.frequency,
            "population_frequency": self.population,
            "individual_risk": self.risk,
            "violates": self.violating_rows,
        }
        if self.household_risks is not None:
            columns["household_risk"] = self.household_risks
        if self.dis is not None:
            columns["dis_score"] = self.dis
        return pa.table(columns)

    def riskiest(self, count: int = 20) -> list[dict[str, object]]:
        """The rows of highest risk: number (from 1), frequency, risk; never a value."""
        order = np.argsort(-self.risk, kind="stable")[:count]
        return [
            {"row": int(i) + 1, "sample_frequency": float(self.frequency[i]), "individual_risk": float(self.risk[i])}
            for i in order
        ]

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON value, without the rows."""
        counts = np.bincount(np.searchsorted(RISK_LEVELS, self.risk, side="left"), minlength=len(RISK_LEVELS) + 1)
        return {
            "rows": self.rows,
            "keys": list(self.keys),
            "missing": self.missing,
            "weighted": self.weighted,
            "classes": self.classes,
            "k": self.k,
            "violating": self.violating,
            "individual_risk": asdict(self.individual),
            "individual_risk_approximate": asdict(self.approximate),
            "risk_distribution": {
                "upper_bounds": [*RISK_LEVELS, 1.0],
                "rows": [int(c) for c in counts],
            },
            "outlying_rows": self.outlying,
            "household_risk": None if self.household is None else asdict(self.household),
            "risk_thresholds": self.thresholds,
            "combinations": self.combinations,
            "sensitive": [asdict(measure) for measure in self.sensitive],
            "contributions": self.contributions,
            "categories": self.categories,
            "suda2": self.suda,
            "population_uniqueness": self.uniqueness,
            "k_map": self.k_map,
            "riskiest_rows": self.riskiest(),
            "rules_left_out": list(self.left_out),
            "no_thresholds": self.no_thresholds,
            "passed": self.passed,
            "failures": [{**asdict(failure), "sentence": str(failure)} for failure in self.failures],
        }
