"""Names in one column and names in two are compared as one variable."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wasl.holder.comparable import comparable_columns
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema
from wasl.workflow.own_registers import Variable


def columns(name, rows, **options):
    schema = RegisterSchema.load(name)
    empty = dict.fromkeys((field.name for field in schema.fields if not field.optional), "")
    table = register_from_table(pa.Table.from_pylist([empty | row for row in rows]), schema)
    return comparable_columns(table.table, schema, **options)


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_surname_and_given_name_are_compared_with_a_whole_name(language):
    one = columns("cnss-employees", [{"num_immatriculation": "1", "nom_prenom": "DIALLO MAMADOU"}], language=language)
    two = columns(
        "cnss-pensioners",
        [{"num_pension": "P1", "nom": "Diallo", "prenom": "Mamadou"}, {"num_pension": "P2", "nom": "Ba", "prenom": ""}],
        language=language,
        whole_name=True,
    )
    assert two["full_name"].shown.to_pylist() == ["Diallo Mamadou", "Ba"]
    assert two["full_name"].compared[0] == one["full_name"].compared[0]
    assert two["full_name"].label not in ("", "full_name")
    assert not {"surname", "given"} & set(two)


def test_without_need_names_stay_apart():
    two = columns("cnss-pensioners", [{"num_pension": "P1", "nom": "Diallo", "prenom": "Mamadou"}])
    assert {"surname", "given"} <= set(two)
    assert "full_name" not in two


SCRIPTS = [
    ("Bennani", "بناني", False),
    ("El Idrissi", "الإدريسي", False),
    ("Bennani", "العلوي", True),
    ("Bennani", "Benani", True),  # one script: two spellings are shown
    ("بناني", "البناني", True),
]


@pytest.mark.parametrize(("one", "other", "differ"), SCRIPTS)
def test_one_name_in_two_scripts_is_no_disagreement(one, other, differ):
    row = {"num_pension": "P1", "prenom": "x"}
    sides = [
        Variable(column.label, column.shown, column.compared, column.sound)
        for column in (columns("cnss-pensioners", [row | {"nom": nom}])["surname"] for nom in (one, other))
    ]
    at = pa.array([0])
    assert sides[0].differs(sides[1], at, at).tolist() == [differ]
