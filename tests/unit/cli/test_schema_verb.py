from __future__ import annotations

import ast
import datetime as dt
import json
import re
from importlib import import_module, util
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import wasl
from wasl.cli.app import build_app
from wasl.cli.schema import KINDS
from wasl.errors import InputError, SchemaError
from wasl.publication.columns import typed_columns
from wasl.publication.description import DatasetDescription


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


def test_a_draft_of_a_description_only_wants_filling_in(tmp_path):
    folder = tmp_path / "workers 2024"
    folder.mkdir()
    table = pa.table(
        {
            "sex": ["F", "M"],
            "band": ['1"2', "a\\b"],
            "wage": [1.5, None],
            "months": [1, 2],
            "entry": [dt.date(2024, 1, 1), None],
            "in_cnss": [True, False],
        }
    )
    pq.write_table(table, folder / "protected.parquet")
    report = {"rows": 2, "variables": [{"name": "wage", "label": "Wage", "label_fr": "Salaire"}]}
    (folder / "public-report.json").write_text(json.dumps(report))
    assert run("description", "--draft", str(folder), "--out", str(tmp_path / "d.toml")).exit_code == 0
    text = (tmp_path / "d.toml").read_text()
    with pytest.raises(SchemaError, match="still to be filled in") as found:
        DatasetDescription.load(tmp_path / "d.toml")
    for key in ("title", "abstract_ar", "producer.name", "period.start", "conditions_fr", "variables.months.label"):
        assert f"{key} (<" in str(found.value), "all holes are named at once"
    text = text.replace("<YYYY-MM-DD>", "2024-01-01")
    (tmp_path / "d.toml").write_text(re.sub("<.*?>", "Something", text))
    description = DatasetDescription.load(tmp_path / "d.toml")
    assert description.dataset_id == "workers-2024"
    found = {variable.name: (variable.label, variable.kind.value) for variable in description.variables}
    assert found["wage"] == ("Wage", "decimal")
    assert found["months"][1] == "integer"
    assert found["entry"][1] == "date"
    assert description.variables[0].classification == "sex"
    assert [code.code for code in description.variables[1].codes] == ['1"2', "a\\b"]
    typed_columns(table, description)
    assert isinstance(
        run("description", "--draft", str(folder), "--out", str(tmp_path / "d.toml")).exception, InputError
    )
    assert isinstance(run("description", "--draft", str(tmp_path / "none")).exception, InputError)


@pytest.mark.parametrize("kind", ["profile", "plan", "tables", "estimates"])
def test_what_cannot_be_drafted_says_what_can(tmp_path, kind):
    error = run(kind, "--draft", str(tmp_path)).exception
    assert isinstance(error, InputError)
    assert "policy" in str(error.remedy)


@pytest.mark.parametrize(
    ("kind", "name"), [("register", "dgsn-permits"), ("policy", "public-use"), ("plan", "morocco"), ("tables", "")]
)
def test_a_shipped_document_is_copied_to_be_changed(tmp_path, kind, name):
    from wasl.cli.schema import FOLDERS
    from wasl.registers.documents import config_dir

    folder = config_dir() / FOLDERS[kind]
    name = name or min(path.stem for path in folder.glob("*.toml"))
    out = tmp_path / "mine.toml"
    assert run(kind, "--copy", name, "--out", str(out)).exit_code == 0
    assert out.read_text(encoding="utf-8") == (folder / f"{name}.toml").read_text(encoding="utf-8")
    assert isinstance(run(kind, "--copy", name, "--out", str(out)).exception, InputError)  # it may have been changed
    refused = run(kind, "--copy", "../registers/dgsn-permits")
    assert f"no shipped {kind} is called" in str(refused.exception)
