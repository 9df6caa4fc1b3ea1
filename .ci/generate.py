"""Write the pages of the documentation that repeat the code, or check that they are up to date.

Usage: python .ci/generate.py [--check]

Writes ``docs/reference/*.md`` (command line, settings, errors, permissions, routes,
fields, library, events), the index of decisions, and ``docs/figures/rooms.svg`` (the packages and their imports).
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MADE = "<!-- Written by .ci/generate.py from the code; change the code, then run `poe docs`. -->\n\n"


def command_line() -> str:
    """Every verb with its options, as ``--help`` has them."""
    import typer

    from wasl.cli.app import OVERVIEW, VERBS, build_app

    program = typer.main.get_command(build_app(list(dict.fromkeys(VERBS.values()))))
    lines = [
        "# Command line",
        "",
        "Each verb has `--help`. Exit codes: 0 done; 1 the input is at fault; 2 wrong usage;",
    ]
    lines += ["3 a threshold or a verification is not met; 70 a defect of wasl.", ""]
    panels: dict[str, list[str]] = defaultdict(list)
    for verb, (panel, _) in OVERVIEW.items():
        panels[panel].append(verb)
    for panel, verbs in panels.items():
        lines += [f"## {panel}", ""]
        for verb in verbs:
            lines += [f"### `wasl {verb}`", "", OVERVIEW[verb][1], ""]
            command: Any = program.commands[verb]  # type: ignore[attr-defined]
            if hasattr(command, "commands"):
                for name, inner in command.commands.items():
                    lines += [f"#### `wasl {verb} {name}`", "", *one_command(inner)]
            else:
                lines += one_command(command)
    return "\n".join(lines).rstrip() + "\n"


def one_command(command: Any) -> list[str]:
    """The text, the example and the table of parameters of a command."""
    text, _, example = (command.help or "").partition("Example:")
    lines = [" ".join(text.split()), ""]
    if example.strip():
        lines += ["```sh", " ".join(example.split()), "```", ""]
    rows = []
    for parameter in command.params:
        if parameter.name == "help":
            continue
        name = ", ".join(parameter.opts + parameter.secondary_opts) if parameter.param_type_name == "option" else None
        shown = f"`{name}`" if name else f"`{parameter.name.upper()}`"
        default = parameter.default
        plain = isinstance(default, str | int | float) and not isinstance(default, bool) and default != ""
        note = "required" if parameter.required else (f"default {default}" if plain else "")
        rows.append(f"| {shown} | {cell(getattr(parameter, 'help', '') or '')} | {note} |")
    if rows:
        lines += ["| Parameter | Meaning | |", "|---|---|---|", *rows, ""]
    return lines


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def settings() -> str:
    """Every setting of the command line and of the service."""
    lines = ["# Settings", "", "Set the variable of the environment. The service also reads a TOML file", ""]
    lines[-2] += " (`--config`, `WASL_CONFIG`), in which the name is lower-case and without `WASL_`."
    for title, module, name in (
        ("Command line", "wasl.settings", "Settings"),
        ("Service", "wasl.web.settings", "ServiceSettings"),
    ):
        model = getattr(import_module(module), name)
        lines += [f"## {title}", "", "| Variable | Default | Meaning, unit, reason |", "|---|---|---|"]
        for key, info in model.model_fields.items():
            default = info.default.get_secret_value() if hasattr(info.default, "get_secret_value") else info.default
            shown = "" if default in (None, "") else f"`{default}`"
            lines.append(f"| `WASL_{key.upper()}` | {shown} | {cell(info.description or '')} |")
        lines.append("")
    lines += ["Three more variables are read outside these classes: `WASL_PASSPHRASE` (passphrase of a key file),"]
    lines += [
        "`WASL_CONFIG` (the service's TOML file) and `WASL_DEBUG` (show tracebacks, which may hold personal data)."
    ]
    return "\n".join(lines) + "\n"


def error_page() -> str:
    """Every error with its exit code and HTTP status."""
    from wasl import errors
    from wasl.web.problems import PROBLEMS

    lines = [
        "# Errors",
        "",
        "Every message says what is wrong, where, and what to do. None carries a person's value.",
        "",
    ]
    lines += ["| Error | Meaning | Exit code | HTTP status |", "|---|---|---|---|"]
    for name in errors.__all__:
        kind = getattr(errors, name)
        if not issubclass(kind, errors.WaslError):
            continue
        doc = (kind.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{name}` | {cell(doc)} | {kind.exit_code} | {PROBLEMS[kind][0]} |")
    lines += ["", f"`DataWarning` is a warning of the library: {errors.DataWarning.__doc__}"]
    return "\n".join(lines) + "\n"


def permissions() -> str:
    """Which role may do which action, and what needs no token."""
    from wasl.service.access import PERMISSIONS, PUBLIC_ACTIONS, Role

    lines = [
        "# Permissions",
        "",
        "A token carries one role. A role may do what has a mark in its column, nothing else.",
        "",
    ]
    lines += ["| Action | " + " | ".join(Role) + " | public |", "|---" * (len(Role) + 2) + "|"]
    for action, roles in PERMISSIONS.items():
        marks = ["●" if role in roles else "" for role in Role] + ["●" if action in PUBLIC_ACTIONS else ""]
        lines.append(f"| `{action}` | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


@cache
def described() -> dict[str, Any]:
    """The OpenAPI document of the service."""
    import tempfile

    from wasl.web.app import create_app
    from wasl.web.installation import Installation
    from wasl.web.settings import ServiceSettings

    with tempfile.TemporaryDirectory() as folder:
        opened = Installation.open(ServiceSettings(data_dir=Path(folder), workers_in_process=0))
        try:
            return dict(create_app(opened).openapi())
        finally:
            opened.close()


def routes() -> str:
    """Every route of the HTTP API."""
    lines = ["# Routes of the service", "", "`/v1/openapi.json` of a running service has parameters and answers.", ""]
    lines += ["| Method | Path | Purpose |", "|---|---|---|"]
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            text = (operation.get("description") or operation.get("summary") or "").strip().split("\n\n")[0]
            lines.append(f"| {method.upper()} | `{path}` | {cell(text)} |")
    return "\n".join(lines) + "\n"


def fields() -> str:
    """Every field of a body with its type and range, and who may send or read it."""
    lines = ["# Fields of the service", "", *FIELDS_INTRODUCTION, ""]
    lines += [
        "## Fields that callers send",
        "",
        "| Route | Field | Type and range | Who sends it |",
        "|---|---|---|---|",
    ]
    read: dict[str, set[str]] = defaultdict(set)
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            roles = reach(operation["x-wasl-action"])
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            model = resolved(body)
            for name, schema in model.get("properties", {}).items():
                needed = ", needed" if name in model.get("required", []) else ""
                what = f"{kind_of(schema)}{needed}"
                lines.append(f"| {method.upper()} `{path}` | `{name}` | {cell(what)} | {', '.join(roles)} |")
            for status in ("200", "201", "202"):
                answer = operation["responses"].get(status, {}).get("content", {}).get("application/json", {})
                for name in named_in(answer.get("schema", {})):
                    read[name] |= set(roles)
    lines += ["", "## Fields that callers read", "", "| View | Fields | Who reads them |", "|---|---|---|"]
    for name, roles in sorted(read.items()):
        properties = described()["components"]["schemas"][name].get("properties", {})
        if properties and set(properties) != {"items", "next"}:
            shown = ", ".join(f"`{one}`" for one in properties)
            lines.append(f"| {name} | {shown} | {', '.join(sorted(roles))} |")
    return "\n".join(lines) + "\n"


FIELDS_INTRODUCTION = (
    "The service ignores every field of a body that is not in the first table. A whole number is a number of JSON: the",
    "service refuses text of digits, a fraction and `true`. A role sends and reads a field only of a project and",
    "register that its token reaches. [Permissions](permissions.md) has the actions.",
    "[The service](../service.md#values-that-must-fit-together) lists the values that are checked together.",
)


def reach(action: str) -> list[str]:
    """The roles that may do an action; everybody, where it needs no token."""
    from wasl.service.access import PERMISSIONS, PUBLIC_ACTIONS, Action

    if Action(action) in PUBLIC_ACTIONS:
        return ["everybody"]
    return sorted(role.value for role in PERMISSIONS[Action(action)])


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema in place of a reference to it."""
    found = schema.get("$ref", "")
    return dict(described()["components"]["schemas"][found.rpartition("/")[2]]) if found else schema


