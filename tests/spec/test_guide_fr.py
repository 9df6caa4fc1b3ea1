"""The user guide in French: each command it names exists, with the options, arguments and shipped names it shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer

from wasl.cli.app import VERBS, build_app

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide-fr"
PAGES = sorted(GUIDE.glob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
SHIPPED = {"--policy": "disclosure", "--register": "registers", "--description": "publication", "--plan": "linkage"}


@cache
def program() -> Any:
    """The whole command line."""
    return typer.main.get_command(build_app(list(dict.fromkeys(VERBS.values()))))


def blocks(text: str) -> Iterator[list[str]]:
    """The words of each command in the code blocks."""
    for kind, body in FENCE.findall(text):
        if kind == "sh":
            for line in body.replace("\\\n", " ").splitlines():
                yield shlex.split(line, comments=True)


def mentions(text: str) -> Iterator[list[str]]:
    """The words of each ``wasl …`` within a sentence or a table."""
    for code in INLINE.findall(FENCE.sub("", text)):
        if code.startswith("wasl "):
            yield code.split()


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words after its name."""
    command, rest = program(), words[1:]
    while rest and hasattr(command, "commands") and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def fault(words: list[str], *, whole: bool) -> str | None:
    """What is wrong with a command; a whole one must also have all arguments and required options."""
    if words[0] != "wasl":
        return f"{words[0]} is no command of wasl"
    command, rest = command_of(words)
    if "--help" in rest or (not rest and not whole):
        return None if command is not program() or words == ["wasl", "--help"] else f"no such verb: {words}"
    if command is program() or (rest and hasattr(command, "commands")):
        return f"no such verb: {words}"
    if not whole:
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        wrong = [word for word in rest if word.startswith("--") and word not in known]
        return f"{words}: no option {wrong}" if wrong else None
    try:
        command.make_context(words[-1], list(rest))
    except Exception as error:  # typer brings a click of its own in some versions
        return f"{shlex.join(words)}: {error or type(error).__name__}"
    return None


def whole_commands() -> list[tuple[str, list[str]]]:
    """Each command of wasl in a code block, with its page."""
    return [
        (page.name, words)
        for page in PAGES
        for words in blocks(page.read_text(encoding="utf-8"))
        if words and words[0] != "pip"
    ]


@pytest.mark.parametrize(("page", "words"), whole_commands(), ids=lambda value: " ".join(value)[:60])
def test_a_command_in_a_code_block_is_accepted_by_the_command_line(page: str, words: list[str]) -> None:
    assert fault(words, whole=True) is None, page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_named_in_a_sentence_exists_with_its_options(page: Path) -> None:
    faults = [fault(words, whole=False) for words in mentions(page.read_text(encoding="utf-8"))]
    assert [one for one in faults if one] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_option_named_alone_belongs_to_a_command_of_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {code for code in INLINE.findall(FENCE.sub("", text)) if re.fullmatch(r"--[a-z-]+", code)}
    known = {"--help"}
    for words in (*blocks(text), *mentions(text)):
        known |= {name for parameter in command_of(words)[0].params for name in parameter.opts}
    assert named <= known


def test_policies_registers_plans_and_descriptions_of_the_guide_are_shipped() -> None:
    for page, words in whole_commands():
        pairs = list(pairwise(words))
        named = [(SHIPPED[option], name) for option, name in pairs if option in SHIPPED]
        named += [("linkage", words[2]) for verb in ("link", "resolve") if words[1] == verb]
        for folder, name in named:
            assert (ROOT / "config" / folder / f"{name}.toml").is_file(), (page, name)


def test_every_verb_of_holder_linkage_desk_and_auditor_that_a_reader_needs_is_shown() -> None:
    shown = {words[1] for _, words in whole_commands()}
    needed = "check encode merge key push link resolve evaluate assemble assess protect tables publish verify audit"
    assert {*needed.split(), "exercise"} <= shown


@pytest.mark.parametrize(
    "line",
    [
        "wasl nothing",
        "wasl check a.csv --registre cnss-employees",
        "wasl check --register cnss-employees",
        "wasl audit lire log.jsonl",
        "wasl resolve morocco pairs.parquet --out linked",
        "wasl audit show --last many",
        "ls",
    ],
)
def test_a_wrong_command_is_found(line: str) -> None:
    assert fault(shlex.split(line), whole=True)


@pytest.mark.parametrize("line", ["wasl nothing", "wasl check --registre", "wasl audit lire"])
def test_a_wrong_mention_is_found(line: str) -> None:
    assert fault(line.split(), whole=False)


def test_the_site_and_the_readme_lead_to_each_page() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    index = (GUIDE / "index.md").read_text(encoding="utf-8")
    assert len(PAGES) == 8
    for page in PAGES:
        assert f"guide-fr/{page.name}" in navigation
        assert page.name == "index.md" or f"({page.name})" in index
    assert "docs/guide-fr/index.md" in (ROOT / "README.md").read_text(encoding="utf-8")
