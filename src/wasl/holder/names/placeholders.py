# ruff: noqa: E501 (tables of words)
"""Cells of name columns that hold no name: placeholders, and scripts that are not read."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from wasl.holder.names.normalizer import normalize
from wasl.registers.codes.classification import spelling_key

__all__ = ["NoName", "what_is_no_name"]

NoName = Literal["names-placeholder", "names-unreadable"]

PHRASES = frozenset(
    [
        "NEANT", "INCONNU", "INCONNUE", "INCONNUS", "INCONNUES", "NON CONNU", "NON CONNUE", "SANS", "SANS NOM", "SANS PRENOM",
        "SANS NOM NI PRENOM", "AUCUN", "AUCUN NOM", "PAS DE NOM", "PAS DE PRENOM", "NON PRECISE", "NON RENSEIGNE",
        "NON DECLARE", "NON DETERMINE", "NON DISPONIBLE", "NON COMMUNIQUE", "INDETERMINE", "A COMPLETER", "A PRECISER",
        "EN COURS", "N A", "N D", "N R", "N C", "NULL", "NONE", "VIDE", "RAS", "R A S",
        "SNP", "S N P", "S P", "SANS NOM PATRONYMIQUE", "UNKNOWN", "UNK", "NO NAME", "NOT KNOWN", "NOT AVAILABLE",
        "FNU", "LNU", "MISSING", "DESCONOCIDO", "DESCONOCIDA", "SIN NOMBRE", "TEST", "ANONYME", "X", "XX", "XXX",
        "غير معروف", "غير معروفة", "غير محدد", "غير محددة", "غير متوفر", "غير مذكور", "غير مصرح به", "مجهول", "مجهولة", "مجهول الاسم", "بدون",
        "AUCUNE", "NR", "NC", "ND", "NSP", "NN", "N N", "S N", "UNDEFINED", "TBD", "NE SAIT PAS", "NOT PROVIDED", "NOT GIVEN",
        "NOT STATED", "NOT APPLICABLE", "REFUSED", "REFUSE", "DECEASED", "UNNAMED", "ILLISIBLE", "ILLEGIBLE", "IDEM", "DITTO", "MEME",
        "A VERIFIER", "A CONFIRMER", "TO BE CONFIRMED", "ESSAI", "EXEMPLE", "AZERTY", "QWERTY", "ASDF", "QSDF", "NOM", "PRENOM",
        "NOM DE FAMILLE", "NOM ET PRENOM", "NOM PRENOM", "SURNAME", "FIRST NAME", "LAST NAME", "APELLIDO", "SIN APELLIDO", "SIN DATOS",
        "NO CONSTA", "SANS PATRONYME", "SANS FAMILLE", "SANS IDENTITE", "SANS IDENTIFICATION", "NOM INCONNU", "PRENOM INCONNU",
        "PERE INCONNU", "MERE INCONNUE", "PARENTS INCONNUS", "ENFANT", "BEBE", "NOUVEAU NE", "NOUVEAU NEE", "NOURRISSON", "BABY BOY",
        "BABY GIRL", "INFANT", "NEWBORN", "HOMME", "FEMME", "UN HOMME", "UNE FEMME", "FILS DE", "FILLE DE", "JOHN DOE", "JANE DOE",
        "NOMEN NESCIO", "مجهول الأب", "مجهولة الأب", "مجهول الهوية", "مجهولة الهوية", "مجهول الأبوين", "مجهولة الأبوين", "ابن مجهول",
        "بنت مجهول", "غير مقروء", "غير واضح", "غير مدلى به", "فلان", "فلانة", "س", "س س", "لا اسم", "بدون نسب", "بدون اسم عائلي", "اسم",
        "الاسم", "النسب", "الاسم العائلي", "الاسم الشخصي", "مولود", "مولودة", "مولود جديد", "رضيع", "رضيعة", "طفل", "طفلة", "منعدم",
        "NON INDIQUE", "NON INDIQUEE", "NON SPECIFIE", "NON FOURNI", "NON MENTIONNE", "NON SAISI", "NON IDENTIFIE", "NON ENREGISTRE", "A RENSEIGNER",
        "A SAISIR", "VOIR CI DESSUS", "VOIR DOSSIER", "MANQUANT", "ABSENT", "MORT NE", "MORT NEE", "MONSIEUR", "MADAME", "MADEMOISELLE",
        "NONAME", "NFN", "NLN", "TBC", "NOT RECORDED", "NOT SPECIFIED", "NOT INDICATED", "NO FIRST NAME", "NO LAST NAME", "NO SURNAME",
        "NO GIVEN NAME", "FIRST NAME UNKNOWN", "LAST NAME UNKNOWN", "ANONYMOUS", "STILLBORN", "TEST TEST", "REDACTED", "CONFIDENTIAL", "CONFIDENTIEL",
        "SIN ESPECIFICAR", "NO ESPECIFICADO", "NINGUNO", "ANONIMO", "DESCONHECIDO", "DESCONHECIDA", "SEM NOME", "SEM APELIDO", "NAO CONSTA",
        "SCONOSCIUTO", "SCONOSCIUTA", "SENZA NOME", "SENZA COGNOME", "UNBEKANNT", "OHNE NAMEN", "OHNE NAME", "KEIN NAME", "NICHT BEKANNT",
        "KEINE ANGABE", "ONBEKEND", "GEEN NAAM", "GEEN VOORNAAM", "BILINMIYOR", "ISIMSIZ", "ADI YOK", "NIEZNANY", "NIEZNANA", "NIEZNANE",
        "BRAK DANYCH", "NECUNOSCUT", "NECUNOSCUTA", "FARA NUME", "НЕИЗВЕСТНО", "НЕИЗВЕСТЕН", "НЕТ", "NAME", "VORNAME", "NACHNAME",
        "NOMBRE", "APELLIDOS", "COGNOME", "NAZWISKO", "IMIE", "معلومة ناقصة", "كذلك", "نفسه", "نفس الاسم", "بنت فلان", "ابن فلان", "ولد", "بنت",
        "بلا اسم", "غير مسجل", "غير مسجلة", "غير متاح", "لم يذكر", "ناقص",
        "بدون اسم", "بدون لقب", "لا يوجد", "لا شيء", "لا شيئ", "لاشيء", "لا اسم له", "دون اسم",
    ]
)  # fmt: skip
"""Whole cells, as spelling keys."""
WORDS = frozenset(["NEANT", "INCONNU", "INCONNUE", "UNKNOWN", "SNP", "FNU", "LNU", "XXX", "مجهول", "مجهولة"])
"""Words that are no name beside any other; a cell of only these holds no name."""
CHILD_OF = re.compile(r"(?:BEBE|BABY|ENFANT|NOUVEAU NEE?|NOURRISSON|INFANT|FILS|FILLE) (?:DE|D|DU|OF)\b.*")
"""A newborn without a name: what follows is the name of a parent."""
NAMELESS = re.compile(
    r"(?:(?:MR|M|MME|MLLE|MONSIEUR|MADAME|NEE?|SOUS|BEN|BENT|BNT|BINT|IBN|FILS|FILLE|DE) ?)*X+(?: ?BE?N?T? ?X+| X+)*"
)
"""X stands for every name: X ben X, Monsieur X."""
ERROR = re.compile(r"#[^\W\d_][\w/ ]{1,12}[!?]?|#DIV/0!", re.IGNORECASE)
"""An error of a spreadsheet in any language: #REF!, #NAME?, #VALEUR!."""
KEYS = frozenset(spelling_key(phrase) for phrase in PHRASES)
ALONE = KEYS | WORDS
"""Words that are no name where they stand alone."""


