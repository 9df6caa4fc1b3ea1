"""Events of microdata and releases: assembly, risk, protection, approval, publication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language

__all__ = [
    "ComparisonFailed",
    "DataSynthesized",
    "MicrodataAssembled",
    "ProtectionApplied",
    "ProtectionFailed",
    "ProtectionRefused",
    "ProtectionRequested",
    "PublicationFailed",
    "PublicationRequested",
    "ReleaseApproved",
    "ReleasePublished",
    "ReleaseRefused",
    "ReleaseReproduced",
    "ReleaseRequested",
    "ReleaseVerified",
    "ReleaseWithdrawn",
    "RiskAssessed",
    "ScenariosCompared",
    "ScenariosRequested",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrodataAssembled(Happening):
    """Payloads were joined to a spine."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a constitué le fichier de microdonnées {subject}",
        "ar": "كوّن {actor} ملف البيانات الجزئية {subject}",
        "en": "{actor} assembled the microdata {subject}",
    }

    specification_digest: str
    spine_digest: str
    payload_digests: tuple[str, ...]
    persons: int
    variables: int
    unmatched_records: int
    microdata_digest: str
    variables_left_out: tuple[str, ...] | None = None
    objected: int | None = None
    objections_digest: str | None = None
    data_digest: str | None = None
    authorization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAssessed(Happening):
    """The disclosure risk of microdata was measured."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a mesuré le risque de divulgation de {subject}",
        "ar": "قاس {actor} خطر الإفصاح في {subject}",
        "en": "{actor} assessed the disclosure risk of {subject}",
    }

    policy_digest: str
    data_digest: str
    rows: int
    passed: bool
    failing_rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionRequested(Happening):
    """The protection of microdata was requested."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé la protection de {subject}",
        "ar": "طلب {actor} حماية {subject}",
        "en": "{actor} asked for the protection of {subject}",
    }

    run: str
    policy_digest: str
    seed_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenariosRequested(Happening):
    """A comparison of policies on the microdata of a release was requested."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé la comparaison de scénarios de protection pour {subject}",
        "ar": "طلب {actor} مقارنة سيناريوهات الحماية لـ {subject}",
        "en": "{actor} asked for a comparison of protection scenarios for {subject}",
    }

    scenarios: int
    policy_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenariosCompared(Happening):
    """Policies were measured side by side on the microdata of a release; some may refuse to give a file."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "les scénarios de protection de {subject} ont été comparés pour {actor}",
        "ar": "قورنت سيناريوهات حماية {subject} لفائدة {actor}",
        "en": "the protection scenarios of {subject} were compared for {actor}",
    }

    scenarios: int
    refused: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonFailed(Happening):
    """A comparison of policies came to nothing."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "la comparaison de scénarios pour {subject}, demandée par {actor}, a échoué",
        "ar": "فشلت مقارنة السيناريوهات لـ {subject} التي طلبها {actor}",
        "en": "the comparison of scenarios for {subject}, asked for by {actor}, failed",
    }

    job: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionApplied(Happening):
    """Microdata were protected and meet the policy."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a protégé {subject} selon une politique de confidentialité",
        "ar": "حمى {actor} {subject} وفق سياسة السرية",
        "en": "{actor} protected {subject} under a disclosure policy",
    }

    policy_digest: str
    data_digest: str
    seed_digest: str
    rows: int
    protected_digest: str
    rows_after: int
    methods: tuple[str, ...]
    k_before: float | None = None
    k_after: float | None = None
    risk_before: float | None = None
    risk_after: float | None = None
    attacked: bool
    earlier_releases: int
    authorization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionRefused(Happening):
    """Protection did not reach the thresholds of the policy."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "La protection de {subject}, demandée par {actor}, a été refusée : les seuils n'étaient pas atteints",
        "ar": "رُفضت حماية {subject} التي طلبها {actor} لعدم بلوغ العتبات",
        "en": "The protection of {subject}, asked for by {actor}, was refused: thresholds were not met",
    }

    policy_digest: str
    data_digest: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionFailed(Happening):
    """Protection ended without a result because its input was at fault or its job ended."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "La protection de {subject}, demandée par {actor}, n'a pas pu aboutir",
        "ar": "تعذّر إتمام حماية {subject} التي طلبها {actor}",
        "en": "The protection of {subject}, asked for by {actor}, could not be finished",
    }

    job: str | None = None
    reason: str
    policy_digest: str | None = None
    data_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSynthesized(Happening):
    """Synthetic microdata were made."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a synthétisé des données à partir de {subject}",
        "ar": "أنشأ {actor} بيانات اصطناعية انطلاقا من {subject}",
        "en": "{actor} synthesized data from {subject}",
    }

    policy_digest: str
    data_digest: str
    synthetic_digest: str
    rows: int
    model: str
    equal_to_real_uniques: int
    authorization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequested(Happening):
    """The publication of a protected file was requested."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé la diffusion de {subject}",
        "ar": "طلب {actor} نشر {subject}",
        "en": "{actor} requested the release of {subject}",
    }

    from_status: str
    to_status: str
    protected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseApproved(Happening):
    """A requested release was approved."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a approuvé la diffusion de {subject}",
        "ar": "وافق {actor} على نشر {subject}",
        "en": "{actor} approved the release of {subject}",
    }

    from_status: str
    to_status: str
    protected: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRefused(Happening):
    """A requested release was refused."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a refusé la diffusion de {subject}",
        "ar": "رفض {actor} نشر {subject}",
        "en": "{actor} refused the release of {subject}",
    }

    from_status: str
    to_status: str
    protected: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRequested(Happening):
    """The packaging of an approved release was requested."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé la publication de {subject}",
        "ar": "طلب {actor} إصدار {subject}",
        "en": "{actor} asked for the publication of {subject}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationFailed(Happening):
    """The packaging of an approved release ended without a package."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "La publication de {subject}, demandée par {actor}, a échoué",
        "ar": "فشل إصدار {subject} الذي طلبه {actor}",
        "en": "The publication of {subject}, asked for by {actor}, failed",
    }

    job: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePublished(Happening):
    """A signed release package was published."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a publié {subject}",
        "ar": "نشر {actor} {subject}",
        "en": "{actor} published {subject}",
    }

    manifest_digest: str
    description_digest: str
    protected_digest: str
    rows: int
    columns: int
    files: int
    key_id: str
    authorization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseWithdrawn(Happening):
    """A published release was withdrawn."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a retiré {subject}",
        "ar": "سحب {actor} {subject}",
        "en": "{actor} withdrew {subject}",
    }

    from_status: str
    to_status: str
    protected: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseVerified(Happening):
    """A release package was checked against its signature."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a vérifié la diffusion {subject}",
        "ar": "تحقق {actor} من الإصدار {subject}",
        "en": "{actor} verified the release {subject}",
    }

    verified: bool
    faulty_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReproduced(Happening):
    """A published release was made again from the deliveries on and its digests were compared."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a refait la diffusion {subject} et comparé son résultat",
        "ar": "أعاد {actor} إعداد الإصدار {subject} وقارن نتيجته",
        "en": "{actor} made the release {subject} again and compared its result",
    }

    manifest_digest: str
    protected_digest: str
    files: int
    reproduced: bool
