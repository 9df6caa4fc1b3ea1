"""The language of the command line: from ``--lang``, ``WASL_LANG`` or the machine's locale; English by default.

Help, tables, lines and errors for people are in this language. What programs read is the same in every language: the
keys and values of ``--json``, and files. Terminals order Arabic themselves, so no character is added to a text.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import typer

from wasl.errors import InputError
from wasl.locale import LANGUAGES, N_, Language, Messages, messages, negotiate

__all__ = [
    "environment_language",
    "help_texts",
    "language_of",
    "said",
    "set_language",
    "spoken",
    "take_language",
    "translate_command",
]

VARIABLES = ("WASL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Environment variables that name the language, the strongest first."""
OPTION = "--lang"

PANELS = {
    "ARGUMENTS_PANEL_TITLE": N_("Arguments"),
    "OPTIONS_PANEL_TITLE": N_("Options"),
    "COMMANDS_PANEL_TITLE": N_("Commands"),
    "ERRORS_PANEL_TITLE": N_("Error"),
    "ABORTED_TEXT": N_("Aborted."),
    "DEFAULT_STRING": N_("[default: {}]"),
    "ENVVAR_STRING": N_("[env var: {}]"),
    "REQUIRED_LONG_STRING": N_("[required]"),
    "RICH_HELP": N_("Try [blue]'{command_path} {help_option}'[/] for help."),
}
"""Texts of Typer's pages, by their names in ``typer.rich_utils``, which are its settings."""
USAGE = N_("Usage: ")
USAGE_ERRORS = (
    N_("Missing command."),
    N_("Missing option {name}."),
    N_("Missing argument {name}."),
    N_("Missing option {name}. {choices}"),
    N_("Missing argument {name}. {choices}"),
    N_("Choose from:\n\t{choices}"),
    N_("No such option: {name}"),
    N_("No such option: {name} (Possible options: {others})"),
    N_("No such option: {name} Did you mean {others}?"),
    N_("No such command {name}."),
    N_("No such command {name}. Did you mean {others}?"),
    N_("Got unexpected extra argument ({arguments})"),
    N_("Got unexpected extra argument(s) ({arguments})"),
    N_("Got unexpected extra arguments ({arguments})"),
    N_("Option {name} requires an argument."),
    N_("Option {name} requires {count} arguments."),
    N_("Option {name} does not take a value."),
    N_("Invalid value for {name}: {message}"),
    N_("Invalid value: {message}"),
    N_("{value} is not one of {choices}."),
    N_("{value} is not a valid integer."),
    N_("{value} is not a valid float."),
    N_("{value} is not in the range {range}."),
    N_("Could not open file {name}: {message}"),
    N_("Show this message and exit."),
)
"""What Typer says of wrong usage."""

_spoken: list[Messages] = []


def language_of(asked: str | None, environment: Sequence[str | None]) -> Language:
    """The language that the option or the environment names; English where neither names one of wasl's.

    Raises:
        InputError: The option names another language.
    """
    if asked is not None and asked not in LANGUAGES:
        raise InputError(f"--lang {asked}: no such language.", remedy=f"Choose {', '.join(LANGUAGES)}.")
    return negotiate(asked, *environment, default="en")


def take_language(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The value of ``--lang`` and the other arguments; it may stand anywhere before ``--``."""
    asked: str | None = None
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return asked, [*rest, word, *words]
        if word == OPTION:
            asked = next(words, "")
        elif word.startswith(OPTION + "="):
            asked = word.partition("=")[2]
        else:
            rest.append(word)
    return asked, rest


def set_language(language: Language) -> None:
    """Speak this language from here on, also in Typer's own texts."""
    _spoken[:] = [messages(language)]
    if language != "en":
        _translate_typer(_spoken[0])


def environment_language() -> Language:
    """The language that the environment names."""
    return language_of(None, [os.environ.get(name) for name in VARIABLES])


def spoken() -> Messages:
    """The messages of the language that the command line speaks."""
    return _spoken[0] if _spoken else messages("en")


def said(english: str) -> str:
    """A finished English sentence, or several lines, in the language of the command line."""
    language = spoken()
    return english if language.language == "en" else "\n".join(language.sentence(line) for line in english.split("\n"))


def translate_command(command: Any) -> Any:
    """Put the help of a command, its parameters and the commands below it into the language; returns it."""
    language = spoken()
    if language.language == "en":
        return command
    command.help = _paragraphs(command.help, language)
    command.short_help = _paragraphs(getattr(command, "short_help", None), language)
    if getattr(command, "rich_help_panel", None):
        command.rich_help_panel = language.text(command.rich_help_panel)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = language.sentence(" ".join(parameter.help.split()))
    command.get_help_option = _help_option(command.get_help_option, language)
    for inner in getattr(command, "commands", {}).values():
        translate_command(inner)
    return command


def _help_option(method: Callable[[Any], Any], language: Messages) -> Callable[[Any], Any]:
    """``--help`` itself, which Typer makes when it is needed."""

    def option(context: Any) -> Any:
        made = method(context)
        if made is not None and made.help:
            made.help = language.sentence(made.help)
        return made

    return option


def help_texts(command: Any) -> dict[str, str]:
    """Every text of the help of a command and of those below it, with the place where it stands."""
    found: dict[str, str] = {}
    for paragraph in (command.help or "").split("\n\n"):
        text = " ".join(paragraph.split())
        if text and not text.startswith(EXAMPLE):
            found.setdefault(text, command.name or "")
    for parameter in command.params:
        if getattr(parameter, "help", None):
            found.setdefault(" ".join(parameter.help.split()), f"{command.name} {parameter.name}")
    for inner in getattr(command, "commands", {}).values():
        for text, place in help_texts(inner).items():
            found.setdefault(text, f"{command.name} {place}")
    return found


EXAMPLE = N_("Example:")


def _paragraphs(text: str | None, language: Messages) -> str | None:
    """The paragraphs of a help in a language; of an example only its heading."""
    if not text:
        return text
    made = []
    for paragraph in text.split("\n\n"):
        words = " ".join(paragraph.split())
        if words.startswith(EXAMPLE):
            made.append(language.text(EXAMPLE) + words.removeprefix(EXAMPLE))
        else:
            made.append(language.sentence(words))
    return "\n\n".join(made)


def _translate_typer(language: Messages) -> None:
    from typer import rich_utils

    for name, text in PANELS.items():
        if hasattr(rich_utils, name):
            setattr(rich_utils, name, language.catalogue.gettext(text))
    context = next(kind for kind in typer.Context.__mro__ if "formatter_class" in vars(kind))
    base: Any = context.formatter_class  # type: ignore[attr-defined]

    class Formatter(base):  # type: ignore[misc]
        """Writes the line of usage in the language."""

        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, prefix or language.text(USAGE))

    context.formatter_class = Formatter  # type: ignore[attr-defined]
    root = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
    for kind in _kinds(root):
        if "format_message" in vars(kind):
            kind.format_message = _translated(kind.format_message, language)


def _kinds(root: type[Any]) -> list[type[Any]]:
    return [root, *(below for kind in root.__subclasses__() for below in _kinds(kind))]


def _translated(method: Callable[[Any], str], language: Messages) -> Callable[[Any], str]:
    def format_message(error: Any) -> str:
        return language.sentence(method(error))

    return format_message
