"""Signatures of what a holder sends: delivery, join map and payload, each bound to what it is and what it was made for.

The holder's Ed25519 key signs the kind of the file and its whole header: holder, register, project, round, period, time
of making, and the digest of the rows. A signed file cannot be passed off as another kind, round or register, and no row
of it can be changed.

*Source:* Ed25519, RFC 8032.

*Does not protect against:* a reader who does not know whose key it is; a holder whose signing key was stolen.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wasl.errors import DeliveryError
from wasl.registers.exchange.digests import digest_json

__all__ = ["SentKind", "check_signature", "require_signer", "sign_header"]

SentKind = Literal["delivery", "join map", "payload"]
"""Kinds of file that a holder sends."""


def _signed_bytes(kind: SentKind, header: Mapping[str, Any]) -> bytes:
    """The signed bytes: the digest of the kind and of the header without signer and signature."""
    rest = {name: value for name, value in header.items() if name not in ("signer", "signature")}
    return digest_json({"kind": kind, "header": rest}).encode()


def sign_header(kind: SentKind, header: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, str]:
    """``signer`` and ``signature`` of a header, in base64."""
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return {"signer": public, "signature": base64.b64encode(key.sign(_signed_bytes(kind, header))).decode()}


def check_signature(kind: SentKind, header: Mapping[str, Any]) -> None:
    """Check the signature where there is one; whose the key is, the reader must know.

    Raises:
        DeliveryError: The signature does not belong to this kind, header and key.
    """
    if not header["signature"] and not header["signer"]:
        return
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(header["signer"], validate=True))
        public.verify(base64.b64decode(header["signature"], validate=True), _signed_bytes(kind, header))
    except (InvalidSignature, ValueError) as error:
        raise DeliveryError(
            f"{kind} of {header['register']!r}: its holder's signature does not fit: changed after signing."
        ) from error


def require_signer(kind: SentKind, header: Mapping[str, Any], signer: str) -> None:
    """Check that a file is signed, and by this key.

    Args:
        kind: What it is.
        header: Its header.
        signer: The holder's public key (base64).

    Raises:
        DeliveryError: It is unsigned, signed by another key, or changed.
    """
    if not header["signature"]:
        raise DeliveryError(
            f"the {kind} is not signed, and its register demands a signature.",
            remedy="Encode with --sign SIGNING_KEY.",
        )
    if header["signer"] != signer:
        raise DeliveryError(f"the {kind} is not signed by the key declared for its register.")
    check_signature(kind, header)
