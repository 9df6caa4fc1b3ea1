"""Names by culture with their frequencies, and every spelling of each in Latin and Arabic script."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from wasl.population.arabic import arabic_spellings
from wasl.population.draws import Draws, stable_order
from wasl.population.figures import read_list, read_toml
from wasl.population.spelling import spellings

__all__ = ["SPELLINGS", "Culture", "Lexicon", "load_lexicon"]

SPELLINGS = 14
"""How many Latin spellings of a name are kept, the canonical one included."""

Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class NameList:
    """A run of names in the lexicon, most frequent first; frequency falls off as 1 / (rank + offset)."""

    start: int
    size: int
    offset: float

    def draw(self, draws: Draws, n: int) -> Ints:
        """``n`` names, as numbers in the lexicon."""
        return self.start + draws.choose(1.0 / (np.arange(self.size) + self.offset), n)


@dataclass(frozen=True, slots=True)
class Culture:
    """The names of one culture.

    Attributes:
        code: Its short name.
        surnames, men, women: Its lists.
        second_given: Share of persons with a second given name.
        joined: Share of surnames made of two.
    """

    code: str
    surnames: NameList
    men: NameList
    women: NameList
    second_given: float
    joined: float


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """All names.

    Attributes:
        cultures: By code.
        latin: (names, SPELLINGS) spellings; column 0 is canonical, missing ones repeat earlier ones.
        variants: How many different spellings each name has.
        arabic: (names, 2) spellings in Arabic script.
    """

    cultures: dict[str, Culture]
    latin: Texts
    variants: Ints
    arabic: Texts


def faker_names(locale: str) -> tuple[list[str], list[str], list[str]]:
    """Surnames, men's and women's names of a Faker locale, in an order that does not depend on the locale's."""
    provider = import_module(f"faker.providers.person.{locale}").Provider

    def names(attribute: str) -> list[str]:
        found: Any = getattr(provider, attribute)
        return stable_order(
            [name for name in found if name.replace("'", "").replace("-", "").replace(" ", "").isalpha()]
        )

    return names("last_names"), names("first_names_male"), names("first_names_female")


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The lexicon of ``data/names.toml`` and the Faker locales it names."""
    words: list[str] = []
    families: list[str] = []
    cultures: dict[str, Culture] = {}
    for code, row in read_toml("names").items():
        lists = [list(read_list(row[kind])) for kind in ("surnames", "men", "women")]
        for locale in [row["faker"], *row.get("also", [])] if "faker" in row else []:
            for own, borrowed in zip(lists, faker_names(locale), strict=True):
                own.extend(borrowed)
        runs = []
        for kind, names in zip(("surnames", "men", "women"), lists, strict=True):
            unique = list(dict.fromkeys(names))
            # Surnames of Europe are spread far more widely than those of West Africa.
            offset = 12.0 if row["family"] == "european" and kind == "surnames" else 3.0
            runs.append(NameList(len(words), len(unique), offset))
            words.extend(unique)
            families.extend([row["family"]] * len(unique))
        cultures[code] = Culture(code, runs[0], runs[1], runs[2], row["second_given"], row["joined"])
    latin = np.empty((len(words), SPELLINGS), object)
    arabic = np.empty((len(words), 2), object)
    variants = np.empty(len(words), np.int64)
    for number, (word, family) in enumerate(zip(words, families, strict=True)):
        found = spellings(word, family, SPELLINGS)
        variants[number] = len(found)
        latin[number] = [found[k % len(found)] for k in range(SPELLINGS)]
        arabic[number] = arabic_spellings(word)
    return Lexicon(cultures, latin, variants, arabic)
