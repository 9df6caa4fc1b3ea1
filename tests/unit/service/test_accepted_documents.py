"""A shipped document that was written out in full is taken over the wire as well as its name."""

from __future__ import annotations

import pytest

from wasl.errors import SchemaError
from wasl.registers.documents import config_dir
from wasl.service.documents import accept_specification, require_bare_names
from wasl.workflow.microdata import MicrodataSpec

SPECIFICATIONS = sorted(path.stem for path in (config_dir() / "microdata").glob("*.toml"))


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_a_specification_in_full_is_the_one_of_its_name(name: str) -> None:
    full = MicrodataSpec.load(name).model_dump(mode="json")
    assert accept_specification(full) == accept_specification({"name": name})


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/b", "..", " "])
def test_a_path_is_never_a_name(path: str) -> None:
    with pytest.raises(SchemaError, match="not a path"):
        require_bare_names({"variables": [{"classification": path}]}, "the document")
    require_bare_names({"variables": [{"classification": ""}]}, "the document")
