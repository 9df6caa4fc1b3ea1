"""The figures and word lists the population is drawn from, as they stand in ``data/*.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["City", "Figures", "Nationality", "Occupation", "load_figures", "read_list"]


@dataclass(frozen=True, slots=True)
class Nationality:
    """A nationality: how many hold it in which source, and how it is written.

    Attributes:
        iso3: ISO 3166-1 alpha-3.
        name, spellings, demonyms: Country name, its spellings in files, demonym of a man and of a woman.
        census: Share among foreign residents, percent.
        employees, contracts, refugees, projects: Counts in the anchoring sources.
        men: Share of men.
        ages: Name of the age and household tables.
        permit: Share of adults holding a permit.
        cultures: Cultures whose names its citizens bear, with shares.
        passport: Pattern of its passport numbers (``#`` digit, ``@`` letter).
    """

    iso3: str
    name: str
    spellings: tuple[str, ...]
    demonyms: tuple[str, str]
    block: str
    census: float
    employees: float
    contracts: float
    refugees: float
    projects: float
    men: float
    ages: str
    permit: float
    cultures: dict[str, float]
    passport: str


@dataclass(frozen=True, slots=True)
class City:
    """A city, its province (HCP code ``RR.PPP``) and its share of foreign residents."""

    names: tuple[str, ...]
    province: str
    share: float


@dataclass(frozen=True, slots=True)
class Occupation:
    """An occupation: its titles as offices write them, NMA 2010 sections, pay level, ISCO-08 major group."""

    titles: tuple[str, ...]
    sections: str
    level: str
    isco: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the population is drawn from.

    Attributes:
        tables: The plain tables of ``figures.toml`` by name.
        births: Places of birth by ISO code, most frequent first.
    """

    nationalities: tuple[Nationality, ...]
    cities: tuple[City, ...]
    occupations: tuple[Occupation, ...]
    births: tuple[tuple[str, ...], ...]
    tables: dict[str, Any]

    def of_nationalities(self, attribute: str) -> npt.NDArray[np.float64]:
        """One figure of every nationality, in order."""
        return np.array([getattr(nationality, attribute) for nationality in self.nationalities], np.float64)


def read_list(text: str) -> tuple[str, ...]:
    """The words of a comma-separated list."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def read_toml(name: str) -> dict[str, Any]:
    """One of the data files of this package."""
    return tomllib.loads((files("wasl.population") / "data" / f"{name}.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def load_figures() -> Figures:
    """The figures of ``data/*.toml``."""
    tables = read_toml("figures")
    births = read_toml("births")
    nationalities = tuple(_nationality(iso3, row) for iso3, row in read_toml("nationalities").items())
    return Figures(
        nationalities=nationalities,
        cities=tuple(City(tuple(row["names"]), row["province"], row["share"]) for row in tables.pop("cities")),
        occupations=tuple(
            Occupation(tuple(row["titles"]), row["sections"], row["level"], row["isco"])
            for row in tables.pop("occupations")
        ),
        births=tuple(read_list(births[nationality.iso3]) for nationality in nationalities),
        tables=tables,
    )


def _nationality(iso3: str, row: dict[str, Any]) -> Nationality:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Nationality(iso3=iso3, **fields)
