"""Registers of a small synthetic Morocco, and what an adversary makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.attack.campaign import Target
from wasl.attack.knowledge import Knowledge
from wasl.attack.scenario import Register, stage
from wasl.holder.profile import EncodingProfile
from wasl.population.generate import Population, generate
from wasl.registers.schema import RegisterSchema


@pytest.fixture(scope="session")
def morocco() -> Population:
    return generate(400, seed=1)


@pytest.fixture(scope="session")
def registers(morocco: Population) -> list[Register]:
    return [(table, RegisterSchema.load(name)) for name, table in morocco.registers.items()]


@pytest.fixture(scope="session")
def six(morocco: Population, registers: list[Register]) -> tuple[Target, Knowledge]:
    """Six registers under ``guarded``, attacked by somebody who owns all six files."""
    profile = EncodingProfile.load("guarded")
    rng = np.random.default_rng(1)
    return stage(registers, registers, profile, rng, truth=morocco.truth, keys=2, arrangements=4)


@pytest.fixture(scope="session")
def permits(registers: list[Register]) -> tuple[Target, Knowledge]:
    """One register under ``guarded``, attacked by somebody who owns it."""
    profile = EncodingProfile.load("guarded")
    held = [(table, schema) for table, schema in registers if schema.register_id == "dgsn-permits"]
    return stage(held, held, profile, np.random.default_rng(2), keys=2, arrangements=4)
