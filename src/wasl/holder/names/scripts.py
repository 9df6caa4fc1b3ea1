# ruff: noqa: E501 (tables of letters)
"""Names in scripts other than Latin and Arabic, and letters that look like Latin ones, as Latin letters.

Tifinagh follows the alphabet of the Royal Institute of Amazigh Culture (IRCAM), Cyrillic and Greek the spelling of French
passports. A word that mixes Cyrillic or Greek with Latin letters was meant to be Latin: its letters
are read as the Latin ones they look like (САМАRА for CAMARA). A word of one script is transliterated.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["to_latin"]

TIFINAGH = str.maketrans(
    {
        "ⴰ": "A", "ⴱ": "B", "ⴲ": "B", "ⴳ": "G", "ⴴ": "G", "ⴵ": "DJ", "ⴶ": "G", "ⴷ": "D", "ⴸ": "D", "ⴹ": "D", "ⴺ": "D",
        "ⴻ": "E", "ⴼ": "F", "ⴽ": "K", "ⴾ": "K", "ⴿ": "KH", "ⵀ": "H", "ⵁ": "H", "ⵂ": "H", "ⵃ": "H", "ⵄ": "A", "ⵅ": "KH",
        "ⵆ": "KH", "ⵇ": "Q", "ⵈ": "Q", "ⵉ": "I", "ⵊ": "J", "ⵋ": "J", "ⵌ": "J", "ⵍ": "L", "ⵎ": "M", "ⵏ": "N", "ⵐ": "N",
        "ⵑ": "NG", "ⵒ": "P", "ⵓ": "OU", "ⵔ": "R", "ⵕ": "R", "ⵖ": "GH", "ⵗ": "GH", "ⵘ": "J", "ⵙ": "S", "ⵚ": "S", "ⵛ": "CH",
        "ⵜ": "T", "ⵝ": "TH", "ⵞ": "TCH", "ⵟ": "T", "ⵠ": "V", "ⵡ": "W", "ⵢ": "Y", "ⵣ": "Z", "ⵤ": "Z", "ⵥ": "Z", "ⵦ": "E",
        "ⵧ": "O", "ⵯ": "W",
    }
)  # fmt: skip
CYRILLIC = str.maketrans(
    {
        "А": "A", "Б": "B", "В": "V", "Г": "G", "Ґ": "G", "Д": "D", "Е": "E", "Ё": "E", "Є": "IE", "Ж": "J", "З": "Z", "И": "I",
        "І": "I", "Ї": "I", "Й": "I", "К": "K", "Л": "L", "М": "M", "Н": "N", "О": "O", "П": "P", "Р": "R", "С": "S", "Т": "T",
        "У": "OU", "Ў": "OU", "Ф": "F", "Х": "KH", "Ц": "TS", "Ч": "TCH", "Ш": "CH", "Щ": "CH", "Ъ": "", "Ы": "Y", "Ь": "",
        "Э": "E", "Ю": "IOU", "Я": "IA", "Ј": "J", "Љ": "L", "Њ": "N", "Ђ": "DJ", "Ћ": "C", "Џ": "DJ", "Ѕ": "S",
    }
)  # fmt: skip
GREEK = str.maketrans(
    {
        "Α": "A", "Β": "V", "Γ": "G", "Δ": "D", "Ε": "E", "Ζ": "Z", "Η": "I", "Θ": "TH", "Ι": "I", "Κ": "K", "Λ": "L", "Μ": "M",
        "Ν": "N", "Ξ": "X", "Ο": "O", "Π": "P", "Ρ": "R", "Σ": "S", "Τ": "T", "Υ": "Y", "Φ": "F", "Χ": "CH", "Ψ": "PS", "Ω": "O",
    }
)  # fmt: skip
GREEK_EF, GREEK_EV = re.compile("([ΑΕ])Υ(?=[ΘΚΞΠΣΤΦΧΨ])"), re.compile("([ΑΕ])Υ")
"""Alpha and epsilon before upsilon are af and ef before a voiceless consonant, av and ev elsewhere."""
LOOK_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "ABESIJKMHOPCTYXYQWABEZHIKMNOPTYX",
)
WORDS = re.compile(r"[^\s\-.,;/]+")
LATIN, OTHER = re.compile("[A-Za-zÀ-ɏ]"), re.compile("[Ͱ-ϿЀ-ԯ]")


def to_latin(text: str) -> str:
    """An upper-case text with Tifinagh, Cyrillic and Greek letters as Latin ones, without format characters."""
    bare = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc") or c in "\t\n\r")
    bare = bare.translate(TIFINAGH)
    if OTHER.search(bare) is None:
        return bare
    beside = LATIN.search(bare) is not None

    def word(found: re.Match[str]) -> str:
        own = found[0]
        if OTHER.search(own) is None:
            return own
        alike = own.translate(LOOK_ALIKE)
        mixed = LATIN.search(own) is not None or beside
        return alike if mixed and OTHER.search(alike) is None else _spelled(own)

    return WORDS.sub(word, bare)


def _spelled(word: str) -> str:
    flat = "".join(c for c in unicodedata.normalize("NFD", word.replace("Й", "И")) if not unicodedata.combining(c))
    flat = GREEK_EV.sub(r"\1V", GREEK_EF.sub(r"\1Φ", flat.replace("ΟΥ", "OU"))).replace("ΓΓ", "NG").replace("ΓΚ", "G")
    return flat.translate(CYRILLIC).translate(GREEK)
