"""Secrets of tokens and the installation's signing key."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from wasl.audit.notes import NoteSigner
from wasl.errors import KeyFileError
from wasl.service.access import Actor

__all__ = [
    "BEARER",
    "SecretCheck",
    "TokenHolders",
    "install_next",
    "load_record_secret",
    "load_signer",
    "new_part",
    "new_secret",
    "next_signer",
]

BEARER = re.compile(r"wasl_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
"""The form of a token: its id and 256 random bits."""

SECRET_BYTES = 32

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""Argon2id as OWASP's cheat sheet advises for passwords; a token's 256 random bits need less."""

REMEMBER_SECONDS = 300.0
REMEMBERED = 10_000


def new_secret() -> tuple[str, str]:
    """A secret and its hash."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return secret, HASHER.hash(secret)


def new_part() -> str:
    """A part of an invitation: 128 random bits, so its SHA-256 can be stored as it is."""
    return secrets.token_urlsafe(16)


class SecretCheck:
    """Checks secrets against hashes, and remembers for a while which fitted, as Argon2 is slow on purpose.

    It remembers a SHA-256 of secret and hash together, so a changed hash is checked anew. Revocation and expiry of the
    token are looked up elsewhere.
    """

    def __init__(self) -> None:
        self._fitted: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def remembers(self, text: str) -> bool:
        """Whether a header was remembered as one with a valid token, not long ago."""
        return self._is_kept(hashlib.sha256(text.encode()).digest())

    def remember(self, text: str) -> None:
        """Remember a header whose token was valid: its next use does not count as an unknown token."""
        self._keep(hashlib.sha256(text.encode()).digest())

    def fitted(self, secret: str, secret_hash: str) -> bool:
        """Whether the secret was found to fit this hash not long ago; computes no Argon2."""
        return self._is_kept(_pair(secret, secret_hash))

    def fits(self, secret: str, secret_hash: str) -> bool:
        """Whether the secret is the one that was hashed; takes some 20 ms when it was not checked not long ago."""
        if self.fitted(secret, secret_hash):
            return True
        try:
            HASHER.verify(secret_hash, secret)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
        self._keep(_pair(secret, secret_hash))
        return True

    def _is_kept(self, key: bytes) -> bool:
        with self._lock:
            return self._fitted.get(key, 0.0) > time.monotonic()

    def _keep(self, key: bytes) -> None:
        with self._lock:
            if len(self._fitted) >= REMEMBERED:
                self._fitted.clear()
            self._fitted[key] = time.monotonic() + REMEMBER_SECONDS


class TokenHolders:
    """The holders of tokens, each kept until something is committed to the database.

    A revoked token, a disabled user or a lost role is a commit, of this process or another, so it counts at once. The
    tokens are held as SHA-256.
    """

    def __init__(self) -> None:
        self._found: dict[bytes, tuple[int, datetime, Actor]] = {}

    def find(self, token: str, mark: int | None, now: datetime) -> Actor | None:
        """The holder that was found when the database's mark was this one; None when it must be looked up."""
        known = self._found.get(hashlib.sha256(token.encode()).digest())
        if mark is None or known is None or known[0] != mark or known[1] <= now:
            return None
        return known[2]

    def keep(self, token: str, mark: int | None, actor: Actor, expires_at: datetime) -> None:
        """Keep whose a token is; the mark is the one that was read *before* the token was looked up."""
        if mark is None:
            return
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        self._found[hashlib.sha256(token.encode()).digest()] = (mark, expires_at, actor)


def _pair(secret: str, secret_hash: str) -> bytes:
    return hashlib.sha256(f"{secret_hash}\0{secret}".encode()).digest()


def load_signer(path: Path, *, known: str = "", known_key: str = "") -> NoteSigner:
    """The signing key in a file, readable by its owner only; the verifier key lies beside it.

    Args:
        path: The file; it is made when the log was never signed.
        known: Name of the key the log is signed with, or empty.
        known_key: That key's public half, or empty.

    Raises:
        KeyFileError: The file is missing though the log is signed, is damaged, or others may read it.
    """
    _finish_rotation(path, known_key)
    if not path.exists():
        if known:
            raise KeyFileError(
                f"the signing key {path} is missing; the log is signed with {known}.",
                remedy="Restore the key file from the backup. If it is lost for good: `wasl signing rotate --lost`.",
            )
        _make_signer(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path}: others may read the signing key.", remedy=f"chmod 600 {path}")
    return NoteSigner.parse(path.read_text(encoding="utf-8", errors="replace"))


def load_record_secret(path: Path, used: Callable[[], bool] = lambda: False) -> bytes:
    """The secret of record keys in a file, readable by its owner only; it is made at the first start.

    Args:
        path: The file.
        used: Whether tables were made with the secret; asked where the file is missing.

    Raises:
        KeyFileError: The file is missing though it was used, others may read it, or it is too short to be a secret.
    """
    if not path.exists():
        if used():
            raise KeyFileError(
                f"the secret of record keys {path} is missing; tables were made with it.",
                remedy="Restore the file from the backup. If it is lost for good, put 32 random bytes there "
                "(mode 600); no more tables are then made by cell keys.",
            )
        _write_once(path, secrets.token_bytes(SECRET_BYTES))
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path}: others may read the secret of record keys.", remedy=f"chmod 600 {path}")
    secret = path.read_bytes()
    if len(secret) < SECRET_BYTES:
        raise KeyFileError(f"{path}: shorter than {SECRET_BYTES} bytes.", remedy="Restore it from the backup.")
    return secret


def next_signer(path: Path, name: str) -> NoteSigner:
    """A new key of a log's name, written beside the key in use; `install_next` puts it in its place."""
    signer = NoteSigner.generate(name)
    descriptor = os.open(_next_path(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{signer.export()}\n")
        file.flush()
        os.fsync(file.fileno())
    return signer


def install_next(path: Path) -> None:
    """Put the new key in the place of the old one, which stays beside it under its id, for the archive."""
    if path.exists():
        old = NoteSigner.parse(path.read_text(encoding="utf-8", errors="replace"))
        path.replace(path.with_name(f"{path.name}.{old.verifier.key_id.hex()}"))
    signer = NoteSigner.parse(_next_path(path).read_text(encoding="utf-8", errors="replace"))
    _next_path(path).replace(path)
    path.with_suffix(".vkey").write_text(f"{signer.verifier}\n", encoding="utf-8")
    path.with_suffix(".vkey").chmod(0o600)


def _next_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")


def _finish_rotation(path: Path, known_key: str) -> None:
    """Complete a rotation that was logged, whose process then died before the file was in its place."""
    draft = _next_path(path)
    if draft.exists() and known_key:
        signer = NoteSigner.parse(draft.read_text(encoding="utf-8", errors="replace"))
        if str(signer.verifier) == known_key:
            install_next(path)


def _make_signer(path: Path) -> None:
    signer = NoteSigner.generate(f"wasl.service/{secrets.token_hex(8)}")
    if _write_once(path, f"{signer.export()}\n".encode()):
        path.with_suffix(".vkey").write_text(f"{signer.verifier}\n", encoding="utf-8")
        path.with_suffix(".vkey").chmod(0o600)


def _write_once(path: Path, data: bytes) -> bool:
    """Write a private file; of several processes that start at once, one does. Gives whether it was this one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
