"""The texts of the report beside those of its findings, in French, Arabic and English."""

from __future__ import annotations

from typing import Literal

__all__ = ["LABELS", "REFUSING", "ROLES", "Language"]

Language = Literal["fr", "ar", "en"]

LABELS: dict[str, dict[Language, str]] = {
    "title": {"fr": "Qualité du registre", "ar": "جودة السجل", "en": "Quality of the register"},
    "private": {
        "fr": "Ce rapport contient des valeurs du registre : il ne quitte pas votre poste.",
        "ar": "يتضمن هذا التقرير قيما من السجل: لا يغادر جهازكم.",
        "en": "This report contains values of the register: it does not leave your machine.",
    },
    "summary": {"fr": "En bref", "ar": "باختصار", "en": "In brief"},
    "rows_read": {"fr": "lignes lues", "ar": "أسطر مقروءة", "en": "rows read"},
    "records": {"fr": "lignes acceptées", "ar": "أسطر مقبولة", "en": "rows accepted"},
    "rejected": {"fr": "lignes refusées", "ar": "أسطر مرفوضة", "en": "rows rejected"},
    "findings": {"fr": "Constats", "ar": "الملاحظات", "en": "Findings"},
    "none": {"fr": "Rien à signaler.", "ar": "لا شيء يُذكر.", "en": "Nothing to report."},
    "finding": {"fr": "Constat", "ar": "الملاحظة", "en": "Finding"},
    "column": {"fr": "Colonne", "ar": "العمود", "en": "Column"},
    "count": {"fr": "Nombre", "ar": "العدد", "en": "Count"},
    "share": {"fr": "Part", "ar": "النسبة", "en": "Share"},
    "first_rows": {"fr": "Premières lignes", "ar": "الأسطر الأولى", "en": "First rows"},
    "values": {"fr": "Valeurs", "ar": "القيم", "en": "Values"},
    "columns": {"fr": "Colonnes", "ar": "الأعمدة", "en": "Columns"},
    "role": {"fr": "Rôle", "ar": "الدور", "en": "Role"},
    "complete": {"fr": "Renseignée", "ar": "معبأ", "en": "Complete"},
    "invalid": {"fr": "Illisible", "ar": "غير مقروء", "en": "Unreadable"},
    "coverage": {"fr": "Couverture du classement", "ar": "تغطية التصنيف", "en": "Covered by its classification"},
    "month": {
        "fr": "Par mois (les plus lacunaires)",
        "ar": "حسب الشهر (الأكثر نقصا)",
        "en": "By month (most gaps first)",
    },
    "office": {
        "fr": "Par lieu (les plus lacunaires)",
        "ar": "حسب المكان (الأكثر نقصا)",
        "en": "By office (most gaps first)",
    },
    "gaps": {"fr": "Cellules manquantes", "ar": "الخلايا الناقصة", "en": "Cells missing"},
    "icls": {
        "fr": "Catégories de la 20e CIST",
        "ar": "فئات المؤتمر العشرين لإحصائيي العمل",
        "en": "20th-ICLS categories",
    },
    "problem": {"fr": "problème", "ar": "مشكل", "en": "problem"},
    "warning": {"fr": "avertissement", "ar": "تحذير", "en": "warning"},
    "note": {"fr": "note", "ar": "ملاحظة", "en": "note"},
}

ROLES: dict[str, dict[Language, str]] = {
    "identifier": {"fr": "identifiant", "ar": "معرِّف", "en": "identifier"},
    "name": {"fr": "nom", "ar": "اسم", "en": "name"},
    "birth": {"fr": "naissance", "ar": "ازدياد", "en": "birth"},
    "origin": {"fr": "origine", "ar": "أصل", "en": "origin"},
    "contact": {"fr": "coordonnées", "ar": "اتصال", "en": "contact"},
    "payload": {"fr": "contenu", "ar": "مضمون", "en": "payload"},
    "drop": {"fr": "laissée de côté", "ar": "يُترك", "en": "left out"},
}

REFUSING = ("rows-rejected", "cells-invalid")
"""Checks whose value is the reason of a refusal, in the words of the catalogue."""
