"""The excess of an act over an authorization, as phrases of a message that the catalogues have.

An event keeps ``kind:name``, as `wasl authorize --without` takes it. A message has the same text in English, and
phrases of the language in French and Arabic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from wasl.locale import N_

__all__ = ["PHRASES", "excess_in_phrases", "with_titles"]

PHRASES = (
    N_("register:{name}"),
    N_("interconnection:{name}"),
    N_("key:{name}"),
    N_("round:{name}"),
    N_("round:none named"),
    N_("period:{name} ({register})"),
    N_("period:none named ({register})"),
    N_("retention:{name} {days}>{most}"),
    N_("variable:{name}"),
    N_("output:microdata"),
    N_("output:synthetic"),
    N_("output:tables"),
    N_("recipient:public"),
    N_("recipient:analysts"),
    N_("recipient:none named"),
    N_("recipient:holder:{name}"),
    N_("purpose:{name}"),
    N_("purpose:none named"),
    N_("project:{name}"),
    N_("project:none named"),
)
"""Each kind of excess, and each name that is a word and not a name."""

STATES = {
    "expired": N_("it has expired"),
    "revoked": N_("it was revoked"),
    "not yet in force": N_("it is not yet in force"),
}
"""Phrases for the state of a decision, which is a single word in an event."""


def excess_in_phrases(excess: Iterable[str]) -> str:
    """The excess of an act as one text of a message; each part of it is a phrase of the catalogues."""
    return "; ".join(STATES.get(one, one) for one in excess)


def with_titles(text: str, titles: Mapping[str, str]) -> str:
    """A sentence with the titles of registers in the places of their names; ``a+b`` becomes both titles.

    A name within a longer one, a path or an address stays as it is.
    """
    if not titles:
        return text
    names = "|".join(map(re.escape, sorted(titles, key=len, reverse=True)))
    named = re.compile(rf"(?<![\w./+-])({names})(?:\+({names}))?(?![\w/+-]|\.\w)")

    def title(found: re.Match[str]) -> str:
        return " – ".join(titles[one] for one in found.groups() if one)

    return named.sub(title, text)
