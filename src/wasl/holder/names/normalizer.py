"""Applies the rules: a cell with a name becomes canonical words and their skeletons."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from wasl.holder.names.arabic import is_arabic, romanize
from wasl.holder.names.rules import (
    ALIASES,
    BIRTH_WORDS,
    LATIN_RULES,
    MARRIAGE_WORDS,
    NAME_MAKERS,
    SOUND_RULES,
    TITLES,
    TRIGGER,
    VOWELS,
    WORD_RULES,
)
from wasl.holder.names.scripts import to_latin

__all__ = ["Name", "canonical", "normalize", "skeleton", "written"]

NOT_A_LETTER = re.compile(r"[^A-Z]+")
APOSTROPHES = re.compile(r"['’‘`´ʼʻʿʾ]")
SPECIAL = str.maketrans(
    {"Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "İ": "I", "Ŋ": "N", "Ɓ": "B", "Ɗ": "D",
     "Ɲ": "N", "Ɖ": "D", "Ɛ": "E", "Ɔ": "O", "Ƴ": "Y", "Ƙ": "K", "Ɣ": "GH", "Ħ": "H", "Ŧ": "T", "Ə": "A", "Ƒ": "F",
     "Ʋ": "V", "Ɩ": "I", "Ʊ": "U", "Ǝ": "E", "ẞ": "SS", "Ç": "SS"}
)  # fmt: skip
ARABIC_STEPS = [(rule.needs, rule.compiled.sub, rule.replacement) for rule in SOUND_RULES]
LATIN_STEPS = [(rule.needs, rule.compiled.sub, rule.replacement) for rule in LATIN_RULES + SOUND_RULES]
INITIAL = re.compile(r"\b(?:(N) (?=[BCDFGJKLSTZ])|(M) (?=B|P|HAM[AEI]))")
"""N and M before the consonants they begin words with; M before another is *Monsieur*."""
MISTER = re.compile(r"\bM\.")
SHORT = 3
"""Consonants that a skeleton keeps whatever the skeleton rules say."""
EGYPTIAN = re.compile(r"^G(?=..)|(?<=.)G")
"""Egypt's g is the j of others (Gamal, Jamal); not in short names that begin with it, nor after an initial nasal."""
WITHOUT_VOWELS = str.maketrans("", "", "".join(sorted(VOWELS)))
LABIAL = re.compile(r"N(?=[BP])")
"""N before b and p is m: Banba, Bamba."""
NASAL = re.compile(r"(?<=.)(?:M(?=[BP])|N(?=[DGJKT]))")
ROUGH_NASAL = re.compile(r"(?<=.)(?:[MN](?=B)|N(?=[KT]))")
"""A nasal before a stop is a vowel's colour: Tounkara, Toukara."""
FINAL_NG = re.compile(r"..[AEIOU]NG$")
"""The g after a final n is hardly heard: Niang, Nian. Words of one syllable keep it: Wang and Wan are two names."""
MIDDLE = str.maketrans("XZDPGJ", "SSTBKK")
"""Sounds that are one in names of three consonants: s, z and sh, t and d, b and p, k, g and j."""
INITIAL_V = re.compile("^F")
"""An initial v, in skeletons an f, is the b of Spain, Bengal and Greece (Vicente, Bicente; Vijay, Bijoy)."""
ROUGH = str.maketrans("GJXZDFPV", "KKSSTBBB")
"""Sounds that are one in names of four consonants and more: those of MIDDLE, and b with f and v."""
TWICE = re.compile("|".join(f"{letter}(?={letter})" for letter in "BFKLMNRST"))
STANDARD = str.maketrans(
    {"Ḫ": "KH", "Ǧ": "J", "Ġ": "GH", "Ḏ": "DH", "Ṯ": "TH", "Ž": "J", "Č": "CH", "Š": "SH", "Ẕ": "Z", "Ḵ": "KH"}
)
"""Letters of the transliteration of Arabic by ISO 233, DIN 31635 and ALA-LC that lose a sound with their mark."""
STANDARD_MARKS = re.compile("[ĀĪŪḤḪṢṬḌẒṮḎĠǦʿʾʻ]")
"""Where one of these stands, the name follows such a standard: its š is sh. For Slavic names passports write s."""
BALKAN_DJ = re.compile("Đ(?=.*Ć)")
"""Đ is dj in a name that has ć; elsewhere it is the d of Viet Nam."""
TURKISH_C = re.compile(r"\bÇ|Ç\b|(?<=[ĞŞİÖÜ])Ç|(?<=[ĞŞİÖÜ]\w)Ç|Ç(?=\w*[ĞŞİÖÜ])")
"""Where ç is Turkish and not French: passports write it, like ş, without its cedilla."""


