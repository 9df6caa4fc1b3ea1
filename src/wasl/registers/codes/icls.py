"""Categories of international labour migration, by record or by person, with the rule that gave them.

*Source:* 20th ICLS, Guidelines concerning statistics of international labour migration (ICLS/20/2018/Guidelines),
paragraphs 13-22: international migrant workers are usual residents in the labour force, and non-residents who work in
the country; foreign diplomats, military and non-working visitors are excluded. Residence is tested at 12 months (UN
recommendations) and at 6 months (population census of Morocco).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.registers.codes.elapsed import whole_months

__all__ = [
    "RULES",
    "Evidence",
    "IclsRule",
    "classify_migrants",
    "decide",
    "evidence_of",
    "of_persons",
    "with_nationals",
]

MIDDLE_OF_YEAR = 180
"""Days from 1 January to the middle of a year, 30 June or 29 June. Where only the year of arrival is known, that day
stands for it: on 31 December, six months have passed."""
NOT_GRANTED = ("refused", "pending")
"""States of a request for a contract or a certificate that do not tell of work."""


@dataclass(frozen=True, slots=True)
class IclsRule:
    """A rule of the table: the first that holds decides."""

    name: str
    category: str
    meaning: str


RULES: tuple[IclsRule, ...] = (
    IclsRule("national", "not-migrant", "citizen of Morocco"),
    IclsRule("military", "not-in-scope", "foreign armed forces"),
    IclsRule("employed-resident", "migrant-worker-resident", "works, and stays at least as long as the test asks"),
    IclsRule("employed-short", "migrant-worker-non-resident", "works, and stays shorter than the test asks"),
    IclsRule("pension-abroad", "former-migrant-worker", "pensioner who lives in another country"),
    IclsRule("pension", "migrant-out-of-labour-force", "pensioner who lives in Morocco"),
    IclsRule("permit-work", "migrant-worker-resident", "residence permit for work or own business"),
    IclsRule("project", "migrant-worker-resident", "regularized, with a project of their own"),
    IclsRule("seeks-work", "migrant-worker-resident", "seeks work, and stays at least as long as the test asks"),
    IclsRule("refused", "not-in-scope", "work contract or certificate refused, no other work known"),
    IclsRule("visitor", "not-in-scope", "visitor who does not work and stays shorter than the test asks"),
    IclsRule("permit-other", "migrant-out-of-labour-force", "residence permit for another motive, no work known"),
    IclsRule("inactive", "migrant-out-of-labour-force", "outside the labour force, as the survey says"),
    IclsRule("unknown", "undetermined", "the register does not say"),
)
"""In order. Work comes before a pension or a refused request: who works is a worker, whatever else is known."""

WORK_MOTIVES = ("work", "business")
ARMED_FORCES = "0"
"""Major group of ISCO-08."""
SEEKERS = ("anapec-job-seekers",)
"""Registers all of whose persons seek work."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Known facts about records or persons, one entry each.

    Attributes:
        flags: By name of the fact, whether it is known.
        stay: Months of stay; NaN where unknown.
    """

    flags: dict[str, NDArray[np.bool_]] = field(repr=False)
    stay: NDArray[np.float64] = field(repr=False)

    def __len__(self) -> int:
        """The number of records or persons."""
        return len(self.stay)


FACTS = (
    "national", "military", "employed", "pension", "pension_abroad", "working_permit", "project", "seeks", "refused",
    "visit", "permit", "inactive",
)  # fmt: skip


def classify_migrants(payload: pa.Table, *, on: dt.date, months: int = 12, register: str = "") -> pa.Table:
    """Category and rule of each record of a payload in standard codes.

    Args:
        payload: Standard variables; those a register lacks simply do not speak.
        on: The day residence is counted to where no end of stay is known.
        months: The residence test, 12 (UN) or 6 (population census).
        register: The register's id, where known.

    Returns:
        Table with ``category``, ``rule``, ``resident_6`` and ``resident_12`` (null where the stay is unknown).
    """
    return decide(evidence_of(payload, on=on, register=register), months=months)


def evidence_of(payload: pa.Table, *, on: dt.date, register: str = "") -> Evidence:
    """The facts in the records of one payload; see ``classify_migrants`` for the arguments."""
    n = payload.num_rows
    refused_contract = _equal(payload, "contract_status", ("refused",), n)
    refused_certificate = _equal(payload, "certificate_result", ("refused",), n)
    employed = _any(payload, ("wage", "days_declared"), n)
    employed |= _any(payload, ("contract_type", "gross_wage"), n) & ~_equal(payload, "contract_status", NOT_GRANTED, n)
    employed |= _any(payload, ("certificate_date",), n) & ~_equal(payload, "certificate_result", NOT_GRANTED, n)
    employed |= _equal(payload, "labour_status", ("employed",), n)
    pension = _any(payload, ("pension_type",), n)
    abroad = pension & _any(payload, ("residence_country",), n) & ~_equal(payload, "residence_country", ("MAR",), n)
    seeks = _equal(payload, "labour_status", ("unemployed",), n) | np.full(n, register in SEEKERS)
    flags = (
        _equal(payload, "nationality", ("MAR",), n),
        _equal(payload, "occupation_group", (ARMED_FORCES,), n),
        employed,
        pension,
        abroad,
        _equal(payload, "permit_motive", WORK_MOTIVES, n),
        _any(payload, ("project_status", "project_amount"), n),
        seeks,
        refused_contract | refused_certificate,
        _equal(payload, "permit_motive", ("visit",), n),
        _any(payload, ("permit_motive", "permit_type"), n),
        _equal(payload, "labour_status", ("inactive",), n),
    )
    return Evidence(dict(zip(FACTS, flags, strict=True)), _stay_months(payload, on))


def of_persons(parts: Sequence[tuple[Evidence, NDArray[np.int64]]], persons: int) -> Evidence:
    """The facts about persons: a fact holds that any record tells, and the longest stay counts.

    Args:
        parts: Evidence of the records of each payload, and each record's person (0 to persons - 1, or -1).
        persons: How many persons there are.
    """
    flags = {name: np.zeros(persons, bool) for name in FACTS}
    stay = np.full(persons, -np.inf)
    for evidence, person in parts:
        placed = person >= 0
        for name in FACTS:
            flags[name][person[placed & evidence.flags[name]]] = True
        known = placed & ~np.isnan(evidence.stay)
        np.maximum.at(stay, person[known], evidence.stay[known])
    return Evidence(flags, np.where(np.isinf(stay), np.nan, stay))


def with_nationals(evidence: Evidence, national: NDArray[np.bool_]) -> Evidence:
    """The evidence with another statement of who is a citizen of Morocco."""
    return replace(evidence, flags={**evidence.flags, "national": national})


def decide(evidence: Evidence, *, months: int = 12) -> pa.Table:
    """Category and rule of each record or person; columns as ``classify_migrants`` says."""
    has, stay = evidence.flags, evidence.stay
    stays = np.isnan(stay) | (stay >= months)
    holds = (
        has["national"],
        has["military"],
        has["employed"] & stays,
        has["employed"],
        has["pension_abroad"],
        has["pension"],
        has["working_permit"],
        has["project"],
        has["seeks"] & stays,
        has["refused"],
        has["visit"] & ~stays,
        has["permit"],
        has["inactive"],
        np.ones(len(evidence), dtype=bool),
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
    """Whole months of stay: from entry (or issue of the permit) to the permit's end, or as the contract says if longer.

    The last day of a permit counts. A contract counts that was granted, and that is not in another country.
    """
    n = payload.num_rows
    start, end = _days(payload, ("entry_date", "permit_start")), _days(payload, ("permit_end",))
    year = _column(payload, "arrival_year")
    if year is not None:
        start = np.where(np.isnan(start), _middles(np.asarray(year.cast(pa.float64()).fill_null(float("nan")))), start)
    months = whole_months(start, np.where(np.isnan(end), (on - dt.date(1970, 1, 1)).days, end + 1))
    contract = _column(payload, "contract_months")
    if contract is None:
        return months
    void = _equal(payload, "contract_status", NOT_GRANTED, n) | _any(payload, ("destination_country",), n)
    agreed = np.where(void, np.nan, np.asarray(contract.cast(pa.float64()).fill_null(float("nan"))))
    return np.where(np.isnan(agreed), months, np.fmax(agreed, months))


def _middles(years: NDArray[np.float64]) -> NDArray[np.float64]:
    """The middle of each year, in days since 1970; NaN where the year is unknown."""
    first = (np.nan_to_num(years, nan=1970.0) - 1970).astype(np.int64).astype("datetime64[Y]").astype("datetime64[D]")
    return np.where(np.isnan(years), np.nan, first.astype(np.int64) + MIDDLE_OF_YEAR)


def _days(payload: pa.Table, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Days since 1970 of the first of these dates that is there."""
    days = np.full(payload.num_rows, np.nan)
    for name in names:
        column = _column(payload, name)
        if column is not None:
            values = np.asarray(column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()).fill_null(float("nan")))
            days = np.where(np.isnan(days), values, days)
    return days
