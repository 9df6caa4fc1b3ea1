"""One draw of a kind, encoded, linked and judged against its truth."""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wasl.lab.quality.kinds import Sample

if TYPE_CHECKING:
    from wasl.holder.profile import EncodingProfile
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.schema import RegisterSchema

__all__ = ["Outcome", "Prepared", "link_prepared", "plan_of", "prepare", "schema_of"]

COLUMNS: dict[str, dict[str, Any]] = {
    "record": {"role": "identifier", "required": True},
    "given": {"role": "name", "feature": "given"},
    "surname": {"role": "name", "feature": "surname"},
    "sex": {"type": "code", "role": "origin", "feature": "sex", "classification": "sex"},
    "birth": {"type": "date", "role": "birth", "feature": "birth_date", "format": ["%Y-%m-%d"]},
    "nationality": {
        "type": "code", "role": "origin", "feature": "nationality", "classification": "nationality",
    },
    "street": {"role": "contact", "feature": "street"},
    "street_number": {"role": "contact", "feature": "street_number"},
    "locality": {"role": "contact", "feature": "locality"},
    "postcode": {"role": "contact", "feature": "postcode"},
}  # fmt: skip
"""What each column of a sample is, as a register schema says it."""
EARLIEST = 1700
"""First plausible year of birth in the laboratory's schemas, where schemas can say it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A sample under an encoding profile, ready to link.

    Attributes:
        encoded: Per register, what :func:`wasl.holder.encode.encode` returns.
        truth: ``register, record, person``.
        profile: The profile's name.
    """

    encoded: tuple[Any, ...]
    truth: pd.DataFrame
    profile: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Quality of one linked draw, and the estimates that the run reported.

    Attributes:
        f1, precision, recall: Over pairs of records, against the truth.
        false_pairs: Pairs linked that are different persons.
        calibration_error: Mean gap between probability and share of matches, over the candidates; None without any.
        calibration_by_chance: The gap to be expected if every probability were right.
        precision_at_half: Share of matches among candidates with probability 0.5 and more.
        quality: The report's estimates without truth.
        checks: The report's self-checks.
        seconds: Processor seconds of scoring and resolving.
    """

    f1: float
    precision: float
    recall: float
    false_pairs: int
    calibration_error: float | None
    calibration_by_chance: float | None
    precision_at_half: float | None
    quality: dict[str, Any]
    checks: list[dict[str, Any]]
    seconds: float

    @property
    def failed(self) -> list[str]:
        """Names of the self-checks that failed."""
        return [check["name"] for check in self.checks if not check["passed"]]

    def covers(self, measure: str) -> bool | None:
        """Whether the reported interval of precision or recall holds the true value; None if none was reported."""
        interval = self.quality[measure]
        if interval.get("low") is None or interval.get("high") is None:
            return None
        slack = 1e-9
        return bool(interval["low"] - slack <= getattr(self, measure) <= interval["high"] + slack)


def schema_of(frame: pd.DataFrame, family: str) -> RegisterSchema:
    """A register schema for the columns of a sample."""
    from wasl.registers.schema import Field, RegisterSchema

    years = {"earliest_year": EARLIEST} if "earliest_year" in Field.model_fields else {}
    fields = [
        {"name": column, **COLUMNS[column], **(years if column == "birth" else {})}
        for column in frame.columns
        if column in COLUMNS
    ]
    return RegisterSchema.model_validate(
        {"id": "laboratory", "holder": "laboratory", "record": "record", "profiles": family, "fields": fields}
    )


def plan_of(sample: Sample, **model: Any) -> LinkagePlan:
    """The linkage plan an operator would write for a sample: nothing but what is known of its registers."""
    from wasl.linkage.plan import LinkagePlan

    return LinkagePlan.model_validate(
        {
            "name": "laboratory",
            "profiles": ["guarded", "open", "one-pass", "two-passes"],
            "consent_weak_profile": True,
            "duplicate_free": sample.duplicate_free,
            "dedupe": not sample.duplicate_free,
            "model": model,
        }
    )


def prepare(sample: Sample, profile: EncodingProfile, family: str, seed: int = 0) -> Prepared:
    """Encode a sample under a profile."""
    from wasl.holder.encode import encode
    from wasl.holder.keys import LinkageKey

    key = LinkageKey.new("laboratory", np.random.default_rng(seed).bytes(32))
    encoded = tuple(
        encode(
            frame.drop(columns="person"),
            schema_of(frame, family),
            key,
            profile,
            created="2026-01-01T00:00:00Z",
            rng=np.random.default_rng(seed),
            name=name,
            threads=2,
            consent_weak_profile=True,
        )
        for name, frame in sample.registers.items()
    )
    truth = pd.concat(
        frame[["record", "person"]].assign(register=name) for name, frame in sample.registers.items()
    ).astype(str)
    return Prepared(encoded, truth, profile.name)


def link_prepared(prepared: Prepared, plan: LinkagePlan) -> Outcome:
    """Link what was prepared and judge it."""
    from wasl.linkage.quality.evaluate import evaluate
    from wasl.linkage.resolve import resolve
    from wasl.linkage.score import score_pairs

    start = process_time()
    scored = score_pairs(plan, [part.delivery for part in prepared.encoded])
    resolution = resolve(plan, scored, [part.join_map for part in prepared.encoded], run="laboratory")
    seconds = process_time() - start
    keep = [part.keep_map.to_pandas() for part in prepared.encoded]
    found = evaluate(resolution.spine, prepared.truth, keep, resolution.links)
    calibration = found.calibration
    return Outcome(
        found.pairwise.f1,
        found.pairwise.precision,
        found.pairwise.recall,
        found.pairwise.found - found.pairwise.right,
        calibration.error if calibration else None,
        calibration.by_chance if calibration else None,
        calibration.precision_at_half if calibration else None,
        resolution.report["quality"],
        list(resolution.report.get("checks", [])),
        seconds,
    )
