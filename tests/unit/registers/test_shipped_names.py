"""A shipped name means the shipped document, whatever lies in the folder where somebody works."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import SchemaError
from wasl.holder.profile import EncodingProfile
from wasl.linkage.plan import LinkagePlan
from wasl.registers.schema import RegisterSchema

KINDS = [
    (RegisterSchema, "dgsn-permits"),
    (LinkagePlan, "morocco"),
    (EncodingProfile, "guarded"),
    (DisclosurePolicy, "public-use"),
]


@pytest.mark.parametrize(("kind", "name"), KINDS, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("content", [b"PAR1\xff\xfe", b"id = 1"], ids=["data", "toml"])
def test_a_file_of_that_name_does_not_stand_in_its_way(kind, name, content, tmp_path, monkeypatch):
    meant = kind.load(name)
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    assert kind.load(name) == meant
    with pytest.raises(SchemaError, match=name):
        kind.load(f"./{name}")


@pytest.mark.parametrize("name", ["mine", "mine.toml", "./mine.toml"])
def test_a_file_is_given_by_its_path(name, tmp_path, monkeypatch):
    import wasl.registers.documents as documents

    shipped = documents.config_dir() / "registers" / "dgsn-permits.toml"
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(shipped.read_bytes())
    assert RegisterSchema.load(name) == RegisterSchema.load("dgsn-permits")
    assert RegisterSchema.load(Path(name)) == RegisterSchema.load("dgsn-permits")
