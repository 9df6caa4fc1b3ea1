"""Events of tables on demand: menus offered and opened, tables ordered, answered by rule, published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language

__all__ = [
    "TableMenuClosed",
    "TableMenuOffered",
    "TableMenuOpened",
    "TablesApprovedByRule",
    "TablesOrdered",
    "TablesPublished",
    "TabulationFailed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMenuOffered(Happening):
    """A menu of tables was prepared."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a préparé le menu de tableaux {subject}",
        "ar": "أعدّ {actor} قائمة الجداول {subject}",
        "en": "{actor} prepared the menu of tables {subject}",
    }

    run: str
    menu_digest: str
    tables: int
    max_dimensions: int
    approval: str
    approval_of_crossings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMenuOpened(Happening):
    """An approver opened a menu of tables for orders, under its rules of approval."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a ouvert aux commandes le menu de tableaux {subject}",
        "ar": "فتح {actor} قائمة الجداول {subject} للطلبات",
        "en": "{actor} opened the menu of tables {subject} for orders",
    }

    menu_digest: str
    approval: str
    approval_of_crossings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMenuClosed(Happening):
    """A menu of tables was closed."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a fermé le menu de tableaux {subject}",
        "ar": "أغلق {actor} قائمة الجداول {subject}",
        "en": "{actor} closed the menu of tables {subject}",
    }

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesOrdered(Happening):
    """Tables were ordered from a menu."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a commandé les tableaux {subject}",
        "ar": "طلب {actor} الجداول {subject}",
        "en": "{actor} ordered the tables {subject}",
    }

    menu: str
    menu_digest: str
    specification_digest: str
    approval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesApprovedByRule(Happening):
    """Protected tables were answered under the rule of their menu, without another decision."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "Les tableaux {subject}, commandés par {actor}, ont été remis selon la règle de leur menu",
        "ar": "سُلّمت الجداول {subject} التي طلبها {actor} وفق قاعدة قائمتها",
        "en": "The tables {subject}, ordered by {actor}, were answered under the rule of their menu",
    }

    menu: str
    menu_opened_by: str
    from_status: str
    to_status: str
    protected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesPublished(Happening):
    """A signed package of tables was published."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a publié les tableaux {subject}",
        "ar": "نشر {actor} الجداول {subject}",
        "en": "{actor} published the tables {subject}",
    }

    manifest_digest: str
    specification_digest: str
    cells: int
    files: int
    key_id: str
    authorization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TabulationFailed(Happening):
    """Tables could not be made because the order was at fault or its job ended."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "Les tableaux {subject}, commandés par {actor}, n'ont pas pu être établis",
        "ar": "تعذّر إعداد الجداول {subject} التي طلبها {actor}",
        "en": "The tables {subject}, ordered by {actor}, could not be made",
    }

    job: str
    reason: str