def named_in(schema: Any) -> set[str]:
    """The names of all schemas that a schema shows, at any depth."""
    names: set[str] = set()
    todo = [schema]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            found = str(one.get("$ref", "")).rpartition("/")[2]
            if found and found not in names:
                names.add(found)
                todo.append(described()["components"]["schemas"][found])
            todo += [value for key, value in one.items() if key not in ("example", "examples")]
        elif isinstance(one, list):
            todo += one
    return names


LIMITS = {
    "minimum": "from {}",
    "maximum": "to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "pattern `{}`",
    "format": "{}",
}
"""Limits of JSON Schema in words."""


def kind_of(schema: dict[str, Any]) -> str:
    """The type and range of a field in words."""
    schema = {**resolved(schema), **{key: value for key, value in schema.items() if key != "$ref"}}
    if "enum" in schema:
        return "one of " + ", ".join(f"`{one}`" for one in schema["enum"])
    choices = schema.get("anyOf") or schema.get("oneOf") or []
    if choices:
        return " or ".join(kind_of(one) for one in choices)
    names = {"object": "document", "string": "text", "integer": "whole number", "boolean": "true or false"}
    kind = str(schema.get("type", "value"))
    words = [names.get(kind, kind)]
    words += [text.format(plain_limit(schema[key])) for key, text in LIMITS.items() if key in schema]
    if kind == "array" and "items" in schema:
        words[0] = f"list of: {kind_of(schema['items'])}"
    return ", ".join(words)


