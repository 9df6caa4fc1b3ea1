# ruff: noqa: E501 (tables of words)
"""Decides by the other columns of a file what *Name*, *Nome* or الاسم means in it."""

from __future__ import annotations

from collections.abc import Sequence

from wasl.registers.reading.draft_evidence import DraftColumn
from wasl.registers.reading.headers import words_key
from wasl.registers.reading.headings import OWNER

__all__ = ["settle_names"]

EITHER = frozenset(
    words_key(text) for text in ("name", "naam", "nome", "nombre", "nume", "ad", "adı", "isim", "имя", "الاسم", "الإسم", "اسم", "noms")
)  # fmt: skip
"""Headings of the whole name in files without other columns of names, and of a part of it in others."""
_OWNER = frozenset(word for text in OWNER for word in words_key(text))
"""Words that say whose name it is (*اسم المستفيد*)."""


def settle_names(columns: Sequence[DraftColumn]) -> None:
    """Decide what each heading that can mean several names means here.

    *Name* beside *Vorname* is the surname. *Nome* alone is the whole name.
    """
    names = {part: [c for c in columns if _part(c) == part] for part in ("surname", "given", "full_name")}
    either = [c for found in names.values() for c in found if words_key(c.heading) - _OWNER in EITHER]
    if len(either) != 1:
        return
    column = either[0]
    arabic = "_arabic" if str(column.feature).endswith("_arabic") else ""
    others = {part for part, found in names.items() if any(c is not column for c in found)}
    if not others:
        column.feature = "full_name"
    elif others == {"given"}:
        column.feature = f"surname{arabic}"
    elif others == {"surname"}:
        column.feature = f"given{arabic}"


def _part(column: DraftColumn) -> str:
    """The part of a name that a column holds, in whatever letters; empty for other columns."""
    return str(column.feature or "").removesuffix("_arabic")
