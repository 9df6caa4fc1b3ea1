"""The command line as a whole: every verb loads, has help with an example, and stands in the reference."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from wasl.cli.app import OVERVIEW, VERBS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
DOCS = Path(__file__).parents[2] / "docs"


def commands(module: str) -> dict[str, Any]:
    """Every command a module registers, by its words."""
    app = typer.Typer()
    import_module(module).register(app)
    found = {(c.name or c.callback.__name__): c.callback for c in app.registered_commands}
    for group in app.registered_groups:
        inner = group.typer_instance.registered_commands
        found |= {f"{group.name} {(c.name or c.callback.__name__).replace('_', '-')}": c.callback for c in inner}
    return found


@pytest.mark.parametrize("module", sorted(set(VERBS.values())))
def test_every_command_explains_itself_with_an_example(module: str) -> None:
    made = commands(module)
    assert made
    for name, callback in made.items():
        assert callback.__doc__, name
        example = callback.__doc__.partition("Example: ")[2]
        assert f"wasl {name}" in example, name


@pytest.mark.parametrize("module", sorted(set(VERBS.values())))
def test_the_table_of_verbs_is_what_the_modules_register(module: str) -> None:
    assert {name.split()[0] for name in commands(module)} == {verb for verb, m in VERBS.items() if m == module}


def test_the_overview_has_a_line_for_each_verb_and_no_other() -> None:
    assert set(OVERVIEW) == set(VERBS)
    for verb, (_, line) in OVERVIEW.items():
        assert line.endswith("."), verb
        assert len(line) < 80, verb


def imported_by(*words: str) -> tuple[str, set[str]]:
    """What ``wasl`` prints, and the names of all modules it imports for that."""
    program = (
        "import json, sys\n"
        "from wasl.cli.app import main\n"
        f"sys.argv = {['wasl', *words]!r}\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("words", [["--help"], []])
def test_help_imports_neither_a_verb_nor_a_numerical_library(words: list[str]) -> None:
    """`wasl --help` answers in 0.2 s of processor time because of this; a test of the time would depend on the load."""
    shown, modules = imported_by(*words)
    assert not modules & {"numpy", "pandas", "pyarrow", "numba", "scipy", "pydantic", "cryptography", "matplotlib"}
    assert not modules & set(VERBS.values())
    if words == ["--help"]:
        assert all(verb in shown for verb in VERBS)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_its_section_in_the_reference(verb: str) -> None:
    """The page is generated; ``python .ci/generate.py --check`` compares it with the code in CI."""
    page = (DOCS / "reference" / "command-line.md").read_text(encoding="utf-8")
    assert f"### `wasl {verb}`" in page


def test_the_readme_is_short_and_has_a_door_for_each_reader() -> None:
    assert len(README.splitlines()) <= 150
    doors = ("You hold a register", "You link registers", "You prepare releases", "You audit", "You change wasl")
    assert all(f"**{door}.**" in README for door in doors)


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (DOCS.parent / target).exists(), target


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = README.split("<!-- end -->")[0]
    lines = [line for line in opening.splitlines() if line.startswith("pip ")]
    assert len(lines) == 2
    assert lines[0].endswith("&& wasl demo")
    assert lines[1].endswith("&& pytest")
