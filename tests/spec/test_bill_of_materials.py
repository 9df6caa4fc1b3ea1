"""The bill of materials names every locked library once with its hashes, and what is vendored."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("sbom", ROOT / ".ci" / "sbom.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: dict[str, Any] = module.bill()
    return made


def test_every_locked_library_is_named_with_its_hashes(bill: dict[str, Any]) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w.-]+)(?:\[.*?\])?==([\w.!+]+)", lock, re.MULTILINE)
    found = {(one["name"], one["version"]) for one in bill["components"] if one["purl"].startswith("pkg:pypi/")}
    assert found == {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in pinned}
    hashes = [one["content"] for component in bill["components"] for one in component["hashes"]]
    assert set(re.findall(r"sha256:([0-9a-f]{64})", lock)) <= set(hashes)
    assert all(component["hashes"] for component in bill["components"])


def test_references_are_unique_and_the_format_is_named(bill: dict[str, Any]) -> None:
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(references) == len(set(references))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")


def test_vendored_files_are_named(bill: dict[str, Any]) -> None:
    """Each script of another project in the package; own scripts have no licence line of others."""
    static = ROOT / "src" / "wasl" / "web" / "console" / "static"
    digests = {one["hashes"][0]["content"] for one in bill["components"] if one["purl"].startswith("pkg:npm/")}
    assert digests == {hashlib.sha256(path.read_bytes()).hexdigest() for path in static.glob("*.min.js")}
