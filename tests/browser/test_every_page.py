"""The lists of screens that axe-core, the keyboard and the frames of other sites go through are complete."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from browser_support import World
from fastapi import APIRouter
from fastapi.routing import APIRoute
from reading import ROUTES, route_of
from screens import DESK_NOT_SHOWN, DESK_SCREENS, NOT_SHOWN, screens

from wasl.desk.app import create_desk
from wasl.desk.guard import Guard

pytestmark = pytest.mark.browser


class AnyId(dict[str, str]):
    """An id for every name."""

    def __missing__(self, name: str) -> str:
        return "0" * 32


def test_every_page_of_the_console_is_in_the_list_of_screens() -> None:
    world = cast(World, SimpleNamespace(ids=AnyId()))
    visited = {route_of(path, "GET") for paths in screens(world).values() for path in paths}
    shown = {route.path for route in ROUTES if "GET" in route.methods}
    assert len(shown) > 50
    missing = shown - visited - set(NOT_SHOWN)
    assert not missing, f"add these pages to tests/browser/screens.py: {sorted(missing)}"
    assert set(NOT_SHOWN) <= shown, "the list names pages that are gone"
    assert not visited & set(NOT_SHOWN)


def test_every_page_of_the_desk_is_in_the_list_of_screens() -> None:
    desk: Any = SimpleNamespace(guard=Guard(frozenset()))
    app = create_desk(desk)
    shown = {route.path for route in app.routes if isinstance(route, APIRoute) and "GET" in route.methods}
    assert len(shown) > 5
    assert shown == {*DESK_SCREENS, *DESK_NOT_SHOWN}


def test_a_page_that_is_not_in_the_list_is_found() -> None:
    """The test above can fail: a new route is in no list."""
    router = APIRouter()
    router.add_api_route("/console/new-page", lambda: None, methods=["GET"])
    assert {route.path for route in router.routes if isinstance(route, APIRoute)} - set(NOT_SHOWN)
