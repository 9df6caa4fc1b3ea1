"""Latin spellings of names to Arabic script, by a list of frequent names and letter rules for the rest."""

from __future__ import annotations

import re

from wasl.population.spelling import without_accents

__all__ = ["arabic_spellings"]

FREQUENT = {
    "mohamed": "محمد", "mohammed": "محمد", "mohammad": "محمد", "mouhamed": "محمد", "mamadou": "مامادو",
    "ahmed": "أحمد", "ahmad": "أحمد", "amadou": "أمادو", "ali": "علي", "aly": "علي", "hassan": "حسن",
    "hussein": "حسين", "houcine": "حسين", "hocine": "حسين", "omar": "عمر", "oumar": "عمر", "othmane": "عثمان",
    "osman": "عثمان", "ousmane": "عثمان", "ibrahim": "إبراهيم", "ibrahima": "إبراهيما", "brahim": "إبراهيم",
    "moussa": "موسى", "musa": "موسى", "issa": "عيسى", "youssef": "يوسف", "youssouf": "يوسف",
    "yacouba": "يعقوب", "yahya": "يحيى", "zakaria": "زكرياء", "ismail": "إسماعيل", "abdallah": "عبد الله",
    "abdellah": "عبد الله", "abdullah": "عبد الله", "abdoulaye": "عبد الله", "abdelkader": "عبد القادر",
    "abdelaziz": "عبد العزيز", "abdulaziz": "عبد العزيز", "abderrahmane": "عبد الرحمن",
    "abdulrahman": "عبد الرحمن", "abderrahim": "عبد الرحيم", "khaled": "خالد", "khalid": "خالد",
    "khalil": "خليل", "said": "سعيد", "rachid": "رشيد", "karim": "كريم", "nabil": "نبيل", "jamal": "جمال",
    "djamel": "جمال", "gamal": "جمال", "mustapha": "مصطفى", "mustafa": "مصطفى", "mostafa": "مصطفى",
    "moustapha": "مصطفى", "mahmoud": "محمود", "hamza": "حمزة", "anas": "أنس", "ayoub": "أيوب",
    "yassine": "ياسين", "yacine": "ياسين", "mehdi": "المهدي", "driss": "إدريس", "idriss": "إدريس",
    "souleymane": "سليمان", "suleiman": "سليمان", "cheikh": "الشيخ", "fatima": "فاطمة", "fatma": "فاطمة",
    "fatou": "فاطو", "fatoumata": "فاطوماتا", "aicha": "عائشة", "aisha": "عائشة", "aissatou": "عيساتو",
    "khadija": "خديجة", "khadidja": "خديجة", "maryam": "مريم", "mariam": "مريم", "meryem": "مريم",
    "mariama": "مريامة", "zineb": "زينب", "zainab": "زينب", "amina": "أمينة", "aminata": "أميناتا",
    "halima": "حليمة", "hawa": "حواء", "nadia": "نادية", "samira": "سميرة", "salma": "سلمى", "sara": "سارة",
    "sarah": "سارة", "nour": "نور", "amal": "أمل", "huda": "هدى", "houda": "هدى",
    "fatima-zahra": "فاطمة الزهراء", "noureddine": "نور الدين", "salaheddine": "صلاح الدين",
    "traore": "تراوري", "diallo": "ديالو", "ndiaye": "ندياي", "diop": "ديوب", "kone": "كوني",
    "coulibaly": "كوليبالي", "toure": "توري", "cisse": "سيسي", "camara": "كامارا", "keita": "كيتا",
    "bah": "باه", "barry": "باري", "sow": "سو", "ouattara": "واتارا", "el alaoui": "العلوي",
    "alaoui": "العلوي", "benali": "بن علي", "ben ali": "بن علي", "trabelsi": "الطرابلسي", "al masri": "المصري",
    "al halabi": "الحلبي", "al homsi": "الحمصي", "haddad": "حداد", "al khatib": "الخطيب",
}  # fmt: skip

LETTERS = (
    (r"\b(?:al|el)[ -]", "ال"), (r"\bben[ -]", "بن "), (r"\bould ", "ولد "), (r"\bmint ", "منت "),
    (r"\bait ", "آيت "), (r"\babu ", "أبو "), (r"tch|tsh", "تش"), (r"sch|ch|sh", "ش"), (r"kh", "خ"),
    (r"gh", "غ"), (r"dj|j", "ج"), (r"th", "ث"), (r"dh", "ذ"), (r"ph|f", "ف"), (r"gu(?=[eiy])|g", "غ"),
    (r"qu|q", "ق"), (r"ck|k", "ك"), (r"c(?=[eiy])", "س"), (r"c", "ك"), (r"x", "كس"), (r"\b(?:ou|o|u)", "أو"),
    (r"\ba", "أ"), (r"\b[ie]", "إ"), (r"ou|o|u|w|v", "و"), (r"ai|ay|ei|ey|ee", "ي"), (r"a\b", "ا"),
    (r"e\b|h\b", ""), (r"aa", "ا"), (r"i|y|e\b", "ي"), (r"(?<=[^ ])a", "ا"), (r"e", ""), (r"b|p", "ب"),
    (r"t", "ت"), (r"d", "د"), (r"r", "ر"), (r"z", "ز"), (r"s", "س"), (r"l", "ل"), (r"m", "م"), (r"n", "ن"),
    (r"h", "ه"),
)  # fmt: skip

_RULES = tuple((re.compile(pattern), letters) for pattern, letters in LETTERS)
_DOUBLES = re.compile(r"([bcdfgklmnprstvz])\1")


def arabic_spellings(name: str) -> tuple[str, str]:
    """A Latin name in Arabic script as two offices write it: carefully, and without hamza and ta marbuta."""
    key = without_accents(name).lower().replace("'", "")
    careful = FREQUENT.get(key)
    if careful is None:
        careful = _DOUBLES.sub(r"\1", key)
        for pattern, letters in _RULES:
            careful = pattern.sub(letters, careful)
        careful = re.sub(r"[^\u0600-\u06ff ]", " ", careful).strip() or "ا"
    careless = careful.translate(_CARELESS)
    return careful, careless if careless != careful else careful.replace("ي", "ى", 1) if careful.endswith(
        "ي"
    ) else careful


_CARELESS = str.maketrans("أإآةى", "اااهي")
