"""``wasl document``: a TOML document as the JSON that the service takes."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from wasl.cli.schema import KINDS
from wasl.errors import InputError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add ``document to-json``."""
    documents = typer.Typer(no_args_is_help=True, help="Documents for the service.")
    app.add_typer(documents, name="document")
    documents.command("to-json")(to_json)

    @documents.callback()
    def _group() -> None:
        """Documents for the service."""


def to_json(
    file: Annotated[str, typer.Argument(help="A TOML or JSON file, or a shipped name.")],
    kind: Annotated[str, typer.Option("--kind", help=f"One of: {', '.join(KINDS)}.")],
    out: Annotated[Path | None, typer.Option(help="File to write; without it, stdout.")] = None,
) -> None:
    """Print a document as JSON, checked, with every default filled in: what the routes of the service take.

    Example: wasl document to-json morocco --kind plan --out plan.json
    """
    from wasl.registers.exchange.plain_json import json_bytes
    from wasl.registers.exchange.whole_files import write_whole

    if kind not in KINDS:
        raise InputError(f"no kind of document {kind!r}.", remedy=f"Choose one of {', '.join(KINDS)}.")
    module, name, _ = KINDS[kind]
    document = getattr(import_module(module), name).load(file)
    data = json_bytes(document.model_dump(mode="json", by_alias=True))
    if out is None:
        typer.echo(data.decode(), nl=False)
    else:
        write_whole(out, data)
