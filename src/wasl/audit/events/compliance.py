"""Events of authorization: dossiers drawn up, decisions stored, acts refused because no decision covers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wasl.audit.events.event import Happening, Language

__all__ = ["AuthorizationExceeded", "AuthorizationRevoked", "AuthorizationStored", "DossierDrawnUp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierDrawnUp(Happening):
    """A dossier for the authority was drawn up."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a établi le dossier d'autorisation de {subject}",
        "ar": "أعدّ {actor} ملف الإذن الخاص بـ {subject}",
        "en": "{actor} drew up the dossier of {subject}",
    }

    dossier: str
    scope_digest: str
    statements: int
    holes: int
    earlier: str | None = None
    changes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationStored(Happening):
    """A decision of the authority was stored; acts are held to its scope from now on."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a enregistré l'autorisation de {subject}",
        "ar": "سجّل {actor} الإذن الخاص بـ {subject}",
        "en": "{actor} stored the authorization of {subject}",
    }

    decision: str
    decision_date: str
    expires: str
    authorization: str
    dossier: str
    scope_digest: str
    beside: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRevoked(Happening):
    """The authority took a decision back; acts are refused from now on unless another decision covers them."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} a enregistré le retrait d'une autorisation de {subject}",
        "ar": "سجّل {actor} سحب إذن خاص بـ {subject}",
        "en": "{actor} recorded that an authorization of {subject} was revoked",
    }

    decision: str
    authorization: str
    revoked: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationExceeded(Happening):
    """An act was refused because the stored authorization does not cover it."""

    sentences: ClassVar[Mapping[Language, str]] = {
        "fr": "{actor} s'est vu refuser {subject}, que l'autorisation ne couvre pas",
        "ar": "رُفض طلب {actor} بشأن {subject} لأن الإذن لا يشمله",
        "en": "{actor} was refused {subject}, which the authorization does not cover",
    }

    act: str
    decision: str
    excess: tuple[str, ...]
