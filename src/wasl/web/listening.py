"""The address and the certificate that the service listens with, checked before anything else starts."""

from __future__ import annotations

import errno
import os
import socket
import ssl

from wasl.errors import InputError
from wasl.web.settings import ServiceSettings

__all__ = ["bind", "require_tls"]

BACKLOG = 1024


def bind(settings: ServiceSettings) -> socket.socket:
    """A socket that listens at the address of the settings.

    Raises:
        InputError: The port is in use or not allowed, or the address is not one of this machine.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"the address {settings.host!r} is not known.", remedy="Correct --host.") from error
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            reason, remedy = "another program listens there", "Stop it, or give another --port; 0 takes any free one."
        elif error.errno == errno.EACCES:
            reason, remedy = "ports below 1024 need the administrator of the machine", "Give a --port above 1023."
        else:
            reason, remedy = "it is not an address of this machine", "Correct --host; 127.0.0.1 always works."
        raise InputError(f"cannot listen on {where}: {reason}.", remedy=remedy) from error
    found.setblocking(False)
    return found


def require_tls(settings: ServiceSettings) -> bool:
    """Whether HTTPS is served; checks certificate and key before anything starts.

    Raises:
        InputError: One of the two is missing, cannot be read, or they do not belong together.
    """
    if settings.tls_certificate is None and settings.tls_key is None:
        return False
    for name in ("tls_certificate", "tls_key"):
        path = getattr(settings, name)
        if path is None:
            raise InputError(f"{name} is not set.", remedy="HTTPS needs both tls_certificate and tls_key.")
        if not path.is_file():
            raise InputError(f"{name}: there is no file {path}.", remedy="Correct the setting.")
        if not os.access(path, os.R_OK):
            raise InputError(f"{name}: {path} cannot be read by this user.", remedy="Correct its owner or its mode.")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(settings.tls_certificate), str(settings.tls_key), password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise InputError(
            "tls_certificate and tls_key are not a certificate and its private key in PEM without a passphrase.",
            remedy="Give the two files that belong together.",
        ) from error
    return True
