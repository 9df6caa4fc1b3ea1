"""Nothing is left out: each error, setting, route, permission and event has its description and its place in a page."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from wasl import errors
from wasl.audit.events import KINDS
from wasl.service.access import PERMISSIONS, PUBLIC_ACTIONS, Action, Role
from wasl.settings import Settings
from wasl.web.problems import PROBLEMS
from wasl.web.settings import ServiceSettings

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.WaslError)]
SETTINGS = [(model, name) for model in (Settings, ServiceSettings) for name in model.model_fields]


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_is_exported_described_and_answered(kind: type[errors.WaslError]) -> None:
    assert kind.__name__ in errors.__all__
    assert kind.__doc__
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or ""), "it stands in the tree at the top of the module"
    assert kind in PROBLEMS, "the service answers it with a status of its own"
    assert kind.exit_code in (1, 3)
    assert f"| `{kind.__name__}` |" in page("errors.md")


def test_the_tree_of_errors_is_the_tree_of_classes() -> None:
    """The drawing at the top of the module has each class below its base."""
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.search(r"(\w+Error)\b", line)
        if found is None or (above and "──" not in line):
            continue
        depth = found.start(1)
        while above and above[-1][0] >= depth:
            above.pop()
        if above:
            assert getattr(errors, found.group(1)).__base__.__name__ == above[-1][1], line
        above.append((depth, found.group(1)))


@pytest.mark.parametrize(("model", "name"), SETTINGS, ids=lambda value: getattr(value, "__name__", value))
def test_every_setting_has_a_description_and_a_row(model: type[BaseSettings], name: str) -> None:
    assert model.model_fields[name].description
    assert f"| `WASL_{name.upper()}` |" in page("settings.md")


@pytest.mark.parametrize("action", Action)
def test_every_action_has_roles_and_a_row(action: Action) -> None:
    assert PERMISSIONS[action] or action in PUBLIC_ACTIONS
    assert f"| `{action}` |" in page("permissions.md")


@pytest.mark.parametrize("role", Role)
def test_every_role_may_do_something_that_not_everybody_may(role: Role) -> None:
    assert any(role in roles and roles != frozenset(Role) for roles in PERMISSIONS.values())
    assert f" {role} |" in page("permissions.md").splitlines()[6]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_event_has_its_section(kind: str) -> None:
    section = page("events.md").partition(f"## {kind}\n")[2].partition("\n## ")[0]
    assert section, kind
    assert all(f"\n- {language}: " in section for language in ("ar", "en", "fr"))


def test_every_route_is_described_and_has_its_row(tmp_path: Path) -> None:
    from wasl.web.app import create_app
    from wasl.web.installation import Installation

    opened = Installation.open(ServiceSettings(data_dir=tmp_path, workers_in_process=0))
    described = create_app(opened).openapi()
    opened.close()
    text = page("routes.md")
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description") or operation.get("summary"), path
            assert f"| {method.upper()} | `{path}` |" in text


def test_every_decision_has_date_status_and_options() -> None:
    index = (REFERENCE.parent / "decisions" / "index.md").read_text(encoding="utf-8")
    for path in sorted((REFERENCE.parent / "decisions").glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        assert re.match(r"# \d+\. .+\n\nDate: \d{4}-\d\d-\d\d\. Status: [^.]+\.", text), path.name
        for part in ("Options considered", "Choice", "Price"):
            assert f"**{part}.**" in text, f"{path.name}: {part}"
        assert f"({path.name})" in index


def test_every_code_place_of_a_decision_exists() -> None:
    root = REFERENCE.parents[1]
    for path in sorted((REFERENCE.parent / "decisions").glob("[0-9]*.md")):
        line = next((text for text in path.read_text(encoding="utf-8").splitlines() if "Code: " in text), "")
        for place in re.findall(r"`([\w./-]+)`", line.partition("Code: ")[2]):
            assert (root / "src" / "wasl" / place).exists() or (root / place).exists(), f"{path.name}: {place}"
