"""Words for names that stand in files: of comparisons, passes, columns, statuses. Other names stay as they are."""

from __future__ import annotations

from wasl.locale import N_, Messages

__all__ = ["KNOWN_NAMES", "in_words", "known_as", "known_name"]

KNOWN_NAMES = {
    "suppression": N_("suppression of cells"),
    "cell-key": N_("noise by cell key"),
    "persons": N_("persons"),
    "all": N_("all passes together"),
    "birth": N_("birth date"),
    "birth_date": N_("birth date"),
    "birth_year": N_("year of birth"),
    "birth_place": N_("place of birth"),
    "names": N_("names"),
    "surname": N_("surname"),
    "given": N_("given name"),
    "married_name": N_("name by marriage"),
    "surname_arabic": N_("surname in Arabic letters"),
    "given_arabic": N_("given name in Arabic letters"),
    "refugee_file": N_("number of the refugee file"),
    "national_id": N_("another national number"),
    "anapec_number": N_("ANAPEC number"),
    "phone": N_("telephone"),
    "street_number": N_("house number"),
    "street": N_("street"),
    "address_detail": N_("more of the address"),
    "locality": N_("town"),
    "postcode": N_("postcode"),
    "region": N_("region"),
    "full_name": N_("full name"),
    "origin": N_("origin"),
    "sex": N_("sex"),
    "nationality": N_("nationality"),
    "contact": N_("contact"),
    "certificate": N_("number of the certificate"),
    "anapec-number": N_("ANAPEC number"),
    "cin": N_("number of the national identity card"),
    "cnss": N_("CNSS number"),
    "consular": N_("consular number"),
    "passport": N_("passport"),
    "permit": N_("number of the residence permit"),
    "refugee-file": N_("number of the refugee file"),
    "household": N_("household"),
    "day-word": N_("day of birth and a word of the name"),
    "given-birth": N_("given name and birth date"),
    "surname-birth": N_("surname and birth date"),
    "names-birth": N_("names and birth date"),
    "names-days": N_("names and near birth dates"),
    "names-year": N_("names and year of birth"),
    "prefix-1": N_("beginning of the first name and birth"),
    "prefix-2": N_("beginning of the second name and birth"),
    "word-1": N_("first word of the name and birth"),
    "word-2": N_("second word of the name and birth"),
    "word-3": N_("third word of the name and birth"),
    "birth-given": N_("birth date and given name"),
    "birth-surname": N_("birth date and surname"),
    "birth-locality": N_("birth date and town"),
    "birth-postcode": N_("birth date and postcode"),
    "birth-street": N_("birth date and street"),
    "given-days": N_("given name and near birth dates"),
    "given-locality": N_("given name and town"),
    "given-year": N_("given name and year of birth"),
    "names-postcode": N_("names and postcode"),
    "names-street": N_("names and street"),
    "prefix-days": N_("beginning of the name and near birth dates"),
    "surname-days": N_("surname and near birth dates"),
    "surname-postcode": N_("surname and postcode"),
    "surname-year": N_("surname and year of birth"),
    **{f"word_{n}": N_("a word of the name, chosen by the key") for n in range(1, 6)},
    **{f"word_prefix_{n}": N_("the beginning of a word of the name, chosen by the key") for n in range(1, 4)},
    "birth_days": N_("day and month of birth"),
    "name_skeletons": N_("the names as they sound"),
    "surname_skeleton": N_("the surname as it sounds"),
    "given_skeleton": N_("the given name as it sounds"),
    "left_register": N_("first register"),
    "right_register": N_("second register"),
    "weight": N_("weight"),
    "probability": N_("probability"),
    "reason": N_("reason"),
    "merged": N_("persons merged"),
    "split": N_("persons split"),
    "new": N_("new persons"),
    "left": N_("persons left"),
    "moved": N_("persons moved"),
    "value": N_("figure"),
    "published": N_("published"),
    "status": N_("status"),
    "rule": N_("rule"),
    "contributors": N_("contributors"),
    "absolute": N_("sum of absolute contributions"),
    "lower_level": N_("lower protection level"),
    "upper_level": N_("upper protection level"),
    "low": N_("lower bound"),
    "high": N_("upper bound"),
    "zero": N_("zero"),
    "perturbed": N_("with noise or rounded"),
    "primary": N_("unsafe, withheld"),
    "secondary": N_("withheld to protect another"),
    "frequency": N_("unsafe: too few contributors"),
    "dominance": N_("unsafe: dominance"),
    "p-percent": N_("unsafe: p-percent rule"),
    "pq": N_("unsafe: pq rule"),
    "zero-rule": N_("unsafe: a zero that tells too much"),
    "Total": N_("Total"),
    "identifying": N_("identifying"),
    "other": N_("other"),
}
"""English texts, which are the keys of the catalogue."""


def known_name(name: str) -> str:
    """The key of the catalogue for a name; empty where it has none."""
    return KNOWN_NAMES.get(name, "")


def in_words(name: str) -> str:
    """The English words for a name, for a sentence that is translated where it is shown; else the name."""
    return KNOWN_NAMES.get(name, name)


def known_as(name: str, words: Messages) -> str:
    """The word for a name in a language, or the name."""
    key = known_name(name)
    return words.text(key) if key else name
