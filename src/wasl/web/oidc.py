"""OIDC bearer tokens: a signed JWT of the one issuer that is trusted, for this audience, with a role in it.

Does not protect against: an issuer that gives roles to the wrong people. A role claim of a role that is tied to a
register needs the project and register claims too.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from wasl.errors import AccessError, WaslError
from wasl.service.access import Actor, Role
from wasl.web.settings import ServiceSettings

__all__ = ["OidcVerifier"]

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures by public keys only: with a shared secret, whoever verifies could also forge."""

FETCH_SECONDS = 5.0
LEEWAY_SECONDS = 60
REFRESH_SECONDS = 10.0
USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")


class OidcVerifier:
    """Turns OIDC tokens into actors.

    Attributes:
        settings: Issuer, audience and claims.
    """

    def __init__(self, settings: ServiceSettings, fetch: Callable[[str], Any] | None = None) -> None:
        self.settings = settings
        self._fetch = fetch or _fetch
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._lock = threading.Lock()

    def actor(self, token: str) -> Actor:
        """The actor a token makes.

        Raises:
            AccessError: It is not signed by the issuer, not for this audience, expired, or names no role.
        """
        refused = AccessError("this token is not valid.", remedy="Sign in again.")
        try:
            claims = self._claims(token)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise refused from error
        try:
            name = str(claims[self.settings.oidc_user_claim])
            role = Role(str(claims[self.settings.oidc_role_claim]))
        except (KeyError, ValueError) as error:
            raise AccessError("this token names no user or no role of wasl's.") from error
        if USER.fullmatch(name) is None:
            raise AccessError("this token's user name is not one that wasl can log.")
        try:
            return Actor(
                name.lower(),
                role,
                _optional(claims.get(self.settings.oidc_project_claim)),
                _optional(claims.get(self.settings.oidc_register_claim)),
            )
        except WaslError as error:
            raise AccessError(error.message) from error

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            decoded = jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # A key the issuer has begun to use since: look once more, but not at every forged token.
            decoded = jwt.decode(token, self._key_set(not_before=REFRESH_SECONDS), algorithms=ALGORITHMS)
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.settings.oidc_issuer},
            aud={"essential": True, "value": self.settings.oidc_audience},
            exp={"essential": True},
        )
        registry.validate(decoded.claims)
        return dict(decoded.claims)

    def _key_set(self, *, not_before: float | None = None) -> KeySet:
        """The issuer's keys, fetched anew when they are older than the settings (or ``not_before``) say."""
        with self._lock:
            age = time.monotonic() - self._fetched_at
            limit = self.settings.oidc_cache_seconds if not_before is None else not_before
            if self._keys is None or age > limit:
                address = self.settings.oidc_jwks_url
                if not address:
                    issuer = self.settings.oidc_issuer.rstrip("/")
                    address = str(self._fetch(f"{issuer}/.well-known/openid-configuration")["jwks_uri"])
                self._keys = KeySet.import_key_set(self._fetch(address))
                self._fetched_at = time.monotonic()
            return self._keys


def _fetch(address: str) -> Any:
    try:
        return httpx.get(address, timeout=FETCH_SECONDS).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise AccessError("the issuer of OIDC tokens does not answer.", remedy="Try again later.") from error


def _optional(value: Any) -> str | None:
    return str(value) if value else None