class Name(NamedTuple):
    """A normalized name.

    Attributes:
        words: Canonical words, in the order written.
        skeletons: One per word: first letter, consonants, and a final i.
        married: The surname after *épouse* and the like, or before *née*: another one of the same person. What follows
            it are given names.
    """

    words: tuple[str, ...]
    skeletons: tuple[str, ...]
    married: tuple[str, ...] = ()


@lru_cache(maxsize=1 << 18)
def normalize(text: str) -> Name:
    """The canonical words of a name as somebody wrote it, in Latin or Arabic script."""
    arabic = not text.isascii() and is_arabic(text)
    words = romanize(text).split() if arabic else _latin(text)
    found: list[str] = []
    skeletons: list[str] = []
    for word in words:
        sound, bones, plain = _word(word, arabic)
        if not plain:
            return _with_word_rules(words, arabic)
        if sound:
            found.append(sound)
            skeletons.append(bones)
    return Name(tuple(found), tuple(skeletons))


def _with_word_rules(words: list[str], arabic: bool) -> Name:
    """The name after the rules on whole names."""
    found, married = _apply_word_rules(words, arabic)
    return Name(
        tuple([sound for sound, _, _ in found if sound]),
        tuple([bones for sound, bones, _ in found if sound]),
        tuple(married),
    )


def _apply_word_rules(words: list[str], arabic: bool) -> tuple[list[tuple[str, str, bool]], list[str]]:
    """The words after the rules on whole names, and the words of another surname."""
    place = next((i for i, word in enumerate(words[1:-1], 1) if word in MARRIAGE_WORDS), None)
    if place is None:
        return [_word(word, arabic) for word in _whole_name(words)], []
    before, other, *given = [_whole_name(words[:place]), *_whole_name(words[place + 1 :])]
    if words[place] in BIRTH_WORDS:
        if len(before) > 1:  # which of them is the husband's, nothing tells
            return [_word(word, arabic) for word in (*before, other, *given)], []
        before, other = [other], before[0]
    sound = _word(other, arabic)[0]
    return [_word(word, arabic) for word in (*before, *given)], [sound] if sound else []


def _whole_name(words: list[str]) -> list[str]:
    """Words after the rules on whole names: titles dropped, compounds in one."""
    line = " ".join(_without_titles(words))
    for rule in WORD_RULES:
        line = rule.compiled.sub(rule.replacement, line)
    return line.split()


def canonical(text: str) -> str:
    """The canonical spelling of a name, words in the order written."""
    return " ".join(normalize(text).words)


def skeleton(text: str) -> str:
    """The skeleton of a whole name, words in the order written and joined."""
    return "".join(normalize(text).skeletons)


def written(text: str) -> tuple[str, ...]:
    """The words of a name as they are spelled, in Latin capitals without marks.

    No rule unites spellings here, so a misspelled word differs in the letters that are wrong and in no others. Titles,
    words such as *épouse* and the surname that `normalize` leaves out are left out too.
    """
    arabic = not text.isascii() and is_arabic(text)
    words = _without_titles(romanize(text).split() if arabic else _latin(text))
    if not any(word in MARRIAGE_WORDS for word in words):
        return tuple(words)
    other = normalize(text).married
    return tuple(word for word in words if word not in MARRIAGE_WORDS and _word(word, arabic)[0] not in other)


def _without_titles(words: list[str]) -> list[str]:
    titles = [
        word in TITLES
        and not any(maker in NAME_MAKERS for maker in words[max(0, place - 2) : place])
        and not (word == "MAITRE" and place and words[place - 1] == "LE")
        for place, word in enumerate(words)
    ]
    kept = [
        word
        for word, title, next_title in zip(words, titles, [*titles, False][1:], strict=True)
        if not title and not (next_title and word in ("EL", "AL"))
    ]
    return kept or words


