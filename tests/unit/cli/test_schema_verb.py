from __future__ import annotations

import ast
import json
from importlib import import_module, util
from pathlib import Path

import pytest
from typer.testing import CliRunner

import wasl
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


def test_every_document_that_can_be_loaded_has_a_kind():
    """Looks for classes of documents with a ``load`` of their own in the source."""
    loaded = set()
    for path in Path(wasl.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Document" for base in node.bases):
                methods = {method.name for method in node.body if isinstance(method, ast.FunctionDef)}
                loaded |= {node.name} if "load" in methods else set()
    assert loaded == {model for _, model, _ in KINDS.values()}


def test_list_and_unknown_kind(tmp_path):
    assert "description" in run().stdout
    assert isinstance(run("nonsense").exception, InputError)
    run("description", "--out", str(tmp_path / "d.json"))
    assert json.loads((tmp_path / "d.json").read_text())["title"] == "DatasetDescription"
