"""A synthetic population and its registers, deterministic per seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from wasl.errors import InputError
from wasl.population.damage import HARD, STANDARD
from wasl.population.employment import employ
from wasl.population.figures import load_figures
from wasl.population.lexicon import load_lexicon
from wasl.population.membership import enrol
from wasl.population.offices import OFFICES, Scene, issue_numbers
from wasl.population.people import populate

__all__ = ["Difficulty", "Population", "generate"]

Difficulty = Literal["standard", "hard"]
RATES = {"standard": STANDARD, "hard": HARD}


@dataclass(frozen=True, slots=True)
class Population:
    """Registers as their holders keep them, and who their records are.

    Attributes:
        registers: Register id to table; all columns are text as it stands in the holder's file.
        truth: ``register, record, person``: the record's number is the register's first column.
        persons: How many persons exist, in registers or not.
    """

    registers: dict[str, pa.Table]
    truth: pa.Table
    persons: int


def generate(
    persons: int,
    seed: int,
    difficulty: Difficulty = "standard",
    report: Callable[[int, int], None] | None = None,
) -> Population:
    """``persons`` foreigners in Morocco and the six registers that know of them; nobody in it exists.

    The same arguments give the same tables on every machine (and release of Faker). ``report`` is told (done, total).

    Raises:
        InputError: Fewer than 100 persons, a negative seed, or an unknown difficulty.

    Example:
        >>> generate(200, seed=1).registers["dgsn-permits"].column_names[:3]
        ['num_titre', 'type_titre', 'motif']
    """
    if persons < 100:
        raise InputError(
            f"a population of {persons} persons is too small to fill six registers.", remedy="Ask for 100."
        )
    if seed < 0:
        raise InputError("the seed is negative.", remedy="Give a whole number from 0.")
    if difficulty not in RATES:
        raise InputError(f"unknown difficulty {difficulty!r}.", remedy=f"Give one of: {', '.join(RATES)}.")
    figures, lexicon = load_figures(), load_lexicon()
    people = populate(persons, seed, figures, lexicon)
    membership = enrol(people, seed, figures)
    formal = np.zeros(persons, bool)
    for members in (membership.employees, membership.contracts, membership.certificates):
        formal[members] = True
    scene = Scene(
        figures=figures,
        lexicon=lexicon,
        people=people,
        work=employ(people, formal, seed, figures),
        membership=membership,
        numbers=issue_numbers(people, membership, figures, seed),
        rates=RATES[difficulty],
        seed=seed,
    )
    registers, truths = {}, []
    for done, (register, office) in enumerate(OFFICES.items(), 1):
        columns, person = office(scene)
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        registers[register] = table
        truths.append(
            pa.table(
                {
                    "register": pa.array([register] * len(table), pa.string()),
                    "record": table.column(0),
                    "person": pa.array(person, pa.int64()),
                }
            )
        )
        if report is not None:
            report(done, len(OFFICES))
    return Population(registers, pa.concat_tables(truths), persons)
