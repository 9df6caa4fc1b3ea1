"""Threats: a request hidden in another's body, a forged address of a caller, old suites of TLS, a parameter twice."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from service_support import PROJECT, Service, Template, make_settings, serving
from test_serve import certificate

from wasl.service.access import Role
from wasl.web.installation import Installation

HIDDEN = "GET /v1/projects HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = {
    "both lengths": ("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + HIDDEN),
    "two lengths": (f"Content-Length: 0\r\nContent-Length: {len(HIDDEN)}\r\n", HIDDEN),
    "a list of lengths": (f"Content-Length: 0, {len(HIDDEN)}\r\n", HIDDEN),
    "a signed length": ("Content-Length: +0\r\n", HIDDEN),
    "a length in hexadecimal": ("Content-Length: 0x0\r\n", HIDDEN),
    "another encoding": ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + HIDDEN),
    "two encodings": ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + HIDDEN),
    "a space before the colon": ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n" + HIDDEN),
    "a bad chunk": ("Transfer-Encoding: chunked\r\n", "0x1\r\n\r\n" + HIDDEN),
    "a bare line feed": ("X: a\nTransfer-Encoding: chunked\r\n\x00", HIDDEN),
}


def ask(service: Service, data: str) -> bytes:
    host, port = service.address.rpartition("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(data.encode("latin-1"))
        raw.shutdown(socket.SHUT_WR)
        received = b""
        while part := raw.recv(65536):
            received += part
    return received


@pytest.mark.parametrize("kind", SMUGGLED)
def test_a_request_hidden_in_a_body_is_not_answered(service: Service, kind: str) -> None:
    """Two programs that read a length otherwise must not see other requests; h11 refuses what is unclear."""
    lines, body = SMUGGLED[kind]
    token = service.token(Role.HOLDER)
    received = ask(
        service, f"POST /v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{lines}\r\n{body}"
    )
    answers = re.findall(rb"HTTP/1\.1 (\d{3})", received)  # an answer's body ends without a line's end
    assert len(answers) == 1, received
    assert answers[0] in (b"400", b"403", b"411", b"501"), received
    assert b'"items"' not in received


@pytest.mark.parametrize("path", ["/v1/health", "/v1/invitations/a", "/console/sign-in"])
def test_two_lengths_of_a_body_end_the_connection(service: Service, path: str) -> None:
    """A proxy that counts bytes and a server that counts chunks see other ends (RFC 9112, section 6.1)."""
    lengths = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
    received = ask(service, f"POST {path} HTTP/1.1\r\nHost: x\r\n{lengths}\r\n0\r\n\r\n{HIDDEN}")
    assert re.findall(rb"HTTP/1\.1 (\d{3})", received) == [b"400"], received
    assert b"connection: close" in received.lower()


@contextmanager
def believing(template: Template, folder: Path, proxies: str) -> Iterator[Service]:
    settings = make_settings(folder, template.copy(folder), trusted_proxies=proxies, anonymous_requests_per_minute=3)
    installation = Installation.open(settings)
    with serving(installation) as address:
        service = Service(address, installation, template.tokens)
        yield service
        service.close()
    installation.close()


@pytest.mark.parametrize(("proxies", "believed"), [("127.0.0.1", True), ("192.0.2.7", False), ("", False)])
def test_the_address_of_a_caller_is_believed_from_known_proxies_alone(
    sqlite_template: Template, tmp_path: Path, proxies: str, believed: bool
) -> None:
    """The rate of guesses is counted by address; a stranger must not get a fresh one with each header."""
    with believing(sqlite_template, tmp_path / "data", proxies) as service:
        client = service.bearer("wrong")
        codes = [client.get("/v1/whoami", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(6)]
    assert codes == ([401] * 6 if believed else [401] * 3 + [429] * 3)


@pytest.mark.parametrize(
    "query",
    ["limit=1&limit=500", "limit=1&limit=", "limit=1&%6cimit=2", "after=a&limit=3&after=b", "x=1&x=1", "limit&limit=2"],
)
def test_a_parameter_given_twice_is_refused(service: Service, query: str) -> None:
    for path in (f"/v1/projects/{PROJECT}/linkage-runs", "/v1/catalogue"):
        answer = service.client(Role.LINKAGE).get(f"{path}?{query}")
        assert (answer.status_code, "twice" in answer.json()["detail"]) == (400, True), path
    assert service.client(Role.LINKAGE).get("/console/sign-in?lang=fr&lang=ar").status_code == 400


def handshake(service: Service, **changes: object) -> tuple[str, str]:
    """Protocol and suite that were agreed upon."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    ciphers = changes.pop("ciphers", "")
    for name, value in changes.items():
        setattr(context, name, value)
    if ciphers:
        context.set_ciphers(str(ciphers))
    host, port = service.address.rpartition("/")[2].split(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as secured,
    ):
        agreed = secured.cipher()
        assert agreed is not None
        return str(secured.version()), agreed[0]


def test_only_suites_with_forward_secrecy_and_authenticated_encryption(
    sqlite_template: Template, tmp_path: Path
) -> None:
    public, key = certificate(tmp_path, "a")
    folder = tmp_path / "data"
    settings = make_settings(folder, sqlite_template.copy(folder), tls_certificate=public, tls_key=key)
    installation = Installation.open(settings)
    with serving(installation) as address:
        service = Service(address, installation, sqlite_template.tokens)
        assert handshake(service)[0] == "TLSv1.3"
        older = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        assert handshake(service, **older)[0] == "TLSv1.2"
        assert "GCM" in handshake(service, **older)[1]
        for weak in ("ECDHE+AES+SHA", "AES128-GCM-SHA256:AES128-SHA", "ECDHE+AES+SHA256:!AESGCM"):
            with pytest.raises(ssl.SSLError):
                handshake(service, **older, ciphers=f"{weak}:@SECLEVEL=0")
    installation.close()