def plain_limit(value: Any) -> str:
    """A limit as people write it."""
    return str(value) if isinstance(value, str) else f"{value:,.0f}"


def events() -> str:
    """Every kind of audit event with its sentences and fields."""
    from dataclasses import fields

    from wasl.audit.events import KINDS
    from wasl.audit.field_words import DETAIL_WORDS

    lines = [
        "# Audit events",
        "",
        "A kind has fields that hold references, counts, measures and digests, never a value of a",
    ]
    lines += ["person. Its sentences are what `wasl audit show` and a visit report say.", ""]
    for name in sorted(KINDS):
        kind = KINDS[name]
        lines += [f"## {name}", "", (kind.__doc__ or "").strip().splitlines()[0], ""]
        lines += [f"- {language}: {cell(text)}" for language, text in sorted(kind.sentences.items())]
        lines.append("")
        if fields(kind):
            lines += ["| Field | Type | Meaning |", "|---|---|---|"]
            for field in fields(kind):
                word = DETAIL_WORDS.get(field.name, {}).get("en", "")
                lines.append(f"| `{field.name}` | `{cell(str(field.type))}` | {cell(word)} |")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def library() -> str:
    """The names of the façade, for mkdocstrings."""
    import wasl

    lines = ["# Library", "", "The names below are imported from `wasl`. Files and services are not needed.", ""]
    for name in sorted(wasl.__all__, key=str.lower):
        lines += [f"## `wasl.{name}`", "", f"::: {getattr(wasl, name).__module__}.{name}", "    options:"]
        lines += ["      show_root_heading: false", "      show_root_toc_entry: false", ""]
    return "\n".join(lines).rstrip() + "\n"


HEADER = re.compile(r"Date: ([\d-]+)\. Status: ([^.]+)\.")


def decisions() -> str:
    """The index of decisions: number, title, date, status, options."""
    lines = ["# Decisions", "", "Each page has the context, the options, the choice and its price.", ""]
    lines += ["| No. | Decision | Date | Status | Options considered |", "|---|---|---|---|---|"]
    for path in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        number, title = text.splitlines()[0].removeprefix("# ").split(". ", 1)
        found = HEADER.search(text)
        if found is None:
            raise SystemExit(f"{path}: no line 'Date: YYYY-MM-DD. Status: ….' below the title.")
        options = re.search(r"\*\*Options considered\.\*\* (.+?)\n\n", text, re.DOTALL)
        if options is None:
            raise SystemExit(f"{path}: no paragraph '**Options considered.**'.")
        shown = cell(options.group(1))
        lines.append(f"| {number} | [{cell(title)}]({path.name}) | {found.group(1)} | {found.group(2)} | {shown} |")
    return "\n".join(lines) + "\n"


