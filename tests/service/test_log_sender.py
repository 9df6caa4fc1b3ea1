"""Lines of the process log go to a syslog server over checked TLS, and no request waits for it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import logging
import queue
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from service_support import make_settings, wait_until

from wasl.errors import InputError
from wasl.web import log_sender
from wasl.web.installation import configure_logging
from wasl.web.log_sender import LogSender, active_counts, start_sending
from wasl.web.middleware import Metrics

LINE = re.compile(rb"(\d+) ")
FORM = re.compile(r"<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ wasl \d+ - - (.+)", re.DOTALL)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a log server")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return folder / "server.pem", folder / "server.key"


class SyslogServer:
    """A syslog server over TLS that keeps what it gets; it can break every connection."""

    def __init__(self, certificate: Path, key: Path, port: int = 0) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listening = socket.create_server(("127.0.0.1", port))
        self.port = self.listening.getsockname()[1]
        self.messages: queue.Queue[tuple[int, str]] = queue.Queue()
        self.open: list[ssl.SSLSocket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self.listening.accept()
                stream = self.context.wrap_socket(raw, server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            self.open.append(stream)
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: ssl.SSLSocket) -> None:
        data = b""
        while True:
            try:
                piece = stream.recv(4096)
            except OSError:
                return
            if not piece:
                return
            data += piece
            while (head := LINE.match(data)) and len(data) >= head.end() + int(head[1]):
                message, data = data[head.end() : head.end() + int(head[1])], data[head.end() + int(head[1]) :]
                found = FORM.fullmatch(message.decode())
                assert found is not None, message
                self.messages.put((int(found[1]), found[2]))

    def next(self) -> tuple[int, str]:
        return self.messages.get(timeout=60)

    def close(self) -> None:
        # Without shutdown the thread that accepts keeps the port.
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for stream in self.open:
            stream.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(certificate: tuple[Path, Path]) -> Iterator[SyslogServer]:
    made = SyslogServer(*certificate)
    yield made
    made.close()


def trust(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


def test_lines_arrive_in_order_with_severity_and_length(server: SyslogServer, certificate: tuple[Path, Path]) -> None:
    sender = LogSender("127.0.0.1", server.port, trust(certificate))
    texts = ["plain", "two\nlines", "é and عربي", "x" * 20_000, "12 34"]
    for text, method in zip(texts, ("info", "warning", "error", "debug", "critical"), strict=True):
        assert sender(None, method, text) == text
    priorities = [16 * 8 + severity for severity in (6, 4, 3, 7, 2)]
    assert [server.next() for _ in texts] == list(zip(priorities, texts, strict=True))
    sender.close()
    assert (sender.sent, sender.dropped, sender.waiting) == (5, 0, 0)


def test_a_server_with_another_certificate_gets_nothing(
    server: SyslogServer, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    other = make_certificate(tmp_path)
    sender = LogSender("127.0.0.1", server.port, trust(other), first_wait=0.01)
    sender.put("a line", "info")
    sender.close()
    assert (sender.sent, sender.dropped) == (0, 1)
    assert server.messages.empty()
    assert certificate != other


def test_nobody_waits_for_a_server_that_is_away_and_what_is_dropped_is_told(certificate: tuple[Path, Path]) -> None:
    first = SyslogServer(*certificate)
    port = first.port
    first.close()
    sender = LogSender("127.0.0.1", port, trust(certificate), most=3, first_wait=0.01)
    for number in range(50):
        sender.put(f"line {number}", "info")
    assert sender.dropped >= 46  # three wait, and one may be in the hands of the thread
    lost = sender.dropped
    again = SyslogServer(*certificate, port=port)
    assert again.next() == (16 * 8 + 4, json.dumps({"event": "log lines dropped", "lines": lost}))
    arrived = [again.next()[1] for _ in range(50 - lost)]
    assert arrived == [f"line {number}" for number in range(50) if f"line {number}" in arrived]
    assert sender.sent == 50 - lost
    sender.close()
    again.close()


def test_a_broken_connection_is_made_anew(certificate: tuple[Path, Path]) -> None:
    first = SyslogServer(*certificate)
    sender = LogSender("127.0.0.1", first.port, trust(certificate), first_wait=0.01)
    sender.put("before", "info")
    assert first.next()[1] == "before"
    port = first.port
    first.close()
    second = SyslogServer(*certificate, port=port)
    # TCP tells of a broken connection only after something was written to it.
    for number in range(1_000):
        sender.put(f"after {number}", "info")
        if not second.messages.empty():
            break
        threading.Event().wait(0.01)
    assert second.next()[1].startswith("after")
    sender.close()
    second.close()


def test_wasl_and_its_libraries_are_sent_and_written(
    server: SyslogServer,
    certificate: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    monkeypatch.setattr(log_sender, "_ACTIVE", {})
    level = logging.getLogger().level
    target = f"tls://127.0.0.1:{server.port}"
    try:
        configure_logging(make_settings(tmp_path, "sqlite://", log_target=target, log_ca_file=certificate[0]))
        structlog.get_logger().warning("something", count=3)
        logging.getLogger("somebody.else").error("a library")
        priority, text = server.next()
        assert (priority, json.loads(text)["event"], json.loads(text)["count"]) == (132, "something", 3)
        assert server.next() == (131, "ERROR somebody.else")
        wait_until(lambda: active_counts() == {"sent": 2, "waiting": 0, "dropped": 0}, "both lines are sent")
        assert Metrics().registry.get_sample_value("wasl_log_lines", {"state": "sent"}) == 2
    finally:
        structlog.configure(**kept)
        logging.basicConfig(handlers=handlers, level=level, force=True)
    assert "something" in capsys.readouterr().err


def test_an_authority_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path):
        with pytest.raises(InputError, match="log_ca_file"):
            start_sending("tls://127.0.0.1", path)


@pytest.mark.parametrize("target", ["udp://host", "tcp://host:514", "tls://", "tls://a b", "tls://u:p@host", "host"])
def test_a_target_is_tls_or_nothing(tmp_path: Path, target: str) -> None:
    with pytest.raises(ValueError, match="log_target"):
        make_settings(tmp_path, "sqlite://", log_target=target)
