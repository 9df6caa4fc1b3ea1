"""The first key of a publisher or issuer is pinned; another one later is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasl.cli.keys import read_key
from wasl.cli.pins import pin_key
from wasl.errors import KeyFileError, VerificationError
from wasl.holder import keyfile
from wasl.holder.keys import LinkageKey


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("kind", ["publisher", "issuer"])
def test_the_first_key_is_pinned_and_a_change_is_refused(kind, home):
    assert pin_key(kind, "somebody", "key one") == "new"
    assert pin_key(kind, "somebody", "key one") == "known"
    assert pin_key(kind, "somebody else", "key two") == "new"
    with pytest.raises(VerificationError, match="used the key key one before and now uses key two"):
        pin_key(kind, "somebody", "key two")
    assert pin_key(kind, "somebody", "key one") == "known"


def test_a_damaged_file_of_pins_is_not_taken_for_an_empty_one(home):
    home.mkdir()
    (home / "pins.json").write_text("{", encoding="utf-8")
    with pytest.raises(VerificationError, match="damaged"):
        pin_key("publisher", "somebody", "key")


def wrapped(folder, name, issuer):
    identity = folder / "identity"
    if not identity.is_file():
        identity.write_text(keyfile.new_identity(), encoding="ascii")
    recipient = keyfile.identity_public(identity.read_text(encoding="ascii"))
    file = folder / name
    file.write_bytes(keyfile.seal_recipients(LinkageKey.new("simimo", bytes(range(32))), [recipient], issuer))
    return file, identity


def test_a_project_key_by_another_issuer_is_refused_after_the_first(tmp_path, capsys):
    first, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    file, identity = wrapped(tmp_path, "one.key", first)
    read_key(file, identity)
    assert "it is pinned" in capsys.readouterr().err
    read_key(file, identity)
    assert capsys.readouterr().err == ""
    false, identity = wrapped(tmp_path, "two.key", stranger)
    with pytest.raises(VerificationError, match="issuer of simimo"):
        read_key(false, identity)


def test_a_named_issuer_needs_no_pin(tmp_path, home):
    issuer = Ed25519PrivateKey.generate()
    public = base64.b64encode(issuer.public_key().public_bytes_raw()).decode()
    file, identity = wrapped(tmp_path, "one.key", issuer)
    (tmp_path / "issuer.pub").write_text(public + "\n", encoding="ascii")
    for named in (public, str(tmp_path / "issuer.pub")):
        read_key(file, identity, issuer=named)
    assert not (home / "pins.json").exists()
    with pytest.raises(KeyFileError, match="not with the issuer's key"):
        read_key(wrapped(tmp_path, "two.key", Ed25519PrivateKey.generate())[0], identity, issuer=public)
