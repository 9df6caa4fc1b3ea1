# ruff: noqa: E501 (tables of words)
"""The months' names and abbreviations, and the names of weekdays that may stand before a date.

French, Arabic (Morocco, Algeria, Egypt, the Levant), Tamazight (Tifinagh and Latin letters), English, Spanish, Portuguese,
Italian, German and Turkish. Names are lower-case, without accents, and with ا for أ and إ. Roman numerals count as months; X is left out,
because it marks an unknown part.

*Source:* the Tamazight names are those of the Royal Institute of Amazigh Culture (IRCAM), as CLDR's locales ``zgh``,
``shi`` and ``kab`` have them.
"""

from __future__ import annotations

__all__ = ["HIJRI_MONTHS", "MONTHS", "MONTHS_OF_TWO_WORDS", "WEEKDAYS"]

_NAMES = (
    "janvier janv jan january enero ene janeiro gennaio gen يناير جانفي ينير ⵉⵏⵏⴰⵢⵔ ⵢⵏⵏⴰⵢⵔ ⵉⵏⴰⵢⵔ innayr yennayer yannayer nnayer januar ocak yanayir يناير ينايير i",
    "fevrier fevr fev feb february febrero fevereiro febbraio فبراير فيفري شباط ⴱⵕⴰⵢⵕ ⵅⵓⴱⵔⴰⵢⵔ ⴱⵔⴰⵢⵔ brayr furar februar subat fabrayir فبراير فبرايير ii",
    "mars mar march marzo marco مارس اذار مارت ⵎⴰⵕⵚ ⵎⴰⵔⵙ mars meghres marz mart iii",
    "avril avr apr april abril abr aprile ابريل افريل نيسان ⵉⴱⵔⵉⵔ ⵢⴱⵔⵉⵔ ibrir yebrir nisan ابرايل iv",
    "mai may mayo maio maggio mag ماي مايو ايار مايس ⵎⴰⵢⵢⵓ ⵎⴰⵢⵓ mayyu mayyuh maggu mayis mayou v",
    "juin jun june junio junho giugno giu يونيو يونيه جوان حزيران ⵢⵓⵏⵢⵓ ⵢⵓⵏⵢⵓⵀ yunyu yunyuh yunyu juni haziran younyou يونيوه vi",
    "juillet juil juill jul july julio julho luglio lug يوليو يوليوز يوليه جويلية تموز ⵢⵓⵍⵢⵓⵣ ⵢⵓⵍⵢⵓ yulyuz yulyu juli temmuz youlyouz يوليوس vii",
    "aout aou aug august agosto ago غشت اغسطس اوت اب ⵖⵓⵛⵜ ⵖⵓⵛⵉⵜ ghuct ghoucht ɣuct ghusht ghocht agustos غوشت viii",
    "septembre sept sep september septiembre setembro set settembre شتنبر سبتمبر ايلول ⵛⵓⵜⴰⵏⴱⵉⵔ ⵛⵜⵏⴱⵉⵔ cutanbir ctember chutanbir choutanbir eylul شوتنبر سبتنبر ix",
    "octobre oct october octubre outubro out ottobre ott اكتوبر ⴽⵜⵓⴱⵔ ⴽⵟⵓⴱⵕ ktubr tuber oktober okt ekim oktobir اكتوبير",
    "novembre nov november noviembre novembro نونبر نوفمبر ⵏⵓⵡⴰⵏⴱⵉⵔ ⵏⵡⴰⵏⴱⵉⵔ nuwanbir wamber kasim nounbir نوفنبر نونبير xi",
    "decembre dec december diciembre dic dezembro dez dicembre دجنبر ديسمبر ⴷⵓⵊⴰⵏⴱⵉⵔ ⴷⵊⴰⵏⴱⵉⵔ dujanbir dugambir dujember dezember dez aralik dojanbir ديسنبر دجنبير xii",
)
MONTHS: dict[str, int] = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}

MONTHS_OF_TWO_WORDS: tuple[tuple[str, int], ...] = (
    ("كانون الثاني", 1), ("تشرين الاول", 10), ("تشرين الأول", 10), ("تشرين الثاني", 11), ("كانون الاول", 12),
    ("كانون الأول", 12), ("كانون ثاني", 1), ("تشرين اول", 10), ("تشرين أول", 10), ("تشرين ثاني", 11), ("كانون اول", 12),
    ("كانون أول", 12),
)  # fmt: skip
"""Months of the Levant."""

WEEKDAYS = frozenset(
    """
    lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
    lunes martes miercoles jueves viernes sabado domingo
    الاثنين الاثنان الثلاثاء الاربعاء الخميس الجمعة السبت الاحد اثنين ثلاثاء اربعاء خميس جمعة سبت احد
    """.split()  # noqa: SIM905
)
"""*mar* (mardi) is left out: it is the month of March in more files."""

HIJRI_MONTHS: tuple[tuple[str, int], ...] = (
    ("ربيع الاول", 3), ("ربيع الأول", 3), ("ربيع الثاني", 4), ("ربيع الآخر", 4), ("ربيع الاخر", 4),
    ("جمادى الأولى", 5), ("جمادى الاولى", 5), ("جمادي الاولي", 5), ("جمادى الثانية", 6), ("جمادى الآخرة", 6),
    ("جمادي الثانية", 6), ("ذو القعدة", 11), ("ذي القعدة", 11), ("ذو الحجة", 12), ("ذي الحجة", 12),
    ("محرم", 1), ("صفر", 2), ("رجب", 7), ("شعبان", 8), ("رمضان", 9), ("شوال", 10),
    ("rabi al awwal", 3), ("rabia i", 3), ("rabi al thani", 4), ("rabia ii", 4), ("joumada i", 5), ("joumada ii", 6),
    ("moharram", 1), ("muharram", 1), ("safar", 2), ("rajab", 7), ("chaabane", 8), ("shaaban", 8), ("ramadan", 9),
    ("chaoual", 10), ("shawwal", 10), ("dhou al kiada", 11), ("dhou al hijja", 12),
)  # fmt: skip
