"""The committed sample is what its README says: one command makes it again, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import faker
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app

SAMPLE = Path(__file__).parents[3] / "synthetic_data"


def test_the_sample_is_regenerated_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    if f"Faker {faker.VERSION} " not in readme:
        pytest.skip("another release of Faker has other name lists")
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    command = [
        "population",
        "generate",
        "--persons",
        "1000",
        "--seed",
        "2026",
        "--out",
        str(tmp_path / "out"),
        "--json",
    ]
    done = CliRunner().invoke(build_app(["wasl.cli.population"]), command)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["records"]["cnss-employees"] == 200
    made = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    kept = {path.name: path.read_bytes() for path in SAMPLE.iterdir()}
    assert made == kept
