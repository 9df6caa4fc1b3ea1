"""Arabic script to the Latin letters the sound rules end in."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["is_arabic", "romanize"]

ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
UNIFY = str.maketrans(
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ؤ": "و",
        "ئ": "ي",
        "ء": None,
        "ـ": None,
        "گ": "ك",
        "ڭ": "ك",
        "ݣ": "ك",
        "پ": "ب",
        "ڤ": "ف",
        "چ": "ش",
        "ک": "ك",
        "ی": "ي",
    }
)
LETTERS = str.maketrans(
    {
        "ا": "A", "ب": "B", "ت": "T", "ث": "T", "ج": "J", "ح": "H", "خ": "K", "د": "D", "ذ": "D", "ر": "R", "ز": "Z",
        "س": "S", "ش": "X", "ص": "S", "ض": "D", "ط": "T", "ظ": "D", "ع": "A", "غ": "G", "ف": "F", "ق": "K", "ك": "K",
        "ل": "L", "م": "M", "ن": "N", "ه": "H", "و": "U", "ي": "I", "ة": "A",
    }
)  # fmt: skip
ARTICLE = re.compile(r"\bال(?=[\u0600-\u06ff]{2})")


def is_arabic(text: str) -> bool:
    """Whether a name is written in Arabic script."""
    return ARABIC.search(text) is not None


def romanize(text: str) -> str:
    """A name in Arabic script as upper-case Latin words; short vowels are not written, so none appear.

    Vowel signs and elongation go, the forms of alif, ya and hamza are one, and the article ``ال`` is dropped.
    """
    bare = "".join(c for c in unicodedata.normalize("NFKC", text) if not unicodedata.combining(c)).translate(UNIFY)
    bare = re.sub(r"\bعبد ?ال", "عبد", bare)
    bare = re.sub(r"عبدله\b", "عبدلاه", bare)
    bare = re.sub(r"(?<=\w) ?ال(?:دين)\b", "دين", bare)
    bare = re.sub(r"\bفاطمة ?ال?زهرا\w?\b", "فاطمةزهرا", bare)
    bare = ARTICLE.sub("", bare)
    return " ".join(bare.translate(LETTERS).split())
