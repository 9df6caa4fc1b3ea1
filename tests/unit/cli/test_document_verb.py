"""``wasl document to-json``: what it prints is the document, and the service's models read it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.errors import InputError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.schema import RegisterSchema


def run(*words: str):
    return CliRunner().invoke(build_app(["wasl.cli.document"]), ["document", "to-json", *words])


def test_a_plan_and_a_schema_come_back_as_they_were() -> None:
    plan = LinkagePlan.model_validate(json.loads(run("morocco", "--kind", "plan").stdout))
    assert plan.digest == LinkagePlan.load("morocco").digest
    schema = RegisterSchema.model_validate(json.loads(run("dgsn-permits", "--kind", "register").stdout))
    assert schema.digest == RegisterSchema.load("dgsn-permits").digest


def test_a_file_is_written_and_an_unknown_kind_refused(tmp_path) -> None:
    assert run("public-use", "--kind", "policy", "--out", str(tmp_path / "p.json")).exit_code == 0
    assert json.loads((tmp_path / "p.json").read_text())["name"]
    assert isinstance(run("morocco", "--kind", "poem").exception, InputError)


@pytest.mark.parametrize("kind", ["plan", "policy"])
def test_a_missing_document_is_named(kind: str) -> None:
    result = run("no-such-thing", "--kind", kind)
    assert "no-such-thing" in str(result.exception)
