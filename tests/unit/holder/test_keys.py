"""Keys and key files: nothing secret shows, and nothing opens with the wrong thing."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasl.errors import KeyFileError
from wasl.holder import keyfile
from wasl.holder.keys import LinkageKey

ISSUER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def public(private):
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


@pytest.fixture
def key():
    return LinkageKey(bytes(range(32)), "simimo")


def test_the_secret_never_shows(key):
    assert key.secret.hex() not in repr(key) + str(key)
    assert "secret" not in repr(key)


def test_derived_keys_differ_by_everything(key):
    ours = key.for_round("2026-10", "sha256:a")
    found = {
        ours.derive("filter", pass_="a", group="b"),
        ours.derive("filter", pass_="ab"),
        ours.derive("token", pass_="a", group="b"),
        ours.derive("filter", pass_="a", block="b"),
        key.for_round("2026-11", "sha256:a").derive("filter", pass_="a", group="b"),
        key.for_round("2026-10", "sha256:b").derive("filter", pass_="a", group="b"),
        LinkageKey(key.secret, "other").for_round("2026-10", "sha256:a").derive("filter", pass_="a", group="b"),
        key.derive("record-id"),
        key.derive("key-id"),
    }
    assert len(found) == 9
    assert key.secret.hex() not in repr(ours) + str(ours)


def test_keys_compare_by_content(key):
    assert key == LinkageKey(bytes(range(32)), "simimo") != LinkageKey(bytes(32), "simimo")
    assert len({key, LinkageKey(bytes(range(32)), "simimo")}) == 1


@pytest.mark.parametrize(("secret", "project"), [(b"short", "p"), (bytes(32), "")])
def test_a_key_is_32_bytes_and_belongs_to_a_project(secret, project):
    with pytest.raises(KeyFileError):
        LinkageKey(secret, project)


def test_an_open_file_opens(key):
    data = keyfile.seal_open(key)
    assert keyfile.open_key_file(data) == key
    assert keyfile.describe_key_file(data) == {"project": "simimo", "key_id": key.key_id, "protection": "none"}


def test_a_passphrase_opens_and_a_wrong_one_does_not(key, monkeypatch):
    monkeypatch.setattr(keyfile, "SCRYPT_N", 1 << 10)
    data = keyfile.seal_passphrase(key, "a long enough sentence", bytes(range(28)))
    assert key.encoded_secret().encode() not in data
    assert keyfile.open_key_file(data, passphrase="a long enough sentence") == key
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        keyfile.open_key_file(data, passphrase="another long sentence")
    with pytest.raises(KeyFileError, match="under a passphrase"):
        keyfile.open_key_file(data)
    with pytest.raises(KeyFileError, match="shorter"):
        keyfile.seal_passphrase(key, "short", bytes(28))


def test_a_wrapped_file_opens_for_its_recipients_only(key):
    ours, theirs, stranger = (keyfile.new_identity() for _ in range(3))
    data = keyfile.seal_recipients(key, [keyfile.identity_public(ours), keyfile.identity_public(theirs)], ISSUER)
    assert keyfile.open_key_file(data, identity=ours) == keyfile.open_key_file(data, identity=theirs) == key
    with pytest.raises(KeyFileError, match="other holders"):
        keyfile.open_key_file(data, identity=stranger)
    with pytest.raises(KeyFileError, match="--identity"):
        keyfile.open_key_file(data)
    with pytest.raises(KeyFileError, match="malformed"):
        keyfile.seal_recipients(key, ["bm90IGEga2V5"], ISSUER)


@pytest.mark.parametrize("change", [{"project": "other"}, {"key_id": "0" * 16}])
def test_a_relabelled_file_is_refused(key, change):
    identity = keyfile.new_identity()
    for data in (keyfile.seal_open(key), keyfile.seal_recipients(key, [keyfile.identity_public(identity)], ISSUER)):
        altered = json.dumps(json.loads(data) | change).encode()
        with pytest.raises(KeyFileError, match="altered"):
            keyfile.open_key_file(altered, identity=identity)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format": "wasl-key/9"}', b"\xff\xfe"])
def test_what_is_no_key_file_is_refused(data):
    with pytest.raises(KeyFileError, match="not a key file"):
        keyfile.open_key_file(data)


def test_a_key_wrapped_by_somebody_else_does_not_open(key):
    identity = keyfile.new_identity()
    stranger = Ed25519PrivateKey.generate()
    data = keyfile.seal_recipients(LinkageKey(bytes(32), "simimo"), [keyfile.identity_public(identity)], stranger)
    with pytest.raises(KeyFileError, match="not with the issuer's key"):
        keyfile.open_key_file(data, identity=identity, issuer=public(ISSUER))
    with pytest.raises(KeyFileError, match="not the expected"):
        keyfile.open_key_file(data, identity=identity, expect_key_id=key.key_id)
    ours = keyfile.seal_recipients(key, [keyfile.identity_public(identity)], ISSUER)
    assert keyfile.open_key_file(ours, identity=identity, issuer=public(ISSUER), expect_key_id=key.key_id) == key


@pytest.mark.parametrize("change", ["unsigned", "another issuer", "another recipient's copy", "a copy left out"])
def test_an_altered_or_unsigned_wrapped_file_is_refused(key, change):
    ours, theirs = keyfile.new_identity(), keyfile.new_identity()
    publics = [keyfile.identity_public(ours), keyfile.identity_public(theirs)]
    value = json.loads(keyfile.seal_recipients(key, publics, ISSUER))
    false = json.loads(keyfile.seal_recipients(LinkageKey(bytes(32), "simimo"), publics, Ed25519PrivateKey.generate()))
    if change == "unsigned":
        del value["issuer"], value["signature"]
    elif change == "another issuer":
        value["issuer"] = false["issuer"]
    elif change == "another recipient's copy":
        value["wrapped"][1] = false["wrapped"][1]
    else:
        value["wrapped"].pop()
    with pytest.raises(KeyFileError, match=r"not signed|altered after its issuer signed"):
        keyfile.open_key_file(json.dumps(value).encode(), identity=ours)


@pytest.mark.parametrize("kind", ["open", "passphrase", "wrapped"])
def test_the_expected_key_id_is_checked_whatever_the_protection(key, kind, monkeypatch):
    monkeypatch.setattr(keyfile, "SCRYPT_N", 1 << 10)
    identity = keyfile.new_identity()
    data = {
        "open": keyfile.seal_open(key),
        "passphrase": keyfile.seal_passphrase(key, "a long enough sentence", bytes(range(28))),
        "wrapped": keyfile.seal_recipients(key, [keyfile.identity_public(identity)], ISSUER),
    }[kind]
    options = {"passphrase": "a long enough sentence", "identity": identity}
    assert keyfile.open_key_file(data, expect_key_id=key.key_id.upper(), **options) == key
    with pytest.raises(KeyFileError, match="not the expected"):
        keyfile.open_key_file(data, expect_key_id="0" * 16, **options)
