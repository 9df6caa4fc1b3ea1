"""What only people know for a dossier: a document they fill in; every key left empty becomes a visible hole."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field as Option

from wasl.registers.documents import Document, load_document

__all__ = ["Contact", "Particulars", "Purpose", "RegisterParticulars", "Text"]


class Text(Document):
    """A text in up to three languages."""

    fr: str = ""
    ar: str = ""
    en: str = ""

    @property
    def empty(self) -> bool:
        """Whether no language has it."""
        return not (self.fr or self.ar or self.en)


class Purpose(Text):
    """A purpose, in up to three languages.

    Attributes:
        name: A short name, by which an act states the purpose it serves; without one, acts are not held to purposes.
    """

    name: str = Option(default="", max_length=60)


class Contact(Document):
    """An office or person by function, with an address."""

    name: Text = Text()
    address: Text = Text()
    representative: Text = Text()
    telephone: str = ""
    email: str = ""


class RegisterParticulars(Document):
    """What people know of one register.

    Attributes:
        legal_basis: The text under which its holder keeps it.
        subjects: Whom it describes.
        informed: How these persons were informed of the linkage.
    """

    legal_basis: Text = Text()
    subjects: Text = Text()
    informed: Text = Text()


class Particulars(Document):
    """What people know of the whole.

    Attributes:
        title: What the project is called.
        controller, contact, officer: Who is responsible, whom the authority may ask, and who protects the data.
        purposes: What for.
        periods: Periods that the registers' files may describe (``2024``, ``2020/2024``); empty: any.
        legal_basis: The texts that permit it.
        recipients: Who receives what, besides those that the installation shows.
        transfers: Whether anything leaves the country, and where the machines stand.
        organization: Measures besides software: rooms, staff, obligations of secrecy.
        residual_risk: The controller's own judgement of what remains.
        rights: Where persons ask for access, correction or objection.
        retention: Why data are kept as long as they are.
        registers: By register.
    """

    title: Text = Text()
    controller: Contact = Contact()
    contact: Contact = Contact()
    officer: Contact = Contact()
    purposes: tuple[Purpose, ...] = ()
    periods: tuple[str, ...] = ()
    legal_basis: tuple[Text, ...] = ()
    recipients: tuple[Text, ...] = ()
    transfers: Text = Text()
    organization: tuple[Text, ...] = ()
    residual_risk: Text = Text()
    rights: Text = Text()
    retention: Text = Text()
    registers: dict[str, RegisterParticulars] = Option(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The particulars in a TOML file.

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        return load_document(cls, Path(path))
