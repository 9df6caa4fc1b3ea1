"""What persons do in Morocco: status, motive of residence, occupation, employer, pay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasl.population.draws import Draws
from wasl.population.figures import Figures
from wasl.population.people import People

__all__ = ["Employers", "Status", "Work", "employ"]

Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]


class Status:
    """Activity of a person, as numbers in ``Work.status``."""

    CHILD, STUDENT, EMPLOYED, IDLE, RETIRED = range(5)


@dataclass(frozen=True, slots=True)
class Employers:
    """Columns over employers.

    Attributes:
        name: Trade name.
        ice: Common company identifier, 15 digits, remainder 0 modulo 97.
        rc, affiliation: Trade register and CNSS affiliation numbers.
        section: Index into the sections of the sector table.
        city: Index into ``Figures.cities``.
    """

    name: Texts
    ice: Texts
    rc: Texts
    affiliation: Texts
    section: Ints
    city: Ints


@dataclass(frozen=True, slots=True)
class Work:
    """Columns over persons (occupation, employer and salary mean something only where employed).

    Attributes:
        status: A number of ``Status``.
        motive: Index into the motives of the figures.
        occupation: Index into ``Figures.occupations``.
        employer: Index into the employers.
        salary: Gross monthly pay in dirhams.
        employers: All employers.
        sections: Letters of the NMA 2010 sections that ``Employers.section`` counts in.
    """

    status: Ints
    motive: Ints
    occupation: Ints
    employer: Ints
    salary: Ints
    employers: Employers
    sections: tuple[str, ...]


def employ(people: People, formal: npt.NDArray[np.bool_], seed: int, figures: Figures) -> Work:
    """Work of all persons; those of ``formal`` (they stand in an employment register) are employed."""
    draws = Draws(seed, "work")
    n = len(people)
    age = people.age
    motives = list(figures.tables["motives"])
    motive = draws.choose(list(figures.tables["motives"].values()), n)
    motive = np.where(age < 15, motives.index("regroupement"), motive)
    motive = np.where((motive == motives.index("etudes")) & (age > 32), motives.index("travail"), motive)
    motive = np.where(formal & (motive != motives.index("regroupement")), motives.index("travail"), motive)
    student = (motive == motives.index("etudes")) | ((age < 23) & draws.happens(0.5, n))
    idle = draws.happens(np.where(people.man, 0.18, 0.42), n)
    status = np.select(
        [age < 15, formal, age >= 62, student, idle],
        [Status.CHILD, Status.EMPLOYED, Status.RETIRED, Status.STUDENT, Status.IDLE],
        Status.EMPLOYED,
    )
    sections = tuple(figures.tables["sectors"])
    employers = _employers(max(n // 45, 12), seed, figures)
    # An employer in the city of residence where there is one, else any.
    order = np.argsort(employers.city, kind="stable")
    first = np.searchsorted(employers.city[order], np.arange(len(figures.cities)))
    last = np.searchsorted(employers.city[order], np.arange(len(figures.cities)), side="right")
    local = order[np.minimum(draws.integers(first[people.city], last[people.city] - 1, n), len(order) - 1)]
    anywhere = draws.integers(0, len(order) - 1, n)
    employer = np.where((last > first)[people.city] & draws.happens(0.85, n), local, anywhere)
    occupation = _occupations(draws, figures, employers.section[employer], sections, people)
    salary = np.zeros(n, np.int64)
    for level, bands in figures.tables["salaries"].items():
        of_level = np.array([job.level == level for job in figures.occupations])[occupation]
        salary = np.where(of_level, draws.bands(bands, n), salary)
    return Work(status, motive, occupation, employer, salary, employers, sections)


def _occupations(draws: Draws, figures: Figures, section: Ints, sections: tuple[str, ...], people: People) -> Ints:
    """Occupations that exist in the employer's section; citizens of richer countries more often in higher ones."""
    present = np.array([[1.0 if letter in job.sections else 0.0 for job in figures.occupations] for letter in sections])
    present[present.sum(axis=1) == 0] = [1.0 if job.level == "technician" else 0.0 for job in figures.occupations]
    favour = {"Europe": (5, 3, 1), "AmNord": (6, 3, 1), "Asie": (3, 3, 3), "Maghreb": (3, 3, 2), "MENA": (2, 2, 3)}
    by_level = {"manager": 0, "technician": 1, "worker": 2}
    level = np.array([by_level[job.level] for job in figures.occupations])
    taste = np.array([favour.get(nat.block, (0.5, 2, 6)) for nat in figures.nationalities], np.float64)[:, level]
    combined = present[None, :, :] * taste[:, None, :]
    rows = people.nationality * len(sections) + section
    return draws.choose_by(combined.reshape(-1, len(level)), rows)


def _employers(count: int, seed: int, figures: Figures) -> Employers:
    draws = Draws(seed, "employers")
    words = figures.tables["employers"]
    parts = [
        np.array(words[key], object)[draws.integers(0, len(words[key]) - 1, count)]
        for key in ("prefixes", "stems", "forms")
    ]
    base = draws.integers(1, 3_999_999, count) * 10_000 + draws.integers(1, 120, count)
    ice = base * 100 + (-base * 100) % 97
    return Employers(
        name=parts[0] + " " + parts[1] + " " + parts[2],
        ice=digits(ice, 15),
        rc=digits(draws.integers(1_000, 599_999, count), 1),
        affiliation=digits(draws.integers(10_000, 9_999_999, count), 7),
        section=draws.choose(list(figures.tables["sectors"].values()), count),
        city=draws.choose([city.share for city in figures.cities], count),
    )


def digits(numbers: Ints, width: int) -> Texts:
    """Numbers as text of at least ``width`` digits, with leading zeros."""
    return np.asarray(np.char.zfill(numbers.astype(str), width).astype(object))
