"""The nouns of a dossier: sections of statements, each with its source, and holes for what only people know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from wasl.compliance.scope import Scope
from wasl.locale import Language, Messages, messages
from wasl.registers.exchange.digests import digest_json
from wasl.registers.known_names import known_as, known_name

__all__ = ["Dossier", "Hole", "Localized", "Section", "Source", "Statement", "Value"]

Localized = Mapping[Language, str]
"""A text that the configuration holds in several languages; a missing one is replaced by French, then English."""

Value = str | int | float | Localized | tuple[str, ...]
"""What stands in a place of a statement."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement can be checked.

    Attributes:
        kind: ``configuration`` (a value of a document), ``log`` (an entry), ``measurement`` (a report of wasl), or
            ``person`` (what somebody wrote for the dossier).
        reference: The document and the key, the number of the entry, the file and its digest.
    """

    kind: Literal["configuration", "log", "measurement", "person"]
    reference: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence.

    Attributes:
        key: The English sentence, a key of the catalogue, with ``{name}`` for its values.
        values: Its values.
        source: Where it can be checked.
    """

    key: str
    values: Mapping[str, Value]
    source: Source

    def said(self, words: Messages) -> str:
        """The sentence in a language."""
        return words.text(self.key, **{name: _said(value, words) for name, value in self.values.items()})

    def to_json(self) -> dict[str, Any]:
        """The statement as a JSON value."""
        values = {name: _plain(value) for name, value in self.values.items()}
        return {"key": self.key, "values": values, "source": [self.source.kind, self.source.reference]}

    @property
    def identity(self) -> str:
        """The digest of what it says, whatever its source."""
        return digest_json([self.key, {name: _plain(value) for name, value in self.values.items()}])


@dataclass(frozen=True, slots=True)
class Hole:
    """Something that only people know, and nobody has written yet.

    Attributes:
        question: What is asked, a key of the catalogue.
        place: Where the answer goes: a key of the document of particulars, or a command to run.
    """

    question: str
    place: str


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the dossier.

    Attributes:
        title: A key of the catalogue, or the title of a register.
        statements, holes: Its content.
        titles: The title of a register in each language; empty for a chapter of the catalogue.
    """

    title: str
    statements: tuple[Statement, ...] = ()
    holes: tuple[Hole, ...] = ()
    titles: Localized = field(default_factory=dict)

    def title_in(self, words: Messages) -> str:
        """The title in a language."""
        return in_language(self.titles, words.language) or words.text(self.title)


@dataclass(frozen=True, slots=True)
class Dossier:
    """The authorization file of one project.

    Attributes:
        project: Its project.
        title: What the project is called.
        drawn_up: The day, ISO 8601.
        version: 1, and one more for every later version.
        scope: What is asked for; an authorization takes it over. None while no register is named.
        sections: Its chapters.
        added, removed: Statements that the version before did not have, or had; as JSON values.
        earlier: Digest of the version before, or empty.
        titles: What the project is called in each language that the particulars have.
    """

    project: str
    title: str
    drawn_up: str
    version: int
    scope: Scope | None
    sections: tuple[Section, ...] = field(repr=False)
    added: tuple[Statement, ...] = field(default=(), repr=False)
    removed: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    earlier: str = ""
    titles: Localized = field(default_factory=dict)

    def title_in(self, words: Messages) -> str:
        """The title of the project in a language."""
        return in_language(self.titles, words.language) or self.title

    @property
    def statements(self) -> list[Statement]:
        """All statements, in order."""
        return [statement for section in self.sections for statement in section.statements]

    @property
    def holes(self) -> list[Hole]:
        """All holes, in order."""
        return [hole for section in self.sections for hole in section.holes]

    @property
    def digest(self) -> str:
        """The digest of what is asked for and stated."""
        return digest_json({"project": self.project, "scope": self._scope(), "sections": self._sections()})

    def to_json(self) -> dict[str, Any]:
        """The dossier as a JSON value; ``wasl dossier --earlier`` and ``wasl authorize`` read it."""
        return {
            "format": "wasl-dossier/1",
            "project": self.project,
            "title": self.title,
            **({"titles": dict(self.titles)} if self.titles else {}),
            "drawn_up": self.drawn_up,
            "version": self.version,
            "digest": self.digest,
            "earlier": self.earlier,
            "scope": self._scope(),
            "sections": self._sections(),
            "added": [statement.to_json() for statement in self.added],
            "removed": [dict(statement) for statement in self.removed],
        }

    def _scope(self) -> dict[str, Any] | None:
        return None if self.scope is None else self.scope.model_dump(mode="json")

    def _sections(self) -> list[dict[str, Any]]:
        return [
            {
                "title": section.title,
                **({"titles": dict(section.titles)} if section.titles else {}),
                "statements": [statement.to_json() for statement in section.statements],
                "holes": [[hole.question, hole.place] for hole in section.holes],
            }
            for section in self.sections
        ]


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _said(value: Value, words: Messages) -> str | int | float:
    if isinstance(value, Mapping):
        return in_language(value, words.language)
    if isinstance(value, tuple):
        return words.list([_named(item, words) for item in value]) if value else "–"
    return value


def _named(item: str, words: Messages) -> str:
    """The word for a name, or a text of the catalogue."""
    return known_as(item, words) if known_name(item) else words.text(item)


def in_language(text: Localized, language: Language) -> str:
    """A text of the configuration in a language, or in the nearest that it has."""
    order: Sequence[Language] = (language, "fr", "en", "ar")
    return next((text[one] for one in order if text.get(one)), "")


def revived(value: Mapping[str, Any], language: Language) -> str:
    """The sentence of a statement of an earlier version, from its JSON value."""
    values = {
        name: tuple(item) if isinstance(item, list) else item for name, item in dict(value.get("values", {})).items()
    }
    return Statement(str(value["key"]), values, Source("person", "")).said(messages(language))
