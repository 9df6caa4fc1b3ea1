"""Every person register of the mission meets every other in at least three passes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.documents import config_dir
from wasl.registers.schema import RegisterSchema

GUARDED = EncodingProfile.load("guarded")
SCHEMAS = {
    path.stem: schema
    for path in sorted((config_dir() / "registers").glob("*.toml"))
    if (schema := RegisterSchema.load(path)).profiles == "morocco" and "birth_date" in schema.by_feature
}
VALUES = {
    "surname": "Diallo",
    "given": "Mamadou",
    "full_name": "Diallo Mamadou",
    "sex": "M",
    "nationality": "SEN",
    "birth_date": "17/05/1990",
}


def one_record(schema):
    """A record in which every feature of the register is filled in."""
    row = {}
    for n, field in enumerate(schema.fields):
        value = VALUES.get(str(field.feature), f"{1000 + n}" if field.role.value in ("identifier", "contact") else "")
        row[field.name] = [value]
        if field.piece_type:
            row[field.piece_type] = [next(iter(field.piece_features))]
    for field in schema.fields:
        if any(other.piece_type == field.name for other in schema.fields):
            row[field.name] = [next(iter(next(o for o in schema.fields if o.piece_type == field.name).piece_features))]
        elif field.required and not row[field.name][0]:
            row[field.name] = ["1"]
    return pa.table(row)


@pytest.fixture(scope="module")
def passes():
    """The passes each register really has rows in."""
    key = LinkageKey.new("passes", bytes(range(32)))
    found = {}
    for name, schema in SCHEMAS.items():
        made = encode(one_record(schema), schema, key, GUARDED, created="", rng=np.random.default_rng(0))
        found[name] = {step.name for step in made.delivery.header.passes if step.rows}
    return found


def test_the_registers_of_the_mission_are_all_here():
    assert {"dgsn-permits", "consular-register", "unhcr-refugees", "anapec-placed-abroad", "survey-ene"} <= set(SCHEMAS)
    assert len(SCHEMAS) >= 13


@pytest.mark.parametrize(("one", "other"), list(combinations(SCHEMAS, 2)))
def test_every_pair_shares_three_passes(passes, one, other):
    assert len(passes[one] & passes[other]) >= 3


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("consular-register", "anapec-placed-abroad", "cin"),
        ("unhcr-refugees", "refugees-recognized", "refugee-file"),
        ("unhcr-refugees", "anapec-job-seekers", "refugee-file"),
        ("anapec-projects", "anapec-job-seekers", "anapec-number"),
        ("survey-ene", "survey-medhims", "household"),
        ("cnss-employees", "cnss-pensioners", "cnss"),
        ("taechir-contracts", "anapec-certificates", "certificate"),
    ],
)
def test_numbers_two_registers_share_are_passes(passes, one, other, name):
    assert name in passes[one] & passes[other]


def test_a_pair_that_differs_in_day_and_year_of_birth_meets(make, projects, schema):
    def blocks(birth):
        made = make(projects(schema, 1, nom=["Diallo"], prenom=["Mamadou"], date_naissance=[birth]))
        return set(made.delivery.rows["block"].to_pylist())

    assert blocks("17/05/1990") & blocks("03/11/1984")
