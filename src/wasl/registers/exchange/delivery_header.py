"""The header of a delivery: how its rows were made, and what makes two deliveries comparable.

It holds counts, digests and names of passes, never a value of a person.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from wasl.errors import DeliveryError, MismatchError
from wasl.locale import N_
from wasl.registers.profiles import shipped_profiles

__all__ = [
    "HEADER_KEY",
    "LABEL_BYTES",
    "SCHEME_VERSION",
    "DeliveryHeader",
    "PassSummary",
    "check_columns",
    "require_comparable",
]

SCHEME_VERSION = 4
"""Version of the encoding scheme; deliveries of different versions are never compared. Version 4 includes the round and
the digest of the profile in every derivation but that of record ids."""

HEADER_KEY = b"wasl.delivery"
LABEL_BYTES = 16


@dataclass(frozen=True, slots=True)
class PassSummary:
    """Summary of a pass: counts and achieved figures, never a value.

    Attributes:
        name: The pass.
        rows, blocks, largest_block: Counts.
        leak: Largest T over its blocks (see the leak meter), 0 when it holds no filters.
        fill: Achieved share of set bits per group before diffusion.
        dropped: Records left out of this pass because their blocks would have leaked.
    """

    name: str
    rows: int
    blocks: int
    largest_block: int
    leak: float
    fill: dict[str, float]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryHeader:
    """The making of a delivery: its source, its profile and its figures.

    Attributes:
        scheme: Version of the encoding scheme.
        profile, profile_digest: The encoding profile; every composition, length and pass is in its digest.
        project, key_id: The project and the id of its key (never the key).
        holder, register, schema_digest, period: Whose register, which one, and the period it describes.
        records, rejects: Records encoded, and rows refused at reading.
        token_names: Token columns, without the prefix ``token_``.
        filter_bits: Length of each filter in bits, by group.
        leak: Largest T over all passes and blocks.
        passes: One summary per pass.
        content_digest: Digest of the rows: of the list of their parts.
        created: ISO 8601 time of encoding.
        round: The linkage round it was made for; empty for deliveries made without one.
        weaknesses: Why the profile protects less than the leak meter promises; empty for most profiles.
        rules: Digest of the rules that read names and document numbers; empty for deliveries made without one.
        holds_once: Whether the register's schema says that one person can be in it only once.
        signer, signature: The holder's Ed25519 public key and signature (base64), or empty.
    """

    scheme: int
    profile: str
    profile_digest: str
    project: str
    key_id: str
    holder: str
    register: str
    schema_digest: str
    period: str
    records: int
    rejects: int
    token_names: tuple[str, ...]
    filter_bits: dict[str, int]
    leak: float
    passes: tuple[PassSummary, ...]
    content_digest: str
    created: str
    round: str = ""
    weaknesses: tuple[str, ...] = ()
    rules: str = ""
    holds_once: bool = False
    signer: str = ""
    signature: str = ""

    def to_json(self) -> dict[str, Any]:
        """The header as a JSON value; what was signed before a field was added stays as it was."""
        value = dataclasses.asdict(self)
        for later in ("rules", "holds_once"):
            if not value[later]:
                del value[later]
        return value

    def require_consent(self, *, given: bool, who: str, remedy: str) -> None:
        """Refuse a delivery under a weak profile unless ``who`` consented.

        Raises:
            MismatchError: Names the register, the profile and its weaknesses.
        """
        if self.weaknesses and not given:
            raise MismatchError(
                f"the delivery of {self.register!r} is encoded under the weak profile {self.profile!r} "
                f"({'; '.join(self.weaknesses)}), and {who} does not consent to weak profiles.",
                remedy=remedy,
            )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The header from its JSON value.

        Raises:
            DeliveryError: A field is missing or unknown, or the scheme is another version's.
        """
        if value.get("scheme", SCHEME_VERSION) != SCHEME_VERSION:
            raise DeliveryError(
                f"the delivery was made under version {value['scheme']!r} of the encoding scheme; this release reads "
                f"version {SCHEME_VERSION}.",
                remedy="Encode the register again with this release.",
            )
        try:
            data = dict(value)
            data["passes"] = tuple(PassSummary(**item) for item in data["passes"])
            data["token_names"] = tuple(data["token_names"])
            data["weaknesses"] = tuple(data["weaknesses"])
            return cls(**data)
        except (KeyError, TypeError) as error:
            raise DeliveryError("the delivery's header is incomplete or of another version.") from error


def check_columns(schema: pa.Schema, header: DeliveryHeader, path: Path) -> None:
    """Check that a delivery has the columns its header names, with their types.

    Raises:
        DeliveryError: Names the file and the column.
    """
    expected = {"row_id": LABEL_BYTES, "block": LABEL_BYTES}
    expected |= {f"token_{name}": LABEL_BYTES for name in header.token_names}
    expected |= {f"filter_{name}": bits // 8 for name, bits in header.filter_bits.items()}
    if set(schema.names) != {"pass", *expected}:
        raise DeliveryError(
            f"{path}: the columns are not those the header names.", remedy="Make it anew with `wasl encode`."
        )
    for name, width in expected.items():
        if schema.field(name).type != pa.binary(width):
            raise DeliveryError(f"{path}: column {name!r} is not {width} bytes wide.")


def require_comparable(headers: list[DeliveryHeader]) -> None:
    """Refuse deliveries that were not made to be compared.

    Raises:
        MismatchError: Says which of scheme, project, key, round, profile or rules differs, and between which registers.
    """
    if not headers:
        return
    first = headers[0]
    for other in headers[1:]:
        for attribute, what, remedy in (
            ("scheme", N_("scheme version"), N_("Encode all registers with the same release of wasl.")),
            ("project", N_("project"), N_("Link only deliveries of one project.")),
            ("key_id", N_("key"), N_("One holder encoded under an old key: encode again with the current key file.")),
            (
                "round",
                N_("round"),
                N_("Encode all registers of one run with the same --round, the one of the plan."),
            ),
            (
                "profile_digest",
                N_("profile"),
                N_(
                    "Encode all registers with the same profile document. For registers of different kinds encode each "
                    "with --profile generic, and name the schemas of the others with --with-schema."
                ),
            ),
            (
                "rules",
                N_("rules for names and numbers"),
                N_("Encode all registers with the same release of wasl."),
            ),
        ):
            if getattr(first, attribute) != getattr(other, attribute):
                raise MismatchError(
                    f"deliveries of {first.register!r} and {other.register!r} differ in {what}: "
                    f"{_shown(first, attribute)} and {_shown(other, attribute)}.",
                    remedy=remedy,
                )
        if first.schema_digest != other.schema_digest and first.register == other.register:
            raise MismatchError(
                f"two deliveries of {first.register!r} were made with different schemas.",
                remedy="Encode both with the same schema file.",
            )


def _shown(header: DeliveryHeader, attribute: str) -> str:
    """A header's value as a message shows it: profiles with their name, the empty round as what it is."""
    value = str(getattr(header, attribute))
    if attribute == "profile_digest":
        shipped = next((name for name, digest in shipped_profiles().items() if digest == value), header.profile)
        return f"{shipped} ({value})"
    return value or "none named"
