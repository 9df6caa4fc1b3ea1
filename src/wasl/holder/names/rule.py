"""One rule of name normalization."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rewriting.

    Attributes:
        pattern: Regular expression.
        replacement: As in ``re.sub``.
        why: What it is for.
        example: Two spellings that it helps to bring together.
        needs: Letters without which the rule cannot apply; words without them skip it.
    """

    pattern: str
    replacement: str
    why: str
    example: tuple[str, str]
    needs: str = ""
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern))
