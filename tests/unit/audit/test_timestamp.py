"""Time-stamps of an authority made on the spot with openssl, an independent implementation of RFC 3161."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess

import pytest

from wasl.audit.timestamp import timestamp_request, verify_timestamp
from wasl.errors import InputError, VerificationError

pytest.importorskip("rfc3161_client")
OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ts]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
"""

NOTE = "example.org/log\n1\nabc=\n\n— example.org/log xyz=\n"


def openssl(folder, *words):
    subprocess.run([OPENSSL, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    for name in ("root", "signer"):
        (folder / f"{name}.cnf").write_text(CONFIG.format(name=f"Test {name}", folder=folder))
        openssl(folder, "genrsa", "-out", f"{name}.key", "2048")
        openssl(folder, "req", "-new", "-key", f"{name}.key", "-out", f"{name}.csr", "-config", f"{name}.cnf")
    sign = ("x509", "-req", "-days", "30", "-sha256", "-extfile", "root.cnf")
    openssl(folder, *sign, "-in", "root.csr", "-signkey", "root.key", "-extensions", "ca", "-out", "root.pem")
    issue = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-extensions", "tsa", "-out", "signer.pem")
    openssl(folder, *sign, "-in", "signer.csr", *issue)
    (folder / "serial").write_text("01\n")
    return folder


@pytest.fixture(scope="module")
def response(authority):
    (authority / "request.tsq").write_bytes(timestamp_request(NOTE))
    key = ("-inkey", "signer.key", "-signer", "signer.pem", "-config", "root.cnf", "-section", "ts")
    openssl(authority, "ts", "-reply", "-queryfile", "request.tsq", *key, "-out", "response.tsr")
    return (authority / "response.tsr").read_bytes()


def test_a_token_says_when_the_checkpoint_was_seen(authority, response):
    seen = verify_timestamp(response, NOTE, [(authority / "root.pem").read_bytes()])
    assert abs(dt.datetime.now(dt.UTC) - seen) < dt.timedelta(hours=1)


def test_a_token_holds_for_no_other_checkpoint_root_or_bytes(authority, response):
    root = (authority / "root.pem").read_bytes()
    with pytest.raises(VerificationError):
        verify_timestamp(response, NOTE + "x", [root])
    with pytest.raises(VerificationError):
        verify_timestamp(response[:-9] + b"\x00" + response[-8:], NOTE, [root])
    with pytest.raises(VerificationError):
        verify_timestamp(b"nonsense", NOTE, [root])
    with pytest.raises(InputError):
        verify_timestamp(response, NOTE, [b"nonsense"])
    with pytest.raises(InputError):
        verify_timestamp(response, NOTE, [])


def test_a_chain_that_ends_elsewhere_does_not_hold(authority, response):
    extensions = ("-extensions", "ca", "-extfile", "root.cnf")
    openssl(authority, "genrsa", "-out", "other.key", "2048")
    openssl(authority, "req", "-new", "-key", "other.key", "-out", "other.csr", "-config", "root.cnf")
    openssl(authority, "x509", "-req", "-in", "other.csr", "-signkey", "other.key", *extensions, "-out", "other.pem")
    with pytest.raises(VerificationError):
        verify_timestamp(response, NOTE, [(authority / "other.pem").read_bytes()])
