"""A register whose names are in Arabic letters alone is encoded by its names, as one with both scripts is."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.name_columns import describe_names
from wasl.holder.profile import EncodingProfile
from wasl.registers.schema import RegisterSchema

COLUMNS = {
    "surname": ("Benjelloun", "Alaoui"),
    "given": ("Mohammed", "Fatima"),
    "full_name": ("Benjelloun Mohammed", "Alaoui Fatima"),
    "surname_arabic": ("بنجلون", "العلوي"),
    "given_arabic": ("محمد", "فاطمة"),
}
LATIN = ("surname", "given", "full_name")


def schema(features: tuple[str, ...]) -> RegisterSchema:
    fields = [
        {"name": "number", "role": "identifier"},
        {"name": "born", "role": "birth", "feature": "birth_date", "type": "date", "format": ["%d/%m/%Y"]},
        *({"name": one, "role": "name", "feature": one} for one in features),
    ]
    return RegisterSchema.model_validate(
        {"id": "r", "holder": "h", "record": "number", "profiles": "morocco", "fields": fields}
    )


def table(features: tuple[str, ...]) -> pa.Table:
    return pa.table({"number": ["1", "2"], "born": ["17/05/1990", "03/02/1981"]} | {n: COLUMNS[n] for n in features})


CHOICES = [tuple(n for n, has in zip(COLUMNS, flags, strict=True) if has) for flags in product([0, 1], repeat=5)]


@pytest.mark.parametrize("features", CHOICES)
def test_names_are_found_wherever_a_column_holds_them(features: tuple[str, ...]) -> None:
    described = schema(features)
    names = describe_names(table(features), described)[0]
    assert bool(names) is bool(features) is bool(described.name_columns)
    if not features:
        return
    assert names["names"].present.all()
    latin = [one for one in LATIN if one in features]
    if latin:  # Arabic letters fill gaps of the Latin column beside them; they are no further name
        assert set(described.name_columns) == {one.removesuffix("_name") for one in latin}
    made = encode(
        table(features),
        described,
        LinkageKey.new("p", bytes(range(32))),
        EncodingProfile.load("guarded"),
        created="",
        rng=np.random.default_rng(0),
    )
    assert made.delivery.header.passes
    assert "names" not in {one.name for one in made.left_out if one.kind == "group"}


def test_the_same_person_has_the_same_words_in_both_scripts() -> None:
    words = []
    for features in (("surname", "given"), ("surname_arabic", "given_arabic")):
        column = describe_names(table(features), schema(features))[0]["names"]
        words.append([column.skeletons[one] for one in column.words])
    assert words[0] == words[1]
