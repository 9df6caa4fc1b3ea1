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
    "policy": ("wasl.disclosure.policy", "DisclosurePolicy", "what must hold before data leave (config/disclosure)"),
    "description": ("wasl.publication.description", "DatasetDescription", "what is published (config/publication)"),
}
"""Each kind of document: the module and the model that read it, and what it is for."""


def register(app: typer.Typer) -> None:
    """Add ``wasl schema``."""
    app.command()(schema)


def schema(
    name: Annotated[str, typer.Argument(help="Kind of document; without it, a list.")] = "",
    out: Annotated[Path | None, typer.Option(help="File to write; without it, stdout.")] = None,
) -> None:
    """Print the JSON Schema of a kind of document.

    Example: wasl schema policy --out policy.schema.json
    """
    if not name:
        show_table("Documents", ("name", "what it says"), [(kind, KINDS[kind][2]) for kind in KINDS])
        return
    if name not in KINDS:
        raise InputError(f"no kind of document is called {name!r}.", remedy=f"One of: {', '.join(KINDS)}.")
    module, model, _ = KINDS[name]
    value = getattr(import_module(module), model).model_json_schema(by_alias=True)
    text = json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **value}, ensure_ascii=False, indent=2
    )
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")
