"""Connections to other machines have checked TLS."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from wasl.errors import InputError

__all__ = ["require_tls"]

CHECKED_MODES = ("verify-full", "verify-ca")
"""Modes of PostgreSQL's libpq that check the server's certificate; the others encrypt to whoever answers."""


def require_tls(addresses: Mapping[str, str], database: str) -> None:
    """Refuse connections without checked TLS to other machines.

    Args:
        addresses: Web addresses, by the setting that names them; may be empty texts.
        database: The database's URL.

    Raises:
        InputError: A connection has none; names the setting, never its value.
    """
    plain = [name for name, address in addresses.items() if _is_plain(address)]
    if _is_unchecked(database):
        plain.append("database_url")
    if plain:
        raise InputError(
            f"connections without checked TLS to another machine: {', '.join(plain)}.",
            remedy="Use https, and sslmode=verify-full for PostgreSQL; plain_connections permits a safe network.",
        )


def _is_plain(address: str) -> bool:
    found = urlsplit(address)
    return found.scheme == "http" and not _is_here(found.hostname or "")


def _is_unchecked(database: str) -> bool:
    """Whether a PostgreSQL URL leads to another machine without a checked certificate.

    It can name hosts in its query, too: several, and by address (``hostaddr``). Each of them counts.
    """
    url = urlsplit(database)
    if not url.scheme.startswith("postgresql"):
        return False
    query = parse_qs(url.query)
    named = [url.hostname or "", *query.get("host", []), *query.get("hostaddr", [])]
    hosts = [host for text in named for host in text.split(",")]
    elsewhere = any(not host.startswith("/") and not _is_here(host) for host in hosts)
    return elsewhere and query.get("sslmode", [""])[-1] not in CHECKED_MODES


def _is_here(host: str) -> bool:
    """Whether a host is this machine; a PostgreSQL URL without a host means its socket."""
    host = host.partition(":")[0] if host.count(":") == 1 else host  # in a query a port can follow
    if host in ("", "localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
