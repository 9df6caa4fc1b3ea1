from __future__ import annotations

import json
from importlib import import_module, util

import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.cli.schema import KINDS
from wasl.errors import InputError


def run(*words):
    return CliRunner().invoke(build_app(["wasl.cli.schema"]), ["schema", *words])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_schema(kind):
    module, model, _ = KINDS[kind]
    assert util.find_spec(module), f"{module} is missing"
    assert hasattr(import_module(module), model)
    value = json.loads(run(kind).stdout)
    assert value["type"] == "object"
    assert value["additionalProperties"] is False


def test_list_and_unknown_kind(tmp_path):
    assert "description" in run().stdout
    assert isinstance(run("nonsense").exception, InputError)
    run("description", "--out", str(tmp_path / "d.json"))
    assert json.loads((tmp_path / "d.json").read_text())["title"] == "DatasetDescription"
