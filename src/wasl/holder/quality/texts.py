"""What the report says, in French and English."""

from __future__ import annotations

from typing import Literal

__all__ = ["CHECKS", "LABELS", "Language"]

Language = Literal["fr", "en"]

CHECKS: dict[str, dict[Language, tuple[str, str]]] = {
    "rows-rejected": {
        "fr": ("Lignes refusées", "Corrigez la cellule et relisez le fichier : ces personnes manquent."),
        "en": ("Rows rejected", "Correct the cell and read the file again: these persons are missing."),
    },
    "cells-invalid": {
        "fr": ("Cellules illisibles", "La cellule est lue comme manquante ; la ligne est gardée."),
        "en": ("Cells that cannot be read", "The cell is read as missing; the row is kept."),
    },
    "births-first-january": {
        "fr": ("Naissances un 1er janvier", "Jour sans doute inconnu : il n'est pas utilisé pour apparier."),
        "en": ("Births on 1 January", "The day is probably unknown: it is not used for linkage."),
    },
    "births-impossible": {
        "fr": ("Naissances impossibles", "Dans le futur, ou il y a plus de 110 ans."),
        "en": ("Impossible births", "In the future, or more than 110 years ago."),
    },
    "dates-before-birth": {
        "fr": ("Dates antérieures à la naissance", "L'une des deux dates est fausse."),
        "en": ("Dates before birth", "One of the two dates is wrong."),
    },
    "zeros-stripped": {
        "fr": ("Numéros plus courts que d'habitude", "Un tableur a pu retirer les zéros de tête."),
        "en": ("Numbers shorter than usual", "A spreadsheet may have taken their leading zeros."),
    },
    "numbers-not-text": {
        "fr": ("Identifiants stockés comme nombres", "Formatez la colonne en texte avant l'export."),
        "en": ("Identifiers stored as numbers", "Format the column as text before exporting."),
    },
    "permits-as-cin": {
        "fr": ("Valeurs qui ne sont pas des CIN", "Souvent un numéro de titre de séjour dans la colonne CIN."),
        "en": ("Values that are no CIN", "Often a residence permit number in the CIN column."),
    },
    "ice-invalid": {
        "fr": ("ICE invalides", "La clé de contrôle de l'identifiant d'entreprise ne va pas."),
        "en": ("Invalid ICE", "The check digits of the company identifier do not fit."),
    },
    "spellings-ambiguous": {
        "fr": ("Valeurs qui désignent plusieurs codes", "Précisez, par exemple le Congo dont il s'agit."),
        "en": ("Values that may mean several codes", "Say which, for instance which Congo."),
    },
    "spellings-unknown": {
        "fr": ("Valeurs inconnues du classement", "Corrigez-les, ou faites ajouter leur orthographe."),
        "en": ("Values the classification does not know", "Correct them, or have their spelling added."),
    },
    "names-unsplit": {
        "fr": ("Nom et prénom dans un seul champ", "Le prénom est vide et le nom a plusieurs mots."),
        "en": ("Surname and given name in one field", "The given name is empty and the surname has several words."),
    },
    "names-swapped": {
        "fr": ("Nom et prénom sans doute inversés", "L'ordre ne compte pas pour apparier, mais pour vos listes."),
        "en": ("Surname and given name probably swapped", "Order does not matter for linkage, but for your lists."),
    },
    "persons-repeated": {
        "fr": ("Personnes qui semblent inscrites plusieurs fois", "Mêmes noms (ou presque) et même naissance."),
        "en": ("Persons who seem to be there more than once", "The same names (nearly) and the same birth."),
    },
    "mojibake-repaired": {
        "fr": ("Accents abîmés, réparés", "Le fichier a été converti deux fois : exportez en UTF-8."),
        "en": ("Broken accents, repaired", "The file was converted twice: export as UTF-8."),
    },
    "hijri-dates": {
        "fr": ("Dates hégiriennes, converties", "Une année vers 1400 est lue dans le calendrier hégirien."),
        "en": ("Hijri dates, converted", "A year about 1400 is read in the Hijri calendar."),
    },
}

LABELS: dict[str, dict[Language, str]] = {
    "title": {"fr": "Qualité du registre", "en": "Quality of the register"},
    "private": {
        "fr": "Ce rapport contient des valeurs du registre : il ne quitte pas votre poste.",
        "en": "This report contains values of the register: it does not leave your machine.",
    },
    "summary": {"fr": "En bref", "en": "In brief"},
    "rows_read": {"fr": "lignes lues", "en": "rows read"},
    "records": {"fr": "lignes acceptées", "en": "rows accepted"},
    "rejected": {"fr": "lignes refusées", "en": "rows rejected"},
    "findings": {"fr": "Constats", "en": "Findings"},
    "none": {"fr": "Rien à signaler.", "en": "Nothing to report."},
    "finding": {"fr": "Constat", "en": "Finding"},
    "column": {"fr": "Colonne", "en": "Column"},
    "count": {"fr": "Nombre", "en": "Count"},
    "share": {"fr": "Part", "en": "Share"},
    "first_rows": {"fr": "Premières lignes", "en": "First rows"},
    "values": {"fr": "Valeurs", "en": "Values"},
    "columns": {"fr": "Colonnes", "en": "Columns"},
    "role": {"fr": "Rôle", "en": "Role"},
    "complete": {"fr": "Renseignée", "en": "Complete"},
    "invalid": {"fr": "Illisible", "en": "Unreadable"},
    "coverage": {"fr": "Couverture du classement", "en": "Covered by its classification"},
    "month": {"fr": "Par mois (les plus lacunaires)", "en": "By month (most gaps first)"},
    "office": {"fr": "Par lieu (les plus lacunaires)", "en": "By office (most gaps first)"},
    "gaps": {"fr": "Cellules manquantes", "en": "Cells missing"},
    "icls": {"fr": "Catégories de la 20e CIST", "en": "20th-ICLS categories"},
    "problem": {"fr": "problème", "en": "problem"},
    "warning": {"fr": "avertissement", "en": "warning"},
    "note": {"fr": "note", "en": "note"},
}
