"""Events of keeping: files set aside or erased, keys rotated, backups restored, jobs parked, retention, objections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language

__all__ = [
    "ApprovalRevoked",
    "DatabaseAccepted",
    "DenialsCounted",
    "ErasureFailed",
    "ErasureRequested",
    "FilesDeleted",
    "FilesErased",
    "FilesQuarantined",
    "JobParked",
    "JobQueuedAgain",
    "KeyRotated",
    "NothingErased",
    "ObjectionReceived",
    "RecordRead",
    "RetentionDeclared",
    "TokenApproved",
    "TokenRedeemed",
    "TokenRequested",
    "UserEnabled",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesQuarantined(Happening):
    """Files that no record names were set aside."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a mis à l'écart des fichiers que rien ne cite ({subject})",
        "ar": "عزل {actor} ملفات لا يذكرها أي سجل ({subject})",
        "en": "{actor} set files aside that no record names ({subject})",
    }

    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesDeleted(Happening):
    """Files that were set aside long enough were deleted."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a supprimé des fichiers mis à l'écart ({subject})",
        "ar": "حذف {actor} ملفات معزولة ({subject})",
        "en": "{actor} deleted files that had been set aside ({subject})",
    }

    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAccepted(Happening):
    """A database older than its folders was accepted after a restore."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a accepté une base de données restaurée ({subject})",
        "ar": "قبل {actor} قاعدة بيانات مسترجعة ({subject})",
        "en": "{actor} accepted a restored database ({subject})",
    }

    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotated(Happening):
    """The log is signed with a new key from here on; the old key signed the new one."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a remplacé la clé de signature du journal {subject}",
        "ar": "استبدل {actor} مفتاح توقيع السجل {subject}",
        "en": "{actor} replaced the signing key of the log {subject}",
    }

    old_key: str
    new_key: str
    endorsement: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobParked(Happening):
    """A job broke down too often and was set aside."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "La tâche {subject} a échoué trop souvent et a été suspendue",
        "ar": "فشلت المهمة {subject} مرات كثيرة فعُلّقت",
        "en": "The job {subject} broke down too often and was parked",
    }

    job_kind: str
    failures: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQueuedAgain(Happening):
    """A parked job was queued again."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a relancé la tâche {subject}",
        "ar": "أعاد {actor} تشغيل المهمة {subject}",
        "en": "{actor} queued the job {subject} again",
    }

    job_kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialsCounted(Happening):
    """Requests without a valid token were denied; one entry counts them."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "Des requêtes sans jeton valide ont été refusées ({subject})",
        "ar": "رُفضت طلبات بلا رمز صالح ({subject})",
        "en": "Requests without a valid token were denied ({subject})",
    }

    requests: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRead(Happening):
    """Somebody read a sensitive record."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a consulté {subject}",
        "ar": "اطّلع {actor} على {subject}",
        "en": "{actor} looked at {subject}",
    }

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequested(Happening):
    """An administrator asked for an access token; another one must agree."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé le jeton d'accès {subject}",
        "ar": "طلب {actor} رمز الدخول {subject}",
        "en": "{actor} asked for the access token {subject}",
    }

    user: str
    token_role: str
    register: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenApproved(Happening):
    """A second administrator agreed to an access token."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a accepté le jeton d'accès {subject}",
        "ar": "وافق {actor} على رمز الدخول {subject}",
        "en": "{actor} agreed to the access token {subject}",
    }

    user: str
    token_role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRedeemed(Happening):
    """The owner redeemed the invitation and was shown the secret."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a retiré son jeton d'accès {subject}",
        "ar": "استلم {actor} رمز دخوله {subject}",
        "en": "{actor} redeemed the access token {subject}",
    }

    token_role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEnabled(Happening):
    """A disabled user was enabled again."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a réactivé l'utilisateur {subject}",
        "ar": "أعاد {actor} تفعيل المستخدم {subject}",
        "en": "{actor} enabled the user {subject} again",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRevoked(Happening):
    """An approval was taken back before publication."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a retiré l'approbation de {subject}",
        "ar": "سحب {actor} الموافقة على {subject}",
        "en": "{actor} took back the approval of {subject}",
    }

    from_status: str
    to_status: str
    protected: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionDeclared(Happening):
    """A retention rule was set."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a fixé la durée de conservation de {subject}",
        "ar": "حدّد {actor} مدة الاحتفاظ بـ {subject}",
        "en": "{actor} set how long {subject} is kept",
    }

    register: str
    round: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionReceived(Happening):
    """A holder sent record ids of persons who object."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a transmis des oppositions ({subject})",
        "ar": "أحال {actor} اعتراضات ({subject})",
        "en": "{actor} handed in objections ({subject})",
    }

    register: str
    records: int
    digest: str
    linked_records: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesErased(Happening):
    """Files were erased; this entry is the certificate."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a fait effacer les fichiers de {subject}",
        "ar": "محا {actor} ملفات {subject}",
        "en": "{actor} had the files of {subject} erased",
    }

    files: tuple[str, ...]
    reason: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRequested(Happening):
    """Somebody asked that what is withdrawn or past its retention be deleted."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a demandé l'effacement ({subject})",
        "ar": "طلب {actor} المحو ({subject})",
        "en": "{actor} asked for the erasure ({subject})",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingErased(Happening):
    """An erasure found nothing that was withdrawn or past its retention; this entry certifies no deletion."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "L'effacement demandé par {actor} n'avait rien à effacer ({subject})",
        "ar": "لم يجد المحو الذي طلبه {actor} ما يُمحى ({subject})",
        "en": "The erasure {actor} asked for had nothing to erase ({subject})",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureFailed(Happening):
    """An erasure failed."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "L'effacement demandé par {actor} a échoué ({subject})",
        "ar": "فشل المحو الذي طلبه {actor} ({subject})",
        "en": "The erasure {actor} asked for failed ({subject})",
    }

    job: str
    reason: str
