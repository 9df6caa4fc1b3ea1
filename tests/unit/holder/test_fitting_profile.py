"""Which profile compares an office's own registers: the family made for them, or one composed from their features."""

import pytest

from wasl.holder.composition import GENERIC, fitting_profile
from wasl.registers.schema import RegisterSchema

COLUMNS = {
    "surname": {"role": "name", "feature": "surname"},
    "given": {"role": "name", "feature": "given"},
    "whole": {"role": "name", "feature": "full_name"},
    "born": {"type": "date", "role": "birth", "feature": "birth_date"},
    "sex": {"type": "code", "role": "origin", "feature": "sex", "classification": "sex"},
    "nation": {"type": "code", "role": "origin", "feature": "nationality", "classification": "nationality"},
    "town": {"role": "contact", "feature": "locality"},
}


def own(name, columns, family):
    fields = [{"name": "n", "role": "identifier", "required": True}]
    fields += [{"name": column, **COLUMNS[column]} for column in columns.split()]
    return RegisterSchema.model_validate(
        {"id": name, "holder": "office", "record": "n", "profiles": family, "fields": fields}
    )


@pytest.mark.parametrize(
    ("left", "right", "profile"),
    [
        (("surname given born sex nation", "morocco"), ("whole born sex nation", "morocco"), "guarded"),
        (("surname given born sex", "morocco"), ("whole born sex", "morocco"), GENERIC),  # three passes in common
        (("surname given born sex nation", "morocco"), ("whole born", "morocco"), GENERIC),
        (("surname given born", "febrl"), ("surname given born", "febrl"), "guarded"),
        (("surname given born", "febrl"), ("whole born", "morocco"), GENERIC),  # two families
        (("surname given town", "generic"), ("surname given town sex", "generic"), GENERIC),
        (("surname given sex", "morocco"), ("surname given sex", "morocco"), GENERIC),
    ],
)
def test_registers_of_ones_own(left, right, profile):
    schemas = (own("a", *left), own("b", *right))
    assert fitting_profile(schemas) == fitting_profile(schemas[::-1]) == profile


@pytest.mark.parametrize("pair", [("cnss-employees", "cnss-pensioners"), ("anapec-certificates", "anapec-projects")])
def test_shipped_registers_keep_their_family(pair):
    assert fitting_profile(tuple(RegisterSchema.load(name) for name in pair)) == "guarded"
