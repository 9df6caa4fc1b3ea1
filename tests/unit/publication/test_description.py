from __future__ import annotations

import pytest
from pydantic import ValidationError

from wasl.errors import SchemaError
from wasl.publication.description import DatasetDescription, Variable
from wasl.registers.documents import config_dir


@pytest.mark.parametrize("path", sorted((config_dir() / "publication").glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_descriptions_load(path):
    description = DatasetDescription.load(path.stem)
    assert description.digest.startswith("sha256:")
    assert all(variable.label_fr for variable in description.variables)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "1st"},
        {"name": "a b"},
        {"name": "x" * 33},
        {"name": "double"},
        {"name": "WITH"},
        {"codes": [{"code": "1", "label": "a"}, {"code": "1", "label": "b"}]},
        {"codes": []},
        {"kind": "integer"},
        {"kind": "text", "codes": [], "weight": True},
        {"surplus": 1},
    ],
)
def test_variables_that_some_format_cannot_take_are_refused(wrong):
    right = {"name": "sex", "label": "Sex", "kind": "code", "codes": [{"code": "1", "label": "a"}]}
    Variable.model_validate(right)
    with pytest.raises(ValidationError):
        Variable.model_validate({**right, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"period": {"start": "2024-02-01", "end": "2024-01-01"}},
        {"id": "Has Spaces"},
        {"variables": []},
        {"variables": [{"name": "a", "label": "A", "kind": "text"}, {"name": "A", "label": "A", "kind": "text"}]},
        {
            "variables": [
                {"name": "a", "label": "A", "kind": "decimal", "weight": True},
                {"name": "b", "label": "B", "kind": "decimal", "weight": True},
            ]
        },
    ],
)
def test_descriptions_that_do_not_hold_together_are_refused(description, wrong):
    value = description.model_dump(by_alias=True)
    DatasetDescription.model_validate(value)
    with pytest.raises(ValidationError):
        DatasetDescription.model_validate({**value, **wrong})


def test_a_file_that_is_not_a_description_names_itself(tmp_path):
    path = tmp_path / "d.toml"
    path.write_text('title = "x"\n')
    with pytest.raises(SchemaError, match=r"d\.toml"):
        DatasetDescription.load(path)


@pytest.mark.parametrize("name", ["str8", "STR2045", "with", "strL"])
def test_names_that_stata_or_spss_reserve_are_refused(name):
    with pytest.raises(ValueError, match="reserve this word"):
        Variable(name=name, label="x", kind="integer")


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("uri", "www.hcp.ma"),
        ("uri", "https://hcp ma"),
        ("uri", "https://a<b>"),
        ("email", "a b@c"),
        ("email", "nobody"),
    ],
)
def test_addresses_of_the_producer_are_addresses(description, key, wrong):
    document = description.model_dump(by_alias=True, mode="json")
    document["producer"][key] = wrong
    with pytest.raises(ValidationError, match=key):
        DatasetDescription.model_validate(document)
