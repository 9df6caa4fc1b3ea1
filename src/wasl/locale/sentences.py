"""Finished English sentences, recognized by the message that made them and said in another language.

Errors, checks and reports hold finished sentences: an f-string with its values in place. Such a sentence travels: into
a log, ``report.json``, the answer of a service, the record of a job that failed. The program that shows a sentence
recognizes its message (the English text with ``{name}`` in place of each value) and takes the values from it.

A sentence that no message makes is taken apart: at the ends of its sentences, and after "name: ". A part that is not
recognized makes the whole unknown, so that no text is half translated unseen.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["Recognizer", "literal_of"]

DEEPEST = 6
"""Sentences within sentences; the deepest in the code is a file's name, a place of it, an error and its cause."""
NOUN_PLACES = ("what", "kind", "role", "role_name", "status", "step", "lower")
"""Places in which English words stand, never a sentence; a single one that is a message is translated. Single words in
other places are names."""
LIST_PLACES = ("steps", "roles")
"""Places in which such words stand with a comma between them."""
VERBATIM_PLACES = ("version", "path", "file", "name", "value", "text", "round_name", "period", "wanted", "given")
"""Places in which stands what a person wrote or must write, as it is."""
DECIMAL = re.compile(r"-?\d+\.\d+")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+")
_ENDS = re.compile(r"(?<=[.!?])\s+(?=\S)")


class Recognizer:
    """Finds the message of a finished sentence.

    Args:
        keys: Messages: English texts with ``{name}`` for each value and doubled braces for a brace.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._exact: dict[str, str] = {}
        patterns = []
        for key in keys:
            parts = list(string.Formatter().parse(key))
            literal = "".join(text for text, *_ in parts)
            if all(name is None for _, name, *_ in parts):
                self._exact.setdefault(literal, key)
            elif re.search(r"[A-Za-z]{2}", literal):
                longest = max((text for text, *_ in parts), key=len)
                patterns.append((-len(literal), key, longest))
        self._patterns = [(key, longest) for _, key, longest in sorted(patterns)]

    def find(self, sentence: str) -> tuple[str, dict[str, str]] | None:
        """The message of a sentence and its values; the message with the most text of its own where several fit."""
        exact = self._exact.get(sentence)
        if exact is not None:
            return exact, {}
        for key, longest in self._patterns:
            if longest in sentence:
                found = _pattern(key).fullmatch(sentence)
                if found:
                    return key, found.groupdict()
        return None

    def is_word(self, text: str) -> bool:
        """Whether a text without values is a message."""
        return text in self._exact

    @staticmethod
    def cuts(sentence: str) -> list[int]:
        """Where a text can be cut into sentences, the last place first."""
        return [found.start() for found in _ENDS.finditer(sentence)][::-1]


@lru_cache(maxsize=4096)
def _pattern(key: str) -> re.Pattern[str]:
    """A message as a regular expression; the same place twice must hold the same value."""
    made, seen = "", set()
    for text, name, *_ in string.Formatter().parse(key):
        made += re.escape(text)
        if name is None:
            continue
        inside = "[^.:;]*?" if name.rstrip("0123456789") in (*NOUN_PLACES, *LIST_PLACES) else ".*?"
        made += f"(?P={name})" if name in seen else f"(?P<{name}>{inside})"
        seen.add(name)
    return re.compile(made, re.DOTALL)


def literal_of(key: str) -> str:
    """The text of a message without its places."""
    return "".join(text for text, *_ in string.Formatter().parse(key))


def grouped_number(text: str) -> int | None:
    """The number that an English text writes with commas, or None."""
    return int(text.replace(",", "")) if _GROUPED.fullmatch(text) else None
