"""Careers over years: arrival and departure, permits and their renewals, employment, contracts, pensions, by month.

Months are numbers: twelve times the year plus the month from 0. A spell ends before the month ``end``; ``OPEN`` stands
for an end that is not known yet.

Rates are assumptions, for no public source follows persons. They are chosen so that every flow that statistics ask for
occurs: departures, work begun within 3, 12, 24 and 36 months of arrival and later, renewals, changes of motive.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wasl.population.draws import Draws
from wasl.population.offices import Scene

__all__ = ["OPEN", "Careers", "Spells", "draw_careers", "month_of", "month_text"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OPEN = 12 * 9999
"""End of a spell that goes on."""
LEAVING = 0.05
"""Share of foreigners who leave in a year. An assumption."""
LAG_TO_WORK = [[0, 3, 30], [4, 12, 25], [13, 24, 20], [25, 36, 15], [37, 72, 10]]
"""Months from arrival to the first declared job: from, to, share. An assumption."""
JOB_MONTHS = [[1, 6, 15], [7, 24, 30], [25, 60, 35], [61, 180, 20]]
"""Months a job lasts: from, to, share. An assumption."""
SAME_EMPLOYER = 0.3
"""Share of new jobs at the employer of the job before. An assumption."""
BACK_TO_WORK = 0.15
"""Share of employees who work again after their pension began. An assumption."""
PERMIT_MONTHS, PERMIT_SHARES = (12, 36, 60, 120), (35, 30, 20, 15)
CONTRACT_MONTHS, CONTRACT_SHARES = (12, 24, 36), (70, 20, 10)
ONCE_STUDENTS = 0.2
"""Share of young workers whose permit first said studies. An assumption."""
MOST_TURNS = 14


@dataclass(frozen=True, slots=True)
class Spells:
    """Spells of persons.

    Attributes:
        person: Whose.
        start, end: First month, and the month after the last one.
        what: A number whose meaning depends on the kind of spell: motive, employer.
    """

    person: Ints
    start: Ints
    end: Ints
    what: Ints

    def in_month(self, month: int) -> Ints:
        """Rows of the spells that include a month."""
        return np.flatnonzero((self.start <= month) & (month < self.end))


@dataclass(frozen=True, slots=True)
class Careers:
    """Careers of the persons of a scene.

    Attributes:
        arrival, departure: (persons) months; `OPEN` where a person stays.
        permits: What is the motive's index.
        jobs: What is the employer's index.
        contract_start, contract_months: (records of ``Membership.contracts``).
        pension_start: (persons) month their pension began, `OPEN` for those who have none.
        retired_here: (persons) whether they were employees until the pension began within the years drawn.
    """

    arrival: Ints
    departure: Ints
    permits: Spells = field(repr=False)
    jobs: Spells = field(repr=False)
    contract_start: Ints
    contract_months: Ints
    pension_start: Ints
    retired_here: Bools

    def present(self, month: int) -> Bools:
        """Whether each person lives in Morocco in a month."""
        return (self.arrival <= month) & (month < self.departure)

    def to_table(self, scene: Scene) -> pa.Table:
        """All spells: ``person, kind, from, to, what``; months as YYYY-MM, ``to`` is the last month or empty."""
        motives = list(scene.figures.tables["motives"])
        sections = np.array(scene.work.sections, object)
        held = scene.membership
        n = len(scene.people)
        # Pensioners of earlier years may live abroad; all others are told while they are here.
        pensioners = np.flatnonzero(self.pension_start < OPEN)
        kinds = (
            ("residence", np.arange(n), self.arrival, self.departure, np.full(n, "", object)),
            ("permit", self.permits.person, self.permits.start, self.permits.end,
             np.array(motives, object)[self.permits.what]),
            ("employment", self.jobs.person, self.jobs.start, self.jobs.end,
             sections[scene.work.employers.section[self.jobs.what]]),
            ("contract", held.contracts, self.contract_start, self.contract_start + self.contract_months,
             np.where(held.contract_turn == 0, "first", "renewal").astype(object)),
            ("pension", pensioners, self.pension_start[pensioners], np.full(len(pensioners), OPEN),
             np.where(self.retired_here[pensioners], "employee retired", "retired before").astype(object)),
        )  # fmt: skip
        table = pa.concat_tables(
            pa.table(
                {
                    "person": pa.array(person, pa.int64()),
                    "kind": pa.array([kind] * len(person), pa.string()),
                    "from": pa.array(month_text(start), pa.string()),
                    "to": pa.array(month_text(end - 1), pa.string(), mask=end >= OPEN),
                    "what": pa.array(what, pa.string()),
                }
            )
            for kind, person, start, end, what in kinds
        )
        return table.sort_by([("person", "ascending"), ("kind", "ascending"), ("from", "ascending")])


def month_of(days: Ints) -> Ints:
    """Months of days since 1970."""
    return np.asarray(days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12, np.int64)


def month_text(months: Ints) -> npt.NDArray[np.object_]:
    """Months as YYYY-MM."""
    years = np.char.zfill((months // 12).astype(str), 4)
    return np.asarray(np.char.add(np.char.add(years, "-"), np.char.zfill((months % 12 + 1).astype(str), 2)), object)


def draw_careers(scene: Scene, first: int, last: int) -> Careers:
    """The careers of a scene's persons between two months."""
    people, draws = scene.people, Draws(scene.seed, "careers")
    n = len(people)
    arrival = month_of(people.arrival)
    departure = np.full(n, OPEN, np.int64)
    for year in range(first // 12, last // 12 + 1):
        month = 12 * year + draws.integers(0, 11, n)
        leaves = draws.happens(LEAVING, n) & (departure == OPEN) & (month > arrival) & (month > first)
        departure = np.where(leaves, month, departure)
    pension, retired = _pensions(scene, draws, arrival, first, last)
    departure = np.where(retired, OPEN, departure)
    starts, months = _contracts(scene, draws, arrival, last)
    return Careers(
        arrival,
        departure,
        _permits(scene, draws, arrival, departure, first, last),
        _jobs(scene, draws, arrival, departure, pension, first, last),
        starts,
        months,
        pension,
        retired,
    )


def _permits(scene: Scene, draws: Draws, arrival: Ints, departure: Ints, first: int, last: int) -> Spells:
    """Permits and their renewals; some workers were students until the first renewal."""
    person = scene.membership.permits
    n = len(person)
    motives = list(scene.figures.tables["motives"])
    work, study = motives.index("travail"), motives.index("etudes")
    now = scene.work.motive[person]
    before = np.where((now == work) & (scene.people.age[person] < 34) & draws.happens(ONCE_STUDENTS, n), study, now)
    start = arrival[person] + draws.integers(1, 6, n)
    parts = []
    for turn in range(MOST_TURNS):
        months = np.array(PERMIT_MONTHS)[draws.choose(PERMIT_SHARES, n)]
        if turn == 0:  # the permit held when the years begin; earlier ones are not told
            begun = start < first
            start = np.where(begun, np.maximum(start, first - draws.integers(0, months - 1, n)), start)
        end = start + months
        alive = np.flatnonzero((start <= last) & (start < departure[person]))
        parts.append((person[alive], start[alive], np.minimum(end, departure[person])[alive],
                      (before if turn == 0 else now)[alive]))  # fmt: skip
        start = end + np.where(draws.happens(0.1, n), draws.integers(1, 2, n), 0)
    return Spells(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _jobs(scene: Scene, draws: Draws, arrival: Ints, departure: Ints, pension: Ints, first: int, last: int) -> Spells:
    """Declared jobs: a lag after arrival, jobs with gaps between them, an end at the pension, some work after it."""
    person = scene.membership.employees
    n = len(person)
    grown = month_of(scene.people.birth[person]) + 12 * 18
    start = np.maximum(arrival[person] + draws.bands(LAG_TO_WORK, n), grown)
    retires = (pension[person] >= first) & (pension[person] <= last)
    employer = scene.work.employer[person]
    stop = np.minimum(departure[person], pension[person])
    start = np.where(retires, np.minimum(start, np.maximum(arrival[person], stop - 24)), start)
    parts = []
    for turn in range(MOST_TURNS):
        months = np.where(retires, 240, draws.bands(JOB_MONTHS, n))  # who retires does so from a job
        if turn == 0:
            start = np.where(start < first, np.maximum(start, first - draws.integers(0, months - 1, n)), start)
        end = np.minimum(start + months, stop)
        alive = np.flatnonzero((start <= last) & (start < stop))
        parts.append((person[alive], start[alive], end[alive], employer[alive]))
        start = start + months + draws.integers(1, 9, n)
        other = draws.integers(0, len(scene.work.employers.name) - 1, n)
        employer = np.where(draws.happens(SAME_EMPLOYER, n), employer, other)
    again = np.flatnonzero((pension[person] <= last) & draws.happens(BACK_TO_WORK, n))
    begun = pension[person][again] + draws.integers(2, 8, len(again))
    end = np.minimum(begun + draws.bands(JOB_MONTHS, len(again)), departure[person][again])
    kept = (begun <= last) & (begun < end)
    parts.append((person[again][kept], begun[kept], end[kept], employer[again][kept]))
    return Spells(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _pensions(scene: Scene, draws: Draws, arrival: Ints, first: int, last: int) -> tuple[Ints, Bools]:
    """The month each pension began: within the years for those who are employees too, for the others before them."""
    n = len(scene.people)
    held = scene.membership.pensioners
    hired = np.zeros(n, bool)
    hired[scene.membership.employees] = True
    span = max(last - first - 6, 1)
    within = first + 3 + draws.integers(0, span - 1, n)
    before = first - draws.integers(1, 96, n)
    retired = np.zeros(n, bool)
    retired[held] = hired[held]
    within = np.maximum(within, arrival + 1)
    retired &= within <= last
    begun = np.where(retired, within, before)
    start = np.full(n, OPEN, np.int64)
    start[held] = begun[held]
    return start, retired


def _contracts(scene: Scene, draws: Draws, arrival: Ints, last: int) -> tuple[Ints, Ints]:
    """Start and months of each contract: a renewal begins when the contract before it ends."""
    person, turn = scene.membership.contracts, scene.membership.contract_turn
    months = np.array(CONTRACT_MONTHS)[draws.choose(CONTRACT_SHARES, len(person))]
    first_row = np.flatnonzero(turn == 0)
    group = np.cumsum(turn == 0) - 1
    elapsed = np.cumsum(months) - months
    since = elapsed - elapsed[first_row][group]  # months from the first contract of the person to this one
    final = np.append(first_row[1:], len(person)) - 1
    phase = draws.integers(0, months[final] - 1, len(final))
    begun = np.maximum(last - phase - since[final], arrival[person[first_row]] + 1)
    return begun[group] + since, months