ROW_GAP, BOX, ROW, WIDTH = 34, 34, 150, 1000
COLOURS = {"holder": "#f6d5c9", "attack": "#f6d5c9", "population": "#e8e8e8", "lab": "#e8e8e8"}


def rooms() -> str:
    """A picture of the packages: the layers of import-linter from top to bottom, imports as lines."""
    import grimp

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    graph = grimp.build_graph("wasl")
    rows = []
    for layer in layers:
        names = [part.strip(" ()").removeprefix("wasl.") for part in layer.split("|")]
        rows.append([name for name in names if f"wasl.{name}" in graph.modules])
    rows = [row for row in rows if row]
    place: dict[str, tuple[float, float]] = {}
    count: dict[str, int] = defaultdict(int)
    imports: set[tuple[str, str]] = set()
    for module in graph.modules:
        room = module.split(".")[1] if "." in module else ""
        count[room] += 1
        for other in graph.find_modules_directly_imported_by(module):
            if other.startswith("wasl.") and room and other.split(".")[1] != room:
                imports.add((room, other.split(".")[1]))
    for r, row in enumerate(rows):
        # Rows of one or two boxes are shifted to the sides, so that few lines pass behind a box.
        columns = {1: [0.42 if r % 2 else 0.58], 2: [0.1, 0.9]}
        shares = columns.get(len(row)) or [(j + 1) / (len(row) + 1) for j in range(len(row))]
        for share, name in zip(shares, row, strict=True):
            place[name] = (share * WIDTH, 30 + r * (BOX + ROW_GAP))
    height = int(30 + len(rows) * (BOX + ROW_GAP))
    below: dict[str, set[str]] = defaultdict(set)
    for a, b in imports:
        if a in place and b in place:
            below[a].add(b)
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">']
    svg.append('<rect width="100%" height="100%" fill="white"/>')
    svg.append(
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#5b6b7a"/></marker></defs>'
    )
    for a, others in sorted(below.items()):
        reached = {further for other in others for further in closure(other, below)}
        for b in sorted(others - reached):
            (x, y), (u, v) = place[a], place[b]
            middle = (y + BOX + v) / 2
            svg.append(
                f'<path d="M{x:.0f},{y + BOX:.0f} C{x:.0f},{middle:.0f} {u:.0f},{middle:.0f} {u:.0f},{v:.0f}" '
                'fill="none" stroke="#7a8a99" stroke-width="1.2" marker-end="url(#to)"/>'
            )
    for name, (x, y) in place.items():
        width = 44 + 7.2 * len(name)
        fill = COLOURS.get(name, "#dbe9f4")
        svg.append(
            f'<rect x="{x - width / 2:.0f}" y="{y:.0f}" width="{width:.0f}" height="{BOX}" rx="5" fill="{fill}" '
            f'stroke="#5b6b7a"/><text x="{x:.0f}" y="{y + 15:.0f}" text-anchor="middle" font-size="12">{escape(name)}'
            f'</text><text x="{x:.0f}" y="{y + 28:.0f}" text-anchor="middle" font-size="9" fill="#555">'
            f"{count[name]} module{'s' if count[name] > 1 else ''}</text>"
        )
    return "\n".join([*svg, "</svg>"]) + "\n"


def closure(name: str, below: dict[str, set[str]]) -> set[str]:
    """Everything that a room imports, directly or through others."""
    seen: set[str] = set()
    todo = list(below[name])
    while todo:
        other = todo.pop()
        if other not in seen:
            seen.add(other)
            todo += below[other]
    return seen


PAGES = {
    "reference/command-line.md": command_line,
    "reference/settings.md": settings,
    "reference/errors.md": error_page,
    "reference/permissions.md": permissions,
    "reference/routes.md": routes,
    "reference/fields.md": fields,
    "reference/library.md": library,
    "reference/events.md": events,
    "decisions/index.md": decisions,
    "figures/rooms.svg": rooms,
}


def main() -> int:
    """Write the pages, or with ``--check`` compare them."""
    stale = []
    for name, make in PAGES.items():
        text = make()
        if name.endswith(".md"):
            title, rest = text.split("\n", 1)
            text = f"{title}\n\n{MADE}{rest.lstrip()}"
        path = DOCS / name
        if "--check" in sys.argv:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    if stale:
        sys.stderr.write(f"out of date, run `poe docs`: {', '.join(stale)}\n")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
