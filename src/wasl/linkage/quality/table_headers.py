# ruff: noqa: E501 (tables of words)
"""The columns of truth, keep maps and reviewed pairs by the headings that people write."""

from __future__ import annotations

from collections.abc import Sequence

from wasl.errors import InputError
from wasl.registers.reading.headers import words_key
from wasl.registers.reading.marks import without_marks

__all__ = ["HEADER_ROWS", "NEEDED", "claimed_names", "named"]

NEEDED = ("register", "record", "person")
HEADINGS = {
    "register": ("register", "registre", "السجل", "nom du registre", "register name", "registro", "registo", "Register", "rejestr", "kayıt defteri",
        "file", "fichier", "source"),
    "record": ("record", "enregistrement", "record number", "numéro d'enregistrement", "رقم التسجيل", "التسجيل", "القيد", "رقم القيد",
        "registro id", "número de registro", "Datensatz", "Satznummer", "rekord", "kayıt no", "numéro"),
    "record_id": ("record_id", "id enregistrement", "identifiant enregistrement"),
    "person": (
        "person", "personne", "individu", "الشخص", "person id", "id personne", "identifiant de la personne",
        "numéro de la personne", "person number", "رقم الشخص", "id individu", "persona", "id persona", "pessoa", "Personen-ID", "Person-ID", "persoon",
        "osoba", "kişi", "entity", "entité", "معرف الشخص",
    ),
}  # fmt: skip
"""Headings of the columns, surest first; they are compared by their words, without order, case and accents."""
HEADER_ROWS = 20
"""Rows among which the header is looked for: titles and empty rows may stand above it."""


def claimed_names(header: Sequence[str]) -> dict[int, str]:
    """The usual name of each known column of a header, by its place; the surest heading of a name takes it."""
    words = [words_key(text) for text in header]
    claimed: dict[int, str] = {}
    for usual, headings in HEADINGS.items():
        keys = [words_key(heading) for heading in headings]
        ranks = [keys.index(own) if own in keys else len(keys) for own in words]
        best = min(ranks, default=len(keys))
        if best < len(keys):
            claimed |= {place: usual for place, rank in enumerate(ranks) if rank == best}
    return claimed


def named(header: Sequence[str], where: str) -> list[str]:
    """The headings by their usual names, without marks and case; unknown headings keep their spelling.

    Raises:
        InputError: Two columns have one name.
    """
    claimed = claimed_names(header)
    names = [claimed.get(place, without_marks(text)) for place, text in enumerate(header)]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InputError(
            f"{where}: two columns are headed {', '.join(twice)}.", remedy="Keep one of them, or rename the other."
        )
    return names
