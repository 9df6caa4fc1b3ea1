"""Events at a data holder, and of the synthetic population and the attacks on encodings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language
from wasl.registers.exchange.delivery_header import DeliveryHeader

__all__ = [
    "EncodingAttacked",
    "KeyCreated",
    "KeyWrapped",
    "MonthsCounted",
    "PopulationGenerated",
    "RegisterChecked",
    "RegisterEncoded",
    "ReturnOpened",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationGenerated(Happening):
    """A synthetic population was generated."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a généré la population synthétique {subject}",
        "ar": "أنشأ {actor} المجتمع الاصطناعي {subject}",
        "en": "{actor} generated the synthetic population {subject}",
    }

    persons: int
    records: int
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated(Happening):
    """A project key was created."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a créé la clé {subject}",
        "ar": "أنشأ {actor} المفتاح {subject}",
        "en": "{actor} created the key {subject}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWrapped(Happening):
    """A project key was encrypted for named recipients."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a scellé la clé {subject} pour un détenteur",
        "ar": "شفّر {actor} المفتاح {subject} لفائدة جهة حائزة",
        "en": "{actor} wrapped the key {subject} for a holder",
    }

    recipients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChecked(Happening):
    """A register's quality was checked by its holder."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a contrôlé le registre {subject}",
        "ar": "فحص {actor} السجل {subject}",
        "en": "{actor} checked the register {subject}",
    }

    schema: str
    rows: int
    rejects: int
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEncoded(Happening):
    """A register was encoded by its holder.

    The name of a profile says which document was meant, its digest which one was used. Weaknesses are those the holder
    consented to; none is left out of the log.
    """

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a encodé le registre {subject}",
        "ar": "رمّز {actor} السجل {subject}",
        "en": "{actor} encoded the register {subject}",
    }

    delivery: str
    key_id: str
    schema: str
    profile: str
    profile_digest: str | None = None
    weaknesses: tuple[str, ...] | None = None
    round: str | None = None
    records: int
    rejects: int
    leak: float | None = None

    @classmethod
    def of(cls, header: DeliveryHeader, digest: str) -> RegisterEncoded:
        """The event of a delivery, from its header and its digest."""
        return cls(
            delivery=digest,
            key_id=header.key_id,
            schema=header.schema_digest,
            profile=header.profile,
            profile_digest=header.profile_digest,
            weaknesses=header.weaknesses or None,
            round=header.round,
            records=header.records,
            rejects=header.rejects,
            leak=header.leak,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingAttacked(Happening):
    """The attack suite was run on a delivery or on simulated deliveries."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a mis à l'épreuve l'encodage {subject}",
        "ar": "اختبر {actor} مقاومة الترميز {subject} للهجمات",
        "en": "{actor} ran the attacks on the encoding {subject}",
    }

    attacks: int
    largest_rate: float | None = None
    view: str
    outcomes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOpened(Happening):
    """A holder opened the return of a linkage with its keep map; counts only."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a ouvert le retour du registre {subject}",
        "ar": "فتح {actor} العائد الخاص بالسجل {subject}",
        "en": "{actor} opened the return of the register {subject}",
    }

    run: str
    return_digest: str
    records: int
    unknown_records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsCounted(Happening):
    """Declarations of several months were counted: stocks, spells and control totals."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a dénombré les mois déclarés du registre {subject}",
        "ar": "عدّ {actor} الأشهر المصرح بها في السجل {subject}",
        "en": "{actor} counted the declared months of the register {subject}",
    }

    schema: str
    months: int
    persons: int
    spells: int
    mismatches: int
