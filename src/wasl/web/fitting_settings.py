"""Settings that have to fit each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasl.errors import InputError
from wasl.web.tls import require_tls

if TYPE_CHECKING:
    from wasl.web.settings import ServiceSettings

__all__ = ["require_fitting"]

ISSUER = ("oidc_issuer", "oidc_jwks_url", "oidc_authorization_url", "oidc_token_url")
"""Settings that are addresses of the issuer."""


def require_fitting(settings: ServiceSettings) -> None:
    """Refuse settings of which one makes another useless or unsafe.

    Raises:
        InputError: Nobody could sign in, the sign-in would follow a header of the request, or a connection has no TLS.
    """
    if not settings.console_tokens and not (settings.oidc_issuer and settings.oidc_client_id):
        raise InputError(
            "console_tokens is false, and nobody could sign in to the console.",
            remedy="Set oidc_issuer and oidc_client_id, too.",
        )
    if settings.oidc_client_id and not settings.public_url:
        raise InputError(
            "oidc_client_id is set and public_url is not: the request would say where the issuer sends users back.",
            remedy="Set public_url to the address of the console as browsers see it.",
        )
    if not settings.plain_connections:
        require_tls({name: str(getattr(settings, name)) for name in ISSUER}, settings.url)
