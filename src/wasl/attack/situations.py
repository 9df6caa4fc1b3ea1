"""Situations in which an adversary attacks: what it holds, and what it knows besides."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SITUATIONS", "Situation"]


@dataclass(frozen=True, slots=True)
class Situation:
    """An adversary in a situation.

    Attributes:
        who: The adversary.
        holds: Which files.
        knows: What besides the profile, the schema and a clean list of the same persons.
    """

    who: str
    holds: str
    knows: str = "nothing else"


SITUATIONS = {
    "linkage": Situation("linkage unit, or a thief of its files", "the deliveries of one round"),
    "known": Situation(
        "linkage unit", "the deliveries of one round", "the rows of some persons, not who shares a block with them"
    ),
    "told": Situation("linkage unit", "the deliveries of one round", "who shares a block, where the key decides that"),
    "periods": Situation(
        "linkage unit", "the deliveries of several periods", "in which periods each person was in the register"
    ),
    "joined": Situation("linkage unit and spine keeper together", "deliveries and join maps"),
    "joined, payload": Situation(
        "linkage unit, spine keeper and release desk together (a single installation)",
        "deliveries, join maps and payloads",
        "sex, nationality and birth year as in the payload",
    ),
    "payload": Situation("release desk, or a thief of its files", "payloads", "the same columns of each person"),
    "order": Situation("spine keeper or linkage unit", "one file", "the order of the source register"),
    "insider": Situation("another holder", "the deliveries, and the project's key"),
}
"""By the name that ``Outcome.view`` has."""
