"""OIDC bearer tokens: a signed JWT of the one issuer that is trusted, for this audience, with a role in it.

The issuer's keys are fetched in a thread of their own, never while a request waits. When the issuer does not answer,
the keys that are held go on being used until they are `oidc_stale_seconds` old.

Where the settings demand it, a token must name one of certain strengths of the sign-in (``acr``) or of certain means
(``amr``), such as a second factor. An ID token is no access token: it is refused as a bearer token.

Does not protect against: an issuer that gives roles to the wrong people, or that names a second factor it did not ask
for. A role claim of a role that is tied to a register needs the project and register claims too.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from wasl.errors import AccessError, WaslError
from wasl.service.access import ALL_PROJECTS, NO_PROJECT, RESERVED_NAMES, Actor, Role
from wasl.web.settings import ServiceSettings

__all__ = ["Account", "IssuerKeys", "OidcVerifier", "discovered"]

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures by public keys only: with a shared secret, whoever verifies could also forge."""

FETCH_SECONDS = 5.0
LEEWAY_SECONDS = 60
REFRESH_SECONDS = 10.0
"""Between two fetches that unknown keys ask for."""

UNKNOWN_SECONDS = 300.0
"""For so long, a key id the issuer does not have asks for no further fetch."""

UNKNOWN_REMEMBERED = 1000
MAX_TOKEN_BYTES = 16 << 10

SETTINGS = {
    "jwks_uri": "oidc_jwks_url",
    "authorization_endpoint": "oidc_authorization_url",
    "token_endpoint": "oidc_token_url",
}
"""Settings that name an address in the place of the issuer's metadata."""

USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")


