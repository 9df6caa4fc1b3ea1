"""Names in one column and names in two are compared as one variable."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wasl.holder.comparable import comparable_columns
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema


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