def what_is_no_name(text: str) -> NoName | None:
    """Why a name cell gives no name, or None where it gives one.

    A cell without any letter (``...``, ``--``, ``123``) is a placeholder; a cell with letters of which no word could
    be made is unreadable.
    """
    if text.isascii() and len(text) > 3 and text.replace(" ", "").isalpha():
        upper = text.upper()
        if upper.isalpha() and "X" not in upper and upper not in ALONE and len(set(upper)) > 2:  # nearly every cell
            return None
        if (
            upper not in KEYS
            and "X" not in upper
            and " DE " not in upper
            and " OF " not in upper
            and len(set(upper)) > 2
            and not (WORDS & set(upper.split()))
        ):
            return None
    if text in ("nan", "NaN", "<NA>"):  # a program's missing value; Nan in capitals is an Ivorian name
        return "names-placeholder"
    if ERROR.fullmatch(text):
        return "names-placeholder"
    key = spelling_key(text)
    words = key.split()
    if (
        key in KEYS
        or CHILD_OF.fullmatch(key)
        or NAMELESS.fullmatch(key)
        or (words and all(word in WORDS or re.fullmatch(r"([A-Z])\1{2,}", word) for word in words))
    ):
        return "names-placeholder"
    if not any(unicodedata.category(c).startswith("L") for c in text):
        return "names-placeholder"
    return None if normalize(text).words else "names-unreadable"