def _latin(text: str) -> list[str]:
    """Upper-case ASCII words: diacritics and apostrophes dropped, everything else that is no letter divides."""
    upper = text.upper()
    if upper.isascii():
        if upper.replace(" ", "").isalpha():
            return _with_initials(upper).split()
    else:
        whole = unicodedata.normalize("NFC", upper)
        upper = APOSTROPHES.sub("", to_latin(whole))
        if STANDARD_MARKS.search(whole):
            upper = upper.translate(STANDARD)
        upper = BALKAN_DJ.sub("DJ", upper)
        upper = TURKISH_C.sub("C", upper).translate(SPECIAL)
        upper = "".join(c for c in unicodedata.normalize("NFKD", upper) if not unicodedata.combining(c)).upper()
    upper = MISTER.sub(" ", upper)
    return _with_initials(NOT_A_LETTER.sub(" ", upper.replace("'", "").replace("`", ""))).split()


def _with_initials(line: str) -> str:
    """Words with a nasal that stands alone before its word joined to it: N Diaye, M Baye."""
    return INITIAL.sub(r"\1\2", line) if " " in line else line


@lru_cache(maxsize=1 << 18)
def _word(word: str, arabic: bool) -> tuple[str, str, bool]:
    """A word with each sound spelled one way, its skeleton, and whether no rule on whole names can concern it."""
    plain = word not in TITLES and word not in MARRIAGE_WORDS and TRIGGER.fullmatch(word) is None
    sound = word
    for needs, rewrite, replacement in ARABIC_STEPS if arabic else LATIN_STEPS:
        if needs in sound:
            sound = rewrite(replacement, sound)
    sound = ALIASES.get(sound, sound)
    return sound, _skeleton(sound), plain


def _skeleton(word: str) -> str:
    """First letter (a vowel or h becomes A), the consonants after it, and a final i: names of origin keep theirs.

    After j a final i is the sound of the j alone (*Mbodj*, *Mbodji*).

    The longer a name, the rougher its skeleton. Sounds that languages and clerks confuse are one in names of four
    consonants and more, and some of them in names of three. Shorter names keep most: too many would agree. The
    consonants are counted on the roughest form, so that two spellings of one name are cut alike.
    """
    if not word:
        return ""
    first = "A" if word[0] in VOWELS else "F" if word[0] == "W" else word[0]
    bones = first + word[1:].translate(WITHOUT_VOWELS)
    if "N" in bones:
        bones = LABIAL.sub("M", bones)
    if word.endswith("NG") and FINAL_NG.search(word):
        bones = bones[:-1]
    ending = "I" if len(word) > 2 and word[-1] == "I" and word[-2] != "J" else ""
    plain = _without_h(bones)
    rough = plain.translate(ROUGH)
    if "M" in rough or "N" in rough:
        rough = ROUGH_NASAL.sub("", rough)
    rough = TWICE.sub("", rough)
    rough = rough.removesuffix("S") if word[-1] in "SZX" and len(rough) > SHORT else rough
    count = len(rough) - (rough[0] == "A")
    if count > SHORT:
        return rough.removeprefix("A") + ending
    if count == SHORT:
        bones = INITIAL_V.sub("B", plain.translate(MIDDLE))
    else:
        if "G" in bones and word[:2] not in ("NG", "MG"):
            bones = EGYPTIAN.sub("J", bones)
        bones = "A" + bones[1:] if bones[0] == "H" else bones
    if len(bones) > SHORT and word[-1] in "SZX":
        bones = bones[:-1] if bones[-1] in "SX" else bones
    if len(bones) > count == SHORT:
        bones = NASAL.sub("", bones)
    return bones.replace("P", "B") + ending  # Arabic script has no p


def _without_h(bones: str) -> str:
    """Consonants without h, of which clerks hear none in one language and write one in another."""
    first = "A" if bones[0] in "HY" and len(bones) > 1 else bones[0]
    return first + (bones[1:].replace("H", "") if "H" in bones else bones[1:])
