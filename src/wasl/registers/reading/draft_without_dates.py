"""The columns that a draft compares in a file without dates of birth: the year of birth, and addresses.

Without them persons of one name could not be told apart, and nothing would say so to who drafted the schema.
"""

from __future__ import annotations

from wasl.locale import Messages
from wasl.registers.reading.draft_evidence import DraftColumn
from wasl.registers.reading.headers import known_features, words_key
from wasl.registers.reading.headings import BIRTH_YEAR

__all__ = ["compare_addresses", "take_birth_year"]


def take_birth_year(columns: list[DraftColumn], words: Messages) -> None:
    """Take the year of birth for the birth date where the file has no date of birth."""
    _ = words.text
    years = {words_key(text) for text in BIRTH_YEAR}
    found = [column for column in columns if words_key(column.heading) in years and column.feature is None]
    if len(found) == 1 and not any((column.feature or "").startswith("birth_date") for column in columns):
        found[0].feature = "birth_date"
        found[0].evidence.append(_("the year alone: it is compared in place of a birth date"))


def compare_addresses(columns: list[DraftColumn], words: Messages) -> None:
    """Compare names by address where the file has no birth date: otherwise namesakes could not be told apart."""
    _ = words.text
    features = {column.feature for column in columns}
    if "birth_date" in features or not features & {"surname", "given", "full_name"}:
        return
    for column in columns:
        known = next(iter(known_features(column.heading)), None)
        if known in ("street", "locality", "postcode") and known not in features:
            features.add(known)
            column.feature, column.role, column.type = known, "contact", "string"
            column.classification = column.standard = None
            column.evidence.append(_("no birth date: compared as an address"))
