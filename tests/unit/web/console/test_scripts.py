"""Own scripts of the pages take no name of a property from data (ASVS 5.0, V15.3.6)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wasl.web.console.templates import STATIC

OWN = ("console.js", "keys.js")
COMPUTED = re.compile(r"[\w)\]]\[(?!\d+\]|\"[^\"]*\"\]|'[^']*'\])")
"""Access to a property by anything but a number or a written name."""

WAYS = ("__proto__", "prototype", "Object.assign", "eval(", "innerHTML", "JSON.parse")


@pytest.mark.parametrize("name", OWN)
def test_no_property_is_named_by_data(name: str) -> None:
    script = (Path(STATIC) / name).read_text(encoding="utf-8")
    assert not COMPUTED.findall(re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", '""', script))
    assert not [way for way in WAYS if way in script]
