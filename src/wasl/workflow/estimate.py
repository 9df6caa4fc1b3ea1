"""The act of making estimates from linked data."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.csv as pacsv

from wasl.audit.events import EstimatesMade
from wasl.estimation.estimate import Estimates, make_estimates
from wasl.estimation.specification import EstimateSpec
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.workflow.act import Act, Artifact, RunOptions
from wasl.workflow.authorized import hold_output

__all__ = ["estimate"]


def estimate(data: pa.Table, spec: EstimateSpec, options: RunOptions) -> Act[Estimates, EstimatesMade]:
    """Make the estimates a specification asks for.

    Args:
        data: One row per person (reconciliation, multiple systems, flows) or survey record.
        spec: What is asked for.
        options: The seed of bootstrap intervals; the authorization to which the act is held, and the day.

    Returns:
        Artifacts ``estimates.csv``, ``report.json`` and, where a calibration is asked for, ``weights.parquet``. They
        are figures before disclosure control.

    Raises:
        InputError: The data do not fit the specification.
        PolicyError: Known totals cannot be met.
        AuthorizationError: The authorization in the options is not in force, or not for this purpose.
    """
    standing = hold_output("estimate", options)
    result = make_estimates(data, spec, seed=options.require_seed())
    target = io.BytesIO()
    pacsv.write_csv(pa.Table.from_pylist(result.rows, _SCHEMA), target)
    report = plain_json({**result.report, "results": result.rows})
    if standing is not None:
        report["authorization"] = standing.to_json()
    artifacts: dict[str, Artifact] = {"estimates.csv": target.getvalue(), "report.json": json_bytes(report)}
    if result.weights is not None:
        artifacts["weights.parquet"] = result.weights
    event = EstimatesMade(
        specification_digest=spec.digest,
        data_digest=digest_table(data),
        rows=data.num_rows,
        estimates=int(result.report["estimates"]),
        not_estimable=int(result.report["not_estimable"]),
        authorization=standing.decision if standing else None,
    )
    return Act(artifacts, event, report, result)


_FIGURES = ("first", "second", "linked", "missed", "estimate", "standard_error", "low", "high")
_SCHEMA = pa.schema(
    [
        ("what", pa.string()),
        ("group", pa.string()),
        *((name, pa.float64()) for name in _FIGURES),
        ("reason", pa.string()),
    ]
)
