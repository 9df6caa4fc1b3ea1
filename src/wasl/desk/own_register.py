"""A register whose kind does not ship: a description is proposed from its file, and a person corrects it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wasl.locale import N_, Language, Messages
from wasl.registers.documents import config_dir
from wasl.registers.exchange.whole_files import write_whole
from wasl.registers.known_names import known_as
from wasl.registers.reading.draft import FEATURES, RECORD, draft_register
from wasl.registers.schema import ROW_NUMBER, FieldRole, RegisterSchema

__all__ = ["Column", "Wishes", "choices", "own_columns", "propose", "shipped_kinds"]

ROLES = {
    RECORD: N_("number of the record"),
    "payload": N_("variable for statistics"),
    "identifier": N_("another number of the person: checked, not sent"),
    "drop": N_("not used"),
}
"""Meanings of a column besides the features of a person."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the schema and the heading of the file that is taken for it.

    Attributes:
        name: Its name in the schema.
        label: What a reader sees.
        needed: Whether rows without it are refused.
        heading: The heading found or chosen; empty where there is none.
        chosen: What the column is, where the description was proposed from the file.
    """

    name: str
    label: str
    needed: bool
    heading: str = ""
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """A person's corrections of a proposed description.

    Attributes:
        columns: What a column is, by its heading: a feature, or a key of ``ROLES``.
        title, holder: What the register is called, and who keeps it.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    holder: str = ""


def choices(words: Messages) -> list[tuple[str, str]]:
    """The meanings of a column, in a language: first the number of the record, then features by name, then the rest."""
    features = sorted(((one, known_as(one, words)) for one in FEATURES), key=lambda pair: pair[1])
    roles = [(key, words.text(text)) for key, text in ROLES.items()]
    return [roles[0], *features, *roles[1:]]


def own_columns(headings: Sequence[str], schema: RegisterSchema | None, wishes: Wishes) -> list[Column]:
    """The columns of a file, and what each is taken for: as a person said, else as was proposed."""
    proposed = {} if schema is None else dict(_proposals(schema))
    found = []
    for place, heading in enumerate(headings):
        chosen = wishes.columns.get(heading) or proposed.get(heading, "drop")
        found.append(Column(str(place), heading, False, heading, chosen))
    return found


def propose(folder: Path, file: Path, wishes: Wishes, words: Messages) -> tuple[RegisterSchema, Path]:
    """A description of a file, with its comments in a language, as a document to keep.

    Raises:
        RegisterError: The file cannot be read, or has no column with a heading.
        InputError: What was said of the columns cannot be.
    """
    text = draft_register(file, words=words, chosen=wishes.columns or None, title=wishes.title, holder=wishes.holder)
    path = folder / "description.toml"
    write_whole(path, text.encode(), mode=0o600)
    return RegisterSchema.load(path), path


def _proposals(schema: RegisterSchema) -> list[tuple[str, str]]:
    """What each column is by a description, by its heading."""
    found = []
    for one in schema.fields:
        what = str(one.feature or one.role)
        if one.name == schema.record and schema.record != ROW_NUMBER:
            what = RECORD
        elif what not in FEATURES and what not in ROLES:
            what = FieldRole.DROP.value
        found.append((one.aliases[0] if one.aliases else one.name, what))
    return found


def shipped_kinds(language: Language) -> list[tuple[str, str]]:
    """Name and title of the schemas of person registers that ship with wasl."""
    found = []
    for path in sorted((config_dir() / "registers").glob("*.toml")):
        schema = RegisterSchema.load(path)
        if any(field.role.encoded for field in schema.fields):
            found.append((path.stem, f"{schema.holder} · {schema.title_in(language)}"))
    return found
