"""A surname in Arabic letters that is another name than the Latin one is a further name of the person."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wasl.holder.name_columns import describe_names
from wasl.holder.names.normalizer import normalize
from wasl.holder.names.other_surname import are_other_names
from wasl.registers.schema import RegisterSchema

ONE_NAME = [
    ("بنجلون", "Benjelloun", "Zineb"),
    ("العلوي", "ALAOUI", "FATIMA"),
    ("العلوي", "Fatima", "El Alaoui"),  # exchanged
    ("الإدريسي", "Idrisi", "Rachid"),
    ("بنجلون", "Benjlloun", "Omar"),  # a letter lost
    ("ديالو", "Jallow", "Mamadou"),
    ("التازي", "Tazi épouse Fassi", "Hind"),
    ("", "Tazi", "Hind"),
    ("التازي", "", ""),
]
TWO_NAMES = [
    ("بنجلون", "El Alami", "Zineb"),
    ("التازي", "Lahlou", "Samira"),
    ("سوماورو", "DIALLO", "AWA"),
    ("فال", "Sow", "Rokhaya"),
]


@pytest.mark.parametrize("record", ONE_NAME)
def test_spellings_of_one_name(record):
    assert not are_other_names(*record)


@pytest.mark.parametrize("record", TWO_NAMES)
def test_two_names(record):
    assert are_other_names(*record)


@pytest.mark.parametrize("columns", [("nom", "prenom"), ("nom_prenom",)])
def test_both_names_are_names_of_the_person_and_the_surname_stays_the_latin_one(columns):
    features = {"nom": "surname", "prenom": "given", "nom_prenom": "full_name", "ar": "surname_arabic"}
    cells = {"nom": ["El Alami", "Tazi"], "prenom": ["Zineb", "Hind"], "nom_prenom": ["El Alami Zineb", "Tazi Hind"]}
    fields = [{"name": "n", "role": "identifier"}]
    fields += [{"name": one, "role": "name", "feature": features[one]} for one in (*columns, "ar")]
    schema = RegisterSchema.model_validate(
        {"id": "r", "holder": "h", "record": "n", "profiles": "morocco", "fields": fields}
    )
    table = pa.table({"n": ["1", "2"], "ar": ["بنجلون", "التازي"]} | {one: cells[one] for one in columns})
    names = describe_names(table, schema)[0]
    column = names["names"]
    words = [
        {column.vocabulary[i] for i in column.words[a:b]}
        for a, b in zip(column.offsets[:-1], column.offsets[1:], strict=True)
    ]
    assert set(normalize("بنجلون").words) <= words[0]
    assert set(normalize("El Alami").words) <= words[0]
    assert words[1] == set(normalize("Tazi Hind").words)
    assert set(names) == {"names", *(features[one] for one in columns if one != "nom_prenom")}
