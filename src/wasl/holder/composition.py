"""Composes an encoding profile from the features of a register, for registers that no shipped family was made for.

The profile depends only on the features of the registers that are to be linked, so every holder composes the same
document, with the same digest, from the same schemas. Blocks and groups follow these rules:

- each number a register has (passport, member number, phone) is a pass of its own, in which everything is compared;
- names, birth date and address are groups; each is compared where the block does not fix it;
- blocks combine two or three of: one word of the name, the birth year, the birth day, a place. Sex and nationality are
  added where every register has them, because they keep blocks small;
- a feature of one's own goes with the birth date in a block, or with the names; a date of one's own also with a word;
- every pass is optional: the leak meter decides, register by register, whether its blocks are small enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from wasl.errors import SchemaError
from wasl.holder.profile import EncodingPass, EncodingProfile, GramPart, Group
from wasl.registers.schema import OWN_FEATURE, FieldRole, RegisterSchema

__all__ = ["GENERIC", "compose_profile", "fitting_profile", "load_profile"]

GENERIC = "generic"
"""Name and family of composed profiles."""

FEW_PASSES = 3
"""With so many passes of a shipped family in common, or fewer, a composed profile compares two own registers better.
With names, birth date and sex F1 was .986 in place of .969. Where one register lacks the second surname it was .974 in
place of .708."""

NUMBERS = (
    *("passport", "permit", "cin", "cnss", "certificate", "refugee_file", "consular", "anapec_number"),
    *("national_id", "phone"),
)
PLACES = ("postcode", "locality", "street", "birth_place", "region", "address_detail")
"""What narrows a block by place, the most telling first."""
ADDRESS = {
    "street": "text",
    "street_number": "digits",
    "address_detail": "text",
    "locality": "text",
    "postcode": "digits",
    "birth_place": "text",
    "region": "code",
}
TELLING = ("street", "locality", "postcode")
"""A record without one of these that every register has is not compared by address: a gap is no difference."""


def load_profile(name_or_path: str, schema: RegisterSchema, others: Sequence[RegisterSchema] = ()) -> EncodingProfile:
    """The profile a holder asks for: a file, a shipped one of the schema's family, or a composed one.

    Args:
        name_or_path: A file, a shipped name, or ``generic``. In the family ``generic``, ``guarded`` is composed too.
        schema: The register's schema.
        others: Schemas of the other registers of the linkage, for a composed profile.

    Raises:
        SchemaError: There is no such profile, or nothing to compose one from.
    """
    if name_or_path == GENERIC or (schema.profiles == GENERIC and name_or_path == "guarded"):
        return compose_profile([schema, *others])
    return EncodingProfile.load(name_or_path, family=schema.profiles)


def fitting_profile(schemas: Sequence[RegisterSchema]) -> str:
    """``guarded`` where the shipped family of the registers has enough passes for all of them, else ``generic``.

    Args:
        schemas: Of the registers to be compared. Shipped ones keep the family that was made for them.
    """
    families = {schema.profiles for schema in schemas}
    if len(families) > 1 or GENERIC in families:
        return GENERIC
    if all(_is_shipped(schema) for schema in schemas):
        return "guarded"
    every = set.intersection(*(_features(schema) for schema in schemas))
    passes = EncodingProfile.load("guarded", family=families.pop()).passes
    shared = [step for step in passes if all(_feature_of(part) in every for part in step.block)]
    return "guarded" if len(shared) > FEW_PASSES else GENERIC


def _is_shipped(schema: RegisterSchema) -> bool:
    try:
        return RegisterSchema.load(schema.register_id).digest == schema.digest
    except SchemaError:
        return False


def _feature_of(part: str) -> str:
    """The feature that a part of a block is made of."""
    if part in ("birth_year", "birth_days"):
        return "birth_date"
    if part in ("surname_skeleton", "given_skeleton"):
        return part.removesuffix("_skeleton")
    return "names" if part.startswith("word_") or part == "name_skeletons" else part


def compose_profile(schemas: Sequence[RegisterSchema]) -> EncodingProfile:
    """A profile for registers with these schemas; their order does not matter.

    Raises:
        SchemaError: They have no feature to block by.
    """
    each = [_features(schema) for schema in schemas]
    some, every = set().union(*each), set.intersection(*each)
    codes = {str(field.feature) for schema in schemas for field in schema.fields if field.type == "code"}
    exact = {
        str(field.feature) for schema in schemas for field in schema.fields if field.type not in ("string", "code")
    }
    own_numbers = {
        str(field.feature)
        for schema in schemas
        for field in schema.fields
        if str(field.feature).startswith(OWN_FEATURE) and field.role is FieldRole.IDENTIFIER
    }
    groups = list(_groups(some, every, codes, exact, own_numbers))
    dates = {str(field.feature) for schema in schemas for field in schema.fields if field.type == "date"}
    passes = list(_passes(some, every, own_numbers, {group.name for group in groups}, dates))
    if not passes:
        raise SchemaError(
            f"nothing to compose a profile from in {', '.join(sorted(s.register_id for s in schemas))}.",
            remedy="Give columns of the schema a feature: names, a birth date, an address or a number.",
        )
    return EncodingProfile(
        name=GENERIC,
        family=GENERIC,
        bits=2048,
        released_bits=256,
        taps=7,
        leak_limit=1.0,
        excess="drop",
        groups=tuple(groups),
        passes=tuple(passes),
    )


def _features(schema: RegisterSchema) -> set[str]:
    """The features of a register; ``names`` for any column of names."""
    found = {str(feature) for feature in schema.by_feature} | set(schema.everyone)
    found |= {feature.value for field in schema.fields for feature in field.piece_features.values()}
    return found | ({"names"} if schema.name_columns else set())


def _groups(
    some: set[str], every: set[str], codes: set[str], exact: set[str], own_numbers: set[str]
) -> Iterator[Group]:
    if "names" in some:
        yield Group(name="names", parts=(GramPart(feature="names", kind="words", required=True),))
    if "birth_date" in some:
        yield Group(name="birth", parts=(GramPart(feature="birth_date", kind="date", required=True),))
    address = [feature for feature in ADDRESS if feature in some]
    if address:
        yield Group(name="contact", parts=tuple(_address_part(feature, every) for feature in address))
    traits = [feature for feature in ("nationality", "sex") if feature in every]
    if traits:
        weights = {"nationality": 6, "sex": 3}
        parts = (GramPart(feature=name, kind="code", weight=weights[name], required=True) for name in traits)
        yield Group(name="origin", parts=tuple(parts))
    for feature in sorted(name for name in some if name.startswith(OWN_FEATURE) and name not in own_numbers):
        if feature in codes:
            yield Group(name=feature, parts=(GramPart(feature=feature, kind="code", weight=6, required=True),))
        else:
            kind: Literal["digits", "text"] = "digits" if feature in exact else "text"
            yield Group(name=feature, parts=(GramPart(feature=feature, kind=kind, required=True),))


def _address_part(feature: str, every: set[str]) -> GramPart:
    kind = ADDRESS[feature]
    required = feature in TELLING and feature in every
    return GramPart.model_validate(
        {"feature": feature, "kind": kind, "weight": 2 if kind == "code" else 1, "required": required}
    )


def _passes(
    some: set[str], every: set[str], own_numbers: set[str], groups: set[str], dates: set[str]
) -> Iterator[EncodingPass]:
    traits = tuple(feature for feature in ("nationality", "sex") if feature in every)
    place = next((feature for feature in PLACES if feature in every), None)
    own = {name for name in groups if name.startswith(OWN_FEATURE)}

    def step(name: str, block: tuple[str, ...], *fixed: str) -> EncodingPass:
        """A pass that releases every group the block does not fix."""
        settled = set(fixed) | ({"origin"} if set(traits) & set(block) else set())
        released = tuple(group for group in sorted(groups) if group not in settled)
        return EncodingPass(name=name, block=block, groups=released, optional=True)

    for number in [*NUMBERS, *sorted(own_numbers)]:
        if number in some:
            yield step(number.replace("_", "-"), (number,))
    names, birth = "names" in some, "birth_date" in some
    if names and birth:
        yield step("birth", ("birth_date", *traits), "birth")
        yield step("day-word", ("birth_date", "word_4"), "birth")
        for word in (1, 2, 3):
            yield step(f"word-{word}", (f"word_{word}", "birth_year", *traits))
        for word in (1, 2):
            yield step(f"prefix-{word}", (f"word_prefix_{word}", "birth_days", *traits))
    if names:
        yield step("names", ("name_skeletons",), "names")
        if place is not None:
            yield step("word-place", ("word_5", place))
    if birth and place is not None:
        yield step("birth-place", ("birth_date", place), "birth")
    if birth and not names:
        yield step("birth", ("birth_date", *traits), "birth")
    if {"street", "street_number"} <= every:
        yield step("street", ("street", "street_number"))
    for feature in sorted(own):
        if birth:
            yield step(f"birth-{feature.replace('_', '-')}", ("birth_date", feature), "birth", feature)
        elif names:
            yield step(f"names-{feature.replace('_', '-')}", ("name_skeletons", feature), "names", feature)
            if feature in dates:  # a baptism, an enrolment: it tells persons apart as a birth date does
                yield step(f"word-{feature.replace('_', '-')}", ("word_4", feature), feature)
