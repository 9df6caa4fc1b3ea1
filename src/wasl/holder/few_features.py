"""A register with names and a birth date only needs the family of profiles that is made for it."""

from __future__ import annotations

from wasl.holder.profile import EncodingProfile
from wasl.holder.unused import Unused
from wasl.registers.schema import Feature, RegisterSchema

__all__ = ["FAMILY_FOR_FEW", "has_names_and_birth_only", "note_few_features"]

FAMILY_FOR_FEW = "febrl"
"""Its passes take one name and one part of the date, and need nothing else. On 10,000 rows with names and birth dates
only, F1 under `guarded` was .93 in this family, .82 in `morocco` and .91 in a composed profile (2026-11-27)."""
NAMES = frozenset(
    {
        Feature.SURNAME, Feature.GIVEN, Feature.FULL_NAME, Feature.MARRIED_NAME, Feature.SURNAME_ARABIC,
        Feature.GIVEN_ARABIC,
    }
)  # fmt: skip


def has_names_and_birth_only(features: set[str]) -> bool:
    """Whether nothing but surname, given name and birth date is there to compare."""
    needed = {Feature.SURNAME.value, Feature.GIVEN.value, Feature.BIRTH_DATE.value}
    allowed = {name.value for name in NAMES} | {Feature.BIRTH_DATE.value}
    return needed <= {name.removesuffix("_arabic") for name in features} and features <= allowed


def note_few_features(schema: RegisterSchema, profile: EncodingProfile, records: int) -> tuple[Unused, ...]:
    """A note for the holder if another family of profiles would find more persons of this register.

    Args:
        schema: Of the register.
        profile: It is encoded under.
        records: Encoded.
    """
    features = {str(getattr(feature, "value", feature)) for feature in schema.by_feature}
    if profile.family == FAMILY_FOR_FEW or not has_names_and_birth_only(features):
        return ()
    return (Unused("names-and-birth-only", schema.by_feature[Feature.BIRTH_DATE].name, records, records),)
