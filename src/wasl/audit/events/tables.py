"""Events of tables and estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language

__all__ = ["EstimatesMade", "TablesProtected", "TablesRefused", "TablesReproduced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesProtected(Happening):
    """Tables were made and protected, and withstood the audit."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a établi et protégé les tableaux {subject}",
        "ar": "أعدّ {actor} الجداول {subject} وحماها",
        "en": "{actor} made and protected the tables {subject}",
    }

    specification_digest: str
    data_digests: tuple[str, ...]
    table_digests: tuple[str, ...]
    seed_digest: str
    method: str
    tables: int
    cells: int
    primary: int
    secondary: int
    proven: bool
    earlier_releases: int
    hierarchy_digests: tuple[str, ...] | None = None
    earlier_digests: tuple[str, ...] | None = None
    record_key_id: str | None = None
    made_on: str | None = None
    authorization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesRefused(Happening):
    """Tables could not be protected as their specification asks."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "Les tableaux {subject} de {actor} ne peuvent être protégés comme demandé",
        "ar": "تعذرت حماية الجداول {subject} التي طلبها {actor}",
        "en": "The tables {subject} of {actor} cannot be protected as asked",
    }

    specification_digest: str
    data_digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesReproduced(Happening):
    """Recorded tables were made again and their digests were compared."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a refait les tableaux {subject} et comparé leur résultat",
        "ar": "أعاد {actor} إعداد الجداول {subject} وقارن نتيجتها",
        "en": "{actor} made the tables {subject} again and compared their result",
    }

    specification_digest: str
    table_digests: tuple[str, ...]
    from_deliveries: bool
    files: int
    reproduced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatesMade(Happening):
    """Estimates were made from linked data."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a calculé les estimations {subject}",
        "ar": "حسب {actor} التقديرات {subject}",
        "en": "{actor} made the estimates {subject}",
    }

    specification_digest: str
    data_digest: str
    rows: int
    estimates: int
    not_estimable: int
    authorization: str | None = None
