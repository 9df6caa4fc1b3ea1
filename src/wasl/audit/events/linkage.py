"""Events of linkage: runs, review, resolution and reproduction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language

__all__ = [
    "DecisionTakenBack",
    "LinkageCancelled",
    "LinkageCompleted",
    "LinkageEvaluated",
    "LinkageFailed",
    "LinkageReproduced",
    "LinkageRequested",
    "PairDecided",
    "PairsReceived",
    "RegistersMerged",
    "ReproductionFailed",
    "ReproductionRequested",
    "ResolutionFailed",
    "ResolutionRequested",
    "ReturnFailed",
    "ReturnPrepared",
    "ReturnRequested",
    "SpineResolved",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageRequested(Happening):
    """A linkage run was requested."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé l'appariement {subject}",
        "ar": "طلب {actor} الربط {subject}",
        "en": "{actor} requested the linkage {subject}",
    }

    plan_digest: str
    deliveries: tuple[str, ...]
    seed: int
    onto: str
    objected: int | None = None
    objections_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageCompleted(Happening):
    """Pairs of deliveries were scored."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "L'appariement {subject}, lancé par {actor}, est terminé",
        "ar": "اكتمل الربط {subject} الذي أجراه {actor}",
        "en": "The linkage {subject}, run by {actor}, was completed",
    }

    plan_digest: str
    delivery_digests: tuple[str, ...]
    pairs: int
    pairs_digest: str
    engine: str
    authorization: str | None = None
    labels: int | None = None
    model_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageFailed(Happening):
    """A linkage run ended without scored pairs."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "L'appariement {subject}, lancé par {actor}, a échoué",
        "ar": "فشل الربط {subject} الذي أجراه {actor}",
        "en": "The linkage {subject}, run by {actor}, failed",
    }

    job: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageCancelled(Happening):
    """A linkage run was cancelled."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a annulé l'appariement {subject}",
        "ar": "ألغى {actor} الربط {subject}",
        "en": "{actor} cancelled the linkage {subject}",
    }

    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsReceived(Happening):
    """Scored pairs of another installation were received."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a remis les paires notées {subject}",
        "ar": "سلّم {actor} الأزواج المقيَّمة {subject}",
        "en": "{actor} handed in the scored pairs {subject}",
    }

    plan_digest: str
    pairs: int
    pairs_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDecided(Happening):
    """A reviewer decided on a masked pair."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a tranché sur la paire {subject}",
        "ar": "بتّ {actor} في الزوج {subject}",
        "en": "{actor} decided on the pair {subject}",
    }

    run: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTakenBack(Happening):
    """A reviewer took back a decision on a masked pair."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} est revenu sur sa décision concernant la paire {subject}",
        "ar": "تراجع {actor} عن قراره بشأن الزوج {subject}",
        "en": "{actor} took back the decision on the pair {subject}",
    }

    run: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionRequested(Happening):
    """The resolution of a scored run into persons was requested."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé la résolution de l'appariement {subject}",
        "ar": "طلب {actor} استخراج الأشخاص من الربط {subject}",
        "en": "{actor} requested the resolution of the linkage {subject}",
    }

    objected: int | None = None
    objections_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionFailed(Happening):
    """A resolution ended without a spine."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "La résolution de {subject}, lancée par {actor}, a échoué",
        "ar": "فشل استخراج الأشخاص {subject} الذي أجراه {actor}",
        "en": "The resolution of {subject}, run by {actor}, failed",
    }

    job: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpineResolved(Happening):
    """Scored pairs were resolved into persons."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a établi la table pivot {subject}",
        "ar": "أنشأ {actor} الجدول المحوري {subject}",
        "en": "{actor} resolved the spine of persons {subject}",
    }

    run: str
    plan_digest: str
    pairs_digest: str
    join_digests: tuple[str, ...]
    onto_digest: str | None = None
    decided: int
    records: int
    persons: int
    links: int
    conflicts: int
    failed_checks: tuple[str, ...] | None = None
    spine_digest: str
    objected: int | None = None
    objections_digest: str | None = None
    authorization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageEvaluated(Happening):
    """A linkage was compared with the truth or with reviewers' decisions."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a évalué l'appariement {subject}",
        "ar": "قيّم {actor} الربط {subject}",
        "en": "{actor} evaluated the linkage {subject}",
    }

    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    records: int | None = None
    reviewed: int | None = None
    drawn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproductionRequested(Happening):
    """A second run of a recorded linkage was requested."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé de rejouer l'appariement {subject}",
        "ar": "طلب {actor} إعادة إجراء الربط {subject}",
        "en": "{actor} asked to re-run the linkage {subject}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageReproduced(Happening):
    """A recorded linkage was run again and its digests were compared."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a rejoué l'appariement {subject} et comparé son résultat",
        "ar": "أعاد {actor} إجراء الربط {subject} وقارن نتيجته",
        "en": "{actor} re-ran the linkage {subject} and compared its result",
    }

    run: str
    plan_digest: str
    pairs_digest: str
    spine_digest: str
    reproduced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproductionFailed(Happening):
    """The second run of a recorded linkage could not be finished."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "Le nouveau calcul de l'appariement {subject}, demandé par {actor}, n'a pas pu aboutir",
        "ar": "تعذّر إتمام إعادة الربط {subject} التي طلبها {actor}",
        "en": "The re-run of the linkage {subject}, asked for by {actor}, could not be finished",
    }

    job: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistersMerged(Happening):
    """An office compared two registers of its own; counts only."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a rapproché deux registres de son office : {subject}",
        "ar": "قارن {actor} بين سجلين تابعين لجهته: {subject}",
        "en": "{actor} merged two registers of its own office: {subject}",
    }

    records: int
    persons: int
    in_both: int
    duplicates: int
    doubtful: int
    disagreements: int
    decided: int
    overlaps: int | None = None
    set_aside: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequested(Happening):
    """A holder asked for the return of its register."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé le retour de l'appariement {subject}",
        "ar": "طلب {actor} عائد عملية الربط {subject}",
        "en": "{actor} asked for the return of the linkage {subject}",
    }

    register: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFailed(Happening):
    """The return of a register ended without a result."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "Le retour de l'appariement {subject}, demandé par {actor}, n'a pas pu être préparé",
        "ar": "تعذّر إعداد عائد عملية الربط {subject} الذي طلبه {actor}",
        "en": "The return of the linkage {subject}, asked for by {actor}, could not be prepared",
    }

    job: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPrepared(Happening):
    """The return of a register to its holder was prepared."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a préparé le retour destiné au détenteur du registre {subject}",
        "ar": "أعدّ {actor} العائد الموجه إلى حائز السجل {subject}",
        "en": "{actor} prepared the return to the holder of the register {subject}",
    }

    run: str
    plan_digest: str
    spine_digest: str
    records: int
    told: tuple[str, ...]
    return_digest: str
    authorization: str | None = None
