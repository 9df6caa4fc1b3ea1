"""``wasl schema``: the JSON Schema of each kind of document, for editors and validators."""

from __future__ import annotations

import json
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wasl.cli.language import said, spoken
from wasl.cli.output import show_table
from wasl.errors import DeliveryError, InputError
from wasl.registers.published_names import names_to_change

if TYPE_CHECKING:
    from wasl.publication.draft import KnownVariable

__all__ = ["KINDS", "register", "schema"]

KINDS: dict[str, tuple[str, str, str]] = {
    "register": ("wasl.registers.schema", "RegisterSchema", "what a register's columns are (config/registers)"),
    "profile": ("wasl.holder.profile", "EncodingProfile", "how records are encoded (config/profiles)"),
    "plan": ("wasl.linkage.plan", "LinkagePlan", "how deliveries are linked (config/linkage)"),
    "specification": ("wasl.workflow.microdata", "MicrodataSpec", "the same as microdata"),
    "microdata": ("wasl.workflow.microdata", "MicrodataSpec", "how spine and payloads are joined (config/microdata)"),
    "policy": (
        "wasl.disclosure.policy.document",
        "DisclosurePolicy",
        "what must hold before data leave (config/disclosure)",
    ),
    "estimates": ("wasl.estimation.specification", "EstimateSpec", "what is estimated from linked data"),
    "tables": ("wasl.tables.specification", "TablesSpec", "which tables are made and protected (config/tables)"),
    "menu": ("wasl.tables.menu", "MenuSpec", "which tables analysts may order (config/menus)"),
    "authorization": (
        "wasl.compliance.authorization",
        "Authorization",
        "what the CNDP decided; acts are held to it",
    ),
    "particulars": (
        "wasl.compliance.particulars",
        "Particulars",
        "what only people know for the authorization file",
    ),
    "description": ("wasl.publication.description", "DatasetDescription", "what is published (config/publication)"),
}
"""Each kind of document: the module and the model that read it, and what it is for."""


DRAFTED = ("register", "specification", "microdata", "policy", "description")
"""Kinds of document that can be proposed from data."""


def register(app: typer.Typer) -> None:
    """Add ``wasl schema``."""
    app.command()(schema)


