"""Documents are taken as TOML: as the body itself, or as the text of a field; a hostile one costs little."""

from __future__ import annotations

import json

import pytest
from service_support import PROJECT, Service

from wasl.registers.documents import config_dir
from wasl.service.access import Role
from wasl.web.bodies import parse_toml
from wasl.web.problems import HttpProblem

TOML = {"Content-Type": "application/toml"}
REGISTERS = f"/v1/projects/{PROJECT}/registers"
SHIPPED = sorted((config_dir() / "registers").glob("*.toml"))


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_register_is_declared_by_its_file(service: Service, database: str) -> None:
    """The same schema by its file, by its text in a field, by its JSON and by its id is one register."""
    admin = service.client(Role.ADMIN, None)
    text = (config_dir() / "registers" / "cnss-employees.toml").read_text()
    as_file = admin.post(REGISTERS, content=text.encode(), headers=TOML)
    assert as_file.status_code == 201, as_file.text
    bodies = ({"definition": text}, {"definition": {"id": "cnss-employees"}}, {"definition": parse_toml(text)})
    for body in bodies:
        answer = admin.post(REGISTERS, json=body)
        assert answer.json()["schema_digest"] == as_file.json()["schema_digest"], answer.text


@pytest.mark.parametrize("database", ["sqlite"])
def test_several_documents_are_tables_of_one_file(service: Service, database: str) -> None:
    """The same body as TOML gets the answer that it gets as JSON."""
    desk = service.client(Role.RELEASE)
    body = {"run": "none", "title": "t", "specification": {"name": "foreign-workers"}}
    body |= {"policy": {"name": "public-use"}, "description": {"name": "foreign-workers-puf"}}
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in body.items() if isinstance(value, str))
    text += "".join(f'\n[{key}]\nname = "{value["name"]}"' for key, value in body.items() if isinstance(value, dict))
    place = f"/v1/projects/{PROJECT}/releases"
    as_json, as_toml = desk.post(place, json=body), desk.post(place, content=text.encode(), headers=TOML)
    assert (as_toml.status_code, as_toml.json()["detail"]) == (404, as_json.json()["detail"])


@pytest.mark.parametrize("database", ["sqlite"])
def test_where_no_document_is_sent_toml_is_refused(service: Service, database: str) -> None:
    answer = service.client(Role.ADMIN, None).post("/v1/projects", content=b'name = "x"\ntitle = "x"', headers=TOML)
    assert answer.status_code == 415


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_fault_is_named_by_its_place_and_not_by_its_text(service: Service, database: str) -> None:
    admin = service.client(Role.ADMIN, None)
    text = b'id = "x"\nholder = Benali Fatima'
    for answer in (
        admin.post(REGISTERS, content=text, headers=TOML),
        admin.post(REGISTERS, json={"definition": text.decode()}),
    ):
        assert answer.status_code == 400
        assert "line 2" in answer.json()["detail"]
        assert "Benali" not in answer.text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_documents_pass(path) -> None:
    assert parse_toml(path.read_text())["id"] == path.stem


HOSTILE = {
    "a key of many parts": "a" + ".a" * 100_000 + " = 1",
    "quoted parts": '"="' + '."="' * 100_000 + " = 1",
    "a key behind a text of several lines": 'x = {y = """a\n"""", a' + ".a" * 1000 + ' = "1"}',
    "behind a comment with quotes": '# "\na' + ".a" * 1000 + ' = 1 # "',
    "deep lists": "x = " + "[" * 100_000,
    "deep tables": "x = " + "{a = " * 50_000,
    "many values": "x = [" + "1," * 200_000 + "]",
    "infinity": "x = inf",
    "no number": "x = [nan]",
    "a NUL character": 'x = "\\u0000"',
    "open texts": "x = " + '"""a' * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_refused_at_once(text: str) -> None:
    with pytest.raises(HttpProblem) as caught:
        parse_toml(text)
    assert caught.value.status in (400, 413, 422)
    assert len(caught.value.detail) < 100


def test_dates_become_text() -> None:
    assert parse_toml("day = 2026-01-31\nat = 10:00:00")["day"] == "2026-01-31"
