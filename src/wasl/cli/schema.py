"""``wasl schema``: the JSON Schema of each kind of document, for editors and validators."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from wasl.cli.output import show_table
from wasl.errors import InputError

__all__ = ["KINDS", "register", "schema"]

KINDS: dict[str, tuple[str, str, str]] = {
    "register": ("wasl.registers.schema", "RegisterSchema", "what a register's columns are (config/registers)"),
    "profile": ("wasl.holder.profile", "EncodingProfile", "how records are encoded (config/profiles)"),
    "plan": ("wasl.linkage.plan", "LinkagePlan", "how deliveries are linked (config/linkage)"),
    "microdata": ("wasl.workflow.microdata", "MicrodataSpec", "how spine and payloads are joined (config/microdata)"),
    "policy": (
        "wasl.disclosure.policy.document",
        "DisclosurePolicy",
        "what must hold before data leave (config/disclosure)",
    ),
    "estimates": ("wasl.estimation.specification", "EstimateSpec", "what is estimated from linked data"),
    "tables": ("wasl.tables.specification", "TablesSpec", "which tables are made and protected (config/tables)"),
    "menu": ("wasl.tables.menu", "MenuSpec", "which tables analysts may order (config/menus)"),
    "description": ("wasl.publication.description", "DatasetDescription", "what is published (config/publication)"),
}
"""Each kind of document: the module and the model that read it, and what it is for."""


def register(app: typer.Typer) -> None:
    """Add ``wasl schema``."""
    app.command()(schema)


def schema(
    name: Annotated[str, typer.Argument(help="Kind of document; without it, a list.")] = "",
    protected: Annotated[
        Path | None,
        typer.Option(
            "--draft",
            help="With `register`: a draft for this register file. With `description`: for what `wasl protect` wrote.",
        ),
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="With a workbook: the sheet to draft from.")] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="With a text file: its encoding; found by default.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; without it, stdout.")] = None,
) -> None:
    """Print the JSON Schema of a kind of document, or draft a register schema or a description from data.

    Example: wasl schema policy --out policy.schema.json

    Example: wasl schema register --draft permits.xlsx --out permits.toml

    Example: wasl schema description --draft protected/ --out description.toml
    """
    if not name:
        show_table("Documents", ("name", "what it says"), [(kind, KINDS[kind][2]) for kind in KINDS])
        return
    if name not in KINDS:
        raise InputError(f"no kind of document is called {name!r}.", remedy=f"One of: {', '.join(KINDS)}.")
    if protected is not None and name not in ("description", "register"):
        raise InputError(
            "only a register schema or a description can be drafted.", remedy="wasl schema register --draft FILE"
        )
    if protected is None:
        text = _json_schema(name)
    elif name == "register":
        from wasl.registers.reading.draft import draft_register

        text = draft_register(protected, sheet=sheet, encoding=encoding)
    else:
        text = _draft(protected)
    if out is None:
        typer.echo(text, nl=False)
    elif out.exists() and protected is not None:
        raise InputError(f"{out}: exists already, and may have been filled in.", remedy="Name another file.")
    else:
        out.write_text(text, encoding="utf-8")


def _json_schema(name: str) -> str:
    module, model, _ = KINDS[name]
    value = getattr(import_module(module), model).model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **value}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _draft(folder: Path) -> str:
    """A draft of the description of a protected folder, with what register schemas say of its variables."""
    from wasl.cli.publication import read_protected
    from wasl.publication.draft import draft_description, known_variables
    from wasl.registers.documents import config_dir
    from wasl.registers.schema import RegisterSchema

    table, report = read_protected(folder)
    schemas = [RegisterSchema.load(path) for path in sorted((config_dir() / "registers").glob("*.toml"))]
    stem = "".join(letter if letter.isalnum() else "-" for letter in folder.resolve().name.lower()).strip("-")
    public = json.loads(report.get("public-report.json", b"{}"))
    return draft_description(table, stem or "dataset", public, known_variables(schemas))
