"""The rules of name normalization as a table: each says what it rewrites, why, and shows two spellings it unites.

Word rules see a whole name in upper-case ASCII words separated by single spaces; sound rules see one word. Rules run
in the order of the tables. The examples are the tests (``tests/spec/names``).

*Source:* transliteration habits of Moroccan, Maghrebi, Sahelian and West African civil registers, where French and
English spellings of one sound stand side by side.
"""

from __future__ import annotations

from wasl.holder.names.latin_rules import LATIN_RULES
from wasl.holder.names.rule import Rule
from wasl.holder.names.sound_rules import ALIASES, SOUND_RULES
from wasl.holder.names.word_rules import TRIGGER, WORD_RULES

__all__ = [
    "ALIASES",
    "BIRTH_WORDS",
    "LATIN_RULES",
    "MARRIAGE_WORDS",
    "NAME_MAKERS",
    "SOUND_RULES",
    "TITLES",
    "TRIGGER",
    "VOWELS",
    "WORD_RULES",
    "Rule",
]

VOWELS = frozenset("AEIOU")

TITLES = frozenset(
    [
        "SIDI",
        "MOULAY",
        "MLY",
        "MULAI",
        "LALA",
        "MY",
        "LALLA",
        "LLA",
        "HADJ",
        "HAJJ",
        "HAJ",
        "HADJA",
        "HAJJA",
        "HAJA",
        "ALHADJ",
        "ALHAJ",
        "ALHAJJ",
        "ELHADJ",
        "ELHAJ",
        "ELHAJJ",
        "ELHADJI",
        "ALHAJI",
        "LHAJ",
        "LHADJ",
        "HADJI",
        "HAG",
        "ELHAG",
        "ALHAG",
        "FEU",
        "FEUE",
        "VVE",
        "VEUVE",
        "MR",
        "MME",
        "MLLE",
        "MLLES",
        "M",
        "DR",
        "PR",
        "MAITRE",
        "ME",
    ]
)
"""Words that are not part of the name, unless nothing else is left or they follow a name maker (Ait El Haj)."""

NAME_MAKERS = frozenset(
    ["AIT", "AYT", "BEN", "BEL", "BIN", "IBN", "BENT", "BOU", "BU", "ABOU", "ABU", "OULD", "WELD", "OULED", "OULAD"]
)

MARRIAGE_WORDS = frozenset(["NEE", "NE", "EPOUSE", "EPOUX", "EPSE", "EPS", "EP"])
"""Words after which another surname follows."""

BIRTH_WORDS = frozenset(["NEE", "NE"])
"""Those after which it is the surname from birth that follows."""