def schema(
    name: Annotated[str, typer.Argument(help="Kind of document; without it, a list.")] = "",
    draft: Annotated[
        list[Path] | None,
        typer.Option(
            help="Propose a document from data. With `register`: the register's file. With `specification`: payloads, "
            "repeated, or a folder of them. With `policy`: microdata. With `description`: what `wasl protect` wrote.",
        ),
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="With a workbook: the sheet to draft from.")] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="With a text file: its encoding; found by default.")
    ] = None,
    copy: Annotated[
        str, typer.Option(help="Print a shipped document by its name, to change it: its aliases, roles, limits.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="File to write; without it, stdout.")] = None,
) -> None:
    """Print the JSON Schema of a kind of document, or propose a document from data with the evidence per column.

    Example: wasl schema policy --out policy.schema.json

    Example: wasl schema register --draft permits.xlsx --out permits.toml

    Example: wasl schema register --copy dgsn-permits --out permits.toml

    Example: wasl schema specification --draft dgsn.payload --draft cnss.payload --out spec.toml

    Example: wasl schema policy --draft microdata.parquet --out policy.toml

    Example: wasl schema description --draft protected/ --out description.toml
    """
    if not name:
        show_table("Documents", ("name", "what it says"), [(kind, KINDS[kind][2]) for kind in KINDS])
        return
    if name not in KINDS:
        raise InputError(f"no kind of document is called {name!r}.", remedy=f"One of: {', '.join(KINDS)}.")
    if draft and name not in DRAFTED:
        raise InputError(
            f"no {name} can be drafted from data.", remedy=f"These can: {', '.join(sorted(set(DRAFTED)))}."
        )
    if copy:
        text = _shipped(name, copy)
    elif not draft:
        text = _json_schema(name)
    elif name in ("specification", "microdata"):
        text = _draft_specification(draft)
    elif len(draft) > 1:
        raise InputError("only a specification is drafted from several files.", remedy="Give --draft once.")
    elif name == "register":
        from wasl.registers.reading.draft import draft_register

        text = draft_register(draft[0], sheet=sheet, encoding=encoding, words=spoken())
    elif name == "policy":
        text = _draft_policy(draft[0])
    else:
        text = _draft(draft[0])
    if draft and not copy and name != "register":
        _warn_of_names(text)
    if out is None:
        typer.echo(text, nl=False)
    elif out.exists() and (draft or copy):
        raise InputError(f"{out}: exists already, and may have been filled in.", remedy="Name another file.")
    else:
        out.write_text(text, encoding="utf-8")


FOLDERS = {
    "register": "registers",
    "profile": "profiles",
    "plan": "linkage",
    "specification": "microdata",
    "microdata": "microdata",
    "policy": "disclosure",
    "tables": "tables",
    "menu": "menus",
    "estimates": "estimates",
    "description": "publication",
}
"""The folder of each kind of document that ships, below the configuration."""


def _shipped(kind: str, name: str) -> str:
    """The text of a shipped document.

    Raises:
        InputError: No document of the kind ships, or none of this name.
    """
    from wasl.registers.documents import config_dir

    folder = config_dir() / FOLDERS.get(kind, kind)
    names = sorted(path.stem for path in folder.glob("*.toml")) if kind in FOLDERS else []
    if name not in names:
        raise InputError(
            f"no shipped {kind} is called {name!r}.",
            remedy=f"One of: {', '.join(names)}." if names else "Write it from its JSON Schema.",
        )
    return (folder / f"{name}.toml").read_text(encoding="utf-8")


def _warn_of_names(text: str) -> None:
    """Say on stderr which variables of a draft have names that cannot be published."""
    variables = tomllib.loads(text).get("variables", [])
    names = [variable["name"] for variable in variables if variable.get("role") != "drop"]
    for column, proposed in names_to_change(names).items():
        typer.echo(
            said(f"The column {column!r} cannot be published under this name. It could be called {proposed!r}."),
            err=True,
        )


def _json_schema(name: str) -> str:
    module, model, _ = KINDS[name]
    value = getattr(import_module(module), model).model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **value}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _draft(folder: Path) -> str:
    """A draft of the description of a protected folder, with what register schemas say of its variables."""
    from wasl.cli.publication import read_protected
    from wasl.publication.draft import draft_description

    table, report = read_protected(folder)
    public = json.loads(report.get("public-report.json", b"{}"))
    return draft_description(table, _stem(folder), public, _known(), spoken())


def _draft_specification(paths: list[Path]) -> str:
    """A draft of a microdata specification from payload files, or from a folder of them."""
    from wasl.registers.exchange.payload import Payload
    from wasl.workflow.draft import draft_specification

    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    payloads = []
    for file in files:
        try:
            payloads.append(Payload.read(file))
        except DeliveryError:
            if file in paths:
                raise
    if not payloads:
        raise InputError(f"{paths[0]}: holds no payload.", remedy="`wasl encode --payload` makes payloads.")
    return draft_specification(payloads, words=spoken())


def _draft_policy(data: Path) -> str:
    """A draft of a disclosure policy from microdata."""
    from wasl.disclosure.policy.draft import FILES, draft_policy
    from wasl.registers.documents import config_dir
    from wasl.registers.reading.microdata import read_microdata

    known = {name: (one.label, one.label_fr, one.label_ar) for name, one in _known().items()}
    folder = config_dir() / "disclosure" / "hierarchies"
    texts = {file: (folder / file).read_text(encoding="utf-8-sig") for file, _ in FILES.values()}
    return draft_policy(read_microdata(data), _stem(data), known, spoken(), hierarchies=texts)


def _known() -> dict[str, KnownVariable]:
    """What shipped descriptions and register schemas say of variables."""
    from wasl.publication.description import DatasetDescription
    from wasl.publication.draft import known_variables
    from wasl.registers.documents import config_dir
    from wasl.registers.schema import RegisterSchema

    schemas = [RegisterSchema.load(path) for path in sorted((config_dir() / "registers").glob("*.toml"))]
    shipped = [DatasetDescription.load(path) for path in sorted((config_dir() / "publication").glob("*.toml"))]
    return known_variables(schemas, shipped)


def _stem(path: Path) -> str:
    """A document's name from a file or folder: letters, digits and dashes."""
    stem = path.resolve().stem if path.is_file() else path.resolve().name
    return "".join(letter if letter.isalnum() else "-" for letter in stem.lower()).strip("-") or "dataset"
