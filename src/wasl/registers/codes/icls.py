"""Categories of international labour migration, record by record, with the rule that gave them.

*Source:* 20th ICLS, Guidelines concerning statistics of international labour migration (ICLS/20/2018/Guidelines),
paragraphs 13-22: international migrant workers are usual residents in the labour force, and non-residents who work in
the country; foreign diplomats, military and non-working visitors are excluded. Residence is tested at 12 months (UN
recommendations) and at 6 months (population census of Morocco).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["RULES", "IclsRule", "classify_migrants"]

DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class IclsRule:
    """A rule of the table: the first that holds decides."""

    name: str
    category: str
    meaning: str


RULES: tuple[IclsRule, ...] = (
    IclsRule("national", "not-migrant", "citizen of Morocco"),
    IclsRule("refused", "not-in-scope", "work contract or certificate refused"),
    IclsRule("pension-abroad", "former-migrant-worker", "pensioner who lives in another country"),
    IclsRule("pension", "migrant-out-of-labour-force", "pensioner who lives in Morocco"),
    IclsRule("employed-resident", "migrant-worker-resident", "works, and stays at least as long as the test asks"),
    IclsRule("employed-short", "migrant-worker-non-resident", "works, and stays shorter than the test asks"),
    IclsRule("permit-work", "migrant-worker-resident", "residence permit for work or own business"),
    IclsRule("project", "migrant-worker-resident", "regularized, with a project of their own"),
    IclsRule("permit-other", "migrant-out-of-labour-force", "residence permit for another motive, no work known"),
    IclsRule("unknown", "undetermined", "the register does not say"),
)
"""In order."""

WORK_MOTIVES = ("work", "business")


def classify_migrants(payload: pa.Table, *, on: dt.date, months: int = 12) -> pa.Table:
    """Category and rule of each record of a payload in standard codes.

    Args:
        payload: Standard variables; those a register lacks simply do not speak.
        on: The day residence is counted to where no end of stay is known.
        months: The residence test, 12 (UN) or 6 (population census).

    Returns:
        Table with ``category``, ``rule``, ``resident_6`` and ``resident_12`` (null where the stay is unknown).
    """
    n = payload.num_rows
    stay = _stay_months(payload, on)
    resident = stay >= months
    employed = _any(payload, ("wage", "days_declared", "contract_type", "certificate_date", "gross_wage"), n)
    refused = _equal(payload, "contract_status", ("refused",), n) | _equal(
        payload, "certificate_result", ("refused",), n
    )
    pension = _any(payload, ("pension_type",), n)
    abroad = pension & _any(payload, ("residence_country",), n) & ~_equal(payload, "residence_country", ("MAR",), n)
    working_permit = _equal(payload, "permit_motive", WORK_MOTIVES, n)
    holds = (
        _equal(payload, "nationality", ("MAR",), n),
        refused,
        abroad,
        pension,
        employed & (resident | np.isnan(stay)),
        employed,
        working_permit,
        _any(payload, ("project_status", "project_amount"), n),
        _any(payload, ("permit_motive", "permit_type"), n),
        np.ones(n, dtype=bool),
    )
    chosen = np.argmax(np.stack(holds), axis=0)
    categories = pa.array([rule.category for rule in RULES]).take(pa.array(chosen))
    names = pa.array([rule.name for rule in RULES]).take(pa.array(chosen))
    tests = {f"resident_{m}": pa.array(stay >= m, mask=np.isnan(stay)) for m in (6, 12)}
    return pa.table({"category": categories, "rule": names, **tests})


def _column(payload: pa.Table, name: str) -> pa.ChunkedArray | None:
    return payload[name] if name in payload.column_names else None


def _any(payload: pa.Table, names: tuple[str, ...], n: int) -> NDArray[np.bool_]:
    """True where any of these variables is present."""
    there = np.zeros(n, dtype=bool)
    for name in names:
        column = _column(payload, name)
        if column is not None:
            there |= np.asarray(column.is_valid())
    return there


def _equal(payload: pa.Table, name: str, codes: tuple[str, ...], n: int) -> NDArray[np.bool_]:
    column = _column(payload, name)
    if column is None:
        return np.zeros(n, dtype=bool)
    return np.asarray(pc.is_in(column.cast(pa.string()), pa.array(codes)))


def _stay_months(payload: pa.Table, on: dt.date) -> NDArray[np.float64]:
    """Months of stay: from entry (or issue of the permit) to the permit's end, or as the contract says if longer."""
    start, end = _days(payload, ("entry_date", "permit_start")), _days(payload, ("permit_end",))
    until = np.where(np.isnan(end), (on - dt.date(1970, 1, 1)).days, end)
    months = (until - start) / DAYS_PER_MONTH
    contract = _column(payload, "contract_months")
    if contract is not None:
        agreed = np.asarray(contract.cast(pa.float64()).fill_null(float("nan")))
        months = np.where(np.isnan(agreed), months, np.fmax(agreed, months))
    return months


def _days(payload: pa.Table, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Days since 1970 of the first of these dates that is there."""
    days = np.full(payload.num_rows, np.nan)
    for name in names:
        column = _column(payload, name)
        if column is not None:
            values = np.asarray(column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()).fill_null(float("nan")))
            days = np.where(np.isnan(days), values, days)
    return days
