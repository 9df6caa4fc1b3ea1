"""Events of the log itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language

__all__ = [
    "CheckpointSigned",
    "LogExported",
    "LogRecovered",
    "LogVerified",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExported(Happening):
    """The log was exported."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a exporté le journal {subject}",
        "ar": "صدّر {actor} السجل التدقيقي {subject}",
        "en": "{actor} exported the log {subject}",
    }

    entries: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerified(Happening):
    """An export of the log was verified."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a vérifié le journal {subject}",
        "ar": "تحقق {actor} من السجل التدقيقي {subject}",
        "en": "{actor} verified the log {subject}",
    }

    verified: bool
    entries: int
    root: str
    fault: str | None = None
    first_bad_entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSigned(Happening):
    """The state of the log was signed."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "L'état du journal {subject} a été signé pour {actor}",
        "ar": "وُقّعت حالة السجل التدقيقي {subject} لفائدة {actor}",
        "en": "The state of the log {subject} was signed for {actor}",
    }

    entries: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecovered(Happening):
    """An incomplete last line was removed from the log after an interruption."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "Le journal a été remis en état après une interruption : une dernière ligne incomplète a été écartée",
        "ar": "أُصلح السجل التدقيقي بعد انقطاع: حُذف سطر أخير غير مكتمل",
        "en": "The log was repaired after an interruption: an incomplete last line was dropped",
    }

    torn_bytes: int
