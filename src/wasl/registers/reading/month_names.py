"""The months' names and abbreviations in French, Arabic (Morocco, Algeria, Egypt, Syria), English, Spanish, Portuguese.

Names are lower-case, without accents, and with ا for أ and إ.
"""

from __future__ import annotations

__all__ = ["HIJRI_MONTHS", "MONTHS"]

_NAMES = (
    "janvier janv jan january enero ene janeiro يناير جانفي",
    "fevrier fevr fev feb february febrero fevereiro فبراير فيفري شباط",
    "mars mar march marzo marco مارس اذار",
    "avril avr apr april abril abr ابريل افريل نيسان",
    "mai may mayo maio ماي مايو ايار",
    "juin jun june junio junho يونيو يونيه جوان حزيران",
    "juillet juil jul july julio julho يوليو يوليوز يوليه جويلية تموز",
    "aout aou aug august agosto ago غشت اغسطس اوت اب",
    "septembre sept sep september septiembre setembro set شتنبر سبتمبر ايلول",
    "octobre oct october octubre outubro out اكتوبر",
    "novembre nov november noviembre novembro نونبر نوفمبر",
    "decembre dec december diciembre dic dezembro dez دجنبر ديسمبر",
)
MONTHS: dict[str, int] = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}

HIJRI_MONTHS: tuple[tuple[str, int], ...] = (
    ("ربيع الاول", 3), ("ربيع الأول", 3), ("ربيع الثاني", 4), ("ربيع الآخر", 4), ("ربيع الاخر", 4),
    ("جمادى الأولى", 5), ("جمادى الاولى", 5), ("جمادي الاولي", 5), ("جمادى الثانية", 6), ("جمادى الآخرة", 6),
    ("جمادي الثانية", 6), ("ذو القعدة", 11), ("ذي القعدة", 11), ("ذو الحجة", 12), ("ذي الحجة", 12),
    ("محرم", 1), ("صفر", 2), ("رجب", 7), ("شعبان", 8), ("رمضان", 9), ("شوال", 10),
    ("rabi al awwal", 3), ("rabia i", 3), ("rabi al thani", 4), ("rabia ii", 4), ("joumada i", 5), ("joumada ii", 6),
    ("moharram", 1), ("muharram", 1), ("safar", 2), ("rajab", 7), ("chaabane", 8), ("shaaban", 8), ("ramadan", 9),
    ("chaoual", 10), ("shawwal", 10), ("dhou al kiada", 11), ("dhou al hijja", 12),
)  # fmt: skip
