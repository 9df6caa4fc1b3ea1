"""A synthetic population and its registers, deterministic per seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pyarrow as pa

from wasl.errors import InputError
from wasl.population.aggregates import AGGREGATES
from wasl.population.damage import HARD, STANDARD
from wasl.population.employment import employ
from wasl.population.figures import load_figures
from wasl.population.lexicon import load_lexicon
from wasl.population.membership import enrol
from wasl.population.migrants import MIGRANT_OFFICES, issue_cases
from wasl.population.moroccans import MOROCCAN_OFFICES, moroccan_scene
from wasl.population.offices import OFFICES, Columns, Ints, Scene, issue_numbers
from wasl.population.people import populate

__all__ = ["Difficulty", "Population", "Scope", "check_request", "draw_scene", "generate", "write_offices"]

Difficulty = Literal["standard", "hard"]
Scope = Literal["work", "all"]
RATES = {"standard": STANDARD, "hard": HARD}


@dataclass(frozen=True, slots=True)
class Population:
    """Registers as their holders keep them, and who their records are.

    Attributes:
        registers: Register id to table; all columns are text as it stands in the holder's file.
        truth: ``register, record, person``: the record's number is the register's first column. Registers of
            aggregates have no persons. Moroccans abroad are other persons than the foreigners in Morocco.
        persons: How many foreigners exist, in registers or not.
    """

    registers: dict[str, pa.Table]
    truth: pa.Table
    persons: int


def generate(
    persons: int,
    seed: int,
    difficulty: Difficulty = "standard",
    report: Callable[[int, int], None] | None = None,
    *,
    scope: Scope = "work",
) -> Population:
    """``persons`` foreigners in Morocco and the registers that hold them; no person in it exists.

    The same arguments give the same tables on every machine (and release of Faker).

    Args:
        persons: Foreigners in Morocco. With scope ``all`` as many Moroccans abroad are added.
        seed: Seed of every draw.
        difficulty: How many errors registers hold.
        report: Told (registers done, registers).
        scope: ``work``: the six registers of permits, social security and employment. ``all``: also job seekers,
            refugees, training, surveys, a census sample, Moroccans abroad, and the two registers of aggregates.

    Raises:
        InputError: Fewer than 100 persons, a negative seed, an unknown difficulty or scope.

    Example:
        >>> generate(200, seed=1).registers["dgsn-permits"].column_names[:3]
        ['num_titre', 'type_titre', 'motif']
    """
    check_request(persons, seed, difficulty, scope)
    scene = draw_scene(persons, seed, difficulty)
    count = len(OFFICES) if scope == "work" else len(OFFICES) + len(MIGRANT_OFFICES) + len(MOROCCAN_OFFICES)
    registers, truths = {}, []
    for done, (register, (columns, person)) in enumerate(write_offices(scene, persons, seed, difficulty, scope), 1):
        shift = persons if register in MOROCCAN_OFFICES else 0  # other persons than the foreigners
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        registers[register] = table
        truths.append(
            pa.table(
                {
                    "register": pa.array([register] * len(table), pa.string()),
                    "record": table.column(0),
                    "person": pa.array(person + shift, pa.int64()),
                }
            )
        )
        if report is not None:
            report(done, count)
    if scope == "all":
        for register, counted in AGGREGATES.items():
            columns = counted(seed, scene.figures)
            registers[register] = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return Population(registers, pa.concat_tables(truths), persons)


def check_request(persons: int, seed: int, difficulty: str, scope: str) -> None:
    """Refuse what cannot be generated.

    Raises:
        InputError: Fewer than 100 persons, a negative seed, an unknown difficulty or scope.
    """
    if persons < 100:
        raise InputError(
            f"a population of {persons} persons is too small to fill six registers.", remedy="Ask for 100."
        )
    if seed < 0:
        raise InputError("the seed is negative.", remedy="Give a whole number from 0.")
    if difficulty not in RATES:
        raise InputError(f"unknown difficulty {difficulty!r}.", remedy=f"Give one of: {', '.join(RATES)}.")
    if scope not in ("work", "all"):
        raise InputError(f"unknown scope {scope!r}.", remedy="Give work or all.")


def draw_scene(persons: int, seed: int, difficulty: Difficulty) -> Scene:
    """The foreigners, their work and numbers, and the registers they are in."""
    figures, lexicon = load_figures(), load_lexicon()
    people = populate(persons, seed, figures, lexicon)
    membership = enrol(people, seed, figures)
    formal = np.zeros(persons, bool)
    for members in (membership.employees, membership.contracts, membership.certificates):
        formal[members] = True
    return Scene(
        figures=figures,
        lexicon=lexicon,
        people=people,
        work=employ(people, formal, seed, figures),
        membership=membership,
        numbers=issue_numbers(people, membership, figures, seed),
        rates=RATES[difficulty],
        seed=seed,
    )


def write_offices(
    scene: Scene, persons: int, seed: int, difficulty: Difficulty, scope: Scope
) -> Iterator[tuple[str, tuple[Columns, Ints]]]:
    """Each register's columns and the person of each record; Moroccans abroad are numbered on their own."""
    offices: dict[str, Callable[[], tuple[Columns, Ints]]] = {
        register: partial(office, scene) for register, office in OFFICES.items()
    }
    if scope == "all":
        cases = issue_cases(scene)
        abroad = moroccan_scene(persons, seed, scene.figures, scene.lexicon, RATES[difficulty])
        offices |= {register: partial(office, scene, cases) for register, office in MIGRANT_OFFICES.items()}
        offices |= {register: partial(office, abroad) for register, office in MOROCCAN_OFFICES.items()}
    for register, office in offices.items():
        yield register, office()
