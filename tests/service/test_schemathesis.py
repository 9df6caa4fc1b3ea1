"""Whatever the OpenAPI document allows, and much that it does not, asked by every role, is answered as it says."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from service_support import PARQUET, PROJECT, REGISTER, Service

from wasl.service.access import PERMISSIONS, PUBLIC_ACTIONS, Action, Role
from wasl.web.app import TOPICS

PROBLEM_TYPE = "application/problem+json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    (method, route.path)
    for topic in TOPICS
    for route in topic.routes.router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
]
CALLERS = [*Role, None]


@schemathesis.serializer(PARQUET, "application/toml")
def as_bytes(_context: Any, value: Any) -> bytes:
    """Whatever schemathesis made up for a file."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def api(shared_service: Service) -> Any:
    return schemathesis.openapi.from_url(f"{shared_service.address}/v1/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_role_is_answered_as_the_document_says(api: Any, shared_service: Service, method: str, path: str) -> None:
    """One request that fits the document and one that does not, each sent by every role and by the public."""
    ask(api, shared_service, method, path, examples=1, derandomize=True)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(4))
def test_every_role_is_answered_as_the_document_says_longer(api: Any, shared_service: Service, first: int) -> None:
    """The same with other requests at each run."""
    for method, path in OPERATIONS[first::4]:
        ask(api, shared_service, method, path, examples=4, derandomize=False)


def ask(api: Any, shared_service: Service, method: str, path: str, *, examples: int, derandomize: bool) -> None:
    operation = api[path][method]
    action = Action(operation.definition.raw["x-wasl-action"])

    for mode in GenerationMode:

        @settings(
            max_examples=examples,
            derandomize=derandomize,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            if isinstance(case.path_parameters, dict) and "project" in case.path_parameters:
                case.path_parameters["project"] = PROJECT
                if "register" in case.path_parameters:
                    case.path_parameters["register"] = REGISTER
            for role in CALLERS:
                answer_to(case, shared_service, role, action, f"{method} {path} by {role or 'the public'}")

        try:
            send()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, f"nothing fits {method} {path}"  # some take whatever is sent


def answer_to(case: Any, shared_service: Service, role: Role | None, action: Action, where: str) -> None:
    scope = None if role is Role.ADMIN else PROJECT
    headers = {} if role is None else {"Authorization": f"Bearer {shared_service.token(role, scope)}"}
    try:
        answer = case.call(headers=headers)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return  # an address or header too long to be read is answered by hanging up
    if answer.status_code == 503 and action is Action.STATUS_READ:
        return  # /ready: jobs wait, and no worker serves this installation
    try:
        case.validate_response(answer, checks=CHECKS)
    except (Failure, FailureGroup) as failure:
        pytest.fail(f"{where}: {failure}")
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == [PROBLEM_TYPE], where
    may = action in PUBLIC_ACTIONS or (role is not None and role in PERMISSIONS[action])
    if not may:
        fits = case.meta.generation.mode is GenerationMode.POSITIVE
        refusals = {401 if role is None else 403} | (set() if fits else {400, 401, 404, 405, 413, 431})
        assert answer.status_code in refusals, f"{where}: {answer.status_code}"
