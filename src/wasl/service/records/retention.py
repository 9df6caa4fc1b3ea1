"""Records of what must not be kept or used: retention rules and objections."""

from __future__ import annotations

from dataclasses import dataclass

from wasl.service.records.base import Noun

__all__ = ["Objection", "RetentionRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule(Noun):
    """Retention of the files that a register sent.

    Attributes:
        project, register: Where; an empty register stands for all registers of the project.
        round: Of which round; empty for every round without a rule of its own.
        days: Days after the last sending.
    """

    project: str
    register: str
    round: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection(Noun):
    """Records of persons who objected to the use of their data.

    Attributes:
        project, register: Where.
        records: Their record ids, 32 hexadecimal digits each.
    """

    project: str
    register: str
    records: list[str]
