"""The OpenAPI document says of every operation what a client sends and gets: headers, problems, cursors, examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from service_support import REGISTER, Service

from wasl.service.access import PERMISSIONS, PUBLIC_ACTIONS, Action, Role
from wasl.web.app import TOPICS
from wasl.web.openapi import complete_document

PROBLEM_TYPE = "application/problem+json"
ROUTES = [route for topic in TOPICS for route in topic.routes.router.routes if isinstance(route, APIRoute)]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = FastAPI(separate_input_output_schemas=False)
    for topic in TOPICS:
        app.include_router(topic.routes.router)
    return complete_document(get_openapi(title="wasl", version="1", routes=app.routes))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", method, operation


def looked_up(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        _, *parts = value["$ref"].split("/")
        value = document
        for part in parts:
            value = value[part]
    return value


def parameters(document: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [looked_up(document, one) for one in operation.get("parameters", [])]


def answered(document: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """The properties of a JSON answer."""
    schema = looked_up(document, response.get("content", {}).get("application/json", {}).get("schema", {}))
    return dict(schema.get("properties", {}))


def test_the_document_describes_every_route(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(method, route.path) for route in ROUTES for method in route.methods}


def test_operation_ids_are_plain_words_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_every_operation_says_what_it_does_and_for_whom(document: dict[str, Any]) -> None:
    for where, _, operation in operations(document):
        assert operation["tags"], where
        assert operation.get("description"), where
        action = Action(operation["x-wasl-action"])
        assert ("security" in operation) is (action not in PUBLIC_ACTIONS), where


def test_problems_have_their_media_type_their_schema_and_an_example(document: dict[str, Any]) -> None:
    for where, method, operation in operations(document):
        failures = {status for status in operation["responses"] if status.startswith(("4", "5"))}
        assert {"400", "401", "404", "409", "422", "429", "503"} <= failures, where
        assert (method == "get") or {"408", "413", "415"} <= failures, where
        for status in failures:
            content = operation["responses"][status]["content"]
            assert set(content) == {PROBLEM_TYPE}, f"{where} {status}"
            assert content[PROBLEM_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}, f"{where} {status}"
            assert content[PROBLEM_TYPE]["example"]["status"] == int(status), where
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_changes_take_an_idempotency_key(document: dict[str, Any]) -> None:
    for where, method, operation in operations(document):
        headers = {one["name"] for one in parameters(document, operation) if one["in"] == "header"}
        assert ("Idempotency-Key" in headers) is (method != "get"), where


def test_changes_of_a_version_take_if_match_and_say_428(document: dict[str, Any]) -> None:
    for where, _, operation in operations(document):
        needed = [one for one in parameters(document, operation) if one["name"] == "If-Match"]
        demands = any(one.call.__name__ == "_seen_version" for one in dependencies(operation["operationId"]))
        assert bool(needed) is demands, where
        assert not needed or (needed[0]["required"] and {"412", "428"} <= set(operation["responses"])), where


def dependencies(operation: str) -> list[Any]:
    route = next(one for one in ROUTES if (one.operation_id or one.name) == operation)
    return route.dependant.dependencies


def test_answers_say_their_etag_and_where_the_thing_is(document: dict[str, Any]) -> None:
    seen = set()
    for where, _, operation in operations(document):
        for status, response in operation["responses"].items():
            headers = {name: looked_up(document, one) for name, one in response["headers"].items()}
            assert "X-Request-Id" in headers, f"{where} {status}"
            shown = answered(document, response)
            if {"id", "version"} <= set(shown):
                assert headers["ETag"]["required"], f"{where} {status}"
                seen.add("ETag")
            assert ("Location" in headers) is (status in ("201", "202")), f"{where} {status}"
            if status == "202":
                assert response["links"]["job"]["operationId"] == "read_job", where
            if status in ("429", "503"):
                assert "Retry-After" in headers, where
            if status == "401":
                assert "WWW-Authenticate" in headers, where
    assert seen


def test_downloads_take_one_range_and_say_their_digest(document: dict[str, Any]) -> None:
    files = 0
    for where, _, operation in operations(document):
        taken = {one["name"] for one in parameters(document, operation)}
        binary = any(
            content.get("schema", {}).get("format") == "binary"
            for content in operation["responses"].get("200", {}).get("content", {}).values()
        )
        assert ("Range" in taken) is ("If-None-Match" in taken) is binary, where
        if not binary:
            continue
        files += 1
        assert {"206", "304", "416"} <= set(operation["responses"]), where
        for status in ("200", "206"):
            response = operation["responses"][status]
            assert {"ETag", "Repr-Digest", "Accept-Ranges", "Content-Disposition"} <= set(response["headers"]), where
            assert response["content"] == operation["responses"]["200"]["content"], where
        assert "Content-Range" in operation["responses"]["206"]["headers"], where
    assert files > 10


def test_lists_are_paged_by_a_described_cursor(document: dict[str, Any]) -> None:
    lists = 0
    for where, _, operation in operations(document):
        response = operation["responses"].get("200", {})
        shown = answered(document, response)
        taken = {one["name"]: one for one in parameters(document, operation)}
        is_list = shown.get("items", {}).get("type") == "array"
        cursor = "first" if operation["operationId"] == "list_entries" else "cursor"
        assert is_list is ("limit" in taken) is (cursor in taken), where
        if not is_list:
            continue
        lists += 1
        assert taken[cursor]["description"], where
        assert taken["limit"]["schema"]["maximum"] <= 500, where
        assert "next" in shown, where
        assert shown["next"]["description"], where
        link = response["links"]["next"]
        assert link == {
            "operationId": operation["operationId"],
            "parameters": {cursor: "$response.body#/next"},
        }, where
    assert lists > 10


def test_every_text_field_of_a_list_or_view_has_words(document: dict[str, Any]) -> None:
    """A schema without examples or choices makes an example of empty texts, which tells nobody anything."""
    empty = []
    for name, schema in document["components"]["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            if one.get("type") == "string" and not {"examples", "enum", "const", "default"} & set(one):
                empty.append(f"{name}.{field}")
    assert empty == []


def test_parameters_and_bodies_have_examples_that_fit_their_schemas(document: dict[str, Any]) -> None:
    bodies = 0
    for where, _, operation in operations(document):
        for one in parameters(document, operation):
            check(document, one["schema"], one["example"], f"{where} {one['name']}")
            assert one.get("description"), f"{where} {one['name']}"
        described = [operation.get("requestBody", {}), *operation["responses"].values()]
        for one in described:
            for media_type, content in one.get("content", {}).items():
                if media_type.endswith("json"):
                    check(document, content["schema"], content["example"], f"{where} {media_type}")
                    bodies += 1
    assert bodies > 500


def check(document: dict[str, Any], schema: dict[str, Any], example: object, where: str) -> None:
    validator = jsonschema_rs.validator_for({**schema, "components": document["components"]})
    assert validator.is_valid(example), f"{where}: {example!r}"


def test_the_examples_of_bodies_are_served(service: Service, document: dict[str, Any]) -> None:
    """What the document shows can be sent as it stands: it fails, if at all, for what is not there."""
    sent = 0
    for where, method, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        role = min(PERMISSIONS[Action(operation["x-wasl-action"])])
        path = where.split(" ", 1)[1]
        for one in parameters(document, operation):
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", str(one["example"]))
        client = service.client(role, None if role is Role.ADMIN else "simimo", REGISTER)
        answer = client.request(method, path, json=body["example"], headers={"If-Match": '"v1"'})
        assert (
            answer.status_code in {200, 201, 202, 404, 409, 412} or operation["operationId"] == "redeem_invitation"
        ), f"{where}: {answer.text}"
        sent += 1
    assert sent > 20


@pytest.mark.parametrize("database", ["sqlite"])
def test_answers_keep_what_the_document_says_of_headers(service: Service, database: str) -> None:
    made = service.client(Role.ADMIN, None).post("/v1/projects", json={"name": "new", "title": "New"})
    assert made.status_code == 201
    assert (made.headers["Location"], made.headers["ETag"]) == ("/v1/projects/new", '"v1"')
    assert service.client(Role.ADMIN, None).get(made.headers["Location"]).json()["title"] == "New"
    user = service.client(Role.ADMIN, None).post("/v1/users", json={"name": "new", "title": ""})
    assert service.client(Role.ADMIN, None).get(user.headers["Location"]).json() == user.json()
    refused = service.client(None).get("/v1/projects")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
