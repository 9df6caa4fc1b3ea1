"""The texts of the report, in French and English."""

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
    "lines-added": {
        "fr": (
            "Lignes d'un même mois additionnées",
            "Plusieurs employeurs dans le mois : jours et salaires s'ajoutent.",
        ),
        "en": ("Lines of one month added", "Several employers in the month: days and wages are added."),
    },
    "months-combined": {
        "fr": (
            "Mois d'une même personne réunis",
            "Une ligne par personne ; salaires et jours sont des moyennes par mois.",
        ),
        "en": ("Persons whose months are combined", "One row per person; wages and days are means per month."),
    },
    "outside-stock": {
        "fr": ("Personnes hors du stock", "Déclarées dans l'année, mais pas dans le mois que la règle retient."),
        "en": ("Persons outside the stock", "Declared in the year, but not in the month of the rule."),
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
        "fr": ("Dates hégiriennes, converties", "Converties dans le calendrier grégorien, comme le schéma le demande."),
        "en": ("Hijri dates, converted", "Converted to the Gregorian calendar, as the schema asks."),
    },
    "dates-partial": {
        "fr": ("Dates incomplètes", "Le jour ou le mois manque : l'année est gardée et sert à l'appariement."),
        "en": ("Partial dates", "The day or the month is not given: the year is kept and used for linkage."),
    },
    "dates-month-first": {
        "fr": ("Dates écrites mois/jour", "Le mois est avant le jour : les autres dates le sont peut-être aussi."),
        "en": ("Dates written month first", "The month stands before the day: other dates may be written so too."),
    },
    "dates-two-digit-years": {
        "fr": ("Années à deux chiffres", "Le siècle est ajouté selon `century_pivot` du schéma : vérifiez-le."),
        "en": ("Two-digit years", "The century is added by the schema's `century_pivot`: check it."),
    },
    "dates-serial-numbers": {
        "fr": ("Dates en numéros de tableur", "Un nombre de jours depuis 1900 a été converti : formatez en date."),
        "en": (
            "Dates as spreadsheet numbers",
            "A number of days since 1900 was converted: format the column as a date.",
        ),
    },
    "dates-with-zone": {
        "fr": ("Dates avec fuseau horaire", "Le jour local est retenu."),
        "en": ("Dates with a time zone", "The local day is taken."),
    },
    "dates-year-refused": {
        "fr": (
            "Dates hors des années admises",
            "Lues comme manquantes : fixez `earliest_year`, `latest_year` ou `calendar` dans le schéma.",
        ),
        "en": (
            "Dates outside the years allowed",
            "Read as missing: set `earliest_year`, `latest_year` or `calendar` in the schema.",
        ),
    },
    "marks-dropped": {
        "fr": ("Caractères invisibles, retirés", "Marques de mise en forme (ZWNJ, LRM, BOM) au milieu des textes."),
        "en": ("Invisible characters, dropped", "Format marks (ZWNJ, LRM, BOM) inside the texts."),
    },
    "cells-merged": {
        "fr": ("Cellules fusionnées, remplies", "La valeur vaut pour toutes les lignes de la fusion : vérifiez-le."),
        "en": (
            "Merged cells, filled down",
            "The value was given to every row of the merged range: check that it holds.",
        ),
    },
    "formulas-without-value": {
        "fr": ("Formules sans valeur", "Ouvrez le classeur dans un tableur et enregistrez-le : elles sont lues vides."),
        "en": ("Formulas without a value", "Open the workbook in a spreadsheet and save it: they are read as missing."),
    },
    "rows-mended": {
        "fr": ("Lignes complétées", "Séparateurs de fin en trop ou en moins : les cellules vides ont été ajustées."),
        "en": ("Rows mended", "Trailing separators too many or too few: blank cells were added or dropped."),
    },
    "columns-renamed": {
        "fr": ("Colonne trouvée sous un autre titre", "Ajoutez ce titre aux `aliases` du schéma s'il est juste."),
        "en": ("Column found under another heading", "Add the heading to the schema's `aliases` if it is right."),
    },
    "layout-found": {
        "fr": ("Disposition du fichier", "La feuille et la ligne des titres ont été trouvées, non données."),
        "en": ("Layout of the file", "The sheet and the header row were found, not given."),
    },
    "identifiers-void": {
        "fr": ("Numéros qui n'en sont pas", "« EN COURS », « PERDU », 123456… : lus comme manquants."),
        "en": ("Identifiers that are none", "EN COURS, PERDU, 123456 and the like: read as missing."),
    },
    "identifiers-shared": {
        "fr": ("Numéros communs à plusieurs personnes", "Portés par des naissances différentes : lus comme manquants."),
        "en": ("Identifiers shared by several persons", "Held by persons of different birth: read as missing."),
    },
    "names-placeholder": {
        "fr": ("Noms qui n'en sont pas", "« NEANT », « INCONNU », « غير معروف » : lus comme manquants."),
        "en": ("Names that are none", "NEANT, INCONNU, غير معروف and the like: read as missing."),
    },
    "names-unreadable": {
        "fr": ("Noms dans une écriture non lue", "Ni latin, ni arabe, ni tifinagh, ni cyrillique, ni grec."),
        "en": ("Names in a script that is not read", "Neither Latin, Arabic, Tifinagh, Cyrillic nor Greek."),
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
