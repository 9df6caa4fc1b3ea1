# ruff: noqa: E501 (tables of words)
"""Names of countries in another order of words, shortened, and words for their people in another gender or number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["of_country"]

SMALL = frozenset(["OF", "THE", "DE", "DU", "DES", "LA", "LE", "LES", "L", "D", "DEL", "ET", "AND"])
SHORT = {
    "REPUBLIQUE": "REP", "REPUBLIC": "REP", "REPUBLICA": "REP", "REPUB": "REP", "R": "REP", "DEMOCRATIQUE": "DEM", "DEMOCRATIC": "DEM",
    "DEMOCRATICA": "DEM", "DEMOC": "DEM", "D": "DEM", "POPULAIRE": "POP", "POPULAR": "POP", "PEOPLES": "POP", "PEOPLE": "POP",
    "ARABE": "ARAB", "ISLAMIQUE": "ISL", "ISLAMIC": "ISL", "ROYAUME": "KGD", "KINGDOM": "KGD", "FEDERALE": "FED",
    "FEDERAL": "FED", "SAINT": "ST", "SAINTE": "ST", "STATE": "ETAT",
}  # fmt: skip
"""Words of the names of states, as they are shortened."""
FORMS = frozenset(["REP", "KGD", "ETAT", "FED"])
"""Words that say the form of a state: without them its short name is left."""
Codes = tuple[str, ...]
_LISTS: dict[str, dict[frozenset[str], Codes]] = {}
INFLECTED = 5
"""Letters of the shortest word whose ending is exchanged."""
ENDINGS = (("NNES", "N"), ("NNE", "N"), ("NES", "N"), ("NE", "N"), ("ES", ""), ("ES", "E"), ("AS", "A"), ("S", ""), ("E", ""), ("", "E"),
           ("", "NE"), ("OS", "O"), ("AS", "O"), ("A", "O"), ("A", ""))  # fmt: skip
"""Endings of the feminine and the plural in French and Spanish, and what stands without them."""


def of_country(key: str, digest: str, spellings: Mapping[str, Codes]) -> Codes:
    """The codes that a key without a spelling of its own may mean; none where that is not sure.

    Args:
        key: The spelling key of a cell.
        digest: Of the list.
        spellings: Codes by spelling key.
    """
    for other in _inflected(key):
        if found := spellings.get(other, ()):
            return found
    words = _bag(key)
    if len(words) < 2:
        return ()
    bags = _LISTS.get(digest)
    if bags is None:
        bags = _LISTS[digest] = _bags(spellings)
    short = words - FORMS
    return bags.get(words, ()) or (bags.get(short, ()) if len(words - short) == 1 and len(short) == 1 else ())


def _bag(key: str) -> frozenset[str]:
    return frozenset(SHORT.get(word, word) for word in key.split() if word not in SMALL)


def _bags(spellings: Mapping[str, Codes]) -> dict[frozenset[str], Codes]:
    """Codes by the words of their spellings in any order; words of several countries mean each of them."""
    bags: dict[frozenset[str], Codes] = {}
    for key, codes in spellings.items():
        words = _bag(key)
        if words and not key.isdigit():
            bags[words] = tuple(dict.fromkeys((*bags.get(words, ()), *codes)))
    return bags


def _inflected(key: str) -> Iterator[str]:
    """The key with other endings of gender and number: SENEGALAISES, IVOIRIENS, غينيه."""
    words = key.split()
    if len(words) > 1 and words[-1] in ("NE", "E", "S", "ES", "NE S", "A", "NNE"):  # IVOIRIEN NE: Ivoirien(ne)
        yield " ".join(words[:-1])
    if len(key) < INFLECTED:
        return
    for ending, other in ENDINGS:
        if key.endswith(ending) and len(key) - len(ending) >= INFLECTED - 1:
            yield key.removesuffix(ending) + other
    if key[-1] in "هين" and not key.isascii():
        yield key.rstrip("ه")
        yield key.removesuffix("ين").removesuffix("ون")
    if key.startswith("ال"):
        yield key[2:]
        yield key[2:].removesuffix("ه")
