"""The OpenAPI document is complete, and whatever it allows is answered without an error of the server's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from service_support import PARQUET, PROJECT, REGISTER, Service, Template, make_settings, serving

from wasl.service.access import PERMISSIONS, Action, Role
from wasl.web.app import TOPICS, create_app
from wasl.web.installation import Installation


@pytest.fixture(scope="module")
def fuzzed(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("fuzzed") / "data"
    installation = Installation.open(make_settings(folder, sqlite_template.copy(folder)))
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        yield running
        running.close()
    installation.close()


@pytest.fixture(scope="module")
def document(fuzzed: Service) -> dict[str, Any]:
    return dict(create_app(fuzzed.installation).openapi())


OPERATIONS = [
    (method, route.path)
    for topic in TOPICS
    for route in topic.routes.router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
]


@schemathesis.serializer(PARQUET)
def as_bytes(_context: Any, value: Any) -> bytes:
    """Whatever schemathesis made up for a file."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def api(fuzzed: Service) -> Any:
    return schemathesis.openapi.from_url(f"{fuzzed.address}/v1/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_makes_the_server_fail(api: Any, fuzzed: Service, method: str, path: str) -> None:
    """Whatever the document allows, and much that it does not, is answered, and refused with a problem."""
    operation = api[path][method]
    role = likely_role(Action(operation.definition.raw["x-wasl-action"]))
    headers = {"Authorization": f"Bearer {fuzzed.token(role, None if role is Role.ADMIN else PROJECT)}"}

    @settings(
        max_examples=6,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def ask(case: Any) -> None:
        if isinstance(case.path_parameters, dict) and "project" in case.path_parameters:
            case.path_parameters["project"] = PROJECT
            if "register" in case.path_parameters:
                case.path_parameters["register"] = REGISTER
        try:
            answer = case.call(headers=headers)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return  # an address or header too long to be read is answered by hanging up
        not_ready = (
            path == "/v1/ready" and answer.status_code == 503
        )  # jobs wait, and no worker serves this installation
        assert answer.status_code < 500 or not_ready, f"{method} {path}: {answer.status_code}"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], f"{answer.status_code}"

    ask()


def likely_role(action: Action) -> Role:
    """A role that may, so that the request gets past the guard."""
    return min(PERMISSIONS[action])


def test_every_operation_says_what_it_answers(document: dict[str, Any]) -> None:
    operations = [(path, method, one) for path, item in document["paths"].items() for method, one in item.items()]
    assert len({one["operationId"] for _, _, one in operations}) == len(operations)
    for path, method, one in operations:
        where = f"{method} {path}"
        assert one["tags"], where
        assert one.get("description"), where
        assert one["x-wasl-action"], where
        failures = [status for status in one["responses"] if status.startswith(("4", "5"))]
        assert {"400", "404", "422", "429"} <= set(failures), where
        for status in failures:
            content = one["responses"][status]["content"]
            assert set(content) == {"application/problem+json"}, f"{where} {status}"
            assert content["application/problem+json"]["schema"]["$ref"].endswith("/Problem"), f"{where} {status}"
        headers = {parameter["name"] for parameter in one.get("parameters", []) if parameter["in"] == "header"}
        assert ("Idempotency-Key" in headers) is (method == "post"), where
        assert ("Range" in headers) is ("206" in one["responses"]), where
        assert all("ETag" in answer["headers"] for status, answer in one["responses"].items() if status == "201"), where


def test_problems_are_described_once(document: dict[str, Any]) -> None:
    assert "Problem" in document["components"]["schemas"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_only_public_routes_go_without_a_token(document: dict[str, Any]) -> None:
    open_paths = {path for path, item in document["paths"].items() for one in item.values() if "security" not in one}
    assert open_paths == {
        "/v1/health",
        "/v1/ready",
        "/v1/audit/key",
        "/v1/invitations/{token}",
        "/v1/catalogue",
        "/v1/catalogue/{release}",
        "/v1/catalogue/{release}/package",
    }
