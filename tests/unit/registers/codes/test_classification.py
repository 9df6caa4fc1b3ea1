"""Standard codes: countries, demonyms, provinces, activities."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from wasl.errors import SchemaError
from wasl.registers.codes.classification import CodeList, harmonize
from wasl.registers.documents import config_dir
from wasl.registers.schema import RegisterSchema

SHIPPED = sorted(path.stem for path in (config_dir() / "classifications").glob("*.csv"))


@pytest.mark.parametrize(
    ("name", "spelling", "codes"),
    [
        ("nationality", "Côte d'Ivoire", ("CIV",)),
        ("nationality", "REP. DU SENEGAL", ("SEN",)),
        ("nationality", "ivoirienne", ("CIV",)),
        ("nationality", "congolais", ("COD", "COG")),
        ("nationality", "guinéen", ("GIN", "GNB", "GNQ")),
        ("nationality", "Atlantis", ()),
        ("sex", "Femme", ("F",)),
        ("sex", "1", ("M",)),
        ("province", "06.141", ("06.141",)),
        ("city", "Témara", ("04.501",)),
        ("activity", "BTP", ("F",)),
        ("activity", "4711", ("G",)),
        ("activity", "01.11", ("A",)),
        ("occupation", "Maçon", ("7",)),
    ],
)
def test_spellings(name, spelling, codes):
    assert CodeList.load(name).codes(spelling) == codes


def test_confused_demonyms_meet_under_one_code():
    nations = CodeList.load("nationality")
    assert nations.comparable("nigérien") == nations.comparable("nigérian")
    assert nations.comparable("congolais") == nations.comparable("RDC")
    assert nations.comparable("Sénégal") == "SEN"


def test_harmonizing_counts_what_it_cannot_say():
    column = pa.chunked_array([["Sénégal", "congolais", "Atlantis", "Atlantis", None, "FRA"]])
    found = harmonize(column, CodeList.load("nationality"))
    assert found.values.to_pylist() == ["SEN", None, None, None, None, "FRA"]
    assert (found.present, found.mapped, found.ambiguous, found.unmapped) == (5, 2, 1, (("Atlantis", 2),))
    assert found.coverage == pytest.approx(0.4)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_list_holds_together(name):
    codes = CodeList.load(name)
    assert codes.entries
    assert "version" in codes.title
    assert all(codes.codes(code) == (code,) for code in codes.entries)


@pytest.mark.parametrize("path", sorted((config_dir() / "registers").glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_schema_names_shipped_lists(path: Path):
    schema = RegisterSchema.load(path)
    assert schema.register_id == path.stem
    assert {field.classification for field in schema.fields if field.classification} <= set(SHIPPED)


def test_an_unknown_list_is_refused():
    with pytest.raises(SchemaError, match="no classification"):
        CodeList.load("nothing")
