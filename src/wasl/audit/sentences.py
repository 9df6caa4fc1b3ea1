"""Says events in French and in English: one sentence per kind, then the counts and digests it carries.

Sentences are for the auditor, who need not know the program. A detail without a word of its own is said by its name.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

from wasl.audit.events import AuditEvent, DetailValue, EventKind

__all__ = ["DETAIL_WORDS", "SENTENCES", "Language", "say_detail", "say_event"]

Language = Literal["fr", "en"]

_K = EventKind

SENTENCES: dict[EventKind, dict[Language, str]] = {
    _K.POPULATION_GENERATED: {
        "fr": "{actor} a généré la population synthétique {subject}",
        "en": "{actor} generated the synthetic population {subject}",
    },
    _K.KEY_CREATED: {"fr": "{actor} a créé la clé {subject}", "en": "{actor} created the key {subject}"},
    _K.KEY_WRAPPED: {
        "fr": "{actor} a scellé la clé {subject} pour un détenteur",
        "en": "{actor} wrapped the key {subject} for a holder",
    },
    _K.REGISTER_CHECKED: {
        "fr": "{actor} a contrôlé le registre {subject}",
        "en": "{actor} checked the register {subject}",
    },
    _K.REGISTER_ENCODED: {
        "fr": "{actor} a encodé le registre {subject}",
        "en": "{actor} encoded the register {subject}",
    },
    _K.PROJECT_CREATED: {"fr": "{actor} a ouvert le projet {subject}", "en": "{actor} opened the project {subject}"},
    _K.REGISTER_DECLARED: {
        "fr": "{actor} a déclaré le registre {subject}",
        "en": "{actor} declared the register {subject}",
    },
    _K.DELIVERY_RECEIVED: {
        "fr": "{actor} a remis la livraison {subject}, qui a été acceptée",
        "en": "{actor} handed in the delivery {subject}, which was accepted",
    },
    _K.DELIVERY_REJECTED: {
        "fr": "{actor} a remis la livraison {subject}, qui a été rejetée",
        "en": "{actor} handed in the delivery {subject}, which was rejected",
    },
    _K.JOIN_MAP_RECEIVED: {
        "fr": "{actor} a remis la table de jointure {subject}",
        "en": "{actor} handed in the join map {subject}",
    },
    _K.PAYLOAD_RECEIVED: {
        "fr": "{actor} a remis les variables {subject}",
        "en": "{actor} handed in the payload {subject}",
    },
    _K.LINKAGE_REQUESTED: {
        "fr": "{actor} a demandé l'appariement {subject}",
        "en": "{actor} requested the linkage {subject}",
    },
    _K.LINKAGE_COMPLETED: {
        "fr": "L'appariement {subject}, lancé par {actor}, est terminé",
        "en": "The linkage {subject}, run by {actor}, was completed",
    },
    _K.LINKAGE_FAILED: {
        "fr": "L'appariement {subject}, lancé par {actor}, a échoué",
        "en": "The linkage {subject}, run by {actor}, failed",
    },
    _K.LINKAGE_CANCELLED: {
        "fr": "{actor} a annulé l'appariement {subject}",
        "en": "{actor} cancelled the linkage {subject}",
    },
    _K.SPINE_RESOLVED: {
        "fr": "{actor} a établi le référentiel des personnes {subject}",
        "en": "{actor} resolved the spine of persons {subject}",
    },
    _K.LINKAGE_EVALUATED: {
        "fr": "{actor} a évalué l'appariement {subject}",
        "en": "{actor} evaluated the linkage {subject}",
    },
    _K.LINKAGE_REPRODUCED: {
        "fr": "{actor} a rejoué l'appariement {subject} et comparé son résultat",
        "en": "{actor} re-ran the linkage {subject} and compared its result",
    },
    _K.PAIR_DECIDED: {
        "fr": "{actor} a tranché sur la paire {subject}",
        "en": "{actor} decided on the pair {subject}",
    },
    _K.ENCODING_ATTACKED: {
        "fr": "{actor} a mis à l'épreuve l'encodage {subject}",
        "en": "{actor} tried the attacks on the encoding {subject}",
    },
    _K.MICRODATA_ASSEMBLED: {
        "fr": "{actor} a constitué le fichier de microdonnées {subject}",
        "en": "{actor} assembled the microdata {subject}",
    },
    _K.RISK_ASSESSED: {
        "fr": "{actor} a mesuré le risque de divulgation de {subject}",
        "en": "{actor} assessed the disclosure risk of {subject}",
    },
    _K.PROTECTION_APPLIED: {
        "fr": "{actor} a protégé {subject} selon une politique de confidentialité",
        "en": "{actor} protected {subject} under a disclosure policy",
    },
    _K.PROTECTION_REFUSED: {
        "fr": "La protection de {subject}, demandée par {actor}, a été refusée : les seuils n'étaient pas atteints",
        "en": "The protection of {subject}, asked for by {actor}, was refused: thresholds were not met",
    },
    _K.DATA_SYNTHESIZED: {
        "fr": "{actor} a synthétisé des données à partir de {subject}",
        "en": "{actor} synthesized data from {subject}",
    },
    _K.RELEASE_REQUESTED: {
        "fr": "{actor} a demandé la diffusion de {subject}",
        "en": "{actor} requested the release of {subject}",
    },
    _K.RELEASE_APPROVED: {
        "fr": "{actor} a approuvé la diffusion de {subject}",
        "en": "{actor} approved the release of {subject}",
    },
    _K.RELEASE_REFUSED: {
        "fr": "{actor} a refusé la diffusion de {subject}",
        "en": "{actor} refused the release of {subject}",
    },
    _K.RELEASE_PUBLISHED: {"fr": "{actor} a publié {subject}", "en": "{actor} published {subject}"},
    _K.RELEASE_WITHDRAWN: {"fr": "{actor} a retiré {subject}", "en": "{actor} withdrew {subject}"},
    _K.RELEASE_VERIFIED: {
        "fr": "{actor} a vérifié la publication {subject}",
        "en": "{actor} verified the release {subject}",
    },
    _K.FILE_READ: {"fr": "{actor} a lu {subject}", "en": "{actor} read {subject}"},
    _K.LOG_EXPORTED: {"fr": "{actor} a exporté le journal {subject}", "en": "{actor} exported the log {subject}"},
    _K.LOG_VERIFIED: {"fr": "{actor} a vérifié le journal {subject}", "en": "{actor} verified the log {subject}"},
    _K.CHECKPOINT_SIGNED: {
        "fr": "L'état du journal {subject} a été signé pour {actor}",
        "en": "The state of the log {subject} was signed for {actor}",
    },
    _K.ACCESS_DENIED: {"fr": "{actor} s'est vu refuser l'accès à {subject}", "en": "{actor} was denied {subject}"},
    _K.USER_ADDED: {"fr": "{actor} a ajouté l'utilisateur {subject}", "en": "{actor} added the user {subject}"},
    _K.TOKEN_ISSUED: {
        "fr": "{actor} a délivré le jeton d'accès {subject}",
        "en": "{actor} issued the access token {subject}",
    },
    _K.TOKEN_REVOKED: {
        "fr": "{actor} a révoqué le jeton d'accès {subject}",
        "en": "{actor} revoked the access token {subject}",
    },
    _K.JOB_CANCELLED: {"fr": "{actor} a annulé la tâche {subject}", "en": "{actor} cancelled the job {subject}"},
    _K.LOG_RECOVERED: {
        "fr": "Le journal a été remis en état après une interruption : une dernière ligne incomplète a été écartée",
        "en": "The log was mended after an interruption: an incomplete last line was dropped",
    },
    _K.PROJECT_CHANGED: {"fr": "{actor} a modifié le projet {subject}", "en": "{actor} changed the project {subject}"},
    _K.SUBMISSION_WITHDRAWN: {
        "fr": "{actor} a retiré l'envoi {subject}",
        "en": "{actor} withdrew the submission {subject}",
    },
    _K.PAIRS_RECEIVED: {
        "fr": "{actor} a remis les paires notées {subject}",
        "en": "{actor} handed in the scored pairs {subject}",
    },
    _K.RESOLUTION_REQUESTED: {
        "fr": "{actor} a demandé la résolution de l'appariement {subject}",
        "en": "{actor} requested the resolution of the linkage {subject}",
    },
    _K.RESOLUTION_FAILED: {
        "fr": "La résolution de {subject}, lancée par {actor}, a échoué",
        "en": "The resolution of {subject}, run by {actor}, failed",
    },
    _K.REPRODUCTION_REQUESTED: {
        "fr": "{actor} a demandé de rejouer l'appariement {subject}",
        "en": "{actor} asked to re-run the linkage {subject}",
    },
    _K.PROTECTION_REQUESTED: {
        "fr": "{actor} a demandé la protection de {subject}",
        "en": "{actor} asked for the protection of {subject}",
    },
    _K.PUBLICATION_REQUESTED: {
        "fr": "{actor} a demandé la publication de {subject}",
        "en": "{actor} asked for the publication of {subject}",
    },
    _K.PUBLICATION_FAILED: {
        "fr": "La publication de {subject}, demandée par {actor}, a échoué",
        "en": "The publication of {subject}, asked for by {actor}, failed",
    },
    _K.USER_DISABLED: {
        "fr": "{actor} a désactivé l'utilisateur {subject}",
        "en": "{actor} disabled the user {subject}",
    },
}
"""One sentence per kind and language, without its full stop; {actor} and {subject} are filled in."""

DETAIL_WORDS: dict[str, dict[Language, str]] = {
    "attacks": {"fr": "attaques", "en": "attacks"},
    "blocks": {"fr": "blocs", "en": "blocks"},
    "bytes": {"fr": "octets", "en": "bytes"},
    "candidates": {"fr": "paires candidates", "en": "candidate pairs"},
    "cells": {"fr": "cellules", "en": "cells"},
    "closed": {"fr": "clos", "en": "closed"},
    "clusters": {"fr": "grappes", "en": "clusters"},
    "columns": {"fr": "colonnes", "en": "columns"},
    "conflicts": {"fr": "conflits", "en": "conflicts"},
    "content_digest": {"fr": "empreinte du contenu", "en": "content digest"},
    "data_digest": {"fr": "empreinte des données", "en": "data digest"},
    "decided": {"fr": "paires tranchées", "en": "pairs decided"},
    "deliveries": {"fr": "livraisons", "en": "deliveries"},
    "delivery": {"fr": "livraison", "en": "delivery"},
    "delivery_digest": {"fr": "empreinte de la livraison", "en": "delivery digest"},
    "delivery_digests": {"fr": "empreintes des livraisons", "en": "delivery digests"},
    "description_digest": {"fr": "empreinte de la description", "en": "description digest"},
    "digest": {"fr": "empreinte", "en": "digest"},
    "earlier_releases": {"fr": "publications antérieures", "en": "earlier releases"},
    "entries": {"fr": "écritures", "en": "entries"},
    "equal_to_real_uniques": {"fr": "égaux à des uniques réels", "en": "equal to real uniques"},
    "expires": {"fr": "expire le", "en": "expires"},
    "f1": {"fr": "F1", "en": "F1"},
    "failing_rules": {"fr": "règles non respectées", "en": "failing rules"},
    "fault": {"fr": "défaut", "en": "fault"},
    "faulty_files": {"fr": "fichiers fautifs", "en": "faulty files"},
    "file": {"fr": "fichier", "en": "file"},
    "files": {"fr": "fichiers", "en": "files"},
    "findings": {"fr": "constats", "en": "findings"},
    "first_bad_entry": {"fr": "première écriture fautive", "en": "first bad entry"},
    "from": {"fr": "de", "en": "from"},
    "holder": {"fr": "détenteur", "en": "holder"},
    "information_loss": {"fr": "perte d'information", "en": "information loss"},
    "job": {"fr": "tâche", "en": "job"},
    "k": {"fr": "k", "en": "k"},
    "k_after": {"fr": "k après", "en": "k after"},
    "k_before": {"fr": "k avant", "en": "k before"},
    "key_id": {"fr": "clé", "en": "key"},
    "kind": {"fr": "nature", "en": "kind"},
    "l_after": {"fr": "l après", "en": "l after"},
    "largest_rate": {"fr": "taux de succès maximal", "en": "largest rate of success"},
    "leak": {"fr": "fuite T", "en": "leak T"},
    "links": {"fr": "liens", "en": "links"},
    "manifest_digest": {"fr": "empreinte du manifeste", "en": "manifest digest"},
    "methods": {"fr": "méthodes", "en": "methods"},
    "microdata_digest": {"fr": "empreinte des microdonnées", "en": "microdata digest"},
    "model": {"fr": "modèle", "en": "model"},
    "name": {"fr": "nom", "en": "name"},
    "onto": {"fr": "à la suite de", "en": "onto"},
    "outcomes": {"fr": "issues", "en": "outcomes"},
    "pairs": {"fr": "paires", "en": "pairs"},
    "pairs_digest": {"fr": "empreinte des paires", "en": "pairs digest"},
    "passed": {"fr": "seuils atteints", "en": "thresholds met"},
    "period": {"fr": "période", "en": "period"},
    "persons": {"fr": "personnes", "en": "persons"},
    "plan_digest": {"fr": "empreinte du plan", "en": "plan digest"},
    "policy_digest": {"fr": "empreinte de la politique", "en": "policy digest"},
    "precision": {"fr": "précision", "en": "precision"},
    "profile": {"fr": "profil", "en": "profile"},
    "protected": {"fr": "fichier protégé", "en": "protected file"},
    "protected_digest": {"fr": "empreinte du fichier protégé", "en": "protected digest"},
    "reason": {"fr": "motif", "en": "reason"},
    "recall": {"fr": "rappel", "en": "recall"},
    "recipients": {"fr": "destinataires", "en": "recipients"},
    "records": {"fr": "enregistrements", "en": "records"},
    "register": {"fr": "registre", "en": "register"},
    "registers": {"fr": "registres", "en": "registers"},
    "rejects": {"fr": "rejets", "en": "rejects"},
    "repeated": {"fr": "déjà reçue", "en": "received before"},
    "reproduced": {"fr": "identique", "en": "reproduced"},
    "risk_after": {"fr": "risque après", "en": "risk after"},
    "risk_before": {"fr": "risque avant", "en": "risk before"},
    "role": {"fr": "rôle", "en": "role"},
    "root": {"fr": "racine", "en": "root"},
    "rows": {"fr": "lignes", "en": "rows"},
    "rows_after": {"fr": "lignes après", "en": "rows after"},
    "run": {"fr": "exécution", "en": "run"},
    "schema": {"fr": "schéma", "en": "schema"},
    "schema_digest": {"fr": "empreinte du schéma", "en": "schema digest"},
    "seed": {"fr": "graine", "en": "seed"},
    "size": {"fr": "taille", "en": "size"},
    "spine_digest": {"fr": "empreinte du référentiel", "en": "spine digest"},
    "status": {"fr": "état", "en": "status"},
    "suppressed": {"fr": "cellules supprimées", "en": "cells suppressed"},
    "synthetic_digest": {"fr": "empreinte des données synthétiques", "en": "synthetic digest"},
    "t_after": {"fr": "t après", "en": "t after"},
    "table_digest": {"fr": "empreinte du tableau", "en": "table digest"},
    "tables": {"fr": "tableaux", "en": "tables"},
    "to": {"fr": "à", "en": "to"},
    "token_role": {"fr": "rôle", "en": "role"},
    "torn_bytes": {"fr": "octets écartés", "en": "bytes dropped"},
    "truth": {"fr": "vérité", "en": "truth"},
    "unmatched_records": {"fr": "enregistrements non appariés", "en": "unmatched records"},
    "user": {"fr": "utilisateur", "en": "user"},
    "variables": {"fr": "variables", "en": "variables"},
    "verdict": {"fr": "décision", "en": "verdict"},
    "verified": {"fr": "vérifié", "en": "verified"},
    "view": {"fr": "point de vue", "en": "view"},
    "weight": {"fr": "poids", "en": "weight"},
}
"""What details are called, by their name in events."""

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not shown but act: controls, direction marks, separators of lines."""

