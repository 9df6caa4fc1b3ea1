"""The specification of estimates: a TOML document with one section per estimate that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.registers.documents import Document, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json

__all__ = ["CalibrationSpec", "EstimateSpec", "FlowsSpec", "LinkedTotalSpec", "Margin", "MultipleSystemsSpec",
           "QualitySpec", "ReconciliationSpec", "RoundSpec", "StepSpec"]  # fmt: skip


class QualitySpec(Document):
    """Quality of the links, as `wasl link` reports it or a review found it.

    Attributes:
        recall: Share of true matches that were linked.
        precision: Share of links that are true.
        recall_error, precision_error: Standard errors.
    """

    recall: float = Option(default=1.0, gt=0, le=1)
    precision: float = Option(default=1.0, gt=0, le=1)
    recall_error: float = Option(default=0.0, ge=0, lt=1)
    precision_error: float = Option(default=0.0, ge=0, lt=1)


class ReconciliationSpec(Document):
    """The table source A, source B, both, estimated missed: one row per group.

    Attributes:
        first, second: Columns that are true where a person is on the list.
        by: Columns of the groups; the total is always given.
        quality: Of the links.
    """

    first: str
    second: str
    by: tuple[str, ...] = ()
    quality: QualitySpec = QualitySpec()


class MultipleSystemsSpec(Document):
    """Population size from three or more lists.

    Attributes:
        lists: Columns that are true where a person is on the list.
        quality: Of a link between any two lists.
    """

    lists: tuple[str, ...] = Option(min_length=3, max_length=5)
    quality: QualitySpec = QualitySpec()


class RoundSpec(Document):
    """A round of the registers.

    Attributes:
        name: Of the round, for the rows of the result.
        column: Column that is true where a person is in the round; default: the name.
    """

    name: str = Option(min_length=1)
    column: str = ""


class StepSpec(Document):
    """Quality of the links between two rounds, where it is not that of the others.

    Attributes:
        first, second: Names of the rounds.
        quality: Of the links between them.
    """

    first: str
    second: str
    quality: QualitySpec


class FlowsSpec(Document):
    """Entries, exits and stayers between rounds.

    Attributes:
        rounds: In the order of time.
        pairs: Flows between ``successive`` rounds, or between ``all`` pairs, such as permits and work
            12, 24 and 36 months later.
        by: Columns of the groups; the total is always given.
        quality: Of the links between any two rounds. Without it, and without one in ``steps``, nothing is estimated.
        steps: Quality of single pairs of rounds.
    """

    rounds: tuple[RoundSpec, ...] = Option(min_length=2, max_length=40)
    pairs: Literal["successive", "all"] = "successive"
    by: tuple[str, ...] = ()
    quality: QualitySpec | None = None
    steps: tuple[StepSpec, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        names = [one.name for one in self.rounds]
        if len(set(names)) < len(names):
            raise ValueError("two rounds have the same name")
        for step in self.steps:
            if step.first not in names or step.second not in names[names.index(step.first) + 1 :]:
                raise ValueError(f"steps: {step.second!r} is no round after {step.first!r}")
        return self


class Margin(Document):
    """A known total: of each category of a variable, or of a number.

    Attributes:
        variable: Column.
        totals: Known total of each category.
        others: Known total of all categories that ``totals`` does not name; missing codes are not among them.
        total: Known total of a number.
        source: Where the totals come from; stands in the report.
    """

    variable: str
    totals: dict[str, float] = Option(default_factory=dict)
    others: float | None = Option(default=None, gt=0)
    total: float | None = None
    source: str = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.totals) == (self.total is not None):
            raise ValueError(f"margin {self.variable!r}: give totals (of categories) or total (of a number)")
        if self.others is not None and not self.totals:
            raise ValueError(f"margin {self.variable!r}: others goes with totals (of categories)")
        return self


class CalibrationSpec(Document):
    """Weights that meet known totals.

    Attributes:
        weight: Column of the design weight.
        margins: The known totals.
        distance: ``linear`` (GREG), ``raking`` or ``bounded``.
        bounds: Smallest and largest factor (bounded).
        strata, cluster: Columns of the design, for the replicate weights.
        replicates: Jackknife groups; 0 for none.
    """

    weight: str
    margins: tuple[Margin, ...] = Option(min_length=1)
    distance: Literal["linear", "raking", "bounded"] = "raking"
    bounds: tuple[float, float] = (0.3, 3.0)
    strata: str = ""
    cluster: str = ""
    replicates: int = Option(default=0, ge=0, le=200)


class LinkedTotalSpec(Document):
    """Total of a variable that comes through linkage.

    Attributes:
        value: Column of the linked value; empty where a record is not linked.
        probability: Column of the calibrated link probability; empty where a record is not linked.
        weight: Column of the weight; the calibrated one is taken where a calibration is asked for.
        covariates: Numeric or coded columns known for all records, for the classes of linkage propensity.
        classes: How many classes.
        recall, recall_error: Of the links; with covariates the classes make up for missed links instead.
        pool_mean: Mean of the variable in the register; default: that of the linked records.
        strata, cluster: Columns of the design.
        census: Whether the records are the whole population.
    """

    value: str
    probability: str
    weight: str = ""
    covariates: tuple[str, ...] = ()
    classes: int = Option(default=5, ge=1, le=50)
    recall: float | None = Option(default=None, gt=0, le=1)
    recall_error: float = Option(default=0.0, ge=0, lt=1)
    pool_mean: float | None = None
    strata: str = ""
    cluster: str = ""
    census: bool = False

    @model_validator(mode="after")
    def _way(self) -> Self:
        if self.covariates and self.recall is not None:
            raise ValueError("missed links are made up for by recall or by covariates, not by both")
        return self


class EstimateSpec(Document):
    """The estimates that are asked for.

    Attributes:
        name: Of the whole.
        reconciliation, multiple_systems, flows, calibration, linked_totals: What is asked for.
    """

    name: str = Option(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    reconciliation: ReconciliationSpec | None = None
    multiple_systems: MultipleSystemsSpec | None = None
    flows: FlowsSpec | None = None
    calibration: CalibrationSpec | None = None
    linked_totals: tuple[LinkedTotalSpec, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.reconciliation or self.multiple_systems or self.flows or self.calibration or self.linked_totals):
            raise ValueError("give one of reconciliation, multiple_systems, flows, calibration, linked_totals")
        return self

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The specification in a TOML file, or a shipped one by name.

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        return load_document(cls, resolve_document("estimates", name_or_path))

    @property
    def digest(self) -> str:
        """The digest of the specification's meaning."""
        return digest_json(self.model_dump(mode="json"))
