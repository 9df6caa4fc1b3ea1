"""What a person can do through a page or a command can be done through the API: one act, one permission, one event."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from wasl.service.access import Action
from wasl.web.app import TOPICS
from wasl.web.console.routes import PAGE_TOPICS

SOURCE = Path(__file__).parents[2] / "src" / "wasl"

NOT_OVER_THE_API = {
    "issue_token": "the operator's, on the machine itself: `wasl user token`",
    "record_sign_in": "a session of a browser; the API has none",
    "record_sign_out": "a session of a browser; the API has none",
    "schedule_erasures": "the service's own, by its clock; a person asks with request_erasure",
    "bind_identity": "inside the sign-in by an account of the office",
    "release_identity": "the operator's, on the machine itself: `wasl user release-account`",
    "record_read": "done by every download",
    "record_look": "done by every sensitive read",
    "deny": "done by every refused request",
    "recorded_excess": "around every act that an authorization must cover",
    "ask_publication": "inside publish_release and publish_order",
    "take_step": "inside the steps of releases and tables",
}
"""Acts without a route of their own, and the reason."""


def names_in(folder: Path) -> set[str]:
    """Every name that the modules of a folder use."""
    found = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Name):
                found.add(node.id)
    return found


def acts() -> Iterator[str]:
    """Functions of `service` that change the state for a person: they take office and caller, and write the ledger."""
    for file in sorted((SOURCE / "service").glob("*.py")):
        text = file.read_text()
        for node in ast.parse(text).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            taken = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
            body = ast.get_source_segment(text, node) or ""
            if {"office", "caller"} <= taken and ("ledger.writing(" in body or "take_step(" in body):
                yield node.name


def test_every_act_has_a_route() -> None:
    found = set(acts())
    assert len(found) > 30
    assert found - names_in(SOURCE / "web" / "api") - set(NOT_OVER_THE_API) == set()


def test_the_exceptions_are_acts() -> None:
    assert set(NOT_OVER_THE_API) - set(acts()) - {"issue_token", "schedule_erasures"} == set()


def test_a_page_does_nothing_that_the_api_does_not() -> None:
    api = names_in(SOURCE / "web" / "api")
    missing = {name for name in acts() if name in names_in(SOURCE / "web" / "console")} - api
    assert missing - set(NOT_OVER_THE_API) == set()


def test_every_action_of_a_page_is_one_of_a_route() -> None:
    routes = {str((route.openapi_extra or {})["x-wasl-action"]) for one in TOPICS for route in one.routes.router.routes}
    pages = {
        str((route.openapi_extra or {})["x-wasl-action"]) for one in PAGE_TOPICS for route in one.pages.router.routes
    }
    assert pages - routes == set()
    assert routes == {str(one) for one in Action}
