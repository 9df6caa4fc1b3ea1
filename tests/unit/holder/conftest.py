"""A small register and a key."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.schema import RegisterSchema

SURNAMES = [
    "Diallo",
    "Traore",
    "Kone",
    "Ndiaye",
    "Alaoui",
    "Martin",
    "Camara",
    "Sow",
    "Bah",
    "Toure",
    "Garcia",
    "Cisse",
]
GIVENS = ["Awa", "Ali", "Mamadou", "Fatima", "Jean", "Aminata", "Youssef", "Marie", "Ibrahima", "Khadija", "Omar"]


@pytest.fixture(scope="session")
def schema():
    return RegisterSchema.load("anapec-projects")


@pytest.fixture(scope="session")
def key():
    return LinkageKey(bytes(range(32)), "test")


def _projects(schema: RegisterSchema, persons: int, seed: int = 1, **columns: list[str]) -> pa.Table:
    """A register of regularized migrants with random names and births."""
    rng = np.random.default_rng(seed)
    data = {field.name: [""] * persons for field in schema.fields}
    days = rng.integers(-5000, 12000, persons).astype("datetime64[D]")
    data |= {
        "num_inscription": [f"R{i:06d}" for i in range(persons)],
        "num_carte_sejour": [f"C{i:06d}" if i % 4 else "" for i in range(persons)],
        "nom": rng.choice(SURNAMES, persons).tolist(),
        "prenom": rng.choice(GIVENS, persons).tolist(),
        "sexe": rng.choice(["M", "F"], persons).tolist(),
        "date_naissance": [f"{d.item():%d/%m/%Y}" for d in days],
        "nationalite": rng.choice(["SEN", "GIN", "CIV"], persons).tolist(),
        "region": ["04"] * persons,
    }
    return pa.table(data | columns)


@pytest.fixture(scope="session")
def projects():
    return _projects


@pytest.fixture
def make(schema, key):
    def make(table: pa.Table, profile: str = "guarded", *, under: LinkageKey = key, **options):
        recipe = profile if isinstance(profile, EncodingProfile) else EncodingProfile.load(profile)
        return encode(
            table,
            schema,
            under,
            recipe,
            created="2026-01-01",
            rng=np.random.default_rng(0),
            **{"consent_weak_profile": True} | options,
        )

    return make
