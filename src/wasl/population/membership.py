"""Membership of persons in registers: counts and overlaps as in the figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasl.population.draws import Draws, largest_remainder
from wasl.population.figures import Figures
from wasl.population.people import REFERENCE_YEAR, People

__all__ = ["REGISTERS", "Membership", "enrol"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

REGISTERS = (
    "dgsn-permits",
    "cnss-employees",
    "cnss-pensioners",
    "anapec-certificates",
    "anapec-projects",
    "taechir-contracts",
)

CONTRACT_YEARS, CERTIFICATE_YEARS = 5, 3
"""Years up to the reference year in which contracts and certificates were filed, at most one a year and person."""

LAST_YEAR = 0.25
"""Share of persons whose last record is of the reference year, beside those whom chance puts there. An assumption."""

EXEMPT = ("SEN", "DZA", "TUN")
"""Nationalities whose citizens need no work authorisation, by convention."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Persons of each register's records; a person may recur in certificates (by year) and contracts (renewals).

    Attributes:
        permits, employees, pensioners, projects: Person of each record, each person once.
        certificates, contracts: Person of each record, sorted by person then occurrence.
        certificate_year, contract_year: Year in which each record was filed. A person's records follow year by year.
        contract_turn: Which contract of its person a record is, from 0.
    """

    permits: Ints
    employees: Ints
    pensioners: Ints
    projects: Ints
    certificates: Ints
    certificate_year: Ints
    contracts: Ints
    contract_year: Ints
    contract_turn: Ints


def enrol(people: People, seed: int, figures: Figures) -> Membership:
    """The membership of every register."""
    draws = Draws(seed, "membership")
    n = len(people)
    size = {name: round(share * n) for name, share in figures.tables["sizes"].items()}
    overlap = figures.tables["overlaps"]
    of = figures.of_nationalities
    exempt = np.isin(people.nationality, [k for k, nat in enumerate(figures.nationalities) if nat.iso3 in EXEMPT])
    grown = (people.age >= 19) & (people.age <= 62)

    employees = _by_nationality(draws, people, grown, of("employees"), size["cnss-employees"])
    hired = _mask(n, employees)

    both = _share(draws, hired & ~exempt, overlap["employees_with_contract"] * len(employees), of("contracts"), people)
    both |= _share(
        draws, hired & exempt, overlap["exempt_with_contract"] * np.count_nonzero(hired & exempt), None, people
    )
    wanted = round(size["taechir-contracts"] / 2.2) - np.count_nonzero(both)
    others = _by_nationality(draws, people, grown & ~hired & ~exempt, of("contracts"), max(wanted, 0))
    contracted = both | _mask(n, others)
    contracts, contract_turn = _repeat(draws, np.flatnonzero(contracted), size["taechir-contracts"], CONTRACT_YEARS)

    certified_size = round(size["anapec-certificates"] / 1.5)
    certified = _mask(
        n, draws.sample(np.flatnonzero(contracted), round(overlap["certificates_with_contract"] * certified_size))
    )
    rest = certified_size - np.count_nonzero(certified)
    certified |= _mask(n, _by_nationality(draws, people, grown & ~contracted & ~exempt, of("contracts"), rest))
    certificates, certificate_turn = _repeat(
        draws, np.flatnonzero(certified), size["anapec-certificates"], CERTIFICATE_YEARS
    )

    projects = _by_nationality(draws, people, grown & (people.age >= 27), of("projects"), size["anapec-projects"])
    old = (people.age >= 60) | ((people.age >= 45) & draws.happens(0.06, n))
    still = draws.happens(overlap["pensioners_still_employed"], n)
    pensioners = _by_nationality(draws, people, old & (~hired | still), of("employees"), size["cnss-pensioners"])
    pensioners = _with_employees(seed, people, pensioners, hired, overlap["pensioners_employed"])

    permits = _permits(
        draws,
        people,
        figures,
        size["dgsn-permits"],
        (
            (hired, overlap["employees_with_permit"]),
            (contracted & ~hired, overlap["contracts_with_permit"]),
            (_mask(n, projects) & ~hired & ~contracted, overlap["projects_with_permit"]),
            (_mask(n, pensioners) & ~hired & ~contracted, overlap["pensioners_with_permit"]),
        ),
    )
    return Membership(
        permits,
        employees,
        pensioners,
        projects,
        certificates,
        _years(Draws(seed, "years of certificates"), people, certificates, certificate_turn, CERTIFICATE_YEARS),
        contracts,
        _years(Draws(seed, "years of contracts"), people, contracts, contract_turn, CONTRACT_YEARS),
        contract_turn,
    )


def _with_employees(seed: int, people: People, pensioners: Ints, hired: Bools, share: float) -> Ints:
    """The pensioners, with at least a share of them also employed: they retired in the year, or work again.

    The oldest employees come first, for they are the likeliest to have retired.
    """
    draws = Draws(seed, "employees who are pensioners")
    wanted = int(np.ceil(share * len(pensioners))) - int(np.count_nonzero(hired[pensioners]))
    candidates = np.flatnonzero(hired & (people.age >= 45) & ~_mask(len(people), pensioners))
    oldest = candidates[np.argsort(-people.age[candidates], kind="stable")][: max(4 * wanted, 0)]
    added = draws.sample(oldest, min(max(wanted, 0), len(oldest)))
    others = pensioners[~hired[pensioners]]
    leaving = draws.sample(others, min(len(added), len(others)))
    return np.sort(np.concatenate([np.setdiff1d(pensioners, leaving), added]))


def _mask(n: int, members: Ints) -> Bools:
    found = np.zeros(n, bool)
    found[members] = True
    return found


def _by_nationality(draws: Draws, people: People, eligible: Bools, weights: npt.NDArray[np.float64], k: int) -> Ints:
    """``k`` eligible persons with nationalities in proportion to ``weights``, as far as there are enough of each.

    What one nationality cannot supply is spread over the others by the same weights.
    """
    available = np.bincount(people.nationality[eligible], minlength=len(weights))
    quota = np.zeros(len(weights), np.int64)
    for _ in range(20):
        open_weights = np.where(quota < available, weights, 0.0)
        missing = k - int(quota.sum())
        if missing <= 0 or not open_weights.any():
            break
        quota = np.minimum(quota + largest_remainder(open_weights, missing), available)
    order = draws.permutation(len(people))
    order = order[eligible[order]]
    order = order[np.argsort(people.nationality[order], kind="stable")]
    nation = people.nationality[order]
    rank = np.arange(len(order)) - np.searchsorted(nation, nation)
    return np.sort(order[rank < quota[nation]])


def _share(draws: Draws, candidates: Bools, k: float, weights: npt.NDArray[np.float64] | None, people: People) -> Bools:
    """About ``k`` of the candidates, by nationality where weights are given."""
    if weights is None:
        return _mask(len(people), draws.sample(np.flatnonzero(candidates), round(k)))
    return _mask(len(people), _by_nationality(draws, people, candidates, weights, round(k)))


def _repeat(draws: Draws, members: Ints, rows: int, at_most: int) -> tuple[Ints, Ints]:
    """``rows`` records of ``members``, each at least once and at most ``at_most`` times; person and occurrence."""
    times = np.ones(len(members), np.int64)
    spare = np.repeat(np.arange(len(members)), at_most - 1)
    extra = draws.sample(spare, max(rows - len(members), 0))
    times += np.bincount(extra, minlength=len(members))
    person = np.repeat(members, times)
    turn = np.arange(len(person)) - np.repeat(np.cumsum(times) - times, times)
    return person, turn


def _years(draws: Draws, people: People, person: Ints, turn: Ints, years: int) -> Ints:
    """The year of each record: a person's records follow each other within the last ``years`` years.

    The first is drawn among the years that leave room for the others. It is no earlier than the year before the
    person's arrival where the others leave room for that.
    """
    first = np.flatnonzero(turn == 0)
    room = years - np.diff(np.append(first, len(person)))
    earliest = REFERENCE_YEAR - years + 1
    arrival = people.arrival[person[first]].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    drawn = np.where(draws.happens(LAST_YEAR, len(first)), room, draws.integers(0, room, len(first)))
    begun = np.minimum(np.maximum(drawn, arrival - 1 - earliest), room)
    return np.asarray(earliest + begun[np.cumsum(turn == 0) - 1] + turn, np.int64)


def _permits(
    draws: Draws, people: People, figures: Figures, size: int, groups: tuple[tuple[Bools, float], ...]
) -> Ints:
    """Permit holders: the stated share of each group, and of everybody else as the nationality's share allows."""
    n = len(people)
    holders, decided = np.zeros(n, bool), np.zeros(n, bool)
    for member, share in groups:
        candidates = np.flatnonzero(member & ~decided)
        holders[draws.sample(candidates, round(share * len(candidates)))] = True
        decided |= member
    chance = figures.of_nationalities("permit")[people.nationality] * np.where(people.age < 15, 0.8, 1.0)
    # Random order in which a higher chance comes earlier, so that the size is met exactly.
    order = np.argsort(draws.uniform(n) - 3.0 * chance, kind="stable")
    order = order[~decided[order]]
    holders[order[: max(size - np.count_nonzero(holders), 0)]] = True
    return np.flatnonzero(holders)
