"""An auditor does a recorded linkage again from the holders' deliveries and gets the same persons."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import wasl
from wasl.cli.app import build_app
from wasl.cli.linkage import link_files, resolve_files
from wasl.errors import InputError, NotFoundError, VerificationError
from wasl.holder.keys import LinkageKey
from wasl.registers.exchange.join_map import JoinMap

SURNAMES = ("okafor", "diallo", "martin", "garcia", "haddad", "benali", "traore", "silva")
GIVEN = ("amina", "omar", "claire", "jose", "fatou", "karim", "ines", "paul", "nadia", "samir")


def people(prefix):
    rows = [
        {
            "rec_id": f"{prefix}-{number}",
            "given_name": GIVEN[number % 10],
            "surname": SURNAMES[number % 8],
            "street_number": str(number),
            "address_1": f"rue {number % 17}",
            "address_2": "",
            "suburb": f"quartier {number % 5}",
            "postcode": f"{1000 + number % 9}",
            "state": "x",
            "date_of_birth": f"19{50 + number % 40}{1 + number % 12:02}{1 + number % 28:02}",
            "soc_sec_id": "",
        }
        for number in range(80)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    schema, key = wasl.RegisterSchema.load("febrl"), LinkageKey.new("p", bytes(range(32)))
    for name in ("a", "b"):
        made = wasl.encode(people(name), schema, key, name=name, profile="open", consent_weak_profile=True)
        made.delivery.write(folder / f"{name}.parquet")
        made.join_map.write(folder / f"{name}.join")
    return folder


@pytest.fixture
def linked(encoded, tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    files = [[encoded / f"{name}.{kind}" for name in ("a", "b")] for kind in ("parquet", "join")]
    link_files("febrl4", *files, tmp_path / "linked", run="run-1")
    return tmp_path / "linked"


def reproduce(*words, expect=None):
    result = CliRunner().invoke(build_app(["wasl.cli.audit"]), ["audit", "reproduce", *map(str, words), "--json"])
    if expect is None:
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(result.stdout)
    assert isinstance(result.exception, expect), result.exception
    return str(result.exception)


def test_a_run_is_reproduced_by_name_or_from_its_folder(linked, encoded):
    for run in ("run-1", linked):
        result = reproduce(run, "--plan", "febrl4", "--inputs", encoded)
        assert result["reproduced"]
        assert result["recorded"] == result["found"]


def test_another_plan_or_missing_inputs_are_refused(linked, encoded, tmp_path):
    assert "plan" in reproduce("run-1", "--plan", "febrl3", "--inputs", encoded, expect=InputError)
    assert "2 of 2 delivery" in reproduce("run-1", "--plan", "febrl4", "--inputs", tmp_path, expect=InputError)
    reproduce("run-2", "--plan", "febrl4", "--inputs", encoded, expect=NotFoundError)


def test_a_log_that_claims_another_spine_is_found_out(linked, encoded, monkeypatch):
    from wasl.workflow import resolve as module

    real = module.resolve_pairs
    monkeypatch.setattr(module, "resolve_pairs", lambda *given, run, **more: real(*given, run="another", **more))
    message = reproduce("run-1", "--plan", "febrl4", "--inputs", encoded, expect=VerificationError)
    assert "spine" in message


def test_a_run_is_reproduced_from_the_export_of_another_installation(linked, encoded, tmp_path, monkeypatch):
    from wasl.cli.audit_trail import open_log

    export = tmp_path / "export.jsonl"
    export.write_bytes(b"".join(open_log().export()))
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "auditor"))
    result = reproduce("run-1", "--plan", "febrl4", "--inputs", encoded, "--log", export)
    assert result["reproduced"]


def record_ids(encoded, name, count):
    return [one.hex() for one in JoinMap.read(encoded / f"{name}.join").rows["record_id"].to_pylist()[:count]]


def test_a_run_that_left_out_persons_who_object_needs_their_list(encoded, tmp_path, monkeypatch):
    """The log has a digest and a count; the list is a file, and another list is refused."""
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    objections, other = tmp_path / "objections.csv", tmp_path / "other.csv"
    listed = record_ids(encoded, "a", 5)
    objections.write_text("register,record_id\n" + "".join(f"a,{one}\n" for one in listed), encoding="utf-8")
    other.write_text("register,record_id\n" + "".join(f"a,{one}\n" for one in listed[1:]), encoding="utf-8")
    files = [[encoded / f"{name}.{kind}" for name in ("a", "b")] for kind in ("parquet", "join")]
    report = link_files("febrl4", *files, tmp_path / "linked", run="run-1", objections=objections)
    assert report["objected_found"] == 5
    assert report["records"] == 155
    log = (tmp_path / "home" / "log.jsonl").read_text(encoding="utf-8")
    assert '"objected":5' in log
    assert not [one for one in listed if one in log]
    words = ["run-1", "--plan", "febrl4", "--inputs", encoded]
    assert "--objections" in reproduce_refused(*words).remedy
    assert "no list of objections" in str(reproduce_refused(*words, "--objections", other))
    assert reproduce(*words, "--objections", objections)["reproduced"]


def test_pairs_of_another_machine_are_resolved_again(encoded, tmp_path, monkeypatch):
    """The spine keeper's log does not know the deliveries, but the digest of the pairs."""
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "unit"))
    joins = [encoded / f"{name}.join" for name in ("a", "b")]
    link_files("febrl4", [encoded / f"{name}.parquet" for name in ("a", "b")], [], tmp_path / "linked")
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "keeper"))
    objections = tmp_path / "objections.csv"
    listed = record_ids(encoded, "b", 3)
    objections.write_text("register,record_id\n" + "".join(f"b,{one}\n" for one in listed), encoding="utf-8")
    pairs = tmp_path / "linked" / "pairs.parquet"
    resolve_files("febrl4", pairs, joins, tmp_path / "resolved", run="run-1", objections=objections)
    words = ["run-1", "--plan", "febrl4", "--inputs", encoded, "--objections", objections]
    assert "pairs.parquet" in reproduce_refused(*words).remedy
    assert reproduce(*words, "--inputs", pairs)["reproduced"]


def test_a_kept_model_must_be_given(encoded, linked, tmp_path):
    files = [[encoded / f"{name}.{kind}" for name in ("a", "b")] for kind in ("parquet", "join")]
    pairs = linked / "pairs.parquet"
    link_files("febrl4", *files, tmp_path / "again", run="run-2", model=pairs, onto=linked / "spine.parquet")
    words = ["run-2", "--plan", "febrl4", "--inputs", encoded]
    assert "built onto the spine" in str(reproduce_refused(*words))
    assert "used the model" in str(reproduce_refused(*words, "--inputs", linked))
    assert reproduce(*words, "--inputs", linked, "--model", pairs)["reproduced"]


def reproduce_refused(*words):
    result = CliRunner().invoke(build_app(["wasl.cli.audit"]), ["audit", "reproduce", *map(str, words), "--json"])
    assert isinstance(result.exception, InputError), (result.output, result.exception)
    return result.exception
