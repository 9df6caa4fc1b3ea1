"""Signed notes: a short text and the Ed25519 signatures under it, readable by a person and by any C2SP tool.

A note is a text that ends with a newline, an empty line, and one line per signature::

    — <key name> <base64 of 4 bytes of key id and 64 bytes of signature>

A key travels as one line: ``name+id+base64`` for the verifier's half, with ``PRIVATE+KEY+`` before it for the
signer's.

Source: C2SP signed-note v1.0.0 (signature type 0x01, Ed25519).
Does not protect against: a thief of the signer's key, who can sign whatever he likes; only a checkpoint that somebody
else kept shows that (see `wasl.audit.verification`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from wasl.errors import KeyFileError, VerificationError

__all__ = ["NoteSigner", "NoteVerifier", "decode_base64"]

ED25519 = b"\x01"
KEY_BYTES = 32
KEY_ID_BYTES = 4
PRIVATE_PREFIX = "PRIVATE+KEY+"
SIGNATURE_PREFIX = "— "


def decode_base64(text: str) -> bytes:
    """The bytes of strict, canonical base64.

    Raises:
        ValueError: Not base64, or not the one spelling of its bytes.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data


def key_id(name: str, public_bytes: bytes) -> bytes:
    """The four bytes that name a key under a note."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_bytes).digest()[:KEY_ID_BYTES]


def require_key_name(name: str) -> None:
    """Check that a key name may stand in a note.

    Raises:
        KeyFileError: It is empty or holds a space or a plus.
    """
    if not name or "+" in name or any(character.isspace() for character in name):
        raise KeyFileError(f"a signing key cannot be called {name!r}: no spaces and no plus signs.")


def _parse_key(text: str, prefix: str) -> tuple[str, bytes, bytes]:
    line = text.strip()
    if not line.startswith(prefix) or "\n" in line:
        raise ValueError("another form")
    name, identifier, encoded = line.removeprefix(prefix).split("+", 2)
    material = decode_base64(encoded)
    if len(material) != 1 + KEY_BYTES or material[:1] != ED25519:
        raise ValueError("another kind of key")
    return name, bytes.fromhex(identifier), material[1:]


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """The public half of a key: checks notes.

    Attributes:
        name: The key's name; for a log, its origin.
        public_bytes: The raw Ed25519 public key, 32 bytes.
    """

    name: str
    public_bytes: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """The verifier from its line ``name+id+base64``.

        Raises:
            KeyFileError: Not a verifier key.
        """
        try:
            name, identifier, public_bytes = _parse_key(text, "")
        except ValueError as error:
            raise KeyFileError(
                "not a verifier key (name+id+base64).", remedy="`wasl audit key` prints the key of a log."
            ) from error
        require_key_name(name)
        if identifier != key_id(name, public_bytes):
            raise KeyFileError(f"the verifier key {name!r} does not match its id: it was damaged or changed.")
        return cls(name, public_bytes)

    def __str__(self) -> str:
        encoded = base64.b64encode(ED25519 + self.public_bytes).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key under a note."""
        return key_id(self.name, self.public_bytes)

    def open(self, note: str) -> str:
        """The text of a note that this key signed; signatures of other keys are passed over.

        Raises:
            VerificationError: Malformed, not signed by this key, or its signature does not verify.
        """
        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n"):
            raise VerificationError("the signed note is malformed.")
        text += "\n"
        found = False
        for line in signatures[:-1].split("\n"):
            name, identifier, signature = _parse_signature(line)
            if name != self.name or identifier != self.key_id:
                continue
            try:
                Ed25519PublicKey.from_public_bytes(self.public_bytes).verify(signature, text.encode())
            except InvalidSignature as error:
                raise VerificationError(
                    f"the signature of {self.name!r} does not match the text it stands under."
                ) from error
            found = True
        if not found:
            raise VerificationError(f"the note is not signed by the key {self.name!r} ({self.key_id.hex()}).")
        return text


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """The private half of a key: signs notes.

    Attributes:
        name: The key's name; for a log, its origin.
        seed: The raw Ed25519 private key, 32 bytes; never shown.
    """

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key."""
        require_key_name(name)
        private = Ed25519PrivateKey.generate()
        return cls(name, private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The signer from its line ``PRIVATE+KEY+name+id+base64``.

        Raises:
            KeyFileError: Not a signing key.
        """
        try:
            name, identifier, seed = _parse_key(text, PRIVATE_PREFIX)
        except ValueError as error:
            raise KeyFileError("not a signing key (PRIVATE+KEY+name+id+base64).") from error
        signer = cls(name, seed)
        if identifier != signer.verifier.key_id:
            raise KeyFileError(f"the signing key {name!r} does not match its id: it was damaged or changed.")
        return signer

    def export(self) -> str:
        """The key's line, secret: for a file that only its owner may read."""
        encoded = base64.b64encode(ED25519 + self.seed).decode()
        return f"{PRIVATE_PREFIX}{self.name}+{self.verifier.key_id.hex()}+{encoded}"

    @property
    def verifier(self) -> NoteVerifier:
        """The public half."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return NoteVerifier(self.name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, text: str) -> str:
        """The note: the text and this key's signature under it.

        Raises:
            ValueError: The text does not end with a newline.
        """
        if not text.endswith("\n"):
            raise ValueError("the text of a note ends with a newline")
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        identifier = key_id(self.name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        signature = base64.b64encode(identifier + private.sign(text.encode())).decode()
        return f"{text}\n{SIGNATURE_PREFIX}{self.name} {signature}\n"


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    if not line.startswith(SIGNATURE_PREFIX):
        raise VerificationError("the signed note is malformed.")
    name, _, encoded = line.removeprefix(SIGNATURE_PREFIX).partition(" ")
    try:
        data = decode_base64(encoded)
    except ValueError as error:
        raise VerificationError("the signed note is malformed.") from error
    if not name or len(data) <= KEY_ID_BYTES:
        raise VerificationError("the signed note is malformed.")
    return name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:]
