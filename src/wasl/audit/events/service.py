"""Events of the service: projects, registers, submissions, users, access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language

__all__ = [
    "AccessDenied",
    "DeliveryReceived",
    "DeliveryRejected",
    "FileRead",
    "IdentityBound",
    "IdentityReleased",
    "JobCancelled",
    "JoinMapReceived",
    "PayloadReceived",
    "ProjectChanged",
    "ProjectCreated",
    "RegisterDeclared",
    "SignatureDemandDropped",
    "SignedIn",
    "SignedOut",
    "SubmissionWithdrawn",
    "TokenIssued",
    "TokenRevoked",
    "UserAdded",
    "UserDisabled",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCreated(Happening):
    """A project was opened."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a ouvert le projet {subject}",
        "ar": "فتح {actor} المشروع {subject}",
        "en": "{actor} opened the project {subject}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChanged(Happening):
    """A project was changed."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a modifié le projet {subject}",
        "ar": "عدّل {actor} المشروع {subject}",
        "en": "{actor} changed the project {subject}",
    }

    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterDeclared(Happening):
    """A register was declared in a project."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a déclaré le registre {subject}",
        "ar": "صرّح {actor} بالسجل {subject}",
        "en": "{actor} declared the register {subject}",
    }

    schema_digest: str
    holder: str
    signer: str | None = None
    former_signer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureDemandDropped(Happening):
    """A register was declared anew without the demand that what its holder sends be signed."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a déclaré de nouveau le registre {subject} et n'exige plus de signature",
        "ar": "أعاد {actor} التصريح بالسجل {subject} ولم يعد يشترط التوقيع",
        "en": "{actor} declared the register {subject} anew and no longer demands a signature",
    }

    schema_digest: str
    holder: str
    former_signer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceived(Happening):
    """A delivery was accepted."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a remis la livraison {subject}, qui a été acceptée",
        "ar": "سلّم {actor} الإرسالية {subject} فقُبلت",
        "en": "{actor} handed in the delivery {subject}, which was accepted",
    }

    register: str
    digest: str
    file: str
    rows: int
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRejected(Happening):
    """A submission was refused; nothing of it was kept."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a remis la livraison {subject}, qui a été rejetée",
        "ar": "سلّم {actor} الإرسالية {subject} فرُفضت",
        "en": "{actor} handed in the delivery {subject}, which was rejected",
    }

    register: str
    submission_kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinMapReceived(Happening):
    """A join map was accepted."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a remis la table de jonction {subject}",
        "ar": "سلّم {actor} جدول الربط {subject}",
        "en": "{actor} handed in the join map {subject}",
    }

    register: str
    digest: str
    file: str
    rows: int
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadReceived(Happening):
    """A payload was accepted."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a remis les données utiles {subject}",
        "ar": "سلّم {actor} بيانات المحتوى {subject}",
        "en": "{actor} handed in the payload {subject}",
    }

    register: str
    digest: str
    file: str
    rows: int
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionWithdrawn(Happening):
    """A holder withdrew a submission."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a retiré l'envoi {subject}",
        "ar": "سحب {actor} الإرسال {subject}",
        "en": "{actor} withdrew the submission {subject}",
    }

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead(Happening):
    """A file of the service was read."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a lu {subject}",
        "ar": "اطّلع {actor} على {subject}",
        "en": "{actor} read {subject}",
    }

    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDenied(Happening):
    """An attempt was denied."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} s'est vu refuser l'accès à {subject}",
        "ar": "مُنع {actor} من الوصول إلى {subject}",
        "en": "{actor} was denied {subject}",
    }

    reason: str
    target: str | None = None
    address_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAdded(Happening):
    """A user was added."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a ajouté l'utilisateur {subject}",
        "ar": "أضاف {actor} المستخدم {subject}",
        "en": "{actor} added the user {subject}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(Happening):
    """A user was disabled."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a désactivé l'utilisateur {subject}",
        "ar": "عطّل {actor} المستخدم {subject}",
        "en": "{actor} disabled the user {subject}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Happening):
    """An access token was issued."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a délivré le jeton d'accès {subject}",
        "ar": "أصدر {actor} رمز الدخول {subject}",
        "en": "{actor} issued the access token {subject}",
    }

    user: str
    token_role: str
    register: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Happening):
    """An access token was revoked."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a révoqué le jeton d'accès {subject}",
        "ar": "ألغى {actor} رمز الدخول {subject}",
        "en": "{actor} revoked the access token {subject}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled(Happening):
    """A job was cancelled."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a annulé la tâche {subject}",
        "ar": "ألغى {actor} المهمة {subject}",
        "en": "{actor} cancelled the job {subject}",
    }

    job_kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityBound(Happening):
    """An account of an OIDC issuer signed in for the first time and has its user name from then on."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} : première connexion d'un compte externe, qui porte désormais le nom {subject}",
        "ar": "{actor}: أول دخول لحساب خارجي، وقد صار يحمل الاسم {subject}",
        "en": "{actor}: first sign-in of an external account, which has the name {subject} from now on",
    }

    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityReleased(Happening):
    """A user name was taken from an account of an OIDC issuer."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a retiré à un compte externe le nom d'utilisateur {subject}",
        "ar": "سحب {actor} اسم المستخدم {subject} من حساب خارجي",
        "en": "{actor} took the user name {subject} from an external account",
    }

    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Happening):
    """A user opened a session of the console."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a ouvert une session dans la console",
        "ar": "فتح {actor} جلسة في لوحة التحكم",
        "en": "{actor} signed in to the console",
    }

    sign_in_method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Happening):
    """A user ended every session of the console."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a fermé toutes ses sessions de la console",
        "ar": "أنهى {actor} جميع جلساته في لوحة التحكم",
        "en": "{actor} signed out of every session of the console",
    }

    sessions: int