class IssuerKeys:
    """The issuer's public keys, as last fetched.

    Attributes:
        settings: Issuer and address of the keys.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        fetch: Callable[[str], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._fetch = fetch or _fetch
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched_at = self._tried_at = float("-inf")
        self._unknown: dict[str, float] = {}
        self._wanted = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to fetch keys in the background."""
        self._over.clear()
        self._thread = threading.Thread(target=self._run, name="oidc-keys", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the background thread; a fetch that hangs is not waited for."""
        self._over.set()
        self._wanted.set()

    def refresh(self) -> bool:
        """Fetch the keys now; gives whether that worked. Held keys stay when it does not."""
        self._tried_at = self._clock()
        try:
            address = self.settings.oidc_jwks_url
            if not address:
                address = discovered(self.settings, "jwks_uri", self._fetch)
            self._keys = KeySet.import_key_set(self._fetch(address))
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            structlog.get_logger().warning("keys of the OIDC issuer not fetched", error=type(error).__name__)
            return False
        self._fetched_at = self._clock()
        known = {key.kid for key in self._keys.keys}
        self._unknown = {kid: at for kid, at in self._unknown.items() if kid not in known}
        return True

    def current(self) -> KeySet:
        """The keys to verify with; returns at once.

        Raises:
            AccessError: None were fetched yet, or they are too old.
        """
        keys = self._keys
        if keys is None or self._clock() - self._fetched_at > self.settings.oidc_stale_seconds:
            self._wanted.set()
            raise AccessError("the issuer of OIDC tokens does not answer.", remedy="Try again later.")
        return keys

    def missing(self, kid: str) -> None:
        """A token names a key that is not held: ask for a fetch, unless the issuer was found not to have it."""
        now = self._clock()
        if now - self._unknown.get(kid, float("-inf")) < UNKNOWN_SECONDS:
            return
        if len(self._unknown) >= UNKNOWN_REMEMBERED:
            self._unknown.clear()
        self._unknown[kid] = now
        if now - self._tried_at >= REFRESH_SECONDS:
            self._wanted.set()

    def _run(self) -> None:
        pause = REFRESH_SECONDS
        while not self._over.is_set():
            self._wanted.clear()
            fetched = self.refresh()
            pause = self.settings.oidc_cache_seconds if fetched else min(pause * 2, self.settings.oidc_cache_seconds)
            self._wanted.wait(pause)
            if not self._over.is_set():
                self._over.wait(max(0.0, REFRESH_SECONDS - (self._clock() - self._tried_at)))


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a token.

    Attributes:
        actor: Under the name that the token asks for; `wasl.service.identities` says which name it has.
        issuer, subject: The account's identifier.
        signed_in_at: When its owner last signed in at the issuer, seconds since 1970; None where that is not said.
    """

    actor: Actor
    issuer: str
    subject: str
    signed_in_at: float | None

    def __repr__(self) -> str:
        return f"Account({self.actor.name})"


class OidcVerifier:
    """Turns OIDC tokens into accounts.

    Attributes:
        settings: Issuer, audience and claims.
        keys: The issuer's keys.
    """

    def __init__(self, settings: ServiceSettings, keys: IssuerKeys | None = None) -> None:
        self.settings = settings
        self.keys = keys or IssuerKeys(settings)

    def account(self, token: str, *, nonce: str = "") -> Account:
        """The account a token is of. Fetches nothing.

        Args:
            token: The signed token.
            nonce: What the claim ``nonce`` of an ID token must be; empty: this must be an access token.

        Raises:
            AccessError: It is not signed by the issuer, not for this audience, expired, not of this kind, of a sign-in
                that is weaker than demanded, or names no role.
        """
        settings = self.settings
        try:
            header, claims = self._claims(token, settings.oidc_client_id if nonce else settings.oidc_audience)
            if _is_access_token(header, claims) is bool(nonce):
                raise ValueError("another kind of token")
            if nonce and claims.get("nonce") != nonce:
                raise ValueError("nonce")
            _require_azp(claims, settings.oidc_client_id if nonce else "")
            subject = claims["sub"]
            if not isinstance(subject, str) or not subject:
                raise ValueError("sub")
            signed_in_at = claims.get("auth_time")
            if signed_in_at is not None:
                signed_in_at = float(signed_in_at)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise AccessError("this token is not valid.", remedy="Sign in again.") from error
        self._require_strength(claims)
        try:
            name = str(claims[self.settings.oidc_user_claim]).lower()
            role = Role(str(claims[self.settings.oidc_role_claim]))
        except (KeyError, ValueError) as error:
            raise AccessError("this token names no user or no role of wasl's.") from error
        if USER.fullmatch(name) is None or name in RESERVED_NAMES:
            raise AccessError("this token's user name is not one that wasl can log.")
        try:
            actor = Actor(
                name,
                role,
                _project(claims.get(self.settings.oidc_project_claim)),
                _optional(claims.get(self.settings.oidc_register_claim)),
            )
        except WaslError as error:
            raise AccessError(error.message) from error
        return Account(actor, settings.oidc_issuer, subject, signed_in_at)

    def _require_strength(self, claims: Mapping[str, Any]) -> None:
        """Refuse a sign-in that is weaker than the settings demand.

        Raises:
            AccessError: The claim ``acr`` or ``amr`` is missing or names another strength.
        """
        strengths, means = self.settings.oidc_acr_values.split(), self.settings.oidc_amr_values.split()
        used = claims.get("amr")
        strong = not strengths or claims.get("acr") in strengths
        fit = not means or (isinstance(used, list) and any(one in means for one in used))
        if not (strong and fit):
            raise AccessError(
                "this sign-in is weaker than this service demands.", remedy="Sign in with your second factor."
            )

    def _claims(self, token: str, audience: str) -> tuple[dict[str, Any], dict[str, Any]]:
        if len(token) > MAX_TOKEN_BYTES:
            raise ValueError("too long")
        keys = self.keys.current()
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        if isinstance(kid, str) and kid not in {key.kid for key in keys.keys}:
            self.keys.missing(kid)
            raise AccessError(
                "this token is signed by a key that is not known.",
                remedy="If you signed in just now, try again in half a minute.",
            )
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        if not audience:
            raise ValueError("audience")
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.settings.oidc_issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        registry.validate(decoded.claims)
        return dict(decoded.header), dict(decoded.claims)


def discovered(settings: ServiceSettings, name: str, fetch: Callable[[str], Any] | None = None) -> str:
    """An address from the issuer's metadata, which must be the issuer's own and on its host, over TLS.

    An address on another host is called only where a setting names it: metadata would otherwise decide which machines
    the service calls.

    Source: OpenID Connect Discovery 1.0, section 4.3.

    Raises:
        ValueError: The metadata are another issuer's, or the address is on another host or without TLS.
        KeyError: They do not have the address.
        httpx.HTTPError: The issuer does not answer.
    """
    address = f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
    found = (fetch or _fetch)(address)
    if found["issuer"] != settings.oidc_issuer:
        raise ValueError("the metadata are another issuer's")
    there, issuer = urlsplit(str(found[name])), urlsplit(settings.oidc_issuer)
    if (there.scheme, there.hostname) != (issuer.scheme, issuer.hostname) or there.username is not None:
        structlog.get_logger().warning(
            "address of the OIDC issuer on another host", metadata=name, setting=SETTINGS[name]
        )
        raise ValueError("the address is on another host")
    return there.geturl()


def _is_access_token(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether a token is for an API and not the proof of a sign-in.

    Source: RFC 9068 (``at+jwt``); OpenID Connect Core 1.0, section 3.1.3.6 (claims of ID tokens alone). Keycloak states
    the kind in a claim ``typ``.
    """
    stated = {str(header.get("typ", "")).lower().removeprefix("application/"), str(claims.get("typ", "")).lower()}
    if stated & {"at+jwt", "bearer"}:
        return True
    return "id" not in stated and not {"nonce", "at_hash", "c_hash"} & set(claims)


def _require_azp(claims: Mapping[str, Any], client: str) -> None:
    """An ID token that is for several must name this client as the one it was made for.

    Raises:
        ValueError: It does not.
    """
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if client and (several or "azp" in claims) and claims.get("azp") != client:
        raise ValueError("azp")


def _fetch(address: str) -> Any:
    return httpx.get(address, timeout=FETCH_SECONDS).raise_for_status().json()


def _project(value: Any) -> str | None:
    """The only project a claim names: none when the claim is missing, all of them when it is ``*``."""
    if not isinstance(value, str) or not value:
        return NO_PROJECT
    return None if value == ALL_PROJECTS else value


def _optional(value: Any) -> str | None:
    return str(value) if value else None
