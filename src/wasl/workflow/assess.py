"""The act that measures the disclosure risk of microdata."""

from __future__ import annotations

import pyarrow as pa

from wasl.audit.events import RiskAssessed
from wasl.disclosure.keys.coding import Frame, as_arrow
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.report.pages import assessment_page
from wasl.disclosure.risk.assess import assess as assess_table
from wasl.disclosure.risk.risk_report import RiskReport
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.workflow.act import Act, RunOptions

__all__ = ["assess", "without_person_id"]

PERSON_ID = "person_id"
"""Column of assembled microdata that leads back to the spine; no policy may keep it."""


def assess(
    data: Frame, policy: DisclosurePolicy, options: RunOptions, *, population: Frame | None = None
) -> Act[RiskReport, RiskAssessed]:
    """Measure the disclosure risk of microdata under a policy.

    Args:
        data: The microdata.
        policy: Variables, roles and thresholds.
        options: The language of the page.
        population: Population table with the same keys, for k-map.

    Returns:
        Artifacts ``risk.parquet`` (the risk of each row), ``internal-report.json`` and ``internal-report.html``; all
        are confidential.

    Raises:
        InputError: The data do not fit the policy.
    """
    table = without_person_id(data)
    report = assess_table(table, policy, population=population)
    event = RiskAssessed(
        policy_digest=policy.digest,
        data_digest=digest_table(table),
        rows=report.rows,
        passed=report.passed,
        failing_rules=tuple(failure.rule for failure in report.failures),
    )
    artifacts = {
        "risk.parquet": report.table(),
        "internal-report.json": json_bytes(report.to_json()),
        "internal-report.html": assessment_page(report, policy, options.language).encode(),
    }
    return Act(artifacts, event, plain_json(report.to_json()), report)


def without_person_id(data: Frame) -> pa.Table:
    """The table without the column that leads back to the spine."""
    table = as_arrow(data)
    return table.drop_columns([PERSON_ID]) if PERSON_ID in table.column_names else table
