"""Names that a published column may have, and the name that is proposed where its own is none.

A published file goes into SPSS, Stata, R and SDMX, so a name has at most 32 letters of ASCII, digits and underscores.
Headings of offices (*N° Massar*, *Année d'obtention*, الجماعة) seldom are such names. A draft says so, long before the
publication.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from wasl.locale import Messages

__all__ = ["PUBLISHED_NAME", "is_reserved", "latin_name", "names_to_change", "unpublishable"]

PUBLISHED_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,31}$"
"""Pattern of the name of a published column."""
LONGEST = 32
RESERVED_BY_SPSS = ("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with")
RESERVED_BY_STATA = ("byte", "double", "float", "if", "in", "int", "long", "str", "strl", "using")
RESERVED_BY_PATTERN = re.compile(r"str[0-9]{1,4}")
"""Stata's text types ``str1`` to ``str2045``."""
RESERVED = frozenset((*RESERVED_BY_SPSS, *RESERVED_BY_STATA))
"""Words that SPSS or Stata do not take as a variable's name."""
LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "°": "o"})

ARABIC = str.maketrans(
    {"ا": "a", "أ": "a", "إ": "a", "آ": "a", "ب": "b", "ت": "t", "ث": "th", "ج": "j", "ح": "h", "خ": "kh", "د": "d",
     "ذ": "dh", "ر": "r", "ز": "z", "س": "s", "ش": "ch", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "ع": "a", "غ": "gh",
     "ف": "f", "ق": "q", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "ou", "ي": "i", "ة": "a", "ى": "a",
     "ؤ": "ou", "ئ": "i", "ء": ""}
)  # fmt: skip
"""Arabic letters as readers in Morocco write them in Latin ones; short vowels are not written."""


def is_reserved(name: str) -> bool:
    """True for a word that SPSS or Stata do not take as a variable's name."""
    return name.lower() in RESERVED or RESERVED_BY_PATTERN.fullmatch(name.lower()) is not None


def names_to_change(names: Sequence[str]) -> dict[str, str]:
    """The names of columns that cannot be published as they are, each with a name that can.

    Args:
        names: All columns of a file. Names that differ in case only are one name to SPSS and SQL: the first keeps it.

    Returns:
        Name to proposed name, in the order of the columns; proposed names are in use by no other column.
    """
    good: dict[str, str] = {}
    for name in names:
        if re.fullmatch(PUBLISHED_NAME, name) and not is_reserved(name):
            good.setdefault(name.lower(), name)
    kept, taken = set(good.values()), set(good)
    changed: dict[str, str] = {}
    for place, name in enumerate(names, 1):
        if name in kept or name in changed:
            continue
        changed[name] = _free(_proposed(name) or f"variable_{place}", taken)
        taken.add(changed[name].lower())
    return changed


def unpublishable(proposed: str, words: Messages) -> str:
    """A comment in a draft on a column whose name cannot be published.

    Args:
        proposed: The name it could have.
        words: The language of the comment.
    """
    _ = words.text
    return "# " + _(
        "This name cannot be published: rename the column in the data first, for example to {proposed}, and draft "
        'again. From a register, give the field of its schema standard = "{proposed}".',
        proposed=proposed,
    )


def latin_name(name: str) -> str:
    """A name in small ASCII letters, digits and hyphens, Arabic letters by their sound; empty where none is left."""
    return "-".join(_latin_words(name)).lower()


def _proposed(name: str) -> str:
    """A name in ASCII letters, digits and underscores; empty where no letter is left."""
    text = "_".join(_latin_words(name))
    if not re.search("[A-Za-z]", text):
        return ""
    text = text if text[0].isalpha() else f"v_{text}"
    return f"{text}_1" if is_reserved(text) else text


def _latin_words(name: str) -> list[str]:
    """The words of a name in ASCII letters and digits."""
    name = re.sub(r"ه(?=_|\b)", "ة", name)  # schemas write a final ta marbuta so
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name).translate(LIGATURES).translate(ARABIC))
    return re.findall(r"[A-Za-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’"))


def _free(name: str, taken: set[str]) -> str:
    """The name, cut to what is published, with a number where another column has it."""
    number, tried = 1, name[:LONGEST].rstrip("_")
    while tried.lower() in taken:
        number += 1
        tried = f"{name[: LONGEST - len(str(number)) - 1]}_{number}"
    return tried
