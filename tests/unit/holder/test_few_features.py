"""A register of names and birth dates is told of the profiles that are made for it."""

from __future__ import annotations

import pytest

from wasl.holder.few_features import note_few_features
from wasl.holder.profile import EncodingProfile
from wasl.holder.quality.finding_texts import CHECKS
from wasl.registers.schema import RegisterSchema

BASE = (
    ("record", "identifier", None, "string"),
    ("nom", "name", "surname", "string"),
    ("prenom", "name", "given", "string"),
    ("naissance", "birth", "birth_date", "date"),
)
MORE = {
    "sex": ("sexe", "origin", "sex", "string"),
    "passport": ("passeport", "identifier", "passport", "string"),
    "street": ("rue", "contact", "street", "string"),
}


def schema(*more: str, family: str = "morocco") -> RegisterSchema:
    fields = [
        {"name": name, "role": role, "type": kind}
        | ({"feature": feature} if feature else {})
        | ({"format": ["%Y-%m-%d"]} if kind == "date" else {})
        for name, role, feature, kind in (*BASE, *(MORE[one] for one in more))
    ]
    return RegisterSchema.model_validate(
        {"id": "r", "holder": "h", "record": "record", "profiles": family, "fields": fields}
    )


@pytest.mark.parametrize(("family", "told"), [("morocco", 1), ("febrl", 0)])
@pytest.mark.parametrize("profile", ["guarded", "open"])
def test_the_holder_is_told_where_another_family_finds_more(family: str, told: int, profile: str) -> None:
    notes = note_few_features(schema(family=family), EncodingProfile.load(profile, family=family), 10)
    assert len(notes) == told
    assert all(set(CHECKS[note.check]) == {"fr", "ar", "en"} and note.count == 10 for note in notes)


@pytest.mark.parametrize("more", list(MORE))
def test_a_register_with_more_is_not_told(more: str) -> None:
    assert note_few_features(schema(more), EncodingProfile.load("guarded", family="morocco"), 10) == ()
