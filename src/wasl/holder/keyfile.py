"""Key files: the project's secret on disk, open, under a passphrase, or wrapped for named holders.

JSON with the project and the key's id in the clear, so that a holder can see which key a file holds. Protection:

- ``none``: base64 of the secret; the file must be readable by its owner only;
- ``passphrase``: AES-256-GCM under a key from scrypt (RFC 7914; N = 2**17, r = 8, p = 1: 128 MiB of memory);
- ``recipients``: HPKE (RFC 9180; X25519, HKDF-SHA-256, AES-256-GCM), once for each holder's public key. Anybody can
  encrypt for a public key, so the issuer signs the whole file with Ed25519 (RFC 8032).

Project and key id are bound to the sealed secret as associated data: a file cannot be relabelled.

*Does not protect against:* an issuer whose signing key the holder has not checked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from wasl.errors import KeyFileError
from wasl.holder.keys import LinkageKey
from wasl.registers.exchange.digests import canonical_json

__all__ = [
    "describe_key_file",
    "identity_public",
    "new_identity",
    "open_key_file",
    "seal_open",
    "seal_passphrase",
    "seal_recipients",
]

FORMAT = "wasl-key/1"
SCRYPT_N = 1 << 17
SALT_BYTES = 16
NONCE_BYTES = 12
SHORTEST_PASSPHRASE = 12


def seal_open(key: LinkageKey) -> bytes:
    """A key file without protection but the file system's."""
    return _file(key, {"protection": "none", "secret": key.encoded_secret()})


