"""Encoding profiles: which passes, what a block is made of, which groups are released, and how they are hardened."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator
from pydantic import Field as Option

from wasl.errors import LeakError, SchemaError
from wasl.registers.documents import Document, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.profiles import shipped_digests
from wasl.registers.schema import OWN_FEATURE

__all__ = ["PARTS", "EncodingPass", "EncodingProfile", "GramPart", "Group", "Part", "TokenRule"]

Part = str
"""A part of a block or token: one of ``PARTS``, or a feature of one's own (``own_…``)."""

PARTS = frozenset(
    {
        *("passport", "permit", "cin", "cnss", "certificate", "refugee_file", "consular", "anapec_number"),
        *("national_id", "household", "phone"),
        *("sex", "nationality", "birth_date", "birth_year", "birth_days", "birth_place"),
        *("names", "name_skeletons", "surname_skeleton", "given_skeleton"),
        *("word_1", "word_2", "word_3", "word_4", "word_5", "word_prefix_1", "word_prefix_2", "word_prefix_3"),
        *("postcode", "locality", "street_number", "street", "address_detail", "region"),
    }
)
"""The parts every profile can name; ``blocking_keys.py`` says what each means."""


def _known_part(part: str) -> str:
    if part not in PARTS and not part.startswith(OWN_FEATURE):
        raise ValueError(f"unknown part {part!r}; a feature of one's own begins with {OWN_FEATURE!r}")
    return part


BlockPart = Annotated[str, AfterValidator(_known_part)]

FEWEST_TAPS = 3
"""With one or two taps a released bit still follows single filter bits, so frequent grams show."""
HIGHEST_LIMIT = 1.0
"""T from which an eigenvector begins to show at all (see ``leak_meter``)."""


class GramPart(Document):
    """One ingredient of a similarity group.

    Attributes:
        feature: ``names`` (all name words, any order), ``birth_date``, or a feature compared as text or code.
        kind: ``words`` (2-grams of canonical words), ``spelling`` (2-grams of the same words as they are written, apart
            from those of canonical words), ``text`` (2-grams), ``digits`` (positions), ``date``, ``code``.
        weight: How often each of its grams counts.
        required: A record without it has no filter in this group, so that a gap never looks like a difference.
    """

    feature: str
    kind: Literal["words", "spelling", "text", "digits", "date", "code"]
    weight: int = Option(default=1, ge=1, le=16)
    required: bool = False


class Group(Document):
    """A similarity group: several fields in one filter, because a filter of one field gives its values away.

    Attributes:
        name: Column ``filter_<name>``.
        fill: Share of bits to set before diffusion; the number of bits per gram follows from it per record.
        parts: What goes in.
    """

    name: str = Option(pattern=r"^[a-z][a-z0-9_]*$")
    fill: float = Option(default=0.185, gt=0.05, lt=0.5)
    parts: tuple[GramPart, ...] = Option(min_length=1)


class TokenRule(Document):
    """An exact token: keyed hash of an identifier, or of several parts together (a match key)."""

    name: str = Option(pattern=r"^[a-z_]+$")
    parts: tuple[BlockPart, ...] = Option(min_length=1)


class EncodingPass(Document):
    """One pass: who can meet whom, and what is compared there.

    Attributes:
        name: The pass.
        block: Parts whose joint value is the block; empty: everybody meets. Records lacking one are not in the pass.
        groups, tokens: Names of groups and tokens released in this pass; without any, the block itself is the token:
            who shares it agrees, and nothing else is compared.
        optional: Whether the pass is left out, with a warning, where the leak meter would leave out too many records;
            else encoding is refused.
    """

    name: str = Option(pattern=r"^[a-z][a-z0-9-]*$")
    block: tuple[BlockPart, ...] = ()
    groups: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    optional: bool = False


