"""A document in JSON that names a field twice is refused: readers disagree on which of the two counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasl.errors import SchemaError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.documents import load_document


@pytest.mark.parametrize("text", ['{"name": "a", "name": "b"}', '{"model": {"seed": 1, "seed": 2}}'])
def test_a_field_that_is_named_twice_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SchemaError, match="twice"):
        load_document(LinkagePlan, file)
