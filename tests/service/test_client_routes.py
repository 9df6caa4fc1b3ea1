"""The client has a method for every route of the service."""

from __future__ import annotations

import inspect
import re

from fastapi.routing import APIRoute

from wasl.client.session import Client
from wasl.web.app import TOPICS

STEPS = ("request", "approve", "refuse", "revoke", "publish", "withdraw", "protect")
PLURALS = ("deliveries", "join-maps", "payloads")
FILES = ("pairs", "links", "conflicts", "spine", "file", "internal")


def shape(path: str) -> str:
    """A path with its parameters left out."""
    return re.sub(r"\{[^}]*\}", "*", path)


def asked() -> set[str]:
    """The shapes of all paths the client's methods ask for."""
    source = inspect.getsource(Client)
    found = {shape(text) for text in re.findall(r'f?"(/v1/[^"]*)"', source)}
    more = set()
    for one in found:
        more.add(one)
        if one.endswith(("releases/*/*", "linkage-runs/*/*", "users/*/*", "tables/*/*")):
            more |= {one[:-1] + name for name in (*STEPS, *FILES, "protected", "package", "disable", "enable")}
        for plural in PLURALS:
            more.add(one.replace("registers/*/*", f"registers/*/{plural}"))
    return more


def test_every_route_has_a_method() -> None:
    routes = [route for topic in TOPICS for route in topic.routes.router.routes if isinstance(route, APIRoute)]
    shapes = {shape(route.path) for route in routes}
    assert shapes - asked() == set()


def test_no_method_asks_for_a_route_that_is_not_there() -> None:
    routes = [route for topic in TOPICS for route in topic.routes.router.routes if isinstance(route, APIRoute)]
    patterns = [re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(route.path))) for route in routes]
    paths = {shape(text).replace("*", "x") for text in re.findall(r'f?"(/v1/[^"]*)"', inspect.getsource(Client))}
    concrete = {
        path.replace("registers/x/x", "registers/x/deliveries")
        .replace("releases/x/x", "releases/x/package")
        .replace("linkage-runs/x/x", "linkage-runs/x/spine")
        .replace("users/x/x", "users/x/disable")
        .replace("tables/x/x", "tables/x/publish")
        for path in paths
    }
    assert not [path for path in concrete if not any(pattern.fullmatch(path) for pattern in patterns)]
