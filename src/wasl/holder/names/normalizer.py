"""Applies the rules: a cell with a name becomes canonical words and their skeletons."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from wasl.holder.names.arabic import is_arabic, romanize
from wasl.holder.names.rules import ALIASES, MARRIAGE_WORDS, SOUND_RULES, TITLES, VOWELS, WORD_RULES

__all__ = ["Name", "canonical", "normalize", "skeleton"]

NOT_A_LETTER = re.compile(r"[^A-Z]+")
APOSTROPHES = re.compile(r"['’‘`´ʼʻʿʾ]")
SPECIAL = str.maketrans(
    {
        "Æ": "AE",
        "Œ": "OE",
        "Ø": "O",
        "Ł": "L",
        "Đ": "D",
        "ß": "SS",
        "Ð": "D",
        "Þ": "TH",
        "İ": "I",
        "ı": "I",
        "Ŋ": "N",
        "Ɓ": "B",
        "Ɗ": "D",
        "Ɲ": "N",
    }
)


@dataclass(frozen=True, slots=True)
class Name:
    """A normalized name.

    Attributes:
        words: Canonical words, in the order written.
        skeletons: One per word: first letter and consonants.
        married: Words after a word such as *née* or *épouse*: another surname.
    """

    words: tuple[str, ...]
    skeletons: tuple[str, ...]
    married: tuple[str, ...] = ()


@lru_cache(maxsize=1 << 16)
def normalize(text: str) -> Name:
    """The canonical words of a name as somebody wrote it, in Latin or Arabic script."""
    bare = romanize(text) if is_arabic(text) else _latin(text)
    words = bare.split()
    married: list[str] = []
    for place, word in enumerate(words):
        if word in MARRIAGE_WORDS and 0 < place < len(words) - 1:
            words, married = words[:place], words[place + 1 :]
            break
    kept = [word for word in words if word not in TITLES] or words
    line = " ".join(kept)
    for rule in WORD_RULES:
        line = rule.compiled.sub(rule.replacement, line)
    sounds = tuple(filter(None, map(_sound, line.split())))
    return Name(sounds, tuple(map(_skeleton, sounds)), tuple(filter(None, map(_sound, married))))


def canonical(text: str) -> str:
    """The canonical spelling of a name, words in the order written."""
    return " ".join(normalize(text).words)


def skeleton(text: str) -> str:
    """The skeleton of a whole name, words in the order written and joined."""
    return "".join(normalize(text).skeletons)


def _latin(text: str) -> str:
    """Upper-case ASCII words: diacritics and apostrophes dropped, everything else that is no letter a space."""
    upper = APOSTROPHES.sub("", text.upper().translate(SPECIAL))
    flat = "".join(c for c in unicodedata.normalize("NFKD", upper) if not unicodedata.combining(c))
    return NOT_A_LETTER.sub(" ", flat).strip()


@lru_cache(maxsize=1 << 17)
def _sound(word: str) -> str:
    """A word with each sound spelled one way."""
    for rule in SOUND_RULES:
        word = rule.compiled.sub(rule.replacement, word)
    return ALIASES.get(word, word)


@lru_cache(maxsize=1 << 17)
def _skeleton(word: str) -> str:
    """First letter (a vowel becomes A) and the consonants after it, doubles collapsed."""
    first = "A" if word[0] in VOWELS else word[0]
    rest = "".join(c for c in word[1:] if c not in VOWELS)
    return re.sub(r"([A-Z])\1+", r"\1", first + rest)