def seal_passphrase(key: LinkageKey, passphrase: str, random_bytes: bytes) -> bytes:
    """A key file under a passphrase.

    Args:
        key: What to seal.
        passphrase: At least 12 characters.
        random_bytes: 28 bytes of the operating system's randomness (salt and nonce).

    Raises:
        KeyFileError: The passphrase is too short.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise KeyFileError(
            f"the passphrase is shorter than {SHORTEST_PASSPHRASE} characters.", remedy="Use a sentence."
        )
    salt, nonce = random_bytes[:SALT_BYTES], random_bytes[SALT_BYTES : SALT_BYTES + NONCE_BYTES]
    sealed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, key.secret, _context(key.project, key.key_id))
    return _file(key, {"protection": "passphrase", "salt": _text(salt), "nonce": _text(nonce), "sealed": _text(sealed)})


def seal_recipients(key: LinkageKey, public_keys: Sequence[str], issuer: Ed25519PrivateKey) -> bytes:
    """A key file that each of the given holders can open with their own identity, signed by who issues the key.

    Args:
        key: What to seal.
        public_keys: The holders' public keys (base64).
        issuer: The issuer's signing key.

    Raises:
        KeyFileError: No recipient, or a public key is malformed.
    """
    if not public_keys:
        raise KeyFileError("no recipient was given.", remedy="Give at least one holder's public key.")
    suite, context = _suite(), _context(key.project, key.key_id)
    wrapped = []
    for text in public_keys:
        try:
            public = X25519PublicKey.from_public_bytes(_bytes(text))
        except ValueError as error:
            raise KeyFileError(
                "a recipient's public key is malformed.", remedy="`wasl key identity` prints one."
            ) from error
        wrapped.append({"recipient": text, "sealed": _text(suite.encrypt(key.secret, public, context))})
    signer = _text(issuer.public_key().public_bytes_raw())
    signature = _text(issuer.sign(_issued_bytes(key.project, key.key_id, wrapped)))
    sealed = {"protection": "recipients", "wrapped": wrapped, "issuer": signer, "signature": signature}
    return _file(key, sealed)


def describe_key_file(data: bytes) -> dict[str, Any]:
    """Project, key id and protection of a key file; never the secret.

    Raises:
        KeyFileError: Not a key file.
    """
    value = _parse(data)
    shown: dict[str, Any] = {name: value[name] for name in ("project", "key_id", "protection")}
    if value["protection"] == "recipients":
        shown["recipients"] = [item["recipient"] for item in value["wrapped"]]
        shown["issuer"] = value.get("issuer", "")
    return shown


def open_key_file(
    data: bytes,
    *,
    passphrase: str | None = None,
    identity: str | None = None,
    issuer: str | None = None,
    expect_key_id: str | None = None,
) -> LinkageKey:
    """The key in a key file.

    Args:
        data: The file's bytes.
        passphrase: For a file under a passphrase.
        identity: A holder's private key (base64), for a file wrapped for recipients.
        issuer: The public key (base64) a wrapped file must be signed with; any signature that fits will do if not
            given.
        expect_key_id: The key id the file must hold, as its issuer said it by another way.

    Raises:
        KeyFileError: It cannot be opened with what was given, or was altered.
    """
    value = _parse(data)
    project, key_id = value["project"], value["key_id"]
    if expect_key_id is not None and key_id != expect_key_id.strip().lower():
        raise KeyFileError(
            f"the key file holds key {key_id}, not the expected {expect_key_id}.", remedy="Ask its issuer for the file."
        )
    if value["protection"] == "recipients":
        _require_issuer(value, issuer)
    context = _context(project, key_id)
    try:
        if value["protection"] == "none":
            key = LinkageKey.from_encoded(value["secret"], project)
        elif value["protection"] == "passphrase":
            if passphrase is None:
                raise KeyFileError("the key file is under a passphrase.", remedy="Set WASL_PASSPHRASE or type it.")
            stretched = _stretch(passphrase, _bytes(value["salt"]))
            key = LinkageKey(
                AESGCM(stretched).decrypt(_bytes(value["nonce"]), _bytes(value["sealed"]), context), project
            )
        elif value["protection"] == "recipients":
            key = LinkageKey(_unwrap(value["wrapped"], identity, context), project)
        else:
            raise KeyFileError("the key file has a protection this release does not know.")
    except InvalidTag as error:
        raise KeyFileError("the passphrase is wrong, or the key file was altered.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise KeyFileError("the key file is damaged.") from error
    if key.key_id != key_id:
        raise KeyFileError("the key file was altered: its secret is not the one its id names.")
    return key


def new_identity() -> str:
    """A holder's private key (base64), made from the operating system's randomness."""
    return _text(X25519PrivateKey.generate().private_bytes_raw())


def identity_public(identity: str) -> str:
    """The public key (base64) that belongs to a holder's private key.

    Raises:
        KeyFileError: Malformed.
    """
    return _text(_identity(identity).public_key().public_bytes_raw())


def _identity(text: str) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(_bytes(text.strip()))
    except ValueError:
        raise KeyFileError("the identity file is damaged.") from None


def _unwrap(wrapped: list[dict[str, str]], identity: str | None, context: bytes) -> bytes:
    if identity is None:
        raise KeyFileError("the key file is wrapped for holders.", remedy="Give your identity file with --identity.")
    private = _identity(identity)
    public = _text(private.public_key().public_bytes_raw())
    for item in wrapped:
        if item["recipient"] == public:
            from cryptography.exceptions import InvalidTag as Refused

            try:
                return bytes(_suite().decrypt(_bytes(item["sealed"]), private, context))
            except (Refused, ValueError) as error:
                raise KeyFileError("the key file was altered.") from error
    raise KeyFileError("the key file is wrapped for other holders.", remedy="Ask for it to be wrapped for your key.")


def _issued_bytes(project: str, key_id: str, wrapped: list[dict[str, str]]) -> bytes:
    """The bytes that the issuer signs: project, key id, and every sealed copy with its recipient."""
    return canonical_json([FORMAT, "issued", project, key_id, wrapped])


def _require_issuer(value: dict[str, Any], issuer: str | None) -> None:
    """Check that a wrapped file is signed, by this issuer if one is given.

    Raises:
        KeyFileError: It is not.
    """
    signer, signature = value.get("issuer"), value.get("signature")
    if not isinstance(signer, str) or not isinstance(signature, str):
        raise KeyFileError(
            "the wrapped key file is not signed, so anybody may have made it.",
            remedy="Ask its issuer to wrap the key again: `wasl key wrap` signs it.",
        )
    if issuer is not None and signer != issuer.strip():
        raise KeyFileError(
            f"the key file is signed with {signer}, not with the issuer's key.", remedy="Ask its issuer for the file."
        )
    try:
        public = Ed25519PublicKey.from_public_bytes(_bytes(signer))
        public.verify(_bytes(signature), _issued_bytes(value["project"], value["key_id"], value["wrapped"]))
    except (InvalidSignature, ValueError) as error:
        raise KeyFileError("the key file was altered after its issuer signed it.") from error


def _suite() -> Any:
    try:
        from cryptography.hazmat.primitives import hpke
    except ImportError as error:
        raise KeyFileError(
            "wrapping needs a newer release of the package cryptography.",
            remedy="pip install -U cryptography, or use a passphrase.",
        ) from error
    return hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=SCRYPT_N, r=8, p=1).derive(passphrase.encode())


def _context(project: str, key_id: str) -> bytes:
    return canonical_json([FORMAT, project, key_id])


def _file(key: LinkageKey, protected: dict[str, Any]) -> bytes:
    value = {"format": FORMAT, "project": key.project, "key_id": key.key_id, **protected}
    return json.dumps(value, indent=2).encode() + b"\n"


def _parse(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
        complete = isinstance(value, dict) and all(
            isinstance(value[n], str) for n in ("project", "key_id", "protection")
        )
    except (ValueError, KeyError) as error:
        raise KeyFileError("not a key file.", remedy="`wasl key new` makes one.") from error
    if not complete or value.get("format") != FORMAT:
        raise KeyFileError("not a key file of this release.", remedy="`wasl key new` makes one.")
    return dict(value)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
