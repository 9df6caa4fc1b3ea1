# ruff: noqa: E501 (tables of words)
"""The months' names and abbreviations, and the names of weekdays that may stand before a date.

Names are lower-case, without accents, and with ا for أ and إ. Roman numerals count as months; X is left out,
because it marks an unknown part.

The languages are French, Arabic (Morocco, Algeria, Mauritania, Libya, Egypt, the Levant), Tamazight (Tifinagh and Latin
letters), English, Spanish, Portuguese and Italian. German, Turkish, Dutch, Polish, Czech, Romanian and Catalan follow.
Others are Russian, Ukrainian, Swahili, Somali and the Nordic languages.

*Source:* the Tamazight names are those of the Royal Institute of Amazigh Culture (IRCAM), as CLDR's locales ``zgh``,
``shi`` and ``kab`` have them. The other names are those of CLDR's locales, in the nominative and in the genitive.
"""

from __future__ import annotations

__all__ = ["MONTHS", "MONTHS_OF_TWO_WORDS", "WEEKDAYS"]

_NAMES = (
    "janvier janv jan january enero ene janeiro gennaio gen يناير جانفي ينير ⵉⵏⵏⴰⵢⵔ ⵢⵏⵏⴰⵢⵔ ⵉⵏⴰⵢⵔ innayr yennayer yannayer nnayer januar ocak yanayir يناير ينايير i januari ianuarie ian gener jannaayo stycznia styczen sty leden ledna января январь янв січня січень januarie",
    "fevrier fevr fev feb february febrero fevereiro febbraio فبراير فيفري شباط ⴱⵕⴰⵢⵕ ⵅⵓⴱⵔⴰⵢⵔ ⴱⵔⴰⵢⵔ brayr furar februar subat fabrayir فبراير فبرايير ii februari februarie febrer febraayo lutego luty lut unor unora февраля февраль фев лютого лютии النوار",
    "mars mar march marzo marco مارس اذار مارت ⵎⴰⵕⵚ ⵎⴰⵔⵙ mars meghres marz mart iii maart mrt martie marc machi maarso marca marzec brezen brezna марта март мар березня березень الربيع",
    "avril avr apr april abril abr aprile ابريل افريل نيسان ⵉⴱⵔⵉⵔ ⵢⴱⵔⵉⵔ ibrir yebrir nisan ابرايل iv aprilie aprili abriil kwietnia kwiecien kwi duben dubna апреля апрель апр квітня квітень الطير",
    "mai may mayo maio maggio mag ماي مايو ايار مايس ⵎⴰⵢⵢⵓ ⵎⴰⵢⵓ mayyu mayyuh maggu mayis mayou v mei maig maajo maja maj kveten kvetna мая маи травня травень الماء",
    "juin jun june junio junho giugno giu يونيو يونيه جوان حزيران ⵢⵓⵏⵢⵓ ⵢⵓⵏⵢⵓⵀ yunyu yunyuh yunyu juni haziran younyou يونيوه vi juny juun czerwca czerwiec cze cerven cervna июня июнь июн червня червень iunie iun الصيف",
    "juillet juil juill jul july julio julho luglio lug يوليو يوليوز يوليه جويلية تموز ⵢⵓⵍⵢⵓⵣ ⵢⵓⵍⵢⵓ yulyuz yulyu juli temmuz youlyouz يوليوس vii juliol julai luuliyo lipca lipiec lip cervenec cervence июля июль июл липня липень iulie iul ناصر",
    "aout aou aug august agosto ago غشت اغسطس اوت اب ⵖⵓⵛⵜ ⵖⵓⵛⵉⵜ ghuct ghoucht ɣuct ghusht ghocht agustos غوشت viii augustus agost agosti agoosto sierpnia sierpien sie srpen srpna августа август авг серпня серпень اغشت augusti هانيبال",
    "septembre sept sep september septiembre setembro set settembre شتنبر سبتمبر ايلول ⵛⵓⵜⴰⵏⴱⵉⵔ ⵛⵜⵏⴱⵉⵔ cutanbir ctember chutanbir choutanbir eylul شوتنبر سبتنبر ix setembre septemba sebtembar wrzesnia wrzesien wrz zari сентября сентябрь сен сент вересня вересень septembrie شتمبر الفاتح",
    "octobre oct october octubre outubro out ottobre ott اكتوبر ⴽⵜⵓⴱⵔ ⴽⵟⵓⴱⵕ ktubr tuber oktober okt ekim oktobir اكتوبير oktoba oktoobar pazdziernika pazdziernik paz rijen rijna октября октябрь окт жовтня жовтень octombrie التمور",
    "novembre nov november noviembre novembro نونبر نوفمبر ⵏⵓⵡⴰⵏⴱⵉⵔ ⵏⵡⴰⵏⴱⵉⵔ nuwanbir wamber kasim nounbir نوفنبر نونبير xi novemba nofembar listopada listopad lis ноября ноябрь ноя листопада листопад noiembrie noi الحرث",
    "decembre dec december diciembre dic dezembro dez dicembre دجنبر ديسمبر ⴷⵓⵊⴰⵏⴱⵉⵔ ⴷⵊⴰⵏⴱⵉⵔ dujanbir dugambir dujember dezember dez aralik dojanbir ديسنبر دجنبير xii desembre desemba desembar desember des grudnia grudzien gru prosinec prosince декабря декабрь дек грудня грудень decembrie دجمبر الكانون",
)
MONTHS: dict[str, int] = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}

MONTHS_OF_TWO_WORDS: tuple[tuple[str, int], ...] = (
    ("كانون الثاني", 1), ("تشرين الاول", 10), ("تشرين الأول", 10), ("تشرين الثاني", 11), ("كانون الاول", 12),
    ("كانون الأول", 12), ("كانون ثاني", 1), ("تشرين اول", 10), ("تشرين أول", 10), ("تشرين ثاني", 11), ("كانون اول", 12),
    ("كانون أول", 12), ("أي النار", 1), ("اي النار", 1),
)  # fmt: skip
"""Months of the Levant, and the January of Libya."""

WEEKDAYS = frozenset(
    """
    lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
    lunes martes miercoles jueves viernes sabado domingo segunda terca quarta quinta sexta feira
    lunedi martedi mercoledi giovedi venerdi sabato domenica montag dienstag mittwoch donnerstag freitag samstag sonntag
    pazartesi sali carsamba persembe cuma cumartesi maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    poniedzialek wtorek sroda czwartek piatek niedziela
    الاثنين الاثنان الثلاثاء الاربعاء الخميس الجمعة السبت الاحد اثنين ثلاثاء اربعاء خميس جمعة سبت احد
    """.split()  # noqa: SIM905
)
"""*mar* (mardi) is left out: it is the month of March in more files."""