_TRUTH: dict[Language, tuple[str, str]] = {"fr": ("non", "oui"), "en": ("no", "yes")}
_DIGEST_SHOWN = len("sha256:") + 12


def say_event(event: AuditEvent, language: Language) -> str:
    """The event as a sentence, with its project and details in brackets; control characters are made visible."""
    subject = _visible(event.subject) or "–"
    sentence = SENTENCES[event.kind][language].format(actor=_visible(event.actor), subject=subject)
    colon = " : " if language == "fr" else ": "
    parts = [f"{'projet' if language == 'fr' else 'project'}{colon}{_visible(event.project)}"] if event.project else []
    for name, value in event.detail.items():
        word = DETAIL_WORDS.get(name, {}).get(language, _visible(name.replace("_", " ")))
        parts.append(f"{word}{colon}{say_detail(value, language)}")
    return f"{sentence} ({' ; '.join(parts) if language == 'fr' else '; '.join(parts)})." if parts else f"{sentence}."


def say_detail(value: DetailValue, language: Language) -> str:
    """A detail as its language writes it: numbers grouped, digests shortened."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _TRUTH[language][value]
    if isinstance(value, int):
        grouped = f"{value:,}"
        return grouped.replace(",", "\u202f") if language == "fr" else grouped
    if isinstance(value, float):
        written = f"{value:.4g}"
        return written.replace(".", ",") if language == "fr" else written
    if isinstance(value, list):
        return ", ".join(say_detail(item, language) for item in value)
    return f"{value[:_DIGEST_SHOWN]}…" if value.startswith("sha256:") else _visible(value)


def _visible(text: str) -> str:
    """A text whose control characters do nothing to the terminal or page it is shown on."""
    return "".join("\ufffd" if unicodedata.category(character) in HIDDEN else character for character in text)
