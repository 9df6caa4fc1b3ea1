# ruff: noqa: E501 (tables of words)
"""Decides by the other columns of a file what *Name*, *Nome* or الاسم means in it."""

from __future__ import annotations

from collections.abc import Sequence

from wasl.registers.reading.draft_evidence import DraftColumn
from wasl.registers.reading.headers import words_key

__all__ = ["settle_names"]

EITHER = frozenset(
    words_key(text) for text in ("name", "naam", "nome", "nombre", "nume", "ad", "adı", "isim", "имя", "الاسم", "الإسم", "noms")
)  # fmt: skip
"""Headings of the whole name in files without other columns of names, and of a part of it in others."""


def settle_names(columns: Sequence[DraftColumn]) -> None:
    """Decide what each heading that can mean several names means here.

    *Name* beside *Vorname* is the surname. *Nome* alone is the whole name.
    """
    names = {feature: [c for c in columns if c.feature == feature] for feature in ("surname", "given", "full_name")}
    either = [c for found in names.values() for c in found if words_key(c.heading) in EITHER]
    if len(either) != 1:
        return
    column = either[0]
    others = {feature for feature, found in names.items() if any(c is not column for c in found)}
    if not others:
        column.feature = "full_name"
    elif others == {"given"}:
        column.feature = "surname"
    elif others == {"surname"}:
        column.feature = "given"
