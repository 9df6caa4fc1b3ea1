"""Registers as they stand at the end of successive periods, with careers as the truth of what changed between them.

Every office writes a person once and keeps the record. A later period has the same record with the same spelling, its
dates and amounts brought up to date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyarrow as pa

from wasl.errors import InputError
from wasl.population.careers import Careers, draw_careers, month_text
from wasl.population.draws import Draws
from wasl.population.employment import digits
from wasl.population.generate import Difficulty, Scope, check_request, draw_scene, write_offices
from wasl.population.migrants import MIGRANT_OFFICES
from wasl.population.moroccans import MOROCCAN_OFFICES
from wasl.population.offices import Columns, Ints, Scene
from wasl.population.people import REFERENCE_YEAR, day_number
from wasl.population.writing import write_days

__all__ = ["MONTHLY", "PeriodRegisters", "generate_periods"]

MONTHLY = "cnss-employees"
"""The register that is declared month by month."""
MOST_YEARS = 12
CEILING = 6000
"""Monthly wage in dirhams up to which contributions are due. Source: CNSS, decree 2-01-2723, since April 2002."""
RAISE = 3
"""Percent by which wages rise in a year. An assumption."""


@dataclass(frozen=True, slots=True)
class PeriodRegisters:
    """Registers at the end of each period.

    Attributes:
        registers: Period (``2024``, ``2024-06``) to register to table.
        declarations: Month (``2024-06``) to the declaration of that month, for every month of a period that is a year
            and for each period that is a month.
        truth: ``register, record, person``, for the records of all periods.
        careers: ``person, kind, from, to, what``: spells of residence, permit, employment, contract and pension.
        persons: Foreigners, present or not.
    """

    registers: Mapping[str, Mapping[str, pa.Table]] = field(repr=False)
    declarations: Mapping[str, pa.Table] = field(repr=False)
    truth: pa.Table = field(repr=False)
    careers: pa.Table = field(repr=False)
    persons: int


def generate_periods(
    persons: int,
    seed: int,
    periods: Sequence[str],
    difficulty: Difficulty = "standard",
    report: Callable[[int, int], None] | None = None,
    *,
    scope: Scope = "work",
) -> PeriodRegisters:
    """Registers at the end of successive periods; the same arguments give the same tables on every machine.

    Args:
        persons: Foreigners who are in Morocco at any time of the periods.
        seed: Seed of every draw.
        periods: Years (``2024``) or months (``2024-06``), in order; the last year is at most the reference year.
        difficulty: How many errors registers hold.
        report: Told (periods done, periods).
        scope: ``work`` or ``all``, see `generate`.

    Raises:
        InputError: A period is neither a year nor a month, too far back or to come, or not after the one before.

    Example:
        >>> sorted(generate_periods(200, 1, ["2024", "2025"]).registers)
        ['2024', '2025']
    """
    check_request(persons, seed, difficulty, scope)
    spans = [_span(period) for period in periods]
    if not spans or any(late[0] <= early[1] for early, late in pairwise(spans)):
        raise InputError("the periods are not in order, or there is none.", remedy="Give for example 2023 2024 2025.")
    first, last = spans[0][0], spans[-1][1]
    scene = draw_scene(persons, seed, difficulty)
    written = dict(write_offices(scene, persons, seed, difficulty, scope))
    careers = draw_careers(scene, first, last)
    found: dict[str, dict[str, pa.Table]] = {}
    declarations: dict[str, pa.Table] = {}
    kept: dict[str, set[int]] = {name: set() for name in written}
    for done, (period, (begin, end)) in enumerate(zip(periods, spans, strict=True), 1):
        tables = {}
        for name, (columns, person) in written.items():
            rows, changed = _at(name, columns, person, scene, careers, end)
            kept[name] |= set(rows.tolist())
            tables[name] = _table({key: values[rows] for key, values in columns.items()} | changed)
        found[period] = tables
        for month in range(begin, end + 1):
            columns, person = written[MONTHLY]
            rows, changed = _declared(columns, person, scene, careers, month)
            kept[MONTHLY] |= set(rows.tolist())
            label = str(month_text(np.array([month]))[0])
            declarations[label] = _table({key: values[rows] for key, values in columns.items()} | changed)
        if report is not None:
            report(done, len(periods))
    truth = [
        pa.table(
            {
                "register": pa.array([name] * len(rows), pa.string()),
                "record": pa.array(next(iter(columns.values()))[rows], pa.string()),
                "person": pa.array(person[rows] + (persons if name in MOROCCAN_OFFICES else 0), pa.int64()),
            }
        )
        for name, (columns, person) in written.items()
        for rows in [np.array(sorted(kept[name]), np.int64)]
    ]
    return PeriodRegisters(found, declarations, pa.concat_tables(truth), careers.to_table(scene), persons)


def _span(period: str) -> tuple[int, int]:
    """First and last month of a period.

    Raises:
        InputError: It is neither a year nor a month of the years that can be drawn.
    """
    match = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", period)
    if match is None or not REFERENCE_YEAR - MOST_YEARS < int(match[1]) <= REFERENCE_YEAR:
        raise InputError(
            f"{period!r} is no period from {REFERENCE_YEAR - MOST_YEARS + 1} to {REFERENCE_YEAR}.",
            remedy="Give years (2024) or months (2024-06).",
        )
    year = 12 * int(match[1])
    return (year, year + 11) if match[2] is None else (year + int(match[2]) - 1,) * 2


def _table(columns: Columns) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _at(name: str, columns: Columns, person: Ints, scene: Scene, careers: Careers, month: int) -> tuple[Ints, Columns]:
    """The records that a register has at the end of a month, and the columns that changed until then."""
    if name in ("dgsn-permits", MONTHLY):
        return (_permitted if name == "dgsn-permits" else _declared)(columns, person, scene, careers, month)
    if name == "cnss-pensioners":
        rows = np.flatnonzero(careers.pension_start[person] <= month)
        begun = careers.pension_start[person[rows]]
        return rows, {"date_effet": write_days(_first_day(begun), "%Y%m%d")}
    if name == "taechir-contracts":
        return _contracted(columns, person, scene, careers, month)
    if name == "anapec-certificates":
        issued = np.array([int(text[6:10]) * 12 + int(text[3:5]) - 1 for text in columns["date_attestation"]], np.int64)
        rows = np.flatnonzero((issued <= month) & (careers.arrival[person] <= issued))
        return rows, {}
    if name in MIGRANT_OFFICES or name == "anapec-projects":
        return np.flatnonzero(careers.present(month)[person]), {}
    return np.arange(len(person)), {}


def _first_day(months: Ints) -> Ints:
    ones = np.ones(len(months), np.int64)
    return day_number(months // 12, months % 12 + 1, ones)


def _row_of(person: Ints, persons: int) -> Ints:
    """The row of each person in a register that has a person once, -1 for others."""
    row = np.full(persons, -1, np.int64)
    row[person] = np.arange(len(person))
    return row


def _permitted(columns: Columns, person: Ints, scene: Scene, careers: Careers, month: int) -> tuple[Ints, Columns]:
    """Permits valid in a month, with the motive and dates of the permit then held."""
    permits = careers.permits
    valid = permits.in_month(month)
    rows = _row_of(person, len(scene.people))[permits.person[valid]]
    order = np.argsort(rows, kind="stable")
    valid, rows = valid[order], rows[order]
    draws = Draws(scene.seed, "permit days")
    day = draws.integers(0, 27, len(permits.person))[valid]
    start, end = permits.start[valid], permits.end[valid]
    motives = np.array(list(scene.figures.tables["motives"]), object)
    months = end - start
    kind = np.where(months >= 120, "residence", columns["type_titre"][rows]).astype(object)
    kind = np.where((months < 120) & (kind == "residence"), "immatriculation", kind).astype(object)
    return rows, {
        "type_titre": kind,
        "motif": motives[permits.what[valid]],
        "date_delivrance": write_days(_first_day(start) + day, "%d/%m/%Y"),
        "date_expiration": write_days(_first_day(end) + day - 1, "%d/%m/%Y"),
    }


def _declared(columns: Columns, person: Ints, scene: Scene, careers: Careers, month: int) -> tuple[Ints, Columns]:
    """Employees declared for a month, with days and wages of that month and the employer of the time."""
    del columns
    jobs, work = careers.jobs, scene.work
    held = jobs.in_month(month)
    held = held[np.unique(jobs.person[held], return_index=True)[1]]
    rows = _row_of(person, len(scene.people))[jobs.person[held]]
    order = np.argsort(rows, kind="stable")
    held, rows = held[order], rows[order]
    draws = Draws(scene.seed, f"declaration of {month}")
    part = (jobs.start[held] == month) | (jobs.end[held] == month + 1) | draws.happens(0.12, len(held))
    days = np.where(part, draws.integers(1, 25, len(held)), 26)
    monthly = work.salary[jobs.person[held]] * (100 + RAISE * (month // 12 - REFERENCE_YEAR)) // 100
    pay = monthly * days // 26
    employer = jobs.what[held]
    homes = np.array([city.names[0] for city in scene.figures.cities], object)
    return rows, {
        "num_affilie": work.employers.affiliation[employer],
        "code_activite": np.array(work.sections, object)[work.employers.section[employer]],
        "ville": homes[work.employers.city[employer]],
        "periode": np.full(len(rows), f"{month // 12}{month % 12 + 1:02d}", object),
        "jours_declares": digits(days, 1),
        "salaire_reel": digits(pay * 100, 1),
        "salaire_plafonne": digits(np.minimum(pay, CEILING) * 100, 1),
    }


def _contracted(columns: Columns, person: Ints, scene: Scene, careers: Careers, month: int) -> tuple[Ints, Columns]:
    """Contracts filed until a month; a renewal is filed when the contract before it ends."""
    first = np.searchsorted(scene.membership.contracts, person)
    filed_in = np.array([int(text[:4]) for text in columns["date_depot"]], np.int64)
    place = first + filed_in - scene.membership.contract_year[first]
    start = careers.contract_start[place]
    rows = np.flatnonzero((start <= month) & (start < careers.departure[person]))
    filed = _first_day(start) + Draws(scene.seed, "contract days").integers(0, 27, len(person))
    visa = filed + Draws(scene.seed, "visa days").integers(5, 60, len(person))
    return rows, {
        "date_depot": write_days(filed[rows], "%Y-%m-%d"),
        "date_visa": write_days(visa[rows], "%Y-%m-%d"),
        "duree_mois": digits(careers.contract_months[place][rows], 1),
    }