class EncodingProfile(Document):
    """Rules for encoding records; deliveries carry their digest and are compared only if it is equal.

    Attributes:
        name, family, version: ``guarded`` of ``morocco``, and so on.
        bits: Length of a filter before diffusion (L).
        released_bits: Length released (L_out); equal to ``bits`` with ``taps = 0`` when undiffused.
        taps: Input bits per output bit (t); 0 releases the filter as it is.
        leak_limit: Largest T allowed.
        rows: One row per ``person`` and block, where the register itself shows which records are one person's; or one
            per ``record``, so that the linkage unit can compare the records of one register with each other.
        excess: What to do with blocks above it: give the records that stand out a block of their own (``split``), leave
            them out (``drop``), ``refuse``, or only ``report``.
        drop_limit: Largest share of a pass's records that may be left out before the pass is refused.
        consent: Whether the profile is declared weak (``open`` and ``plain``). What is found weak needs consent whether
            it is declared or not, see ``weaknesses``.
    """

    name: str
    family: str
    version: int = 1
    description: str = ""
    bits: int = 2048
    released_bits: int = 1024
    taps: int = Option(default=7, ge=0, le=15)
    leak_limit: float = 1.0
    rows: Literal["person", "record"] = "person"
    excess: Literal["split", "drop", "refuse", "report"] = "drop"
    drop_limit: float = 0.3
    consent: bool = False
    groups: tuple[Group, ...] = ()
    tokens: tuple[TokenRule, ...] = ()
    passes: tuple[EncodingPass, ...] = Option(min_length=1)

    @classmethod
    def load(cls, name_or_path: str | Path, family: str = "morocco") -> Self:
        """A profile by file, or a shipped one by name within a family.

        Raises:
            SchemaError: There is none, it does not hold together, or a file has a shipped profile's name and is another
                document.
        """
        profile = load_document(cls, resolve_document(f"profiles/{family}", name_or_path))
        known = shipped_digests(profile.name)
        if known and profile.digest not in known:
            raise SchemaError(
                f"{name_or_path}: the name {profile.name!r} belongs to a profile that ships with wasl, and this "
                "file differs from it.",
                remedy="Give the profile another name.",
            )
        return profile

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        groups = {group.name for group in self.groups}
        tokens = {token.name for token in self.tokens}
        if len({p.name for p in self.passes}) != len(self.passes):
            raise ValueError("two passes have the same name")
        for step in self.passes:
            if not (step.block or step.groups or step.tokens):
                raise ValueError(f"pass {step.name!r} has neither a block nor anything to compare")
            for kind, names, known in (("group", step.groups, groups), ("token", step.tokens, tokens)):
                unknown = sorted(set(names) - known)
                if unknown:
                    raise ValueError(f"pass {step.name!r} names the unknown {kind} {unknown[0]!r}")
        if self.bits % 64 or self.released_bits % 64 or self.bits & (self.bits - 1):
            raise ValueError("bits must be a power of two and released_bits a multiple of 64")
        if self.taps == 0 and self.released_bits != self.bits:
            raise ValueError("an undiffused filter is released whole: released_bits must equal bits")
        if self.released_bits > self.bits:
            raise ValueError("released_bits may not exceed bits")
        if self.taps and self.released_bits * 2 > self.bits and not self.consent:
            raise ValueError("diffusion needs bits ≥ 2 · released_bits, or low-weight codewords betray columns")
        return self

    @cached_property
    def digest(self) -> str:
        """The digest of everything but the description."""
        return digest_json(self.model_dump(mode="json", exclude={"description"}))

    @cached_property
    def weaknesses(self) -> tuple[str, ...]:
        """Why the profile protects less than the leak meter promises; empty for a profile that needs no consent.

        Only filters count: a profile that releases none has nothing to diffuse and nothing to limit.
        """
        if not any(step.groups for step in self.passes):
            return ("it is declared weak",) if self.consent else ()
        found = (
            (self.taps == 0, "filters are released without diffusion"),
            (0 < self.taps < FEWEST_TAPS, f"fewer than {FEWEST_TAPS} filter bits meet in a released bit"),
            (self.excess == "report", "blocks above the leak limit are released"),
            (self.leak_limit > HIGHEST_LIMIT, f"the leak limit is above {HIGHEST_LIMIT:g}"),
            (self.taps > 0 and 2 * self.released_bits > self.bits, "more than half as many bits are released as made"),
            (self.consent, "it is declared weak"),
        )
        return tuple(reason for holds, reason in found if holds)

    def require_consent(self, *, given: bool) -> None:
        """Refuse a weak profile unless it was consented to.

        Raises:
            LeakError: Names the profile and its weaknesses.
        """
        if self.weaknesses and not given:
            raise LeakError(
                f"profile {self.name!r} is weak: {'; '.join(self.weaknesses)}.",
                remedy="Use `guarded`, or consent with --consent-weak-profile; the plan must consent as well.",
            )

    @property
    def spelled(self) -> frozenset[str]:
        """The features whose words are compared as they are written, too."""
        return frozenset(part.feature for group in self.groups for part in group.parts if part.kind == "spelling")

    @cached_property
    def group_by_name(self) -> dict[str, Group]:
        """The groups by name."""
        return {group.name: group for group in self.groups}

    @cached_property
    def token_by_name(self) -> dict[str, TokenRule]:
        """The tokens by name."""
        return {token.name: token for token in self.tokens}
