"""The client has a method for every operation of the OpenAPI document: each method is called and its request caught."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from wasl.client import Client
from wasl.client.transport import Transport
from wasl.client.views import Remote
from wasl.web.app import TOPICS

NOT_OF_THE_SERVICE = {"wait"}
"""Methods that only repeat another one."""


class CaughtError(Exception):
    """A request that a method makes."""

    def __init__(self, method: str, path: str) -> None:
        self.method, self.path = method, path
        super().__init__(method, path)


def client() -> Client:
    def answer(request: httpx.Request) -> httpx.Response:
        raise CaughtError(request.method, request.url.path)

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://service")
    return Client("http://service", transport=Transport("http://service", "t", http=http))


def operations() -> dict[str, tuple[str, re.Pattern[str]]]:
    """Method and path of every operation, by its id as the document has it."""
    app = FastAPI()
    found = {}
    for topic in TOPICS:
        app.include_router(topic.routes.router)
    paths = app.openapi()["paths"]
    for path, item in paths.items():
        for method, operation in item.items():
            pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))
            found[operation["operationId"]] = (method.upper(), re.compile(pattern))
    return found


def choices(kind: Any, file: Path) -> list[Any]:
    """Values of a parameter's type: every one of a choice, one of anything else."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return list(arguments)
    if origin in (typing.Union, types.UnionType):
        return choices(arguments[0], file)
    if kind is bool:
        return [True, False]
    if kind is Path:
        return [file]
    if isinstance(kind, type) and issubclass(kind, Remote):
        return things(kind)
    plain: dict[Any, Any] = {str: "x", int: 1, float: 1.0}
    if kind in plain:
        return [plain[kind]]
    made: Any = {} if origin in (dict, typing.get_origin(typing.Mapping[str, str])) else []
    return [made]


def things(kind: type[Remote]) -> list[Remote]:
    """Things that a method takes; of submissions one of every kind."""
    needed = {one.name: "x" for one in dataclasses.fields(kind) if one.default is dataclasses.MISSING}
    needed = {name: value for name, value in needed.items() if name not in ("steps", "holes", "document")}
    kinds = ("delivery", "join-map", "payload") if kind.__name__ == "Submission" else ("x",)
    return [kind(**(needed | ({"kind": one} if "kind" in needed else {}))) for one in kinds]


def requests_of(name: str, file: Path) -> Iterator[tuple[str, str]]:
    """The requests of a method, one for every choice that its parameters leave."""
    method = getattr(Client, name)
    hints = typing.get_type_hints(method)
    given = {
        one.name: choices(hints[one.name], file)
        for one in list(inspect.signature(method).parameters.values())[1:]
        if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        and (one.default is one.empty or typing.get_origin(hints[one.name]) is Literal or hints[one.name] is bool)
    }
    for values in itertools.product(*given.values()):
        try:
            found = method(client(), **dict(zip(given, values, strict=True)))
            if isinstance(found, Iterator):
                next(found)
        except CaughtError as caught:
            yield caught.method, caught.path


METHODS = [
    name
    for name, _ in inspect.getmembers(Client, inspect.isfunction)
    if not name.startswith("_") and name not in NOT_OF_THE_SERVICE
]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str]]]:
    file = tmp_path_factory.mktemp("sent") / "x"
    file.write_bytes(b"x")
    return {name: list(requests_of(name, file)) for name in METHODS}


def test_every_method_asks_for_a_route_of_the_document(asked: dict[str, list[tuple[str, str]]]) -> None:
    known = list(operations().values())
    for name, requests in asked.items():
        assert requests, name
        for method, path in requests:
            assert any(method == one and pattern.fullmatch(path) for one, pattern in known), f"{name}: {method} {path}"


def test_every_operation_of_the_document_has_a_method(asked: dict[str, list[tuple[str, str]]]) -> None:
    requests = [one for found in asked.values() for one in found]
    missing = [
        operation
        for operation, (method, pattern) in operations().items()
        if not any(method == asked_method and pattern.fullmatch(path) for asked_method, path in requests)
    ]
    assert missing == []


def test_the_document_has_one_operation_for_each_route() -> None:
    routes = [route for topic in TOPICS for route in topic.routes.router.routes if isinstance(route, APIRoute)]
    assert len(operations()) == len(routes)
